import type {PodCase, ProbeCase} from '../checks/case.ts';
import {carrierOf, type Cause} from '../checks/check.ts';
import type {Severity} from '../model/finding.ts';
import {named, ofContainer} from '../model/lookup.ts';
import type {Verdict} from '../model/report.ts';
import type {Symptom} from '../model/symptom.ts';
import {highest} from '../model/extremes.ts';

/** What the verdict rests on. */
export interface Judgement {
  verdict: Verdict;
  why: string;
  /** Of a probe that is starting: until when it may fail without mattering, in milliseconds since 1970. */
  until?: number;
  /** What has been seen of it so far. */
  soFar?: string;
}

interface Judged {
  pod: PodCase;
  probe: ProbeCase;
  /** Of this probe, its pod, or the container that answers it. */
  causes: Cause[];
  /** The first that is about this probe itself. */
  own: Cause | undefined;
  severe: boolean;
}

type Rule = [name: string, apply: (judged: Judged) => Judgement | undefined];

/** In order; the first that applies. Structure comes first, then what is going on, then whether the kubelet runs the probe at all. */
const RULES: readonly Rule[] = [
  ['its path ends elsewhere', ({probe: {reach}, own, causes}) => (reach === 'other' || reach === 'broken' ? {verdict: 'fail', why: (own ?? causes[0])?.found.why ?? 'ends elsewhere'} : undefined)],
  ['it shares a target, and nobody can tell whose', ({probe: {reach}, own}) => (reach === 'shared' ? {verdict: 'unknown', why: own?.found.why ?? 'shares its target'} : undefined)],
  ['a fault is proven', ({own, severe}) => (severe && !own!.check.namesFailure ? {verdict: 'fail', why: own!.found.why} : undefined)],
  ['no kubelet runs it', ({causes}) => because('unknown', causes.find(({check}) => check.silences))],
  ['it has its container killed', killed],
  ['the container does not run, or a startup probe holds it back', (judged) => idle(judged)],
  ['it fails', fails],
  ['nobody answers for the mesh', deadCarrier],
  ['where it ends is not known', notKnown],
  ['within its start budget', starting],
  ['it failed, and could not be heard of since', ({probe}) => (probe.symptoms.some(({state}) => state === 'unheard') ? {verdict: 'unknown', why: 'failed, and the pod has used up its events: it may go on'} : undefined)],
  ['nobody could have told', ({pod, probe}) => (!pod.events.seen && probe.type === 'liveness' ? {verdict: 'unknown', why: 'events could not be seen'} : undefined)],
  ['there is a warning about it', ({causes}) => because('warn', causes.find((cause) => severityOf(cause) !== 'info'))],
  ['it passes', ({probe: {reach}}) => ({verdict: 'pass', why: reach === 'stands' ? "by {proxy}'s configuration: what was declared is not known" : ''})],
];

/** The verdict on one probe, with why. */
export function verdictOf(pod: PodCase, probe: ProbeCase, causes: Cause[]): Judgement {
  const own = causes.find(({found}) => found.probe === probe.type && found.container === probe.container);
  const judged: Judged = {pod, probe, causes, own, severe: own !== undefined && severityOf(own) === 'error'};
  for (const [, apply] of RULES) {
    const judgement = apply(judged);
    if (judgement) return judgement;
  }
  throw new Error('the last rule applies to all');
}

export function severityOf({check, found}: Cause): Severity {
  return found.severity ?? check.severity;
}

function because(verdict: Verdict, cause: Cause | undefined): Judgement | undefined {
  return cause && {verdict, why: cause.found.why};
}

function explaining(causes: Cause[], symptom: Symptom | undefined): Cause | undefined {
  return causes.find(({found}) => symptom && found.explains?.includes(symptom));
}

function killed({probe, own, causes}: Judged): Judgement | undefined {
  const kill = probe.symptoms.find(({state, kind}) => kind === 'killed' && state === 'going-on');
  return kill && {verdict: 'fail', why: (own ?? explaining(causes, kill))?.found.why ?? `killed by its ${probe.type} probe`};
}

