import type {Failure} from './outcome.ts';

/** One fault, thrown at one command. */
export interface Case {
  /** `group/…`, unique; the same from run to run. */
  id: string;
  /** The worker is killed and the case has hung when it takes longer, in milliseconds. */
  limitMs: number;
  run(): Promise<Failure[]>;
}

export function groupOf(id: string): string {
  return id.slice(0, id.indexOf('/'));
}

let mostMb = 0;

/** Tells how much memory a run took, in MiB, for the table of totals. */
export function noteMemory(megabytes: number): void {
  mostMb = Math.max(mostMb, megabytes);
}

/** The most that was told since this was asked last. */
export function takenMemory(): number {
  const most = mostMb;
  mostMb = 0;
  return most;
}
