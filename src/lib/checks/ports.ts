import {statusOf, type Container} from '../model/pod.ts';
import type {PodCase} from './case.ts';

/** Whose port it is. Containers share their network, so a probe may ask a neighbour: the one that declares the port, else the probe's own. */
export function ownerOfPort({pod, declared}: Pick<PodCase, 'pod' | 'declared'>, own: string, port: number): {container: string; declares: boolean} {
  const containers: Container[] = declared.seen ? declared.value.containers : pod.spec.containers;
  const declaring = containers.filter(({ports}) => ports.some(({containerPort}) => containerPort === port)).map(({name}) => name);
  if (declaring.includes(own) || declaring.length !== 1) return {container: own, declares: declaring.includes(own)};
  return {container: declaring[0]!, declares: true};
}

/** Why nobody can answer on a container's ports: it has ended, or never began to run. Undefined where it runs, or nothing is known of it. */
export function standstill({pod}: Pick<PodCase, 'pod'>, container: string): string | undefined {
  const {state} = statusOf(pod, container, false) ?? {};
  if (state?.kind === 'terminated') return `has ended${state.reason === '' ? '' : ` (${state.reason})`}`;
  return state?.kind === 'waiting' ? `does not run${state.reason === '' ? '' : ` (${state.reason})`}` : undefined;
}
