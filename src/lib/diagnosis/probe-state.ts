import {failed, isClean} from '../checks/access.ts';
import type {FailureClass} from '../kubelet/messages.ts';
import {calmSeconds, isOfEarlierRun, KILLED, killSeconds, nextAnswerSeconds, readyBudgetSeconds, SPAM_WINDOW_SECONDS, startBudgetSeconds, successRunSeconds} from '../kubelet/timing.ts';
import type {AccessLine} from '../model/look.ts';
import {runsSince, type ContainerStatus} from '../model/pod.ts';
import type {Probe, Probes, ProbeType} from '../model/probe.ts';
import type {SymptomState} from '../model/symptom.ts';

// The one place that decides how a probe's failure stands now, from all who saw something of it. Each witness sees some
// things and not others: the container's status tells thresholds, not single failures; the kubelet's events tell single
// failures, until the pod has used up its share of them; Envoy's log tells the kubelet's last requests; a live answer
// tells one moment. More evidence of a failure never makes it better.

/** Which witness a rule rests on. */
type Source = 'status' | 'events' | 'log' | 'answer' | 'kubelet';

/** A failure as the kubelet reported it; none where only the status tells. Times are milliseconds since 1970, of whole seconds. */
export interface Reported {
  outcome: 'failed' | 'errored';
  failure: FailureClass;
  /** The call got as far as the proxy's log: what was not connected is not there. */
  logged: boolean;
  /** A lower bound. */
  count: number;
  first: number;
  last: number;
}

export interface Witnesses {
  now: number;
  type: ProbeType;
  /** Of the pod: what the kubelet runs. */
  probe: Probe | undefined;
  probes: Probes;
  status: ContainerStatus | undefined;
  /** The pod has used up its events and goes on failing: what is not heard of may fail all the same. */
  muted: boolean;
  /** Since when the pod is Ready; undefined while it is not. */
  readySince: number | undefined;
  /** The kubelet's last requests of this run, oldest first, where the proxy's log was read. */
  requests: AccessLine[] | undefined;
}

export interface State {
  state: SymptomState;
  why: string;
  source: Source;
  until?: number;
}

/** `until`, where a start ends otherwise than with its budget. */
type Rule<Seen> = readonly [when: (seen: Seen) => boolean, state: SymptomState, why: string, source: Source, until?: (seen: Seen) => number];

/** What the rules ask, worked out once. */
interface Seen extends Witnesses {
  probe: Probe;
  status: ContainerStatus;
  at: Reported;
  startedAt: number;
  /** Failures of the run before this one. */
  earlier: boolean;
  held: boolean;
  /** The next answer is not due yet, or has only just been given. */
  fresh: boolean;
  budgetEnd: number;
}

function ageMs({now, at}: Seen): number {
  return now - at.last;
}

/** For how long a startup probe holds this one back at most, in milliseconds. */
function heldMs(type: ProbeType, {startup}: Probes): number {
  return type !== 'startup' && startup ? startBudgetSeconds(startup) * 1000 : 0;
}

/** Until when a probe may fail without mattering; behind a startup probe it is run later, at its first failure at the latest. */
function budgetEndOf({type, probe, probes}: Witnesses & {probe: Probe}, startedAt: number, first = Infinity): number {
  const runs = Math.min(startedAt + heldMs(type, probes), Math.max(startedAt, first));
  return runs + (type === 'readiness' ? readyBudgetSeconds(probe) : startBudgetSeconds(probe)) * 1000;
}

/** An error is no failure and no success: a command that is not there is never carried out, whatever else happens. */
const NEVER: readonly FailureClass[] = ['exec-missing', 'exec-denied', 'bad-port', 'bad-url'];

/** Errs each time: about as many reports as the time had probes. */
function errsEachTime({at, probe}: Seen): boolean {
  return at.count >= probe.failureThreshold && at.count * probe.periodSeconds * 1000 >= 0.9 * (at.last - at.first);
}

