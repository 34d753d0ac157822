import type {Commands} from '../checks/case.ts';
import {containerOf, isBusyNode, readKilling, readProbeEvent} from '../kubelet/messages.ts';
import {KILLED, SPAM_BURST, SPAM_WINDOW_SECONDS, startBudgetSeconds} from '../kubelet/timing.ts';
import type {ClusterEvent} from '../model/event.ts';
import type {Workload} from '../model/owner.ts';
import {lastEnd, probedContainers, type ContainerStatus, type Pod} from '../model/pod.ts';
import {PROBE_TYPES, type Probes, type ProbeType} from '../model/probe.ts';
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
  const failing = [...found, ...notReady(context, found, events.seen)];
  return [...failing, ...podNotReady(context, failing)];
}

/** A container whose probes are asked, its probes, and what the kubelet says of it. */
function probed({spec, containers, initContainers}: Pod, name: string, init: boolean): {probes: Probes; status: ContainerStatus | undefined} {
  const one = probedContainers(spec).find(({container, init: native}) => container.name === name && native === init);
  return {probes: one?.container.probes ?? {}, status: (init ? initContainers : containers).find((status) => status.name === name)};
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
  const {state, restartCount, name} = status;
  const ended = lastEnd(status);
  if (!ended || (state.kind === 'terminated' && (state.exitCode === 0 || context.pod.phase === 'Succeeded'))) return [];
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

function crashState({pod, now}: SymptomContext, {state, restartCount}: ContainerStatus, finishedAt: number | undefined): SymptomState {
  const since = state.kind === 'running' ? state.startedAt : undefined;
  const calm = since !== undefined && now - since > QUIET_MS;
  if (restartedTogether(pod)) return 'over';
  return calm || finishedAt === undefined ? 'over' : restartCount > 2 ? 'going-on' : 'maybe';
}

/** All containers ended within a minute: the node or the pod's sandbox was restarted, and no container for itself. */
function restartedTogether({containers}: Pod): boolean {
  const ends = containers.map(({state, lastState}) => (state.kind === 'running' && lastState.kind === 'terminated' ? lastState.finishedAt : undefined));
  const known = ends.filter((end) => end !== undefined);
  return containers.length > 1 && known.length === containers.length && Math.max(...known) - Math.min(...known) <= 60_000;
}

function ofEvents(context: SymptomContext, events: ClusterEvent[]): Symptom[] {
  return [...probeFailures(context, events, isMuted(context.pod, events)), ...events.flatMap((event) => [...killed(context, event), ...others(context, event)])];
}

/** Whether the kubelet has used up its burst of events for this pod, and writes one in a window only. */
export function isMuted(pod: Pod, events: ClusterEvent[]): boolean {
  return events.filter(({type}) => type === 'Warning').reduce((sum, {count}) => sum + count, 0) >= burstOf(pod);
}

/** Older kubelets count the Normal events of a start, about four for each container, into the same burst. */
function burstOf({containers, initContainers}: Pod): number {
  const starts = [...containers, ...initContainers].reduce((sum, {restartCount}) => sum + 1 + restartCount, 0);
  return Math.max(2, SPAM_BURST - 4 * starts);
}

interface Failure {
  reading: NonNullable<ReturnType<typeof readProbeEvent>>;
  container: string;
  init: boolean;
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
    if (!reading || !where) continue;
    const key = [where.container, String(where.init), reading.probe, reading.outcome, reading.text].join('\n');
    const known = byText.get(key);
    byText.set(key, {
      reading,
      container: where.container,
      init: where.init,
      count: (known?.count ?? 0) + event.count,
      first: Math.min(known?.first ?? Infinity, event.first),
      last: Math.max(known?.last ?? 0, event.last),
    });
  }
  return [...byText.values()].map((failure) => probeFailure(context, failure, muted));
}

