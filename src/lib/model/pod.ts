import {named} from './lookup.ts';
import type {Handler, Probes} from './probe.ts';

interface ContainerPort {
  name?: string;
  containerPort: number;
  hostPort?: number;
}

/** A `postStart` or `preStop` handler: the kubelet calls it like a probe, the mesh never rewrites it. */
export interface LifecycleHook {
  hook: 'postStart' | 'preStop';
  handler: Handler;
}

export interface Container {
  name: string;
  image: string;
  ports: ContainerPort[];
  probes: Probes;
  hooks: LifecycleHook[];
  /** Command and arguments, kept for the mesh's own containers only (osm-init's rules, Envoy's flags). */
  args: string[];
  /** Names of environment variables, kept for the mesh's own containers only. */
  env: string[];
  /** `Always` on an init container makes it a native sidecar. */
  restartPolicy?: string;
  runAsUser?: number;
  runAsNonRoot?: boolean;
  allowPrivilegeEscalation?: boolean;
  privileged?: boolean;
  imagePullPolicy?: string;
  /** As written, for example `100m`. */
  cpuLimit?: string;
  memoryLimit?: string;
}

/** What a pod is made of: of an owner's template, or of the pod itself as the injector left it. */
export interface PodSpec {
  containers: Container[];
  initContainers: Container[];
  hostNetwork: boolean;
  runAsUser?: number;
  runAsNonRoot?: boolean;
  /** `nodeSelector["kubernetes.io/os"]` or `spec.os.name`. */
  os?: string;
  volumes: string[];
  restartPolicy: string;
}

/** The containers whose probes the kubelet runs: those of the pod, and its native sidecars. */
export function probedContainers(spec: PodSpec): {container: Container; init: boolean}[] {
  const known = PROBED.get(spec) ?? listProbed(spec);
  PROBED.set(spec, known);
  return known;
}

const PROBED = new WeakMap<PodSpec, ReturnType<typeof listProbed>>();

function listProbed(spec: PodSpec): {container: Container; init: boolean}[] {
  const native = spec.initContainers.filter(({restartPolicy}) => restartPolicy === 'Always');
  return [...spec.containers.map((container) => ({container, init: false})), ...native.map((container) => ({container, init: true}))];
}

export interface Template extends PodSpec {
  /** Labels and annotations of the mesh only (see `mesh/names.ts`). */
  labels: Record<string, string>;
  annotations: Record<string, string>;
}

export interface OwnerRef {
  kind: string;
  name: string;
  uid: string;
  /** `apps/v1`, `batch/v1`, …; of kinds that we don't list, too. */
  apiVersion: string;
}

export type ContainerState =
  | {kind: 'none'}
  | {kind: 'waiting'; reason: string; message: string}
  | {kind: 'running'; startedAt?: number}
  | {kind: 'terminated'; reason: string; message: string; exitCode: number; signal?: number; startedAt?: number; finishedAt?: number};

export interface ContainerStatus {
  name: string;
  ready: boolean;
  /** Unset by old kubelets; false while the startup probe has not succeeded yet. */
  started?: boolean;
  restartCount: number;
  state: ContainerState;
  lastState: ContainerState;
}

/** How the container ended last: where it is down this run's end, else that of the run before; undefined where it never ended. */
export function lastEnd({state, lastState}: Pick<ContainerStatus, 'state' | 'lastState'>): Extract<ContainerState, {kind: 'terminated'}> | undefined {
  if (state.kind === 'terminated') return state;
  return lastState.kind === 'terminated' ? lastState : undefined;
}

/** When the run that goes on began, in milliseconds since 1970; undefined where the container does not run, or its status does not tell. */
export function runsSince(status: Pick<ContainerStatus, 'state'> | undefined): number | undefined {
  return status?.state.kind === 'running' ? status.state.startedAt : undefined;
}

/** The status of a container that the kubelet probes. */
export function statusOf({containers, initContainers}: Pick<Pod, 'containers' | 'initContainers'>, name: string, init: boolean): ContainerStatus | undefined {
  return named(init ? initContainers : containers, name);
}

/** The Ready condition where it is not True, with what it says. */
export function unreadyCondition({conditions}: Pick<Pod, 'conditions'>): (Condition & {text: string}) | undefined {
  const found = conditions.find(({type, status}) => type === 'Ready' && status !== 'True');
  return found && {...found, text: `Ready: ${found.status}${found.reason ? `, ${found.reason}` : ''}${found.message ? `: ${found.message}` : ''}`};
}

interface Condition {
  type: string;
  status: string;
  reason: string;
  message: string;
  /** Milliseconds since 1970. */
  since?: number;
}

/** A pod as the API server has it, reduced to what the checks read. Times are milliseconds since 1970. */
export interface Pod {
  name: string;
  namespace: string;
  uid: string;
  createdAt: number;
  deletedAt?: number;
  labels: Record<string, string>;
  annotations: Record<string, string>;
  /** `controller-revision-hash`, which names the template of a StatefulSet's or DaemonSet's pod. */
  revisionHash?: string;
  owner?: OwnerRef;
  /** The template in `kubectl.kubernetes.io/last-applied-configuration`, read for bare pods only. */
  lastApplied?: Template;
  spec: PodSpec;
  node?: string;
  phase: string;
  /** `Evicted`, `NodeLost`, …: of the whole pod. */
  reason: string;
  message: string;
  podIP?: string;
  startedAt?: number;
  conditions: Condition[];
  readinessGates: string[];
  containers: ContainerStatus[];
  initContainers: ContainerStatus[];
}
