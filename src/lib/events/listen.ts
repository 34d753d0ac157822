import type {PodCase} from '../checks/case.ts';
import {ClusterError, type Cluster} from '../cluster/cluster.ts';
import {isOfMesh} from '../checks/check.ts';
import {readAccessLog, readLastWords} from '../cluster/observe.ts';
import {failuresOf} from '../diagnosis/events/failures.ts';
import type {Told, Words} from '../model/events-report.ts';
import type {Observed, Unseen} from '../model/unseen.ts';
import {together} from '../together.ts';

/** Logs of containers that failed, or none. */
export type LogMode = boolean;

const LOGS_TELL = 'what the proxy and the app say of it';
/** Pods at a time. */
const AT_ONCE = 16;
/** Lines of a container: its last words, or what it said lately. */
const LINES = 3;

/** What was heard, by the pod's uid, and what could not be: filled as it comes, so that an interruption loses nothing. */
export interface Listened {
  told: Map<string, Told>;
  unseen: Unseen[];
}

/** Reads the proxy's log and the last lines of containers that failed: of one pod of each workload that fails in the same way. */
export async function listen(cluster: Cluster, cases: PodCase[], logs: LogMode, {told, unseen: said}: Listened): Promise<void> {
  const unseen = new Map<string, Unseen>();
  if (!logs) return;
  let missing = 0;
  const ask = async <T>(what: string, namespace: string, read: () => Promise<T>): Promise<Observed<T>> => {
    try {
      return {seen: true, value: await read()};
    } catch (error) {
      if (!(error instanceof ClusterError) || error.reason === 'aborted') throw error;
      const why = error.unseen();
      const live = cluster.origin.kind === 'live';
      // A container without a log, or one whose log was not recorded, is no lack of a right.
      if (error.reason === 'forbidden' || error.reason === 'unauthorized') unseen.set(namespace, {...why, asked: `logs of pods in namespace ${namespace}`, tells: LOGS_TELL, optional: true});
      else if (error.reason === 'not-found' && !live) missing++;
      else if (error.reason !== 'invalid' && error.reason !== 'not-found') unseen.set(what, {...why, tells: LOGS_TELL, optional: true});
      return {seen: false, why};
    }
  };
  const hear = async (one: PodCase) => {
    const {pod, detection, profile} = one;
    const name = {namespace: pod.namespace, name: pod.name};
    const sidecar = profile?.seen && profile.value.proxy === 'envoy' ? detection.sidecar?.name : undefined;
    const entry: Told = {words: []};
    if (sidecar !== undefined && fails(one)) entry.accessLog = await ask('access log', pod.namespace, () => readAccessLog(cluster, name, sidecar));
    for (const {container, previous} of failed(one)) {
      const lines = await ask(`log of ${container}`, pod.namespace, () => readLastWords(cluster, name, {container, mesh: isOfMesh(one, container), previous, count: LINES}));
      if (lines.seen && lines.value.length > 0) entry.words.push({pod: pod.name, container, previous, lines: lines.value} satisfies Words);
    }
    told.set(pod.uid, entry);
  };
  try {
    await together(worthHearing(cases), hear, AT_ONCE);
  } finally {
    for (const one of unseen.values()) said.push(one);
  }
  if (missing > 0) said.push({asked: `${missing} log${missing === 1 ? '' : 's'} of containers that failed`, got: 'not recorded in this snapshot', optional: true});
}

/** One pod for each way of failing: its replicas say the same. */
function worthHearing(cases: PodCase[]): PodCase[] {
  const groups = new Map<string, PodCase>();
  for (const one of cases) {
    const signature = [...failed(one).map(({container}) => container), ...failuresOf(one).filter(({state}) => state !== 'start-up').map(({container, probe, failure, status, state}) => [container, probe, failure, status, state].join(' '))];
    if (signature.length > 0) groups.set(JSON.stringify([one.workload, signature.sort()]), groups.get(JSON.stringify([one.workload, signature.sort()])) ?? one);
  }
  return [...groups.values()];
}

function fails(one: PodCase): boolean {
  const crashes = one.symptoms.some(({kind, state}) => kind === 'crashed' && state !== 'over');
  return one.pod.phase === 'Running' && (crashes || failuresOf(one).some(({state}) => state !== 'start-up'));
}

/** Containers that crashed, or were killed, or fail a probe now; of the first the log of the run that ended. */
function failed({pod, symptoms}: PodCase): {container: string; previous: boolean}[] {
  const all = [...pod.initContainers, ...pod.containers];
  const names = new Set(symptoms.flatMap(({kind, state, container}) => (container !== undefined && state !== 'over' && state !== 'starting' && (kind === 'crashed' || kind === 'killed' || kind === 'probe') ? [container] : [])));
  return [...names].sort().flatMap((container) => {
    const status = all.find(({name}) => name === container);
    if (!status || (status.state.kind === 'waiting' && status.restartCount === 0)) return [];
    const crashed = symptoms.some(({kind, container: of, state}) => of === container && kind === 'crashed' && state !== 'over');
    return [{container, previous: crashed && status.state.kind !== 'terminated' && status.restartCount > 0}];
  });
}
