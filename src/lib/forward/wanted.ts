import type {PodCase, ProbeCase} from '../checks/case.ts';
import type {ProbeType} from '../model/probe.ts';

export interface Wanted {
  /** All of them where none is named. */
  containers: string[];
  types: ProbeType[];
  /** Each pod of a workload instead of one. */
  allPods: boolean;
  repeat: Repeat;
}

export interface Repeat {
  /** Rounds at most; each request has a connection of its own. */
  count: number;
  /** From the start of one round to the next. */
  intervalMs: number;
  /** No round begins later than this after the first. */
  durationMs?: number;
  pause(ms: number): Promise<void>;
  /** Told before each round. */
  begins(round: number): void;
}

/** The probes that the user asks for, so that a replay and the ports that are kept open mean the same ones. */
export function wantedOf({probes}: PodCase, {containers, types}: Pick<Wanted, 'containers' | 'types'>): ProbeCase[] {
  return probes.filter(({container, type}) => (containers.length === 0 || containers.includes(container)) && (types.length === 0 || types.includes(type)));
}
