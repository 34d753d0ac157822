import type {Commands} from '../checks/case.ts';
import {containerOf, readKilling, readProbeEvent} from '../kubelet/messages.ts';
import {SPAM_BURST, SPAM_WINDOW_SECONDS, startBudgetSeconds} from '../kubelet/timing.ts';
import type {ClusterEvent} from '../model/event.ts';
import type {Workload} from '../model/owner.ts';
import type {ContainerStatus, Pod} from '../model/pod.ts';
import {PROBE_TYPES, type Probe, type ProbeType} from '../model/probe.ts';
import type {Evidence, Symptom, SymptomState} from '../model/symptom.ts';
import type {Observed} from '../model/unseen.ts';

export interface SymptomContext {
  pod: Pod;
  workload: Workload;
  now: number;
  commands: Commands;
}

/** Everything that was seen to go wrong with a pod, by its status and its events; the status is the later witness. */
export function symptomsOf(context: SymptomContext, events: Observed<ClusterEvent[]>): Symptom[] {
  const mine = events.seen ? events.value : [];
  const found = [...ofContainers(context), ...ofEvents(context, mine)];
  return [...found, ...notReady(context, found)];
}

function evidence({pod, commands}: SymptomContext, source: 'event' | 'pod status', text: string): Evidence {
  const command =
    source === 'event'
      ? commands.kubectl(`events --for pod/${pod.name} -n ${pod.namespace}`)
      : commands.kubectl(`describe pod ${pod.name} -n ${pod.namespace}`);
  return {label: source === 'event' ? 'kubelet' : 'status', text, source, command};
}

/** Waiting, crashed and killed containers, of their own status: events of these expire or are never written. */
function ofContainers(context: SymptomContext): Symptom[] {
  const {pod} = context;
  const all = [...pod.initContainers.map((status) => ({status, init: true})), ...pod.containers.map((status) => ({status, init: false}))];
  return all.flatMap(({status, init}) => [...waiting(context, status, init), ...crashed(context, status, init)]);
}

const HARMLESS_WAITING = ['', 'ContainerCreating', 'PodInitializing'];

function waiting(context: SymptomContext, {name, state}: ContainerStatus, init: boolean): Symptom[] {
  if (state.kind !== 'waiting' || HARMLESS_WAITING.includes(state.reason) || state.reason === 'CrashLoopBackOff') return [];
  const text = `${state.reason}${state.message ? `: ${state.message}` : ''}`;
  return [{kind: 'waiting', state: 'going-on', container: name, init, failure: state.reason, text, count: 1, evidence: evidence(context, 'pod status', text)}];
}

/** A container that ended by itself. After a quiet while of running it is over: a restart of yesterday is no fault of today. */
function crashed(context: SymptomContext, status: ContainerStatus, init: boolean): Symptom[] {
  const {state, lastState, restartCount, name} = status;
  const ended = state.kind === 'terminated' ? state : lastState;
  if (ended.kind !== 'terminated' || (state.kind === 'terminated' && (state.exitCode === 0 || context.pod.phase === 'Succeeded'))) return [];
  if (restartCount === 0 && state.kind !== 'terminated') return [];
  const backingOff = state.kind === 'waiting' && state.reason === 'CrashLoopBackOff';
  const text = `${ended.reason || 'ended'}, exit code ${ended.exitCode}${ended.signal ? `, signal ${ended.signal}` : ''}, ${restartCount} restart${restartCount === 1 ? '' : 's'}`;
  return [
    {
      kind: 'crashed',
      state: state.kind === 'running' ? crashState(context, status, ended.finishedAt) : backingOff || state.kind === 'terminated' ? 'going-on' : 'maybe',
      container: name,
      init,
      failure: ended.reason,
      status: ended.exitCode,
      text,
      count: Math.max(1, restartCount),
      ...(ended.finishedAt === undefined ? {} : {last: ended.finishedAt}),
      evidence: evidence(context, 'pod status', text),
    },
  ];
}

