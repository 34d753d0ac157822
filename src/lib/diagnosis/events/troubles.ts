import {failed, isOf, outcome} from '../../checks/access.ts';
import type {PodCase, ProbeCase, RefusedCase} from '../../checks/case.ts';
import {containerOf, isBusyNode, stageOf} from '../../kubelet/messages.ts';
import {KILLED} from '../../kubelet/timing.ts';
import {inWords, wordsOf} from '../../mesh/words.ts';
import type {ClusterEvent} from '../../model/event.ts';
import type {Times, Trouble} from '../../model/events-report.ts';
import type {AccessLine} from '../../model/look.ts';
import {named, ofContainer} from '../../model/lookup.ts';
import {lastEnd, type ContainerStatus} from '../../model/pod.ts';
import type {Symptom, SymptomState} from '../../model/symptom.ts';
import {podStatus} from '../pod-status.ts';
import {isMuted} from '../symptoms.ts';
import {saidOf} from './said.ts';
import {timesOf, together} from './times.ts';
import {highest, lowest} from '../../model/extremes.ts';

const STARTING: Symptom['kind'][] = ['waiting', 'unscheduled', 'mount', 'sandbox', 'hook', 'refused'];

/** What kept a pod from being scheduled or started, by its status and its events. */
export function startingOf(pod: PodCase): Trouble[] {
  const events = leftover(pod, 'starting');
  const found = pod.symptoms.filter(({kind}) => STARTING.includes(kind)).map((symptom) => troubleOf(pod, symptom, toldTimes(pod, symptom, symptom.kind === 'waiting' ? events.filter((event) => containerOf(event.involved.fieldPath)?.container === symptom.container) : [])));
  const said = (event: ClusterEvent) => found.some(({container, state}) => state !== 'over' && container !== undefined && container === containerOf(event.involved.fieldPath)?.container);
  return [...found, ...silentlyPending(pod, found), ...events.filter((event) => !said(event)).map((event) => ofEvent(pod, event))].map((one) => (isStart(one) ? {...one, state: 'start-up'} : one));
}

/** Reported by a busy node once or twice, and over. */
function isStart({state, text, times}: Trouble): boolean {
  return state === 'over' && isBusyNode(text) && (times?.count ?? 1) <= 3;
}

/** A pod starts within that time, in milliseconds, or it is said that it does not. */
const PATIENCE_MS = 120_000;

/** A pod that does not get started and of which nothing says why: a native sidecar that the injector made an ordinary one. */
function silentlyPending({pod, now}: PodCase, found: Trouble[]): Trouble[] {
  if (pod.phase !== 'Pending' || now - pod.createdAt < PATIENCE_MS || found.some(({state}) => state !== 'over')) return [];
  return [{pods: [pod.name], reason: podStatus(pod).status, text: 'not started, and nothing says why', times: {count: 1, atLeast: false, first: pod.createdAt, last: now}, state: 'going-on'}];
}

/** What ended containers: their own exits and the kubelet's kills, with what was seen before. */
export function runtimeOf(pod: PodCase): Trouble[] {
  const ends = pod.symptoms.filter(({kind}) => kind === 'crashed').map((symptom): Trouble => {
    const kill = killOf(pod, symptom);
    const backOffs = pod.events.seen ? pod.events.value.filter(({reason, involved}) => reason === 'BackOff' && containerOf(involved.fieldPath)?.container === symptom.container) : [];
    const before = beforeOf(pod, kill ?? symptom);
    return {
      ...troubleOf(pod, symptom, undefined),
      reason: kill ? `killed by its ${kill.probe} probe` : reasonOf(pod, symptom),
      text: endText(pod, symptom),
      state: worst(symptom.state, kill?.state),
      ...(symptom.last === undefined ? {} : {times: {count: symptom.count, atLeast: false, first: lowest([...backOffs.map(({first}) => first), symptom.last, kill?.first ?? Infinity]), last: symptom.last}}),
      ...(before === undefined ? {} : {before}),
    };
  });
  const kills = pod.symptoms.filter((one) => one.kind === 'killed' && !ends.some(({container}) => container === one.container)).map((one) => ({...troubleOf(pod, one, toldTimes(pod, one, [])), reason: `killed by its ${one.probe} probe`}));
  const pods = pod.symptoms.filter(({kind}) => kind === 'not-ready').map((one) => troubleOf(pod, one, undefined));
  return [...ends, ...kills, ...pods, ...leftover(pod, 'runtime').map((event) => ofEvent(pod, event))];
}

