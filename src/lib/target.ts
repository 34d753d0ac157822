import type {Workload} from './model/owner.ts';

export interface Target {
  /** Kind as the API names it. */
  kind: string;
  name: string;
  /** As the user wrote it. */
  given: string;
}

/** Kinds that a target may have, by the names that kubectl takes. */
const KINDS: Record<string, string[]> = {
  Pod: ['pod', 'pods', 'po'],
  Deployment: ['deployment', 'deployments', 'deploy', 'deployment.apps', 'deployments.apps', 'deployment.v1.apps'],
  StatefulSet: ['statefulset', 'statefulsets', 'sts', 'statefulset.apps', 'statefulsets.apps'],
  DaemonSet: ['daemonset', 'daemonsets', 'ds', 'daemonset.apps', 'daemonsets.apps'],
  ReplicaSet: ['replicaset', 'replicasets', 'rs', 'replicaset.apps', 'replicasets.apps'],
  Job: ['job', 'jobs', 'job.batch', 'jobs.batch'],
};

/** What kubectl knows and what owns no pods: a slip, and no kind of a controller that this tool does not know. */
const OWN_NO_PODS = /^(svc|services?|endpoints|ep|ingress(es)?|ing|cm|configmaps?|secrets?|nodes?|no|ns|namespaces?|pvc?|persistentvolume(claim)?s?|sa|serviceaccounts?|events?|ev|hpa|horizontalpodautoscalers?)(\.|$)/;

/** Reads `NAME`, `pod/NAME`, `deploy/NAME`, `deployment.apps/NAME`, or the kind of any other owner, as rows call it; undefined for what is none. */
export function parseTarget(given: string): Target | undefined {
  const [first, second, ...rest] = given.split('/');
  if (rest.length > 0 || !first || second === '') return undefined;
  if (second === undefined) return {kind: 'Pod', name: first, given};
  const written = first.toLowerCase();
  const kind = Object.entries(KINDS).find(([, names]) => names.includes(written))?.[0];
  if (kind !== undefined) return {kind, name: second, given};
  return /^[a-z][a-z0-9.-]*$/.test(written) && !OWN_NO_PODS.test(written) ? {kind: written, name: second, given} : undefined;
}

/** For one sentence about what is accepted. */
export const TARGET_FORMS = 'NAME, pod/NAME, deploy/NAME, sts/NAME, ds/NAME, rs/NAME, job/NAME and the kind of any other owner of pods';

/** True for a pod that the target names: itself, its workload, or its direct owner. */
export function isTarget({kind, name}: Target, pod: {name: string; owner?: {kind: string; name: string}}, workload: Workload): boolean {
  if (kind === 'Pod') return pod.name === name;
  const isIt = (owner: {kind: string; name: string} | undefined) => owner?.name === name && isKind(kind, owner.kind);
  return isIt(workload) || isIt(pod.owner);
}

/** Short names of owners that are not listed. */
const SHORT = new Map(Object.entries({rc: 'replicationcontroller', dc: 'deploymentconfig', ro: 'rollout', cj: 'cronjob'}));

/** `rollout`, `rollouts`, `rollout.argoproj.io` and `ro` are all a Rollout. */
function isKind(given: string, kind: string): boolean {
  if (given === kind) return true;
  const written = given.split('.', 1)[0]!.toLowerCase();
  const its = kind.toLowerCase();
  return (SHORT.get(written) ?? written) === its || written === `${its}s`;
}

/** A kind that is listed, so that a name of it without pods can be looked up. */
export function isListed({kind}: Target): boolean {
  return Object.hasOwn(KINDS, kind);
}