/** Failures follow each other; one of an hour ago is counted in the same event. */
function inARow({at, probe, muted}: Seen): boolean {
  return muted || at.last - at.first <= 2 * at.count * probe.periodSeconds * 1000;
}

/** It failed about each time until it was heard of last, and that is no longer ago than the next word may take. */
function isSteady(seen: Seen): boolean {
  const {at, probe} = seen;
  return at.count >= 3 && ageMs(seen) <= (SPAM_WINDOW_SECONDS + probe.periodSeconds) * 1000 && at.count * probe.periodSeconds * 1000 >= 0.5 * (at.last - at.first);
}

/** It failed often and not long ago, measured by its own pace: silence shorter than three of its gaps proves nothing. */
function comesBack(seen: Seen): boolean {
  const {at} = seen;
  return at.count >= 3 && ageMs(seen) <= 2 * SPAM_WINDOW_SECONDS * 1000 && ageMs(seen) <= 3 * gapMs(at);
}

/** The container has run for longer than a probe that fails all the time would have let it. */
function survived({at, now, probe, startedAt}: Seen): boolean {
  return at.outcome === 'failed' && now - Math.max(at.last, startedAt) > killSeconds(probe) * 1000;
}

/** Refused or failed while container and proxy were starting: most new pods show one to three of these. */
function atStart({at, startedAt, probe}: Seen): boolean {
  return at.first >= startedAt - 1000 && at.last - startedAt < Math.max(30_000, 2 * probe.periodSeconds * 1000);
}

/** The run before ended as a kill ends it, and so soon after the failure that it may have been its end. */
function mayHaveEndedIt({status: {lastState}, at, probe, muted}: Seen): boolean {
  if (!muted && at.count < probe.failureThreshold) return false;
  if (lastState.kind !== 'terminated' || lastState.finishedAt === undefined) return true;
  return KILLED.includes(lastState.exitCode) && lastState.finishedAt - at.last <= killSeconds(probe) * 1000;
}

/** The proxy's log holds the kubelet's later requests, and all that it shows of them were answered well. */
function cleanSince({requests, at, probe}: Seen): boolean {
  if (!at.logged || requests === undefined || !isClean(requests, {actual: probe})) return false;
  return requests.at(-1)!.at - at.last > Math.max(999, Math.min(SPAM_WINDOW_SECONDS * 1000, 3 * gapMs(at)));
}

/** Milliseconds between two failures, on average; 0 where there was one. */
function gapMs({count, first, last}: Reported): number {
  return count > 1 ? (last - first) / (count - 1) : 0;
}

const IDLE: Rule<Seen>[] = [[({status}) => status.state.kind !== 'running', 'over', 'the container does not run', 'status']];

const STARTUP: Rule<Seen>[] = [
  [({status}) => status.started === true, 'over', 'the startup probe has succeeded since', 'status'],
  [({earlier, muted}) => earlier && !muted, 'over', 'it is of the run before', 'events'],
  [({now, budgetEnd}) => now < budgetEnd, 'starting', 'within its start budget', 'kubelet'],
  [() => true, 'going-on', 'started: false after its start budget', 'status'],
];

const NOT_READY: Rule<Seen>[] = [
  [({held}) => held, 'over', 'the startup probe holds it back', 'status'],
  [({earlier, muted}) => earlier && !muted, 'over', 'it is of the run before', 'events'],
  [(seen) => seen.probe.successThreshold > 1 && !seen.muted && !seen.fresh && ageMs(seen) <= successRunSeconds(seen.probe) * 1000, 'starting', 'it succeeds again, and must do so successThreshold times', 'kubelet', ({at, probe}) => at.last + successRunSeconds(probe) * 1000],
  [({now, budgetEnd}) => now < budgetEnd, 'starting', 'within its start budget', 'kubelet'],
  [() => true, 'going-on', 'ready: false', 'status'],
];

