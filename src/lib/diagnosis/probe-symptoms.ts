import {containerOf, readProbeEvent, type FailureClass, type ProbeReading} from '../kubelet/messages.ts';
import type {ClusterEvent} from '../model/event.ts';
import {ofContainer} from '../model/lookup.ts';
import {probedContainers, runsSince, type ContainerStatus} from '../model/pod.ts';
import {PROBE_TYPES, type Probes, type ProbeType} from '../model/probe.ts';
import type {Symptom, SymptomState} from '../model/symptom.ts';
import {reportedState, statusState, type State, type Witnesses} from './probe-state.ts';
import {evidence, probed, type SymptomContext} from './symptoms.ts';
import {highest, lowest} from '../model/extremes.ts';

interface Failure {
  reading: ProbeReading;
  container: string;
  init: boolean;
  /** Events with the same words, each with its own count and times. */
  told: Times[];
}

interface Times {
  count: number;
  first: number;
  last: number;
}

/** What the kubelet's events say of probes: one symptom per container, probe type and text; events that differ in a source port only are one. */
export function probeFailures(context: SymptomContext, events: ClusterEvent[], muted: boolean): Symptom[] {
  const byText = new Map<string, Failure>();
  for (const event of events) {
    const where = containerOf(event.involved.fieldPath);
    if (!where) continue;
    const {probes} = probed(context.pod, where.container, where.init);
    const reading = readProbeEvent(event, (type) => probes[type]?.handler.kind);
    if (!reading) continue;
    const key = [where.container, String(where.init), reading.probe, reading.outcome, reading.text].join('\n');
    const told = byText.get(key)?.told ?? [];
    told.push({count: event.count, first: event.first, last: event.last});
    byText.set(key, {reading, container: where.container, init: where.init, told});
  }
  return [...byText.values()].map((failure) => probeFailure(context, failure, muted));
}

function probeFailure(context: SymptomContext, {reading, container, init, told: times}: Failure, muted: boolean): Symptom {
  const {outcome, failure, status, url, text, probe} = reading;
  const witnesses = witnessesOf(context, container, init, probe, muted);
  const all: Times = {count: times.reduce((sum, one) => sum + one.count, 0), first: lowest(times.map(({first}) => first)), last: highest(times.map(({last}) => last))};
  const logged = !UNLOGGED.includes(failure) && !/\bdial tcp\b/.test(text);
  // Each event for itself, too: one of long ago must not make those of now look rare.
  const states = [all, ...(times.length > 1 ? times : [])].map((one) => reportedState(witnesses, {outcome: outcome === 'errored' ? 'errored' : 'failed', failure, logged, ...one}));
  return {
    kind: outcome === 'warning' ? 'probe-warning' : 'probe',
    ...told(worst(states)),
    container,
    ...(init ? {init} : {}),
    probe,
    failure: outcome === 'errored' && failure === 'unclassified' ? 'errored' : failure,
    ...(outcome === 'errored' ? {errored: true as const} : {}),
    ...(status === undefined ? {} : {status}),
    ...(url === undefined ? {} : {url}),
    text,
    ...all,
    evidence: {...evidence(context, 'event', text), times: all},
  };
}

/** Failures that end before the proxy has a request to log. */
const UNLOGGED: FailureClass[] = ['refused', 'connect-timeout', 'no-route', 'dns', 'bad-port', 'bad-url', 'tls', 'tls-plain-server', 'reset', 'eof'];

const WORST: SymptomState[] = ['going-on', 'unheard', 'maybe', 'starting', 'over'];

function worst(states: State[]): State {
  return [...states].sort((a, b) => WORST.indexOf(a.state) - WORST.indexOf(b.state))[0]!;
}

function told({state, why, until}: State): Pick<Symptom, 'state' | 'why' | 'until'> {
  return {state, why, ...(until === undefined ? {} : {until})};
}

function witnessesOf({pod, now, requestsOf}: SymptomContext, container: string, init: boolean, type: ProbeType, muted: boolean): Witnesses {
  const {probes, status} = probed(pod, container, init);
  const ready = pod.conditions.find((condition) => condition.type === 'Ready' && condition.status === 'True');
  return {now, type, probe: probes[type], probes, status, muted, readySince: ready && (ready.since ?? 0), requests: requestsOf(container, type)};
}

/** A probe that the status alone shows not to have succeeded: its events are gone, muted, or may not be read, or it has not failed at all. */
export function silentFailures(context: SymptomContext, found: Symptom[], {seen, muted}: {seen: boolean; muted: boolean}): Symptom[] {
  const {pod} = context;
  return probedContainers(pod.spec).flatMap(({container: {name}, init}): Symptom[] => {
    const {probes, status} = probed(pod, name, init);
    const type = status && waitsFor(probes, status);
    if (!type || ofContainer(found, name).some((one) => one.probe === type && one.state !== 'over' && one.kind === 'probe')) return [];
    const startedAt = runsSince(status) ?? pod.startedAt ?? pod.createdAt;
    const text = type === 'startup' ? 'started: false' : 'ready: false';
    const why = seen ? 'no event tells why' : 'events could not be seen';
    const state = statusState({...witnessesOf(context, name, init, type, muted), probe: probes[type]!, status}, startedAt);
    return [{kind: 'probe', ...told(state), container: name, ...(init ? {init} : {}), probe: type, failure: 'no-event', text, count: 1, evidence: evidence(context, 'pod status', `${text}, and ${why}`)}];
  });
}

/** The probe that a running container's status waits for. */
function waitsFor(probes: Probes, {state, ready, started}: ContainerStatus): ProbeType | undefined {
  if (state.kind !== 'running' || ready) return undefined;
  return PROBE_TYPES.find((one) => probes[one] && (one === 'startup' ? started === false : one === 'readiness' && started !== false));
}
