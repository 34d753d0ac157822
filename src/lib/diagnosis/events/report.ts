import type {Commands, PodCase, RefusedCase} from '../../checks/case.ts';
import {SPAM_BURST, SPAM_WINDOW_SECONDS} from '../../kubelet/timing.ts';
import {eventsAbout, type ClusterEvent, type KnownEvents} from '../../model/event.ts';
import type {EventRow, Mark, ProbeFailure, Times, Told, Trouble, WorkloadEvents} from '../../model/events-report.ts';
import type {Finding} from '../../model/finding.ts';
import {groupedBy} from '../../model/lookup.ts';
import type {Workload} from '../../model/owner.ts';
import {PROBE_TYPES, type ProbeType} from '../../model/probe.ts';
import {containerOf} from '../../kubelet/messages.ts';
import {workloadName, type Owners} from '../declared.ts';
import {podStatus} from '../pod-status.ts';
import {isMuted} from '../symptoms.ts';
import {failuresOf, joined} from './failures.ts';
import {marksOf} from './marks.ts';
import {rewritingOf} from './rewriting.ts';
import {joinedTroubles, refusedTrouble, runtimeOf, startingOf} from './troubles.ts';

export interface EventsInput {
  cases: PodCase[];
  refused: RefusedCase[];
  owners: Owners;
  events: KnownEvents;
  findings: Finding[];
  now: number;
  commands: Commands;
  /** By the pod's uid. */
  told: Map<string, Told>;
}

export interface EventsOptions {
  /** Only what was last seen within so many milliseconds, or goes on. */
  sinceMs?: number;
  probes?: readonly ProbeType[];
  /** Every event as a row, too. */
  all: boolean;
  /** Changes of the mesh's configuration. */
  mesh?: readonly Mark[];
}

/** What happened to each workload; those with something to say first, and of them those where it goes on. */
export function workloadEvents(input: EventsInput, options: EventsOptions): WorkloadEvents[] {
  const groups = new Map<string, {workload: Workload; cases: PodCase[]; refused: RefusedCase[]}>();
  const findings = groupedBy(input.findings, ({workload}) => keyOf(workload));
  const group = (workload: Workload) => {
    const key = keyOf(workload);
    return groups.get(key) ?? groups.set(key, {workload, cases: [], refused: []}).get(key)!;
  };
  for (const one of input.cases) group(one.workload).cases.push(withLog(one, input.told.get(one.pod.uid)));
  for (const one of input.refused) group(one.workload).refused.push(one);
  return [...groups.entries()]
    .map(([key, {workload, cases, refused}]) => ({key, one: ofWorkload(workload, cases, refused, {...input, findings: findings.get(key) ?? []}, options)}))
    .sort((a, b) => rank(a.one) - rank(b.one) || (a.key < b.key ? -1 : 1))
    .map(({one}) => one);
}

/** The access log where it was read, as a look into the pod would show it. */
function withLog(one: PodCase, told: Told | undefined): PodCase {
  if (!told?.accessLog?.seen) return one;
  const nothing = {seen: false, why: {asked: 'the inside of the pod', got: 'not asked'}} as const;
  return {...one, look: {seen: true, value: {pod: one.pod.name, at: one.now, setupMs: 0, listeners: nothing, envoy: nothing, accessLog: told.accessLog, logs: [], replays: [], missed: []}}};
}

function rank({quiet, probes, starting, runtime}: WorkloadEvents): number {
  const now = [...probes, ...starting, ...runtime].some(({state}) => state === 'going-on' || state === 'comes-and-goes');
  return quiet ? 2 : now ? 0 : 1;
}

function keyOf(workload: Workload): string {
  return `${workload.namespace}/${workloadName(workload)}`;
}