/** `ready: true` tells that it never failed failureThreshold times in a row since it succeeded last, and no more than that. */
const READY: Rule<Seen>[] = [
  [({held}) => held, 'over', 'the startup probe holds it back', 'status'],
  [({earlier}) => earlier, 'over', 'it is of the run before, and this run is ready', 'status'],
  [({at, readySince}) => readySince !== undefined && at.last <= readySince, 'over', 'the pod became Ready after it', 'status'],
  [({at, readySince, budgetEnd}) => readySince === undefined && at.last <= budgetEnd, 'over', 'it was within its start budget, and the container is ready', 'status'],
  [cleanSince, 'over', "the kubelet's last requests were all answered well", 'log'],
  [({fresh}) => fresh, 'maybe', 'it failed just now, and the container is still ready', 'events'],
  [({muted}) => muted, 'maybe', 'the pod has used up its events, so silence proves nothing', 'events'],
  [comesBack, 'maybe', 'it fails again and again, and the container is ready', 'events'],
  [() => true, 'over', 'it has not failed since', 'events'],
];

const LIVENESS: Rule<Seen>[] = [
  [(seen) => (seen.earlier || seen.held) && seen.status.restartCount > 0 && seen.now - seen.startedAt < calmSeconds(seen.status, seen.probe) * 1000 && mayHaveEndedIt(seen), 'maybe', 'it is of a run before, and this one is young', 'status'],
  [({earlier, held}) => earlier || held, 'over', 'it is of a run before', 'status'],
  [(seen) => atStart(seen) && seen.at.failure === 'refused' && seen.readySince !== undefined && seen.at.last <= seen.readySince, 'over', 'nobody listened at the start, and the pod became Ready after it', 'status'],
  [({at, budgetEnd, readySince}) => readySince !== undefined && at.last <= readySince && at.last <= budgetEnd && !NEVER.includes(at.failure), 'over', 'it was within its start budget, and the pod became Ready after it', 'status'],
  [(seen) => atStart(seen) && seen.fresh && !NEVER.includes(seen.at.failure), 'starting', 'seconds after the start', 'kubelet'],
  [(seen) => atStart(seen) && !NEVER.includes(seen.at.failure) && (!seen.muted || survived(seen)), 'over', 'it was seconds after the start, and not again', 'events'],
  [(seen) => NEVER.includes(seen.at.failure) && (seen.fresh || seen.muted || comesBack(seen)), 'going-on', 'it can never be carried out', 'events'],
  [cleanSince, 'over', "the kubelet's last requests were all answered well", 'log'],
  [(seen) => seen.fresh && seen.at.outcome === 'failed' && seen.at.count > 1 && inARow(seen), 'going-on', 'it failed just now, and before that', 'events'],
  [(seen) => (seen.fresh || seen.muted) && seen.at.outcome === 'errored' && errsEachTime(seen), 'going-on', 'it errs each time', 'events'],
  [(seen) => seen.muted && seen.at.outcome === 'failed' && !survived(seen) && isSteady(seen), 'going-on', 'it failed each time as late as it could be heard of', 'events'],
  [({fresh}) => fresh, 'maybe', 'it failed just now', 'events'],
  [(seen) => seen.muted && survived(seen) && ageMs(seen) <= (SPAM_WINDOW_SECONDS + seen.probe.periodSeconds) * 1000, 'maybe', 'the pod has used up its events, and the container lives on', 'events'],
  [(seen) => seen.muted && survived(seen) && seen.at.count >= 3, 'maybe', 'failing all the time it would have been restarted, and it may fail now and then', 'kubelet'],
  [(seen) => seen.muted && survived(seen), 'over', 'failing all the time it would have been restarted', 'kubelet'],
  [({muted}) => muted, 'unheard', 'the pod has used up its events, so silence proves nothing', 'events'],
  [comesBack, 'maybe', 'it fails again and again', 'events'],
  [() => true, 'over', 'it has not failed since', 'events'],
];

