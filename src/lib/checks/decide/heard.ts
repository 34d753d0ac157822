import {nextAnswerSeconds} from '../../kubelet/timing.ts';
import type {Symptom} from '../../model/symptom.ts';
import {isClean, lastRequests, lookedAt, NOW, succeeded} from '../access.ts';
import type {PodCase, ProbeCase} from '../case.ts';
import {openFailures, presentOf} from '../present.ts';
import type {Reading} from '../reading.ts';

// What the kubelet itself has met, which limits what an answer of one moment proves.

/** The kubelet gets no connection now: its newest words say so. Any other words of it prove that somebody accepts. */
export function kubeletRefused(probe: ProbeCase): Symptom | undefined {
  const present = presentOf(probe);
  if (!present) return undefined;
  // grpc-go dials until the time is over, whether it is refused, dropped, or meets another protocol.
  const unconnected = present.failure === 'refused' || (present.failure === 'grpc' && present.text.startsWith('timeout: failed to connect service'));
  return unconnected ? present : undefined;
}

/** The kubelet's own last requests went the same way, and some of them went well: what is always so is not the cause. */
export function comesAndGoes(pod: PodCase, probe: ProbeCase): boolean {
  return (lastRequests(pod, probe) ?? []).slice(-NOW).some((line) => succeeded(line, probe));
}

/** The probe is failing for the kubelet, too, by what it reports or by the container's status. */
export function kubeletAgrees({symptoms}: ProbeCase): boolean {
  return symptoms.some(({kind, state}) => kind !== 'probe-warning' && state === 'going-on');
}

/** Only a tunnel was late: the kubelet's own last requests were answered well, and it has nothing to say against the probe. */
export function isSlowTunnel(pod: PodCase, probe: ProbeCase, {through}: Reading): boolean {
  if (!through?.late || !probe.actual || openFailures(probe).length > 0) return false;
  const lines = lastRequests(pod, probe) ?? [];
  return isClean(lines, probe) && lookedAt(pod) - lines.at(-1)!.at <= 2 * nextAnswerSeconds(probe.actual) * 1000;
}
