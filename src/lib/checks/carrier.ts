import type {Symptom} from '../model/symptom.ts';
import type {PodCase} from './case.ts';
import {carrierOf, restartsFor} from './check.ts';

// What a container of the mesh that is not there does to the probes that it answers.

/** Failures that a closed port makes, of the probes that `carrier` answers. */
export function unreachable(pod: PodCase, carrier: string): Symptom[] {
  const carried = pod.probes.filter((probe) => carrierOf(pod, probe) === carrier);
  return carried.flatMap(({symptoms}) => symptoms.filter(isUnreachable));
}

function isUnreachable({kind, failure}: Symptom): boolean {
  return (kind === 'probe' || kind === 'answer') && ['refused', 'reset', 'eof', 'timeout', 'connect-timeout', 'no-event'].includes(failure ?? '');
}

/** Kills of apps since then whose probes found nobody at `carrier`: a dead proxy makes the kubelet kill healthy apps. */
export function killedApps(pod: PodCase, carrier: string, since: number): Symptom[] {
  return pod.probes
    .filter((probe) => probe.type !== 'readiness' && carrierOf(pod, probe) === carrier && probe.symptoms.every((one) => one.kind !== 'probe' || isUnreachable(one)))
    .flatMap((probe) => [...probe.symptoms.filter(({kind}) => kind === 'killed'), ...restartsFor(pod, probe)])
    .filter(({last}) => (last ?? 0) >= since);
}
