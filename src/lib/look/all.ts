import type {PodCase} from '../checks/case.ts';
import type {Cluster} from '../cluster/cluster.ts';
import {untilInterrupted} from '../cluster/observe.ts';
import {isUp, lookInto} from './into.ts';
import type {Look} from '../model/look.ts';
import type {ProbeRow} from '../model/report.ts';
import type {Observed, Unseen} from '../model/unseen.ts';
import {together} from '../together.ts';

/** `auto` looks where lists show or can't exclude trouble, into one of the pods that agree; `always` into each. */
export const LIVE_MODES = ['auto', 'always', 'never'] as const;
export type LiveMode = (typeof LIVE_MODES)[number];

export interface Looks {
  /** By the uid of each pod that was looked into, and of those that agree with it. */
  byUid: Map<string, Observed<Look>>;
  /** How many were looked into. */
  pods: number;
  unseen: Unseen[];
  /** Ctrl-C came before all were looked into. */
  interrupted: boolean;
}

/** Pods at a time: each costs the API server a WebSocket or two. */
const AT_ONCE = 16;

/** Looks into the pods that need it; what was seen before Ctrl-C counts. */
export async function lookIntoAll(cluster: Cluster, cases: Iterable<PodCase>, rows: ProbeRow[], mode: LiveMode, bootstrapSecret: boolean): Promise<Looks> {
  const groups = groupsOf(cases, rows, mode);
  const byUid = new Map<string, Observed<Look>>();
  let left = groups.length;
  const interrupted = await untilInterrupted(() =>
    together(groups, async (group) => {
      const look = await lookInto(cluster, group[0]!, {bootstrapSecret});
      if (look) for (const one of group) byUid.set(one.pod.uid, one === group[0] ? look : ofReplica(look));
      left--;
    }, AT_ONCE),
  );
  const looks = groups.flatMap(([pod]) => {
    const look = byUid.get(pod!.pod.uid);
    return look ? [{pod: pod!, look}] : [];
  });
  const cut = interrupted ? [{asked: `a look into ${left} more pod${left === 1 ? '' : 's'}`, got: 'interrupted', reason: 'aborted', tells: 'how their probes are answered'}] : [];
  return {byUid, pods: looks.filter(({look}) => look.seen).length, unseen: [...unseenOf(looks, mode), ...cut], interrupted};
}

/** What a look into one pod tells of those that agree with it: how the app answers, and how it was made; never what its own proxy did, or its logs. */
function ofReplica(look: Observed<Look>): Observed<Look> {
  if (!look.seen) return look;
  const {pod} = look.value;
  const notThere: Observed<never> = {seen: false, why: {asked: `the proxy of a replica of pod ${pod}`, got: `only ${pod} was looked into`}};
  return {seen: true, value: {...look.value, envoy: notThere, accessLog: notThere, logs: []}};
}

/** Pods whose failing probes share all rows of the table agree in all that lists tell; of healthy ones `auto` wants none. */
function groupsOf(cases: Iterable<PodCase>, rows: ProbeRow[], mode: LiveMode): PodCase[][] {
  if (mode === 'always') return [...cases].filter(isUp).map((one) => [one]);
  const signatures = new Map<string, number[]>();
  for (const [index, {workload, pods, verdict}] of rows.entries()) {
    if (verdict === 'pass') continue;
    for (const name of pods) {
      const key = `${workload.namespace}/${name}`;
      signatures.set(key, [...(signatures.get(key) ?? []), index]);
    }
  }
  const groups = new Map<string, PodCase[]>();
  for (const one of cases) {
    const key = signatures.get(`${one.pod.namespace}/${one.pod.name}`)?.join();
    if (key === undefined || !isUp(one)) continue;
    groups.set(key, [...(groups.get(key) ?? []), one]);
  }
  return [...groups.values()];
}

/** What could not be looked at, once for each namespace and reason: a right that is missing is missing for all pods. */
function unseenOf(looks: {pod: PodCase; look: Observed<Look>}[], mode: LiveMode): Unseen[] {
  const found = new Map<string, Unseen>();
  const add = (namespace: string, asked: string, why: Unseen) => {
    const key = JSON.stringify([asked, namespace, why.got.replaceAll(/"[^"]*"/g, '')]);
    if (!found.has(key)) found.set(key, {...why, tells: 'how the probes are answered', ...(['forbidden', 'unauthorized'].includes(why.reason ?? '') ? {asked: `${asked} in namespace ${namespace}`} : {}), ...(mode === 'auto' ? {optional: true as const} : {})});
  };
  for (const {pod: {pod, profile}, look} of looks) {
    if (!look.seen) add(pod.namespace, 'a port-forward to pods', look.why);
    else {
      for (const why of look.value.missed) add(pod.namespace, 'a port-forward to pods', why);
      if (!look.value.accessLog.seen && profile?.seen && profile.value.proxy === 'envoy') add(pod.namespace, 'logs of pods', look.value.accessLog.why);
      if (!look.value.listeners.seen && profile?.seen && profile.value.proxy === 'envoy' && look.value.listeners.why.reason !== 'refused') add(pod.namespace, "Envoy's configuration", look.value.listeners.why);
    }
  }
  return [...found.values()];
}