/** The kubelet's back-off grows to five minutes and is forgotten after ten of running: a crash within that may come again. */
const QUIET_MS = 600_000;

function crashState({now}: SymptomContext, {state, restartCount}: ContainerStatus, finishedAt: number | undefined): SymptomState {
  const since = state.kind === 'running' ? state.startedAt : undefined;
  const calm = since !== undefined && now - since > QUIET_MS;
  return calm || finishedAt === undefined ? 'over' : restartCount > 2 ? 'going-on' : 'maybe';
}

function ofEvents(context: SymptomContext, events: ClusterEvent[]): Symptom[] {
  const warnings = events.filter(({type}) => type === 'Warning').reduce((sum, {count}) => sum + count, 0);
  return [...probeFailures(context, events, warnings >= SPAM_BURST), ...events.flatMap((event) => [...killed(context, event), ...others(context, event)])];
}

interface Failure {
  reading: NonNullable<ReturnType<typeof readProbeEvent>>;
  container: string;
  count: number;
  first: number;
  last: number;
}

/** One symptom per container, probe type and text: events that differ in a source port only are one. */
function probeFailures(context: SymptomContext, events: ClusterEvent[], muted: boolean): Symptom[] {
  const byText = new Map<string, Failure>();
  for (const event of events) {
    const reading = readProbeEvent(event);
    const where = containerOf(event.involved.fieldPath);
    if (!reading || !where || where.init) continue;
    const key = [where.container, reading.probe, reading.outcome, reading.text].join('\n');
    const known = byText.get(key);
    byText.set(key, {
      reading,
      container: where.container,
      count: (known?.count ?? 0) + event.count,
      first: Math.min(known?.first ?? Infinity, event.first),
      last: Math.max(known?.last ?? 0, event.last),
    });
  }
  return [...byText.values()].map((failure) => probeFailure(context, failure, muted));
}

function probeFailure(context: SymptomContext, {reading, container, count, first, last}: Failure, muted: boolean): Symptom {
  return {
    kind: reading.outcome === 'warning' ? 'probe-warning' : 'probe',
    state: probeState(context, container, reading.probe, first, last, muted),
    container,
    probe: reading.probe,
    failure: reading.outcome === 'errored' && reading.failure === 'unclassified' ? 'errored' : reading.failure,
    ...(reading.status === undefined ? {} : {status: reading.status}),
    ...(reading.url === undefined ? {} : {url: reading.url}),
    text: reading.text,
    count,
    first,
    last,
    evidence: {...evidence(context, 'event', reading.text), times: {count, first, last}},
  };
}

/**
 * Whether a probe still fails. Readiness and startup: the container's status tells. Liveness has no status: its
 * events count, and as the kubelet writes few of them (kubelet-facts §5.3) silence of less than a window proves nothing.
 */
function probeState({pod, now}: SymptomContext, container: string, type: ProbeType, first: number, last: number, muted: boolean): SymptomState {
  const status = pod.containers.find(({name}) => name === container);
  const probe = pod.spec.containers.find(({name}) => name === container)?.probes[type];
  if (!status || !probe || status.state.kind !== 'running') return 'over';
  const startedAt = status.state.startedAt ?? 0;
  if (type === 'startup') return status.started === true ? 'over' : starting(status, probe, startedAt, now);
  if (type === 'readiness') return status.ready ? 'over' : gated(status) ? 'over' : starting(status, probe, startedAt, now);
  if (last < startedAt || gated(status)) return status.restartCount > 0 && now - startedAt < QUIET_MS ? 'maybe' : 'over';
  const periodMs = probe.periodSeconds * 1000;
  // Refused while the proxy was still starting, and never again: each new pod shows some (C1).
  if (last - startedAt < Math.max(30_000, 2 * periodMs) && now - last > 2 * periodMs + 5_000 && first >= startedAt && !muted) return 'over';
  if (now - last <= 2 * periodMs + probe.timeoutSeconds * 1000) return 'going-on';
  return muted && now - last <= SPAM_WINDOW_SECONDS * 1000 + periodMs ? 'maybe' : 'over';
}

