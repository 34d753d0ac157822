import {statusOf, type Container} from '../model/pod.ts';
import type {PodCase} from './case.ts';

/** Whose port it is. Containers share their network, so a probe may ask a neighbour: the one that declares the port, else the probe's own. */
export function ownerOfPort({pod, declared}: Pick<PodCase, 'pod' | 'declared'>, own: string, port: number): {container: string; declares: boolean} {
  const containers: Container[] = declared.seen ? declared.value.containers : pod.spec.containers;
  const declaring = declaringOf(containers).get(port) ?? [];
  if (declaring.includes(own) || declaring.length !== 1) return {container: own, declares: declaring.includes(own)};
  return {container: declaring[0]!, declares: true};
}

const DECLARING = new WeakMap<Container[], Map<number, string[]>>();

/** The containers that declare a port, by port. */
function declaringOf(containers: Container[]): Map<number, string[]> {
  const known = DECLARING.get(containers) ?? new Map<number, string[]>();
  if (DECLARING.has(containers)) return known;
  DECLARING.set(containers, known);
  for (const {name, ports} of containers) {
    for (const port of new Set(ports.map(({containerPort}) => containerPort))) known.set(port, [...(known.get(port) ?? []), name]);
  }
  return known;
}

/** Why nobody can answer on a container's ports: it has ended, or never began to run. Undefined where it runs, or nothing is known of it. */
export function standstill({pod}: Pick<PodCase, 'pod'>, container: string): string | undefined {
  const {state} = statusOf(pod, container, false) ?? {};
  if (state?.kind === 'terminated') return `has ended${state.reason === '' ? '' : ` (${state.reason})`}`;
  return state?.kind === 'waiting' ? `does not run${state.reason === '' ? '' : ` (${state.reason})`}` : undefined;
}