function probeFailure(context: SymptomContext, failure: Failure, muted: boolean): Symptom {
  const {reading, container, init, count, first, last} = failure;
  return {
    kind: reading.outcome === 'warning' ? 'probe-warning' : 'probe',
    state: probeState(context, failure, muted),
    container,
    ...(init ? {init} : {}),
    probe: reading.probe,
    failure: reading.outcome === 'errored' && reading.failure === 'unclassified' ? 'errored' : reading.failure,
    ...(reading.outcome === 'errored' ? {errored: true as const} : {}),
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
function probeState({pod, now}: SymptomContext, {reading, container, init, count, first, last}: Failure, muted: boolean): SymptomState {
  const {probes, status} = probed(pod, container, init);
  const probe = probes[reading.probe];
  if (!status || !probe || status.state.kind !== 'running') return 'over';
  const startedAt = status.state.startedAt ?? 0;
  const periodMs = probe.periodSeconds * 1000;
  // Until then the next answer has come, and would have been reported had it been a failure.
  const fresh = now - last <= periodMs + probe.timeoutSeconds * 1000 + 3_000;
  const old = last < startedAt && !muted;
  if (reading.probe === 'startup') return status.started === true || old ? 'over' : starting(probes, 'startup', startedAt, now);
  if (reading.probe === 'readiness') {
    // An error leaves the last result as it is, so the container may stay ready through it.
    if (status.ready || gated(status)) return reading.outcome === 'errored' && fresh ? 'maybe' : 'over';
    return old ? 'over' : starting(probes, 'readiness', startedAt, now, first);
  }
  if (last < startedAt || gated(status)) return status.restartCount > 0 && now - startedAt < QUIET_MS ? 'maybe' : 'over';
  // Refused while the proxy was still starting, and never again: each new pod shows some (C1).
  if (last - startedAt < Math.max(30_000, 2 * periodMs) && first >= startedAt && !muted) return fresh ? 'starting' : 'over';
  // A failure of an hour ago is counted in the same event: only failures that follow each other go on.
  const inARow = muted || last - first <= 2 * count * periodMs;
  if (fresh) return count > 1 && inARow && reading.outcome !== 'errored' ? 'going-on' : 'maybe';
  return muted && now - last <= SPAM_WINDOW_SECONDS * 1000 + periodMs ? 'maybe' : 'over';
}

/** A startup probe that has not succeeded keeps the other two from being asked. */
function gated({started}: ContainerStatus): boolean {
  return started === false;
}

/** Within its budget a probe may fail; behind a startup probe it is asked later, at its first failure at the latest. */
function starting(probes: Probes, type: ProbeType, startedAt: number, now: number, first = Infinity): SymptomState {
  const held = type !== 'startup' && probes.startup ? startBudgetSeconds(probes.startup) * 1000 : 0;
  const asked = Math.min(startedAt + held, Math.max(startedAt, first));
  return now < asked + startBudgetSeconds(probes[type]!) * 1000 ? 'starting' : 'going-on';
}

function killed(context: SymptomContext, event: ClusterEvent): Symptom[] {
  const kill = readKilling(event);
  if (!kill || (kill.cause !== 'liveness' && kill.cause !== 'startup')) return [];
  const {status} = probed(context.pod, kill.container, kill.init);
  const startedAt = status?.state.kind === 'running' ? (status.state.startedAt ?? 0) : 0;
  const back = startedAt > event.last;
  return [
    {
      kind: 'killed',
      state: endedOtherwise(status, event) || (back && context.now - startedAt > QUIET_MS) ? 'over' : back && (status?.restartCount ?? 0) <= 2 ? 'maybe' : 'going-on',
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

/** The container has run again since that kill, and this run ended with a code that no kill leaves. */
function endedOtherwise(status: ContainerStatus | undefined, {last}: ClusterEvent): boolean {
  const ended = status && lastEnd(status);
  return ended !== undefined && (ended.startedAt ?? 0) > last && !KILLED.includes(ended.exitCode);
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
  const all = [...pod.initContainers, ...pod.containers];
  const begun = all.some(({state, restartCount}) => state.kind === 'running' || state.kind === 'terminated' || restartCount > 0);
  const over = kind === 'unscheduled' ? pod.node !== undefined : kind === 'hook' ? hookIsOver(pod, event, where?.container) : begun;
  return [
    {
      kind,
      state: over ? 'over' : isBusyStart(event) ? 'starting' : 'going-on',
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

/** A node that is busy with many starts reports its cache once or twice, and goes on. */
function isBusyStart({message, count}: ClusterEvent): boolean {
  return isBusyNode(message) && count <= 3;
}

/** A container that is ready got past its hook; one that runs since is in another life. */
function hookIsOver({containers}: Pod, {last}: ClusterEvent, name: string | undefined): boolean {
  const status = containers.find((one) => one.name === name);
  return status !== undefined && (status.ready || (status.state.kind === 'running' && (status.state.startedAt ?? 0) > last));
}

/** A probe that the status alone shows to fail: its events are gone, muted, or may not be read. */
function notReady(context: SymptomContext, found: Symptom[], seen: boolean): Symptom[] {
  const {pod, now} = context;
  return probedContainers(pod.spec).flatMap(({container: {name}, init}): Symptom[] => {
    const {probes, status} = probed(pod, name, init);
    if (status?.state.kind !== 'running' || status.ready) return [];
    const startedAt = status.state.startedAt ?? pod.startedAt ?? pod.createdAt;
    const type = PROBE_TYPES.find((one) => probes[one] && (one === 'startup' ? gated(status) : one === 'readiness' && !gated(status)));
    if (!type || found.some((one) => one.container === name && one.probe === type && one.state !== 'over' && one.kind === 'probe')) return [];
    const text = type === 'startup' ? 'started: false' : 'ready: false';
    const why = seen ? 'no event tells why' : 'events could not be seen';
    return [{kind: 'probe', state: starting(probes, type, startedAt, now), container: name, ...(init ? {init} : {}), probe: type, failure: 'unclassified', text, count: 1, evidence: evidence(context, 'pod status', `${text}, and ${why}`)}];
  });
}

/** Time in which a pod may become Ready after its last container did: its conditions and gates follow. */
const SETTLE_MS = 60_000;

/** A pod that is not Ready though all its containers run and none of their symptoms is going on: a readiness gate, its node. */
function podNotReady(context: SymptomContext, found: Symptom[]): Symptom[] {
  const {pod, now} = context;
  const condition = pod.conditions.find(({type, status}) => type === 'Ready' && status !== 'True');
  const running = pod.containers.length > 0 && pod.containers.every(({state}) => state.kind === 'running');
  if (!condition || !running || pod.phase !== 'Running' || found.some(({kind, state}) => kind !== 'probe-warning' && state !== 'over')) return [];
  const begun = Math.max(condition.since ?? 0, ...pod.containers.map(({state}) => (state.kind === 'running' ? (state.startedAt ?? 0) : 0)));
  const text = `Ready: ${condition.status}${condition.reason ? `, ${condition.reason}` : ''}${condition.message ? `: ${condition.message}` : ''}`;
  return [{kind: 'not-ready', state: now - begun < SETTLE_MS ? 'starting' : 'going-on', failure: condition.reason, text, count: 1, evidence: evidence(context, 'pod status', text)}];
}
