import {isMeshProbePort} from '../mesh/names.ts';
import {resolvePort} from '../mesh/rewrite.ts';
import type {BreakReason, Target} from '../model/path.ts';
import type {PodCase, ProbeCase} from './case.ts';
import {differs, eachProbe, inPod, inTemplate, type Found} from './check.ts';
import {callText, probeText} from './words.ts';

/** The reason why a probe's path breaks off, if it does. */
export function breakOf(probe: ProbeCase): BreakReason | undefined {
  const {path, reach} = probe;
  if (differs(probe)) return undefined;
  return reach === 'broken' && path.end.at === 'break' ? path.end.reason : undefined;
}

/** True where the pod holds what the injector writes, or where nobody knows what that would be. */
export function asExpected({call, expectedCall}: ProbeCase): boolean {
  return expectedCall === undefined || sameCall(call, expectedCall);
}

function sameCall(a: ProbeCase['call'], b: ProbeCase['call']): boolean {
  const plain = (call: ProbeCase['call']) =>
    JSON.stringify(call.kind === 'http' ? {...call, sent: undefined, headers: call.headers.map(({name, value}) => [name.toLowerCase(), value])} : call);
  return plain(a) === plain(b);
}

/** Both sides of a probe: what was declared, and what the pod makes the kubelet call. */
export function sides(pod: PodCase, probe: ProbeCase) {
  const declared = probe.declared.seen ? [inTemplate(pod, probeText(probe.declared.value.probe))] : [];
  return [...declared, inPod(pod, callText(probe.call))];
}

/** The other container whose probe of this type decides: the last that is rewritten, for Pipy the first of all. */
export function decider(pod: PodCase, {type, container, init}: ProbeCase): string | undefined {
  const all = pod.probes.filter((other) => other.type === type && !other.init);
  const first = pod.profile?.seen && pod.profile.value.serves.winner === 'first';
  const one = first ? all[0] : all.filter(({actual, declared}) => ['httpGet', 'tcpSocket'].includes((declared.seen ? declared.value.probe : actual)?.handler.kind ?? '')).at(-1);
  return init || one?.container === container ? undefined : one?.container;
}

/** A template that was copied from a running pod has the mesh's own ports in it. */
export function isStale(probe: ProbeCase): boolean {
  if (!probe.declared.seen) return false;
  const {container, probe: declared} = probe.declared.value;
  if (!('port' in declared.handler) || !probe.actual) return false;
  return isMeshProbePort(resolvePort(declared.handler.port, container) ?? 0);
}

/** Asks of each probe whose path breaks off for one of these reasons. */
export function onBreak(reasons: BreakReason[], say: (pod: PodCase, probe: ProbeCase) => Omit<Found, 'container' | 'probe' | 'evidence'> | undefined) {
  return (pod: PodCase): Found[] =>
    eachProbe(pod, (probe) => {
      const reason = breakOf(probe);
      if (reason === undefined || !reasons.includes(reason) || isStale(probe)) return undefined;
      const said = say(pod, probe);
      return said && {evidence: sides(pod, probe), ...said};
    });
}

/** The target that the probe is led to instead of its own, also where that one's own path is broken. */
export function otherTarget(probe: ProbeCase): Target | undefined {
  const {container, path: {end}, reach} = probe;
  if (differs(probe)) return undefined;
  if (end.at === 'target') return reach === 'other' ? end.target : undefined;
  const taken = reach === 'broken' && ['unresolved-port', 'self-loop', 'bad-path'].includes(end.reason) && end.meant?.containers.length && !end.meant.containers.includes(container);
  return taken ? end.meant : undefined;
}
