import type {Commands} from '../checks/case.ts';
import {containerOf, isBusyNode, LOST, NEVER_STARTED, readKilling} from '../kubelet/messages.ts';
import {BACK_OFF_RESET_SECONDS, calmSeconds, FIRST_SECONDS, isOfEarlierRun, KILLED, loops, SPAM_BURST, SPAM_WINDOW_SECONDS} from '../kubelet/timing.ts';
import {HEALTHCHECK_NAMES} from '../mesh/names.ts';
import type {ClusterEvent} from '../model/event.ts';
import type {AccessLine} from '../model/look.ts';
import {named} from '../model/lookup.ts';
import type {Workload} from '../model/owner.ts';
import {lastEnd, probedContainers, runsSince, statusOf, unreadyCondition, type ContainerStatus, type Pod} from '../model/pod.ts';
import type {Probes, ProbeType} from '../model/probe.ts';
import type {Evidence, Symptom, SymptomState} from '../model/symptom.ts';
import type {Observed} from '../model/unseen.ts';
import {probeFailures, silentFailures} from './probe-symptoms.ts';
import {highest, lowest} from '../model/extremes.ts';

export interface SymptomContext {
  pod: Pod;
  workload: Workload;
  now: number;
  commands: Commands;
  /** The container of the mesh's proxy, if it is there. */
  proxy: string | undefined;
  /** The kubelet's last requests for a probe, where the proxy's log was read. */
  requestsOf(container: string, type: ProbeType): AccessLine[] | undefined;
}

/** Everything that was seen to go wrong with a pod, by its status, its events and the proxy's log. */
export function symptomsOf(context: SymptomContext, events: Observed<ClusterEvent[]>): Symptom[] {
  const mine = events.seen ? events.value : [];
  const muted = isMutedNow(context.pod, mine, context.now);
  const found = [...ofContainers(context, mine), ...probeFailures(context, mine, muted), ...mine.flatMap((event) => [...killed(context, event, muted), ...others(context, event, mine)])];
  const failing = [...found, ...silentFailures(context, found, {seen: events.seen, muted})];
  return [...failing, ...podNotReady(context, failing)];
}

/** A container whose probes the kubelet runs, its probes, and its status. */
export function probed(pod: Pod, name: string, init: boolean): {probes: Probes; status: ContainerStatus | undefined} {
  const one = named(init ? pod.spec.initContainers : pod.spec.containers, name);
  const isProbed = !init || one?.restartPolicy === 'Always';
  return {probes: (isProbed && one?.probes) || {}, status: statusOf(pod, name, init)};
}

export function evidence({pod, commands}: SymptomContext, source: 'event' | 'pod status', text: string): Evidence {
  const command =
    source === 'event'
      ? commands.kubectl(`events --for pod/${pod.name} -n ${pod.namespace}`)
      : commands.kubectl(`describe pod ${pod.name} -n ${pod.namespace}`);
  return {label: source === 'event' ? 'kubelet' : 'status', text, source, command};
}

/** Waiting, crashed and killed containers, of their own status: events of these expire or are never written. */
function ofContainers(context: SymptomContext, events: ClusterEvent[]): Symptom[] {
  const {pod} = context;
  const together = restartedTogether(pod, events);
  const all = [...pod.initContainers.map((status) => ({status, init: true})), ...pod.containers.map((status) => ({status, init: false}))];
  return all.flatMap(({status, init}) => [...waiting(context, status, init), ...crashed(context, status, init, events, together)]);
}

const HARMLESS_WAITING = ['', 'ContainerCreating', 'PodInitializing'];

function waiting(context: SymptomContext, {name, state}: ContainerStatus, init: boolean): Symptom[] {
  if (state.kind !== 'waiting' || HARMLESS_WAITING.includes(state.reason) || state.reason === 'CrashLoopBackOff') return [];
  const text = `${state.reason}${state.message ? `: ${state.message}` : ''}`;
  const busy = isBusyNode(state.message) && context.now - context.pod.createdAt < BUSY_MS;
  return [{kind: 'waiting', state: busy ? 'starting' : 'going-on', container: name, init, failure: state.reason, text, count: 1, evidence: evidence(context, 'pod status', text)}];
}

/** Milliseconds for which the caches of a busy node may lag behind a new pod. */
const BUSY_MS = 120_000;