/** The API server's refusal of a workload's pods. */
export function refusedTrouble({symptom, owner}: RefusedCase, events: ClusterEvent[]): Trouble {
  const times = timesOf(events, true);
  return {pods: [], reason: 'FailedCreate', text: `${owner.wanted - owner.have} of ${owner.wanted} pods refused: ${symptom.text}`, ...(times ? {times} : {}), state: symptom.state};
}

function troubleOf({pod}: PodCase, {container, failure, kind, text, state}: Symptom, times: Times | undefined): Trouble {
  const reason = failure || kind;
  return {...(container === undefined ? {} : {container}), pods: [pod.name], reason, text: text.startsWith(`${reason}: `) ? text.slice(reason.length + 2) : text, ...(times ? {times} : {}), state};
}

function toldTimes(pod: PodCase, {count, first, last}: Symptom, events: ClusterEvent[]): Times | undefined {
  const atLeast = pod.events.seen && isMuted(pod.pod, pod.events.value);
  if (first !== undefined && last !== undefined) return {count, atLeast, first, last};
  if (events.length === 0) return undefined;
  return {count: events.reduce((most, event) => Math.max(most, event.count), 0), atLeast, first: lowest(events.map((event) => event.first)), last: highest(events.map((event) => event.last))};
}

/** Warnings of which no symptom is made. They are over unless the pod still waits for what they name. */
function leftover({events, symptoms}: PodCase, stage: 'starting' | 'runtime'): ClusterEvent[] {
  const made = (event: ClusterEvent) => symptoms.some(({failure, text}) => failure === event.reason && text === event.message);
  return events.seen ? events.value.filter((event) => event.type === 'Warning' && stageOf(event.reason) === stage && !made(event)) : [];
}

function ofEvent(pod: PodCase, event: ClusterEvent): Trouble {
  const {reason, message, count, first, last, involved} = event;
  const container = containerOf(involved.fieldPath)?.container;
  const atLeast = pod.events.seen && isMuted(pod.pod, pod.events.value);
  return {...(container === undefined ? {} : {container}), pods: [pod.pod.name], reason, text: message, times: {count, atLeast, first, last}, state: reason === 'NodeNotReady' && isStillUnready(pod, last) ? 'going-on' : 'over'};
}

/** The node controller makes a pod not Ready together with its event, and the kubelet makes it Ready again when it is back. */
function isStillUnready({pod}: PodCase, last: number): boolean {
  return pod.conditions.some(({type, status, since}) => type === 'Ready' && status !== 'True' && (since ?? 0) <= last + 60_000);
}

/** A kill explains the end that follows it within the time that a process may take to stop. */
const STOPPING_MS = 60_000;

function killOf({symptoms}: PodCase, {container, last, failure, status}: Symptom): Symptom | undefined {
  if (failure === 'OOMKilled') return undefined;
  return ofContainer(symptoms, container).find((one) => one.kind === 'killed' && one.last !== undefined && (last === undefined ? status !== 1 : Math.abs(last - one.last) <= STOPPING_MS || (last > one.last && one.state !== 'over')));
}

/** Without a word of the kubelet, an end that a kill leaves too is nobody's; Envoy's log may tell that a probe failed right before. */
function reasonOf(pod: PodCase, symptom: Symptom): string {
  if (symptom.failure === 'OOMKilled') return 'out of memory';
  if (!KILLED.includes(symptom.status ?? 1)) return 'ended by itself';
  const logged = loggedBefore(pod, symptom);
  return logged ? `ended after its ${logged.probe.type} probe failed` : 'ended, or was stopped';
}

