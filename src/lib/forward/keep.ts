import type {Commands, PodCase} from '../checks/case.ts';
import {ClusterError, type Cluster} from '../cluster/cluster.ts';
import {observePod} from '../cluster/observe.ts';
import {curlsOf} from './curl.ts';
import {attachableFirst} from '../diagnosis/attachable.ts';
import {gather, type Scope} from '../gather.ts';
import type {KeepEvent, LocalPort} from '../model/keep.ts';
import {questionsOf, type Questions} from '../look/replay.ts';
import {casesOf, scopeText} from '../verify.ts';
import {wantedOf, type Wanted} from './wanted.ts';

export interface Keeping {
  wanted: Pick<Wanted, 'containers' | 'types'>;
  /** Ports by the user's own wish; those of the probes are opened anyway. */
  ports: {remote: number; local?: number}[];
  addresses: string[];
  /** Ends with the first of: the time, Ctrl-C. */
  pause(ms: number): Promise<void>;
  stopped(): boolean;
  tell(event: KeepEvent): void;
}

/** Between two looks at the pod, in milliseconds. */
const LOOK_MS = 1000;

/**
 * Keeps local ports open that lead to the probes' ports of one pod, until Ctrl-C, and follows the workload to its next
 * pod when that one goes.
 * @throws {ClusterError} a pod that was named itself is gone; no pod runs; a local port can't be opened
 */
export async function keep(cluster: Cluster, scope: Scope, commands: Commands, keeping: Keeping): Promise<void> {
  const {wanted, tell, pause, stopped} = keeping;
  const target = scope.targets[0]!;
  const follows = target.kind === 'Pod' ? undefined : target.given;
  const first = await pick(cluster, scope, commands);
  if (!first) throw new ClusterError('invalid', {asked: `a pod of ${target.given} that runs`, got: 'there is none', try: `kubectl get pods -n ${scope.namespaces[0] ?? ''}`});
  let current: PodCase | undefined = first;
  let moving: Promise<void> | undefined;
  let opened: LocalPort[] = [];
  const questions = questionsIn(first, wanted);
  const ports = portsOf(questions, keeping.ports);
  if (ports.length === 0) throw new ClusterError('config', {asked: `the ports of the probes of ${target.given}`, got: 'no running container has a probe that asks a port'});

  const move = async (from: PodCase, why: string): Promise<void> => {
    current = undefined;
    if (!follows) return;
    tell({event: 'moving', from: from.pod.name, why});
    while (!stopped() && !current) {
      const next: PodCase | undefined = await pick(cluster, scope, commands).catch(ignoreOutage);
      if (next && next.pod.uid !== from.pod.uid && questionsIn(next, wanted).length > 0) {
        current = next;
        tell({event: 'moved', from: from.pod.name, to: next.pod.name, ports: opened, curl: curlsOf(questionsIn(next, wanted), opened)});
      } else await pause(LOOK_MS);
    }
  };
  const gone = (why: string): Promise<void> => {
    const from = current;
    if (!from) return moving ?? Promise.resolve();
    moving = move(from, why);
    return moving;
  };
  const local = await cluster.listen!({
    ports,
    addresses: keeping.addresses,
    pod: () => current && {namespace: current.pod.namespace, name: current.pod.name},
    gone: async ({name}) => {
      const why = await goneWhy(cluster, current);
      if (why !== undefined || current?.pod.name !== name) await gone(why ?? 'gone');
    },
    heard: tell,
  });
  opened = local.ports;
  try {
    tell({event: 'ready', pod: first.pod.name, ...(follows ? {follows} : {}), ports: local.ports, curl: curlsOf(questions, local.ports)});
    while (!stopped()) {
      await pause(LOOK_MS);
      const why = stopped() ? undefined : await goneWhy(cluster, current);
      if (why !== undefined) await gone(why);
      if (!current && !follows) throw new ClusterError('not-found', {asked: `forwarding pod/${first.pod.name} in namespace ${first.pod.namespace}`, got: `${why ?? 'it is gone'}; name its workload instead, and it is followed`});
    }
    tell({event: 'ended', why: 'interrupted'});
  } finally {
    local.close();
  }
}

/** The pod to lead to, of those that run and are not going. */
async function pick(cluster: Cluster, scope: Scope, commands: Commands): Promise<PodCase | undefined> {
  const facts = await gather(cluster, scope);
  const cases = [...casesOf(facts, {now: cluster.now(), origin: cluster.origin, scope: scopeText(scope)}, commands)].filter(({pod}) => pod.phase === 'Running' && pod.podIP !== undefined);
  const [best] = attachableFirst(cases.map(({pod}) => pod));
  return cases.find(({pod}) => pod === best);
}

/** Why the pod can't be led to any more; undefined while it can, and while the API server does not answer. */
async function goneWhy(cluster: Cluster, current: PodCase | undefined): Promise<string | undefined> {
  if (!current) return undefined;
  const {name, namespace, uid} = current.pod;
  try {
    const now = await observePod(cluster, {namespace, name});
    if (now.uid !== uid) return 'it was replaced';
    if (now.deletedAt !== undefined) return 'it is being deleted';
    return now.phase === 'Running' ? undefined : `it runs no more (${now.reason || now.phase})`;
  } catch (error) {
    if (!(error instanceof ClusterError)) throw error;
    return error.reason === 'not-found' ? 'it was deleted' : undefined; // An outage ends no connection that is open.
  }
}

/** While pods are looked for the API server may be away; what can't pass is thrown. */
function ignoreOutage(error: unknown): undefined {
  if (error instanceof ClusterError && ['unreachable', 'busy', 'aborted', 'not-found', 'bad-answer'].includes(error.reason)) return undefined;
  throw error;
}

/** The lines to paste leave the kubelet's name out, so any of its releases will do. */
const ANY_KUBELET = 'kube-probe/1.32';

function questionsIn(pod: PodCase, wanted: Keeping['wanted']): Questions[] {
  return wantedOf(pod, wanted).flatMap((probe) => questionsOf(pod, probe, ANY_KUBELET) ?? []);
}

/** The ports of the probes' calls, then the apps' own, then those that the user adds. */
function portsOf(questions: Questions[], own: Keeping['ports']): {remote: number; local?: number}[] {
  const used = [...questions.flatMap(({through}) => through?.port ?? []), ...questions.flatMap(({past}) => past?.port ?? [])].filter((port) => port > 0);
  const asked = new Set(own.map(({remote}) => remote));
  return [...[...new Set(used)].filter((port) => !asked.has(port)).map((remote) => ({remote})), ...own];
}