/** A startup probe that has not succeeded keeps the other two from being asked. */
function gated({started}: ContainerStatus): boolean {
  return started === false;
}

function starting(status: ContainerStatus, probe: Probe, startedAt: number, now: number): SymptomState {
  if (status.restartCount > 0 && probe.type === 'startup') return 'going-on';
  return now < startedAt + startBudgetSeconds(probe) * 1000 ? 'starting' : 'going-on';
}

function killed(context: SymptomContext, event: ClusterEvent): Symptom[] {
  const kill = readKilling(event);
  if (!kill || (kill.cause !== 'liveness' && kill.cause !== 'startup')) return [];
  const status = context.pod.containers.find(({name}) => name === kill.container);
  const startedAt = status?.state.kind === 'running' ? (status.state.startedAt ?? 0) : 0;
  const calm = startedAt > event.last && context.now - startedAt > QUIET_MS;
  return [
    {
      kind: 'killed',
      state: calm ? 'over' : 'going-on',
      container: kill.container,
      init: kill.init,
      probe: kill.cause,
      text: event.message,
      count: event.count,
      first: event.first,
      last: event.last,
      evidence: {...evidence(context, 'event', event.message), times: {count: event.count, first: event.first, last: event.last}},
    },
  ];
}

const OTHER_REASONS: Record<string, Symptom['kind']> = {
  FailedScheduling: 'unscheduled',
  FailedMount: 'mount',
  FailedAttachVolume: 'mount',
  FailedMapVolume: 'mount',
  FailedCreatePodSandBox: 'sandbox',
  NetworkNotReady: 'sandbox',
  FailedPostStartHook: 'hook',
  FailedPreStopHook: 'hook',
};

/** Events of scheduling and starting. They are going on while the pod has not started, and over once it has. */
function others(context: SymptomContext, event: ClusterEvent): Symptom[] {
  const kind = OTHER_REASONS[event.reason];
  if (!kind) return [];
  const {pod} = context;
  const where = containerOf(event.involved.fieldPath);
  const started = pod.containers.length > 0 && pod.containers.every(({state}) => state.kind !== 'waiting');
  const over = kind === 'unscheduled' ? pod.node !== undefined : kind === 'hook' ? containerReady(pod, where?.container) : started;
  return [
    {
      kind,
      state: over ? 'over' : 'going-on',
      ...(where ? {container: where.container, init: where.init} : {}),
      failure: event.reason,
      text: event.message,
      count: event.count,
      first: event.first,
      last: event.last,
      evidence: {...evidence(context, 'event', event.message), label: event.component || 'event'},
    },
  ];
}

function containerReady(pod: Pod, container: string | undefined): boolean {
  return pod.containers.find(({name}) => name === container)?.ready ?? false;
}

/** A probe that the status alone shows to fail: its events are gone, muted, or may not be read. */
function notReady(context: SymptomContext, found: Symptom[]): Symptom[] {
  const {pod, now} = context;
  return pod.containers.flatMap((status) => {
    const probes = pod.spec.containers.find(({name}) => name === status.name)?.probes ?? {};
    if (status.state.kind !== 'running' || status.ready) return [];
    const startedAt = status.state.startedAt ?? pod.startedAt ?? pod.createdAt;
    const type = PROBE_TYPES.find((one) => (one === 'startup' ? probes.startup && gated(status) : one === 'readiness' && probes.readiness && !gated(status)));
    if (!type || found.some((one) => one.container === status.name && one.probe === type && one.state !== 'over' && one.kind === 'probe')) return [];
    const text = type === 'startup' ? 'started: false' : 'ready: false';
    return [
      {
        kind: 'probe' as const,
        state: starting(status, probes[type]!, startedAt, now),
        container: status.name,
        probe: type,
        failure: 'unclassified',
        text,
        count: 1,
        evidence: evidence(context, 'pod status', `${text}, and no event tells why`),
      },
    ];
  });
}