/** `input` holds the findings of this workload only. */
function ofWorkload(workload: Workload, cases: PodCase[], refused: RefusedCase[], input: EventsInput, options: EventsOptions): WorkloadEvents {
  const {now, owners, commands, told} = input;
  const recent = ({times, state}: {times?: Times; state: string}) => options.sinceMs === undefined || state === 'going-on' || (times !== undefined && now - times.last <= options.sinceMs);
  const events = input.events.byUid;
  const {seen} = eventsAbout(input.events, {uid: '', namespace: workload.namespace});
  const failures = joined(cases.flatMap(failuresOf));
  const probes = failures.filter((one) => recent(one) && (options.probes === undefined || options.probes.includes(one.probe)));
  const inOrder = PROBE_TYPES.flatMap((type) => probes.filter(({probe}) => probe === type));
  const troubles = {starting: joinedTroubles([...refused.map((one) => refusedTrouble(one, events.get(one.owner.uid) ?? [])), ...cases.flatMap(startingOf)]), runtime: joinedTroubles(cases.flatMap(runtimeOf))};
  const starting = troubles.starting.filter(recent);
  const runtime = troubles.runtime.filter(recent);
  const leftOut = probes.length < failures.length || starting.length < troubles.starting.length || runtime.length < troubles.runtime.length;
  const quiet = runtime.length === 0 && [...inOrder, ...starting].every(({state}) => state === 'start-up' || state === 'starting');
  return {
    workload,
    pods: cases.map(({pod}) => ({name: pod.name, ...podStatus(pod), ageMs: now - pod.createdAt})).sort((a, b) => (a.name < b.name ? -1 : 1)),
    rewriting: rewritingOf(cases, input.findings, commands.self(`verify ${workloadName(workload)} -n ${workload.namespace}`)),
    probes: inOrder,
    starting,
    runtime,
    marks: marksOf(cases, owners, inOrder, [...starting, ...runtime], options.mesh ?? []).filter(({at}) => options.sinceMs === undefined || now - at <= options.sinceMs),
    words: cases.flatMap(({pod}) => told.get(pod.uid)?.words ?? []),
    notes: notesOf(cases, inOrder, runtime, seen),
    quiet,
    ...(leftOut ? {leftOut} : {}),
    ...(options.all ? {rows: rowsOf(cases, refused, events, now, options.sinceMs)} : {}),
  };
}

/** The API server's default for `--event-ttl`. */
const TTL_MS = 3_600_000;

function notesOf(cases: PodCase[], probes: ProbeFailure[], runtime: Trouble[], seen: boolean): string[] {
  if (!seen) return ['events could not be read: what is told is of the pods alone'];
  const muted = cases.filter(({pod, events}) => events.seen && isMuted(pod, events.value));
  const silent = [...probes, ...runtime.filter(({times, text}) => times === undefined && text !== '')].filter(({times}) => times === undefined);
  const restarted = cases.filter(({pod, events, symptoms}) => symptoms.some(({kind}) => kind === 'crashed') && events.seen && !events.value.some(({reason}) => reason === 'BackOff' || reason === 'Killing') && pod.containers.some(({restartCount}) => restartCount > 0));
  return [
    ...(muted.length > 0 ? [`the kubelet writes ${SPAM_BURST} warnings of a pod, then one in ${SPAM_WINDOW_SECONDS / 60}m: counts are lower bounds, and a time up to ${SPAM_WINDOW_SECONDS / 60}m old may be now`] : []),
    ...(silent.length > 0 || restarted.length > 0 ? [`no event is left of ${silent.length > 0 ? 'this' : 'the restarts'}: API servers keep them for ${TTL_MS / 3_600_000}h by default, or the kubelet wrote none; the pod's status tells it`] : []),
  ];
}

function rowsOf(cases: PodCase[], refused: RefusedCase[], events: Map<string, ClusterEvent[]>, now: number, sinceMs: number | undefined): EventRow[] {
  return [...cases.map(({pod}) => pod.uid), ...refused.map(({owner}) => owner.uid)]
    .flatMap((uid) => events.get(uid) ?? [])
    .filter(({last}) => sinceMs === undefined || now - last <= sinceMs)
    .map(({last, first, count, type, reason, involved, message}) => {
      const container = containerOf(involved.fieldPath)?.container;
      return {last, first, count, type, reason, object: `${involved.kind.toLowerCase()}/${involved.name}`, ...(container === undefined ? {} : {container}), message};
    })
    .sort((a, b) => a.last - b.last || a.first - b.first || (a.object + a.message < b.object + b.message ? -1 : 1));
}
