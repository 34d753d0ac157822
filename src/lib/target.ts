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

/** Reads `NAME`, `pod/NAME`, `deploy/NAME`, `deployment.apps/NAME`, …; undefined for what is none. */
export function parseTarget(given: string): Target | undefined {
  const [first, second, ...rest] = given.split('/');
  if (rest.length > 0 || !first || second === '') return undefined;
  if (second === undefined) return {kind: 'Pod', name: first, given};
  const kind = Object.entries(KINDS).find(([, names]) => names.includes(first.toLowerCase()))?.[0];
  return kind === undefined ? undefined : {kind, name: second, given};
}

/** For one sentence about what is accepted. */
export const TARGET_FORMS = 'NAME, pod/NAME, deploy/NAME, sts/NAME, ds/NAME, rs/NAME or job/NAME';

/** True for a pod that the target names: itself, its workload, or its direct owner. */
export function isTarget({kind, name}: Target, pod: {name: string; owner?: {kind: string; name: string}}, workload: Workload): boolean {
  if (kind === 'Pod') return pod.name === name;
  return (workload.kind === kind && workload.name === name) || (pod.owner?.kind === kind && pod.owner.name === name);
}
