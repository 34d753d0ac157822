import {named} from '../model/lookup.ts';
import type {Pod} from '../model/pod.ts';

/** READY, STATUS and RESTARTS as `kubectl get pods` words them (pkg/printers/internalversion/printers.go printPod). */
export function podStatus(pod: Pod): PodStatus {
  const known = KNOWN.get(pod) ?? worded(pod);
  KNOWN.set(pod, known);
  return known;
}

interface PodStatus {
  ready: string;
  status: string;
  restarts: string;
}

/** Each row of a pod says it. */
const KNOWN = new WeakMap<Pod, PodStatus>();

function worded(pod: Pod): PodStatus {
  const restartable = new Set(pod.spec.initContainers.filter(({restartPolicy}) => restartPolicy === 'Always').map(({name}) => name));
  const total = pod.spec.containers.length + restartable.size;
  const ready = pod.containers.filter((one) => one.ready).length + pod.initContainers.filter((one) => one.ready && restartable.has(one.name)).length;
  const init = initStatus(pod, restartable);
  const restarts = init === undefined ? [...pod.containers, ...pod.initContainers.filter(({name}) => restartable.has(name))] : pod.initContainers;
  return {ready: `${ready}/${total}`, status: pod.deletedAt !== undefined ? 'Terminating' : (init ?? mainStatus(pod)), restarts: String(restarts.reduce((sum, {restartCount}) => sum + restartCount, 0))};
}

function initStatus(pod: Pod, restartable: Set<string>): string | undefined {
  for (const [index, {name}] of pod.spec.initContainers.entries()) {
    const status = named(pod.initContainers, name);
    const state = status?.state;
    if (state?.kind === 'terminated' && state.exitCode === 0) continue;
    if (restartable.has(name) && status?.started === true) continue;
    if (state?.kind === 'terminated') return `Init:${state.reason || `ExitCode:${state.exitCode}`}`;
    if (state?.kind === 'waiting' && state.reason !== '' && state.reason !== 'PodInitializing') return `Init:${state.reason}`;
    return pod.node ? `Init:${index}/${pod.spec.initContainers.length}` : undefined;
  }
  return undefined;
}

function mainStatus(pod: Pod): string {
  let status = pod.reason || pod.phase;
  let running = false;
  for (const {state, ready} of [...pod.containers].reverse()) {
    if (state.kind === 'waiting' && state.reason !== '') status = state.reason;
    else if (state.kind === 'terminated') status = state.reason || `ExitCode:${state.exitCode}`;
    else if (state.kind === 'running' && ready) running = true;
  }
  return status === 'Completed' && running ? (pod.conditions.some(({type, status: holds}) => type === 'Ready' && holds === 'True') ? 'Running' : 'NotReady') : status;
}
