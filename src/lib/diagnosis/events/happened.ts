import type {PodCase} from '../../checks/case.ts';
import {containerOf, readKilling, stageOf} from '../../kubelet/messages.ts';
import type {ClusterEvent} from '../../model/event.ts';
import type {Happening} from '../../model/happening.ts';
import {lastEnd, type ContainerStatus, type Pod} from '../../model/pod.ts';
import {podStatus} from '../pod-status.ts';
import {failuresOf} from './failures.ts';

/** One event in words about the declared probe; `pod` is a case of this event alone. Normal events but kills are no news. */
export function eventHappened(pod: PodCase, event: ClusterEvent): Happening | undefined {
  const base = {at: event.last, workload: pod.workload, pod: pod.pod.name, count: event.count};
  const [failure] = failuresOf(pod).filter(({times}) => times !== undefined);
  if (failure) {
    const {probe, container, declared, said, state} = failure;
    return {...base, about: 'probe', text: `${probe} of ${container}, ${declared}  ${said}${state === 'start-up' ? '  start-up' : ''}`};
  }
  const kill = readKilling(event);
  if (kill) return kill.cause === 'other' ? undefined : {...base, about: 'runtime', text: `${kill.container} killed by its ${kill.cause} probe`};
  if (event.type !== 'Warning') return undefined;
  const container = containerOf(event.involved.fieldPath)?.container;
  return {...base, about: stageOf(event.reason) ?? 'runtime', text: `${container === undefined ? '' : `${container}  `}${event.reason}: ${event.message}`};
}

/** What a pod's status tells that no event does: readiness, ends of containers, the pod's own end. */
export function statusHappened(before: Pod | undefined, pod: Pod, workload: Happening['workload'], now: number): Happening[] {
  const say = (text: string, at = now): Happening => ({at, workload, pod: pod.name, about: 'status', text});
  if (!before) return [say(`pod created (READY ${podStatus(pod).ready}, ${podStatus(pod).status})`, pod.createdAt)];
  if (pod.deletedAt !== undefined) return before.deletedAt === undefined ? [say('pod is being deleted', pod.deletedAt)] : [];
  const native = pod.spec.initContainers.filter(({restartPolicy}) => restartPolicy === 'Always').map(({name}) => name);
  const worth = ({name, state}: ContainerStatus) => native.includes(name) || state.kind !== 'terminated' || state.exitCode !== 0;
  return [...pod.initContainers.filter(worth), ...pod.containers].flatMap((status) => {
    const old = [...before.initContainers, ...before.containers].find(({name}) => name === status.name);
    return old ? ofContainer(old, status, say) : [];
  });
}

function ofContainer(old: ContainerStatus, status: ContainerStatus, say: (text: string, at?: number) => Happening): Happening[] {
  const {name, state, ready, restartCount} = status;
  const ended = lastEnd(status);
  const waits = state.kind === 'waiting' && !['', 'ContainerCreating', 'PodInitializing'].includes(state.reason) && !(old.state.kind === 'waiting' && old.state.reason === state.reason);
  return [
    ...(ended && lastEnd(old)?.finishedAt !== ended.finishedAt ? [say(`${name} ended: ${ended.reason || 'ended'}, exit code ${ended.exitCode}, ${restartCount} restart${restartCount === 1 ? '' : 's'}`, ended.finishedAt)] : []),
    ...(waits && state.kind === 'waiting' ? [say(`${name} waits: ${state.reason}${state.message ? `: ${state.message}` : ''}`)] : []),
    ...(ready === old.ready ? [] : [say(`${name} is ${ready ? 'ready' : 'not ready any more'}`)]),
  ];
}
