import type {PodCase} from '../../checks/case.ts';
import {isBusyNode} from '../../kubelet/messages.ts';
import type {Mark, ProbeFailure, Trouble} from '../../model/events-report.ts';
import type {Owner} from '../../model/owner.ts';
import type {Owners} from '../declared.ts';
import {lowest} from '../../model/extremes.ts';

/**
 * What a history is read by: rollouts, pods, the proxy's starts, ends of containers, and when each failure was first
 * seen. Oldest first.
 */
export function marksOf(pods: PodCase[], owners: Owners, probes: ProbeFailure[], troubles: Trouble[], mesh: readonly Mark[]): Mark[] {
  const sets = new Map<string, Owner>();
  for (const {pod} of pods) {
    const owner = pod.owner && owners.byUid.get(pod.owner.uid);
    if (owner?.kind === 'ReplicaSet') sets.set(owner.uid, owner);
  }
  const begun = lowest([...[...sets.values()].map(({createdAt}) => createdAt), ...pods.map(({pod}) => pod.createdAt)]);
  const marks: Mark[] = [
    ...mesh.filter(({at}) => at >= begun),
    ...[...sets.values()].map(({createdAt, name, revision}) => ({at: createdAt, text: `rollout: replicaset ${name}${revision === undefined ? '' : `, revision ${revision}`}`})),
    ...pods.flatMap((one) => ofPod(one)),
    ...probes.flatMap(({times, probe, container, said, state}) => (times && state !== 'start-up' ? [{at: times.first, text: `${probe} of ${container} first seen to fail: ${said}`}] : [])),
    ...troubles.flatMap(({times, container, reason, text}) => (times && container === undefined && !isBusyNode(text) ? [{at: times.first, text: `first ${reason}`}] : [])),
  ];
  return compact(marks.sort((a, b) => second(a) - second(b)));
}

/** The API server's own times have whole seconds; what is of one second stays in the order of cause and effect. */
function second({at}: Mark): number {
  return Math.floor(at / 1000);
}

function ofPod({pod, detection}: PodCase): Mark[] {
  const sidecar = detection.sidecar?.name;
  return [
    {at: pod.createdAt, text: `pod ${pod.name} created${sidecar === undefined ? '' : ', injected'}`},
    ...[...pod.initContainers, ...pod.containers].flatMap(({name, state, lastState}): Mark[] => [
      ...(lastState.kind === 'terminated' && lastState.finishedAt !== undefined ? [{at: lastState.finishedAt, text: `${name} ended in ${pod.name}: ${lastState.reason || 'ended'}, exit code ${lastState.exitCode}`}] : []),
      ...(state.kind === 'running' && state.startedAt !== undefined && (name === sidecar || lastState.kind === 'terminated') ? [{at: state.startedAt, text: `${name} started in ${pod.name}`}] : []),
    ]),
  ];
}

/** Lines that a screen can bear; a rollout of many pods is told by its first and last. */
const MOST = 14;

function compact(marks: Mark[]): Mark[] {
  if (marks.length <= MOST) return marks;
  const half = MOST / 2;
  const left = marks.slice(half, marks.length - half);
  return [...marks.slice(0, half), {at: left[0]!.at, text: `… ${left.length} more`}, ...marks.slice(marks.length - half)];
}
