import type {Pod} from '../model/pod.ts';
import {highest} from '../model/extremes.ts';

/**
 * Pods in the order in which kubectl would pick one to attach to (polymorphichelpers, ActivePods in reverse), but those that
 * run and are not Ready first: with them one wants to talk.
 */
export function attachableFirst(pods: Pod[]): Pod[] {
  return [...pods].sort((a, b) => compare(rank(a), rank(b)) || a.createdAt - b.createdAt || (a.name < b.name ? -1 : 1));
}

/** Smaller is better, the first difference decides. */
function rank(pod: Pod): number[] {
  const condition = pod.conditions.find(({type}) => type === 'Ready');
  const ready = condition?.status === 'True';
  const running = pod.phase === 'Running';
  const restarts = highest(pod.containers.map(({restartCount}) => restartCount), 0);
  return [pod.node === undefined ? 1 : 0, running ? 0 : pod.phase === 'Unknown' ? 1 : 2, running && ready ? 1 : 0, pod.deletedAt === undefined ? 0 : 1, ready ? (condition?.since ?? 0) : 0, restarts];
}

function compare(a: number[], b: number[]): number {
  const at = a.findIndex((value, index) => value !== b[index]);
  return at < 0 ? 0 : a[at]! - b[at]!;
}