function fails({probe, own, severe, causes}: Judged): Judgement | undefined {
  const symptom = probe.symptoms.find(({state, kind}) => state === 'going-on' && (kind === 'probe' || kind === 'answer'));
  return symptom || severe ? {verdict: 'fail', why: (own ?? explaining(causes, symptom))?.found.why ?? symptom?.text ?? 'fails'} : undefined;
}

/** The container of the mesh that answers for this probe does not run. */
function deadCarrier({pod, probe, causes}: Judged): Judgement | undefined {
  const carrier = carrierOf(pod, probe);
  const status = named(pod.pod.containers, carrier);
  if (!status || status.state.kind === 'running' || status.state.kind === 'none') return undefined;
  const cause = causes.find(({found}) => found.container === carrier);
  return cause ? {verdict: 'fail', why: cause.found.why} : {verdict: 'unknown', why: `${carrier} does not run yet`};
}

function notKnown({pod, probe: {reach, declared}}: Judged): Judgement | undefined {
  if (reach !== 'unknown') return undefined;
  const why = !declared.seen ? `declared unknown: ${declared.why.got}` : pod.profile?.seen === false ? pod.profile.why.got : 'where it ends is not known';
  return {verdict: 'unknown', why};
}

/** What has been seen so far is said, and until when it does not matter. */
function starting({probe: {symptoms}, own}: Judged): Judgement | undefined {
  const all = symptoms.filter(({state}) => state === 'starting');
  if (all.length === 0) return undefined;
  const until = highest(all.map((one) => one.until ?? 0));
  const seen = own?.found.why ?? all.find(({kind, failure}) => kind === 'answer' || (kind === 'probe' && failure !== 'no-event' && failure !== 'refused'))?.text;
  return {verdict: 'unknown', why: 'starting', ...(until > 0 ? {until} : {}), ...(seen === undefined ? {} : {soFar: seen})};
}

/** Nothing of the container runs yet, or any more. */
export function isIdle({status}: ProbeCase): boolean {
  return !status || status.state.kind !== 'running';
}

/** An init container, or one of the mesh, that keeps the others from starting. */
export function holdsUp({pod}: PodCase, container: string): boolean {
  return named(pod.initContainers, container) !== undefined;
}

/** Why the kubelet does not run this probe now: not started, crashed, finished, or held back by the startup probe. */
function idle({pod, probe, causes}: Judged): Judgement | undefined {
  const {container, type, status} = probe;
  if (!isIdle(probe)) return status?.started === false && type !== 'startup' ? {verdict: 'unknown', why: 'waits for the startup probe'} : undefined;
  const stops = causes.find(({check, found}) => check.stops && (found.container === undefined || found.container === container || holdsUp(pod, found.container)));
  return {verdict: 'unknown', why: idleWhy(pod, probe, causes, stops)};
}

function idleWhy(pod: PodCase, {container, status}: ProbeCase, causes: Cause[], stops: Cause | undefined): string {
  const crash = ofContainer(pod.symptoms, container).find((one) => one.kind === 'crashed');
  const cause = explaining(causes, crash) ?? stops;
  const state = status?.state;
  if (state?.kind === 'terminated') return state.exitCode === 0 ? 'finished' : `crashed: ${cause?.found.why ?? `exit code ${state.exitCode}`}`;
  if (state?.kind === 'waiting' && state.reason === 'CrashLoopBackOff') return `crashed: ${cause?.found.why ?? state.reason}`;
  const reason = stops ?? causes.find(({found}) => found.container === container && found.probe === undefined);
  const running = pod.pod.containers.some((one) => one.state.kind === 'running');
  return `not started: ${reason?.found.why ?? (pod.pod.phase === 'Pending' && !running ? 'the pod is starting' : 'the container waits')}`;
}
