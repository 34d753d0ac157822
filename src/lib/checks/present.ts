import type {Symptom} from '../model/symptom.ts';
import type {ProbeCase} from './case.ts';

/** The newest words are the present state; older ones of the same probe hang under them, and the refusals of a start come last. */
export function presentOf(probe: ProbeCase, live: Symptom[]): Symptom | undefined {
  const newest = [...live].sort((a, b) => (b.last ?? 0) - (a.last ?? 0) || b.count - a.count || (a.text < b.text ? -1 : 1));
  return newest.find((one) => !isStartNoise(probe, one)) ?? newest[0];
}

/** Refused while the containers were starting: so it goes to most pods, and what was said later tells more. */
function isStartNoise({status}: ProbeCase, {failure, last}: Symptom): boolean {
  const startedAt = status?.state.kind === 'running' ? (status.state.startedAt ?? 0) : 0;
  return failure === 'refused' && last !== undefined && last - startedAt < 60_000;
}