/** A container that ended by itself. After a quiet while of running it is over: a restart of yesterday is no fault of today. */
function crashed(context: SymptomContext, status: ContainerStatus, init: boolean, events: ClusterEvent[], together: boolean): Symptom[] {
  const {state, restartCount, name} = status;
  const ended = lastEnd(status);
  if (!ended || (state.kind === 'terminated' && ((state.exitCode === 0 && !isMissed(context, name)) || context.pod.phase === 'Succeeded'))) return [];
  if (restartCount === 0 && state.kind !== 'terminated') return [];
  if (NEVER_STARTED.includes(ended.reason)) return neverStarted(context, status, init, ended);
  const backingOff = state.kind === 'waiting' && state.reason === 'CrashLoopBackOff';
  const text = `${ended.reason || 'ended'}, exit code ${ended.exitCode}${ended.signal ? `, signal ${ended.signal}` : ''}, ${restartCount} restart${restartCount === 1 ? '' : 's'}`;
  return [
    {
      kind: 'crashed',
      state: state.kind === 'running' ? crashState(context, status, ended, together || wasChanged(events, name, ended)) : backingOff || state.kind === 'terminated' ? 'going-on' : 'maybe',
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

/** The runtime could not start the process: no log, no exit of its own. */
function neverStarted(context: SymptomContext, {name, state}: ContainerStatus, init: boolean, {reason, message, exitCode}: End): Symptom[] {
  const text = `${reason}${message === '' ? `, exit code ${exitCode}` : `: ${message}`}`;
  return [{kind: 'waiting', state: state.kind === 'running' ? 'over' : 'going-on', container: name, init, failure: reason, text, count: 1, evidence: evidence(context, 'pod status', text)}];
}

/** The proxy has ended while apps need it, with whatever code. */
function isMissed({pod, proxy}: SymptomContext, name: string): boolean {
  return proxy === name && pod.containers.some((one) => one.name !== name && one.state.kind === 'running');
}

/** The kubelet itself says that it ends the container because its definition was changed in place. */
function wasChanged(events: ClusterEvent[], name: string, {finishedAt}: End): boolean {
  return finishedAt !== undefined && events.some((event) => {
    const killing = readKilling(event);
    return killing?.cause === 'changed' && killing.container === name && finishedAt >= event.last - 1000 && finishedAt - event.last <= GRACE_MS;
  });
}

type End = NonNullable<ReturnType<typeof lastEnd>>;

function crashState({now}: SymptomContext, status: ContainerStatus, {finishedAt, reason}: End, explained: boolean): SymptomState {
  // Lost by the node or its runtime, and started again: nobody ended by himself.
  if (LOST.includes(reason)) return 'over';
  const since = runsSince(status);
  const up = since === undefined ? 0 : now - since;
  if (explained || up > calmSeconds(status, undefined) * 1000 || finishedAt === undefined) return 'over';
  return loops(status) && up <= BACK_OFF_RESET_SECONDS * 1000 ? 'going-on' : 'maybe';
}

/** How processes end that are ended with their pod: by a signal, or unknown to the runtime after the node came back; the healthcheck server logs a signal as fatal. */
function endedWithPod(name: string, {exitCode, reason}: {exitCode: number; reason: string}): boolean {
  return reason !== 'OOMKilled' && (KILLED.includes(exitCode) || exitCode === 255 || (exitCode === 1 && HEALTHCHECK_NAMES.includes(name)));
}

/**
 * All containers ended within a minute, and each as often as the others: the node or the pod's sandbox was restarted, and
 * none for itself. A proxy that was killed for memory and the apps that are killed for it end together, too.
 */
function restartedTogether({containers}: Pod, events: ClusterEvent[]): boolean {
  const times = containers.flatMap(({name, state, lastState}) => (state.kind === 'running' && lastState.kind === 'terminated' && endedWithPod(name, lastState) ? (lastState.finishedAt ?? []) : []));
  if (containers.length < 2 || times.length < containers.length) return false;
  const restarts = containers.map(({restartCount}) => restartCount);
  const killed = events.some((event) => ['liveness', 'startup'].includes(readKilling(event)?.cause ?? '') && event.last >= lowest(times) - 60_000);
  return !killed && highest(times) - lowest(times) <= 60_000 && highest(restarts) === lowest(restarts);
}

/** Whether the kubelet has used up its burst of events for this pod, and writes one in a window only. */
export function isMuted(pod: Pod, events: ClusterEvent[]): boolean {
  return events.filter(({type}) => type === 'Warning').reduce((sum, {count}) => sum + count, 0) >= burstOf(pod);
}

/**
 * Whether silence of this pod proves nothing now: its burst is used up, and something of it goes on failing and takes the
 * one event in a window. Once nothing has been written for a window, the next failure of any probe would be.
 */
export function isMutedNow(pod: Pod, events: ClusterEvent[], now: number): boolean {
  const newest = highest(events.filter(({type}) => type === 'Warning').map(({last}) => last));
  const slowest = highest(probedContainers(pod.spec).flatMap(({container}) => Object.values(container.probes).map(({periodSeconds}) => periodSeconds)), 0);
  return isMuted(pod, events) && now - newest <= (SPAM_WINDOW_SECONDS + slowest + 30) * 1000;
}

/** Older kubelets count the Normal events of a start, about four for each container, into the same burst. */
function burstOf({containers, initContainers}: Pod): number {
  const starts = [...containers, ...initContainers].reduce((sum, {restartCount}) => sum + 1 + restartCount, 0);
  return Math.max(2, SPAM_BURST - 4 * starts);
}

function killed(context: SymptomContext, event: ClusterEvent, muted: boolean): Symptom[] {
  const kill = readKilling(event);
  if (!kill || (kill.cause !== 'liveness' && kill.cause !== 'startup')) return [];
  const {status, probes} = probed(context.pod, kill.container, kill.init);
  const startedAt = runsSince(status) ?? 0;
  const back = isOfEarlierRun(event.last, startedAt, status?.restartCount ?? 0);
  const up = context.now - startedAt;
  const calm = back && status !== undefined && up > calmSeconds(status, probes[kill.cause]) * 1000;
  return [
    {
      kind: 'killed',
      state: endedOtherwise(status, event, muted) || calm ? 'over' : back && status !== undefined && !loops(status) ? 'maybe' : 'going-on',
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

/** The container has run again since that kill, and this run ended otherwise: with a code that no kill leaves, or without a word of the kubelet, which still has words. */
function endedOtherwise(status: ContainerStatus | undefined, {last}: ClusterEvent, muted: boolean): boolean {
  const ended = status && lastEnd(status);
  if (ended?.startedAt === undefined || ended.startedAt < last || (ended.finishedAt ?? 0) <= last) return false;
  return !KILLED.includes(ended.exitCode) || ended.reason === 'OOMKilled' || (!muted && (ended.finishedAt ?? 0) - last > GRACE_MS);
}

/** Milliseconds that a kill may take: the grace period of most pods, and a moment. */
const GRACE_MS = 45_000;

const OTHER_REASONS = new Map<string, Symptom['kind']>(Object.entries({
  FailedScheduling: 'unscheduled',
  FailedMount: 'mount',
  FailedAttachVolume: 'mount',
  FailedMapVolume: 'mount',
  FailedCreatePodSandBox: 'sandbox',
  NetworkNotReady: 'sandbox',
  FailedPostStartHook: 'hook',
  FailedPreStopHook: 'hook',
} as const));

/** Events of scheduling and starting. They are going on while the pod has not started, and over once it has. */
function others(context: SymptomContext, event: ClusterEvent, events: ClusterEvent[]): Symptom[] {
  const kind = OTHER_REASONS.get(event.reason);
  if (!kind) return [];
  const {pod} = context;
  const where = containerOf(event.involved.fieldPath);
  const all = [...pod.initContainers, ...pod.containers];
  // The kubelet pulls images once volumes and network are there.
  const pulls = events.some(({reason, last}) => reason === 'Pulling' && last > event.last);
  const begun = pulls || all.some((status) => hasBegunSince(status, event.last));
  const over = kind === 'unscheduled' ? pod.node !== undefined : kind === 'hook' ? hookIsOver(pod, event, where?.container) : begun;
  return [
    {
      kind,
      state: over ? 'over' : isBusyStart(event) || (kind !== 'hook' && context.now - pod.createdAt < FIRST_SECONDS * 1000) ? 'starting' : 'going-on',
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

/** A container runs, or began to after that moment: nothing of the start is in its way any more. */
function hasBegunSince(status: ContainerStatus, at: number): boolean {
  if (status.state.kind === 'running') return true;
  const ended = lastEnd(status);
  return ended !== undefined && !LOST.includes(ended.reason) && (ended.startedAt ?? ended.finishedAt ?? 0) >= at - 1000;
}

/** A node that is busy with many starts reports its cache once or twice, and goes on. */
function isBusyStart({message, count}: ClusterEvent): boolean {
  return isBusyNode(message) && count <= 3;
}

/** A container that is ready got past its hook; one that runs since is in another life. */
function hookIsOver({containers}: Pod, {last}: ClusterEvent, name: string | undefined): boolean {
  const status = containers.find((one) => one.name === name);
  return status !== undefined && (status.ready || (status.state.kind === 'running' && (status.state.startedAt ?? 0) >= last && status.restartCount > 0));
}

/** Time in which a pod may become Ready after its last container did: its conditions and gates follow. */
const SETTLE_MS = 60_000;

/** A pod that is not Ready though all its containers run and none of their symptoms is going on: a readiness gate, its node. */
function podNotReady(context: SymptomContext, found: Symptom[]): Symptom[] {
  const {pod, now} = context;
  const condition = unreadyCondition(pod);
  const running = pod.containers.length > 0 && pod.containers.every(({state}) => state.kind === 'running');
  if (!condition || !running || found.some(({kind, state}) => kind !== 'probe-warning' && state !== 'over')) return [];
  const begun = highest(pod.containers.map((status) => runsSince(status) ?? 0), condition.since ?? 0);
  return [{kind: 'not-ready', state: now - begun < SETTLE_MS ? 'starting' : 'going-on', failure: condition.reason, text: condition.text, count: 1, evidence: evidence(context, 'pod status', condition.text)}];
}
