import {judge, type Judgement} from '../kubelet/judge.ts';
import {askedUrl} from '../kubelet/request.ts';
import {answeredBy, type AnsweredBy} from '../mesh/answered.ts';
import {HEALTHCHECK_PORT, isMeshProbePort} from '../mesh/names.ts';
import type {Answer} from '../model/answer.ts';
import type {Hop, Replay} from '../model/look.ts';
import type {Via} from '../model/path.ts';
import type {PodCase, ProbeCase} from './case.ts';

/** True for a startup probe that has succeeded: the kubelet asks it no more, whatever a replay gets. */
export function isDone({type, status}: ProbeCase): boolean {
  return type === 'startup' && status?.started === true;
}

/** One side of a replay: what came back, and what the kubelet would make of it in its own time. */
export interface Side {
  answer: Answer;
  judgement: Judgement;
  ok: boolean;
  /** The answer came, or would have come, after `timeoutSeconds`. */
  late: boolean;
}

/** A probe's replay, judged. */
export interface Reading {
  replay: Replay;
  through?: Side & {by: AnsweredBy; hops: number};
  past?: Side;
  /** The mesh is not on the kubelet's way: both sides are one connection, which proves nothing twice. */
  one: boolean;
}

/** Judges the replay of a probe; undefined where it was not replayed. */
export function readingOf(pod: PodCase, probe: ProbeCase): Reading | undefined {
  const {replay} = probe;
  if (!replay) return undefined;
  const last = replay.through.at(-1);
  const through = last && sideOf(pod, probe, last);
  const one = viaOf(probe) === 'direct' && through !== undefined;
  const past = one ? through : replay.past && sideOf(pod, probe, replay.past);
  return {
    replay,
    one,
    ...(through ? {through: {...through, by: answeredBy(through.answer, viaOf(probe)), hops: replay.through.length, ...(replay.stopped ? stopped(replay.stopped) : {})}} : {}),
    ...(past ? {past} : {}),
  };
}

/** Who answers the call: by the path, or where that is not known by the port of the mesh that is called. */
export function viaOf({path, call}: ProbeCase): Via {
  if (path.end.at === 'target' || !('port' in call) || typeof call.port !== 'number' || !isMeshProbePort(call.port)) return path.end.at === 'target' ? path.end.via : 'direct';
  return call.port === HEALTHCHECK_PORT ? 'healthcheck' : call.kind === 'http' && call.scheme === 'HTTP' ? 'envoy-http' : 'envoy-tcp';
}

/** gRPC's code for a call whose time is over. */
const DEADLINE_EXCEEDED = 4;

/** Judges one hop by the probe's own timeout; a replay waits longer, to learn how slow an app is. */
export function sideOf({pod}: PodCase, {actual}: ProbeCase, {ask, answer}: Hop): Side {
  const limitMs = (actual?.timeoutSeconds ?? 1) * 1000;
  // The end of a stream is told a second late, so only an answer's own time counts.
  const late = answer.kind === 'timeout' || (answer.kind === 'response' && answer.end !== 'late' && answer.ms > limitMs) || (answer.kind === 'grpc' && answer.ms > limitMs);
  const inTime: Answer = !late ? answer : answer.kind === 'grpc' ? {...answer, code: DEADLINE_EXCEEDED} : {kind: 'timeout', ms: limitMs};
  const judgement = judge(inTime, askedUrl(ask, pod.podIP ?? ''), limitMs);
  return {answer, judgement, ok: judgement.outcome === 'success' || judgement.outcome === 'warning', late};
}

/** Where the kubelet's way ends at a redirect, the redirect is not the answer. */
function stopped({why, to}: NonNullable<Replay['stopped']>): Pick<Side, 'ok' | 'judgement'> {
  switch (why) {
    case 'other-host':
      return {ok: true, judgement: {outcome: 'warning', text: `redirected to ${to}, which the kubelet does not follow`}};
    case 'too-many':
      return {ok: false, judgement: {outcome: 'failure', text: `Get "${to}": stopped after 10 redirects`}};
    case 'bad-location':
      return {ok: false, judgement: {outcome: 'failure', text: to}};
    case 'closed-port':
      return {ok: false, judgement: {outcome: 'failure', text: `redirected to ${to}, a port that the mesh does not let through`}};
  }
}

/**
 * A tunnel dials the pod's loopback, the kubelet its address wherever the mesh is not between: that nobody accepts there
 * proves nothing by itself.
 */
export function isBlind(probe: ProbeCase, {replay: {through}}: Reading): boolean {
  const last = through.at(-1);
  return last?.answer.kind === 'refused' && (through.length > 1 ? !isMeshProbePort(last.ask.port) : viaOf(probe) === 'direct');
}

