import {answererText, meaningOf, missingPast, missingThrough, type Meaning} from '../checks/meaning.ts';
import type {PodCase, ProbeCase} from '../checks/case.ts';
import {span, type Reading, type Side} from '../checks/reading.ts';
import {probeText} from '../checks/words.ts';
import {podStatus} from '../diagnosis/pod-status.ts';
import type {AnsweredBy} from '../mesh/answered.ts';
import {inWords, wordsOf} from '../mesh/words.ts';
import {answerShown, askShown, type Answer, type Ask} from '../model/answer.ts';
import type {ForwardedPod, ReplayedProbe, ReplayedSide} from '../model/forward.ts';
import type {Hop, Look} from '../model/look.ts';
import type {Observed} from '../model/unseen.ts';
import {roundsOf} from './rounds.ts';

/** What is to be said of a pod whose probes were replayed, each as often as there are readings of it. */
export function forwardedPod(pod: PodCase, readings: Map<ProbeCase, Reading[]>, look: Observed<Look>, others: number): ForwardedPod {
  const {ready, status} = podStatus(pod.pod);
  const since = pod.pod.conditions.find(({type}) => type === 'Ready')?.since;
  return {
    workload: pod.workload,
    pod: pod.pod.name,
    ready,
    status,
    ...(since === undefined ? {} : {since}),
    others,
    profile: pod.profile?.seen ? pod.profile.value.title : '',
    setupMs: look.seen ? look.value.setupMs : 0,
    probes: [...readings].map(([probe, all]) => replayedProbe(pod, probe, all, look)),
  };
}

/** The first round that failed stands for all, else the last. */
function replayedProbe(pod: PodCase, probe: ProbeCase, readings: Reading[], look: Observed<Look>): ReplayedProbe {
  const reading = readings.find(({through}) => through && !through.ok) ?? readings.at(-1);
  const say = (text: string) => inWords(text, wordsOf(pod.profile?.seen ? pod.profile.value : undefined));
  const {means, couldBe, fix, ...meaning}: Meaning = look.seen ? meaningOf(pod, probe, reading) : {verdict: 'unknown', means: unseenText(look.why.got)};
  const through = readings.flatMap((one) => one.through ?? []);
  const past = readings.flatMap(({one, past: side}) => (one || !side ? [] : [side]));
  const note = noteOf(pod, probe);
  return {
    container: probe.container,
    probe: probe.type,
    timeoutSeconds: probe.actual?.timeoutSeconds ?? 1,
    declared: probe.declared.seen ? probeText(probe.declared.value.probe) : '',
    ...meaning,
    means: say(means),
    ...(couldBe ? {couldBe: couldBe.map(say)} : {}),
    ...(fix === undefined ? {} : {fix: say(fix)}),
    through: reading?.through ? {...throughSide(probe, reading), by: say(throughSide(probe, reading).by)} : {missing: look.seen ? missingThrough(probe) : 'not asked'},
    past: reading?.replay.past && reading.past ? pastSide(reading.replay.past, reading.past) : {missing: !look.seen ? 'not asked' : reading?.one ? 'the same connection: the mesh is not between' : missingPast(probe)},
    ...(reading?.one ? {one: true as const} : {}),
    ...(note === undefined ? {} : {note}),
    ...(readings.length > 1 ? {rounds: {...(through.length > 0 ? {through: roundsOf(through)} : {}), ...(past.length > 0 ? {past: roundsOf(past)} : {})}} : {}),
  };
}

function unseenText(got: string): string {
  return /^\d{3} /.test(got) ? `it could not be asked: ${got.split(':', 1)[0]}` : got;
}

function throughSide(probe: ProbeCase, {replay, through}: Reading): ReplayedSide {
  const on = replay.through.slice(1).map(({ask}) => ` → ${targetOf(ask)}`);
  return {...side(replay.through.at(-1)!, through!), request: requestOf(replay.through[0]!.ask) + on.join(''), ask: askShown(replay.through[0]!.ask), by: byText(through!.answer, through!.by, probe)};
}

function pastSide(hop: Hop, reading: Side): ReplayedSide {
  const nobody = reading.answer.kind === 'refused' ? `nobody: nothing listens on 127.0.0.1:${hop.ask.port}` : undefined;
  return {...side(hop, reading), by: nobody ?? (broken(reading.answer) || (reading.answer.kind === 'open' ? 'the app accepted' : 'the app answered'))};
}

function side({ask, answer}: Hop, {ok, late, judgement}: Side): Omit<ReplayedSide, 'by'> {
  const timed = answer.kind === 'response' || answer.kind === 'grpc' || (answer.kind === 'open' && answer.said !== '');
  return {request: requestOf(ask), ask: askShown(ask), answer: answerShown(answer), text: shortText(answer), ...(timed ? {ms: answer.ms} : {}), ok, late, kubelet: judgement.text};
}

function byText(answer: Answer, by: AnsweredBy, probe: ProbeCase): string {
  return broken(answer) || answererText(by, probe);
}

/** Who ended it without an answer can't be told by one side; empty where there was an answer. */
function broken(answer: Answer): string {
  switch (answer.kind) {
    case 'timeout':
      return `nobody within ${span(answer.ms)}`;
    case 'closed':
      return 'the connection ended without an answer';
    case 'tls':
      return answer.text;
    case 'not-http':
      return `it says ${JSON.stringify(answer.said.slice(0, 40))}`;
    case 'unsendable':
      return answer.text;
    default:
      return '';
  }
}

/** `GET :15904/osm-healthcheck Original-Tcp-Port: 9000`. */
function requestOf(ask: Ask): string {
  const {port, send} = ask;
  if (send.kind === 'connect') return `connect :${port}`;
  if (send.kind === 'grpc') return `gRPC health :${port}${send.service === '' ? '' : ` ${send.service}`}`;
  const marked = send.headers.filter(({name}) => name.startsWith('Original-')).map(({name, value}) => ` ${name}: ${value}`);
  return `GET ${targetOf(ask)}${send.scheme === 'HTTPS' ? ' over TLS' : ''}${marked.join('')}`;
}

function targetOf({port, send}: Ask): string {
  return `:${port}${send.kind === 'get' ? send.path : ''}`;
}

function shortText(answer: Answer): string {
  switch (answer.kind) {
    case 'response':
      return `${answer.status}${answer.end === 'short' ? ' cut short' : ''}`;
    case 'grpc':
      return answer.code === 0 ? answer.status : `gRPC code ${answer.code}`;
    case 'open':
      return 'accepted';
    case 'closed':
      return answer.reset ? 'reset' : 'closed';
    case 'timeout':
      return 'no answer';
    case 'tls':
      return answer.plaintext ? 'no TLS' : 'TLS fails';
    case 'not-http':
      return 'no HTTP';
    case 'refused':
      return 'refused';
    case 'unsendable':
      return 'not sent';
  }
}

/** A startup probe gates the two others, and is asked until it succeeds. */
function noteOf(pod: PodCase, {container, type, status}: ProbeCase): string | undefined {
  if (type === 'startup') return status?.started === true ? 'the kubelet asks it no more: it has succeeded' : undefined;
  const gated = pod.probes.some((one) => one.container === container && one.type === 'startup') && status?.started === false;
  return gated ? 'the kubelet does not ask it yet: the startup probe has not succeeded' : undefined;
}
