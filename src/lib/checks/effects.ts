import type {ContainerStatus} from '../model/pod.ts';
import type {Symptom} from '../model/symptom.ts';
import type {PodCase, ProbeCase} from './case.ts';

/** What a failing probe does to its pod, by the pod's own status: never more than can be seen there. */
export function effectOf(pod: PodCase, {type, status, actual, symptoms}: ProbeCase, {errored}: Pick<Symptom, 'errored'> = {}): string {
  const threshold = actual?.failureThreshold ?? 3;
  if (type === 'readiness') {
    const failing = symptoms.some(({kind, state}) => (kind === 'probe' || kind === 'answer') && state === 'going-on');
    if (status?.ready === true && failing && !errored) return `the container is still ready: ${times(threshold)} in a row take it out of its Services`;
    if (status?.ready === true) return errored ? 'the kubelet keeps the last result: the container stays ready' : `the container stays ready: it takes ${times(threshold)} in a row to change that`;
    return pod.workload.kind === 'Job' ? 'the pod is not Ready' : 'takes no traffic';
  }
  if (errored) return 'errors do not count: nothing watches the container, and it is not restarted for them';
  const restarts = status?.restartCount ?? 0;
  if (pod.pod.spec.restartPolicy === 'Never') return `the kubelet stops the container after ${times(threshold)} in a row`;
  return `${restarts > 0 ? `restarted ${restartsText(restarts)}; ` : ''}the kubelet restarts the container after ${times(threshold)} in a row`;
}

function times(threshold: number): string {
  return threshold === 1 ? 'one failure' : `${threshold} failures`;
}

export function restartsText(count: number): string {
  return `${count} time${count === 1 ? '' : 's'}`;
}

/** What the status tells of a container that ended: nothing of restarts where there were none. */
export function endedText({restartCount, state}: ContainerStatus): string {
  if (restartCount === 0 && state.kind === 'running') return 'it is being stopped';
  return restartCount === 0 ? 'ended, and was not restarted' : `restarted ${restartsText(restartCount)}`;
}

/** Types what the last run that ended logged, or the container's log where there was none. */
export function lastLog({pod, commands}: PodCase, container: string, status: ContainerStatus | undefined): string {
  return commands.kubectl(`logs ${pod.name} -n ${pod.namespace} -c ${container}${status && hasPrevious(status) ? ' --previous' : ''}`);
}

/** Whether the runtime keeps a log of a run before the one that runs, or waits, now: only then `--previous` shows one. */
export function hasPrevious({state, lastState, restartCount}: ContainerStatus): boolean {
  return state.kind !== 'terminated' && lastState.kind === 'terminated' && restartCount > 0;
}
