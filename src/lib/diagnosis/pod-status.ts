import type {Pod} from '../model/pod.ts';

/** READY, STATUS and RESTARTS as `kubectl get pods` words them (pkg/printers/internalversion/printers.go printPod). */
export function podStatus(pod: Pod): {ready: string; status: string; restarts: string} {
  const restartable = pod.spec.initContainers.filter(({restartPolicy}) => restartPolicy === 'Always').map(({name}) => name);
  const total = pod.spec.containers.length + restartable.length;
  const ready = pod.containers.filter((one) => one.ready).length + pod.initContainers.filter((one) => one.ready && restartable.includes(one.name)).length;
  const init = initStatus(pod, restartable);
  const restarts = init === undefined ? [...pod.containers, ...pod.initContainers.filter(({name}) => restartable.includes(name))] : pod.initContainers;
  return {ready: `${ready}/${total}`, status: pod.deletedAt !== undefined ? 'Terminating' : (init ?? mainStatus(pod)), restarts: String(restarts.reduce((sum, {restartCount}) => sum + restartCount, 0))};
}

function initStatus(pod: Pod, restartable: string[]): string | undefined {
  for (const [index, {name}] of pod.spec.initContainers.entries()) {
    const status = pod.initContainers.find((one) => one.name === name);
    const state = status?.state;
    if (state?.kind === 'terminated' && state.exitCode === 0) continue;
    if (restartable.includes(name) && status?.started === true) continue;
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