/** How a failure that the kubelet reported stands now. */
export function reportedState(witnesses: Witnesses, at: Reported): State {
  const {status, probe, now, type} = witnesses;
  if (!status || !probe) return {state: 'over', why: 'nobody runs this probe any more', source: 'status'};
  const startedAt = runsSince(status) ?? 0;
  const seen: Seen = {
    ...witnesses,
    probe,
    status,
    at,
    startedAt,
    earlier: isOfEarlierRun(at.last, startedAt, status.restartCount),
    held: status.started === false && type !== 'startup',
    fresh: now - at.last <= nextAnswerSeconds(probe) * 1000,
    budgetEnd: budgetEndOf({...witnesses, probe}, startedAt, at.first),
  };
  const rules = type === 'startup' ? STARTUP : type === 'liveness' ? LIVENESS : status.ready ? READY : NOT_READY;
  return decided([...IDLE, ...rules], seen, seen.budgetEnd);
}

/** How a probe stands of which only the container's status tells that it has not succeeded. */
export function statusState(witnesses: Witnesses & {probe: Probe; status: ContainerStatus}, startedAt: number): State {
  const until = budgetEndOf(witnesses, startedAt);
  if (witnesses.now < until) return {state: 'starting', why: 'within its start budget', source: 'kubelet', until};
  return {state: 'going-on', why: witnesses.type === 'startup' ? 'started: false' : 'ready: false', source: 'status'};
}

/** What else is known where a live answer is no success. */
export interface Asked {
  now: number;
  type: ProbeType;
  probe: Probe;
  probes: Probes;
  status: ContainerStatus;
  /** The kubelet's own failures of this probe, by their states. */
  reported: SymptomState[];
  requests: AccessLine[] | undefined;
}

interface Heard extends Asked {
  startedAt: number;
  budgetEnd: number;
  failing: boolean;
}

const ANSWER: Rule<Heard>[] = [
  [({reported}) => reported.includes('going-on'), 'going-on', 'the kubelet sees it fail, too', 'events'],
  [({reported, status}) => reported.some((state) => state === 'maybe' || state === 'unheard') && !status.ready, 'going-on', 'the kubelet saw it fail lately, and the container is not ready', 'status'],
  [({reported}) => reported.some((state) => state === 'maybe' || state === 'unheard'), 'maybe', 'the kubelet saw it fail lately', 'events'],
  [({type, status}) => type !== 'startup' && status.started === false, 'starting', 'the startup probe holds it back', 'status'],
  [({now, budgetEnd, type, status}) => now < budgetEnd && !(type === 'readiness' && status.ready), 'starting', 'within its start budget', 'kubelet'],
  [({failing}) => failing, 'going-on', "the kubelet's own last requests failed, too", 'log'],
  [({type, status}) => type === 'readiness' && !status.ready, 'going-on', 'the container is not ready', 'status'],
  [({type}) => type === 'startup', 'going-on', 'started: false', 'status'],
  // A container that is well by all that the kubelet says, and an answer of one moment.
  [() => true, 'maybe', 'the kubelet has said nothing of it', 'answer'],
];

/** As many failures in a row at the end of the log say what goes on, at least: one of them may be a moment's. */
const IN_A_ROW = 2;

/** How a probe stands that was sent as the kubelet sends it, and failed. One answer alone never makes it fail where the kubelet is content. */
export function answerState(asked: Asked): State {
  const startedAt = runsSince(asked.status) ?? 0;
  const budgetEnd = startedAt + startBudgetSeconds(asked.probe) * 1000 + heldMs(asked.type, asked.probes);
  const inARow = Math.max(IN_A_ROW, asked.probe.failureThreshold);
  const last = asked.requests?.slice(-inARow) ?? [];
  const failing = last.length === inARow && last.every((line) => failed(line, {actual: asked.probe})) && asked.now - last.at(-1)!.at <= 3 * nextAnswerSeconds(asked.probe) * 1000;
  return decided(ANSWER, {...asked, startedAt, budgetEnd, failing}, budgetEnd);
}

function decided<Seen>(rules: readonly Rule<Seen>[], seen: Seen, until: number): State {
  const [, state, why, source, own] = rules.find(([when]) => when(seen))!;
  return {state, why, source, ...(state === 'starting' ? {until: own ? own(seen) : until} : {})};
}