/** An answer in a few words: `503 after 4 ms`. */
export function answerText(answer: Answer): string {
  switch (answer.kind) {
    case 'response':
      return `${answer.status}${answer.end === 'short' ? ', cut short,' : answer.end === 'late' ? ', body not whole' : ''} after ${span(answer.ms)}`;
    case 'grpc':
      return answer.code === 0 ? `${answer.status} after ${span(answer.ms)}` : `gRPC code ${answer.code} after ${span(answer.ms)}${answer.message === '' ? '' : `: ${answer.message}`}`;
    case 'open':
      return answer.said === '' ? 'accepted' : `accepted, said ${JSON.stringify(answer.said.slice(0, 40))}`;
    case 'refused':
      return 'refused';
    case 'closed':
      return answer.reset ? 'reset without an answer' : 'closed without an answer';
    case 'timeout':
      return `no answer within ${span(answer.ms)}`;
    case 'tls':
      return answer.plaintext ? 'plaintext instead of TLS' : `TLS fails: ${answer.text}`;
    case 'not-http':
      return `no HTTP: ${JSON.stringify(answer.said.slice(0, 40))}`;
    case 'unsendable':
      return `can't be sent: ${answer.text}`;
  }
}

/** `4 ms`, `3.0s`. */
export function span(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)}s`;
}

/** What the proxy means by an answer of its own. */
export const PROXY_SAYS = {
  'cannot-connect': '{proxy} cannot connect to the app',
  'app-closed': 'the app closed before {proxy} had an answer',
  'no-http': '{proxy} got no HTTP from the app',
  'gave-up': '{proxy} gave up waiting for the app',
  'no-route': '{proxy} has no route for it',
  'tls-refused': '{proxy} refuses TLS',
  other: '{proxy} answered itself',
} as const;

/** Who made the answer, in a few words; nobody made one that did not come. */
export function whoText(answer: Answer, by: AnsweredBy): string {
  if (answer.kind !== 'response') return '';
  switch (by.by) {
    case 'app':
      return 'the app answered';
    case 'proxy':
      return PROXY_SAYS[by.says];
    case 'healthcheck':
      return by.says === 'cannot-connect' ? '{healthcheck} cannot connect to the app' : by.says === 'connected' ? '{healthcheck} could connect' : '{healthcheck} answered';
    case 'nobody':
      return '';
  }
}

/** A verb of listening that the address follows, with none but these words between: an address alone is anybody's. */
const LISTENING = String.raw`\b(?:listen(?:ing|s)?|bound|serving|running|started|accepting)\b(?:[\s:="'(,/-]|\b(?:on|at|to|in|for|is|now|up|the|https?|tcp4?|grpc|server|service|addr|address|url|host|port|interface|connections?|requests?)\b){0,16}?`;
/** What a log says of a listener that there is not. */
const NOT_LISTENING = /\b(not|fail\w*|error|unable|cannot|can't|refused|in use|denied|upstream|advertis\w*|stopp\w*|clos\w*)\b/i;

/** Where the app's own log says that it listens on the port of its probe, if that is not where it is asked; undefined where it says nothing. */
export function listensOn(pod: PodCase, probe: ProbeCase): string | undefined {
  const port = probe.target?.port;
  const lines = wordsOf(pod, probe).flatMap((words) => (words.port === port ? words.lines : []));
  const address = new RegExp(`(?:${LISTENING})(\\[::1\\]|\\d{1,3}(?:\\.\\d{1,3}){3}|\\[::\\]|\\*|localhost)?:${port}\\b`, 'i');
  const found = lines.filter((line) => !NOT_LISTENING.test(line)).flatMap((line) => {
    const said = address.exec(line);
    return said ? [said[1] ?? '*'] : [];
  });
  const own = found.filter((one) => one === '[::1]' || one === pod.pod.podIP);
  return found.length > 0 && own.length === found.length ? own[0]!.replace(/[[\]]/g, '') : undefined;
}

/** The app's own log complains of clients that speak no TLS to it. */
export function saysTls(pod: PodCase, probe: ProbeCase): boolean {
  return wordsOf(pod, probe).some(({lines}) => lines.some((line) => TLS_WANTED.test(line)));
}

/** What servers log of a client that speaks no TLS: Go's net/http, OpenSSL's, Java's. */
export const TLS_WANTED = /first record does not look like a TLS handshake|wrong version number|http request to an https|not an SSL\/TLS record/i;

function wordsOf({look}: PodCase, {container}: ProbeCase) {
  return look?.seen ? (look.value.portWords ?? []).filter((words) => words.container === container) : [];
}
