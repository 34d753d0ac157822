import {runsSince} from '../model/pod.ts';
import {isOpen, type Symptom} from '../model/symptom.ts';
import type {ProbeCase} from './case.ts';

/** Failures that the kubelet reported, and that are not known to have ended. */
export function openFailures({symptoms}: ProbeCase): Symptom[] {
  return symptoms.filter((one) => one.kind === 'probe' && isOpen(one));
}

/** The newest words are the present state; older ones of the same probe hang under them, and the refusals of a start come last. */
export function presentOf(probe: ProbeCase): Symptom | undefined {
  const newest = openFailures(probe).sort((a, b) => (b.last ?? 0) - (a.last ?? 0) || b.count - a.count || (a.text < b.text ? -1 : 1));
  return newest.find((one) => !isStartNoise(probe, one)) ?? newest[0];
}

/** Refused while the containers were starting: so it goes to most pods, and what was said later tells more. */
function isStartNoise({status}: ProbeCase, {failure, last}: Symptom): boolean {
  return failure === 'refused' && last !== undefined && last - (runsSince(status) ?? 0) < 60_000;
}