/** The failures of a probe that ended a container, by Envoy's log: as many in a row as it takes, the last right before the end. */
function loggedBefore({look, probes}: PodCase, {container, last}: Symptom): {probe: ProbeCase; lines: AccessLine[]} | undefined {
  if (!look?.seen || !look.value.accessLog.seen || last === undefined) return undefined;
  const log = look.value.accessLog.value;
  for (const probe of ofContainer(probes, container).filter((one) => one.type !== 'readiness')) {
    const mine = log.filter((line) => line.at <= last + 1000 && isOf(line, probe.type));
    const lines = mine.slice(mine.findLastIndex((line) => !failed(line, probe)) + 1);
    if (lines.length >= (probe.actual?.failureThreshold ?? 3) && last - lines.at(-1)!.at <= STOPPING_MS) return {probe, lines};
  }
  return undefined;
}

function endText({pod}: PodCase, symptom: Symptom): string {
  const status = named(pod.initContainers, symptom.container) ?? named(pod.containers, symptom.container);
  const waits = status?.state.kind === 'waiting' ? `, ${status.state.reason}` : '';
  return `${endOf(status)}${waits}`;
}

function endOf(status: ContainerStatus | undefined): string {
  const ended = status && lastEnd(status);
  if (!ended) return 'ended';
  return `${ended.reason || 'ended'}, exit code ${ended.exitCode}${ended.signal ? `, signal ${ended.signal}` : ''}`;
}

/** The failure of a probe, or the end of the proxy, that came last before it. */
function beforeOf(pod: PodCase, symptom: Symptom): string | undefined {
  const {symptoms, probes} = pod;
  const {container, probe, first, last, kind} = symptom;
  const until = last ?? Infinity;
  const failing = ofContainer(symptoms, container).filter((one) => one.kind === 'probe' && (kind !== 'killed' || one.probe === probe) && one.first !== undefined && one.first <= until).sort((a, b) => (b.last ?? 0) - (a.last ?? 0));
  const other = symptoms.find((one) => one.kind === 'crashed' && one.container !== container && one.last !== undefined && one.last < until && one.last >= (first ?? until) - STOPPING_MS);
  const [failure] = failing;
  const logged = failure ? undefined : loggedBefore(pod, symptom);
  const said = [logged && `${logged.probe.type} fails ${logged.lines.length} times in a row by Envoy's log: ${outcome(logged.lines.at(-1)!, logged.probe)}`, failure && `${failure.probe} fails: ${inWords(saidOf(failure, ofContainer(probes, container).find((one) => one.type === failure.probe)), wordsOf(pod.profile?.seen ? pod.profile.value : undefined))}`, other && `${other.container} ended: ${other.text}`].filter((one) => one !== undefined);
  return said.length > 0 ? said.join('; ') : undefined;
}

function worst(a: SymptomState, b: SymptomState | undefined): SymptomState {
  const order: SymptomState[] = ['going-on', 'maybe', 'unheard', 'starting', 'over'];
  return b !== undefined && order.indexOf(b) < order.indexOf(a) ? b : a;
}

/** Joins what replicas have in common. */
export function joinedTroubles(troubles: Trouble[]): Trouble[] {
  const byKey = new Map<string, Trouble>();
  for (const one of troubles) {
    const key = JSON.stringify([one.container, one.reason, one.text.replace(/\b[0-9a-f]{8}-[0-9a-f-]{27,}\b|pod: "[^"]*"/g, ''), one.state]);
    const known = byKey.get(key);
    if (!known) byKey.set(key, one);
    else {
      const times = together(known.times, one.times);
      byKey.set(key, {...known, pods: [...new Set([...known.pods, ...one.pods])].sort(), ...(times ? {times} : {})});
    }
  }
  return [...byKey.values()];
}
