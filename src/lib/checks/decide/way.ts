import {endsConnection} from '../../model/answer.ts';
import type {Hop, Replay, Variant} from '../../model/look.ts';
import {allFail} from '../access.ts';
import type {PodCase, ProbeCase} from '../case.ts';
import {openFailures} from '../present.ts';
import {answerText, isBlind, sideOf, viaOf} from '../reading.ts';
import {ownTarget} from '../words.ts';
import {AT_TIMES, ELSE, hostOf, isGood, statusOf, type Answered, type Decision} from './decision.ts';
import {comesAndGoes, kubeletAgrees, kubeletRefused} from './heard.ts';

// What the mesh does to the request, found by asking once more with one difference.

/** The proxy keeps its connection to the app between probes; an app that closes it answers a new one well. */
export function reused(pod: PodCase, probe: ProbeCase, {through, past, replay}: Answered): Decision | undefined {
  if (viaOf(probe) !== 'envoy-http' || through.by.by !== 'proxy' || through.by.says !== 'app-closed' || !isGood(past) || isNeverKept({past, replay})) return undefined;
  // The proxy makes a new connection after one that was closed: it is not refused time after time for being kept.
  if (allFail(pod, probe) || endsForChange(replay)) return undefined;
  return connectionReuse(probe, replay);
}

/** A new connection is ended for something in the request, and a kept one is not. */
function endsForChange({variants}: Replay): boolean {
  const ended = (Object.keys(variants) as Variant[]).filter((one) => variants[one]?.answer.kind === 'closed');
  return ended.length > 0 && !ended.includes('reused');
}

/** An app that tells each client that it closes: no proxy keeps that connection. The kubelet's own request asks for the close, a second one on a connection does not. */
export function isNeverKept({past, replay}: Pick<Answered, 'past' | 'replay'>): boolean {
  return closesEach(past?.answer, 'HTTP/1.0') || closesEach(replay.variants.reused?.answer, undefined);
}

function closesEach(answer: Hop['answer'] | undefined, only: 'HTTP/1.0' | undefined): boolean {
  if (answer?.kind !== 'response' || (only !== undefined && answer.protocol !== only)) return false;
  return endsConnection(answer.protocol, answer.headers.filter(({name}) => name.toLowerCase() === 'connection').map(({value}) => value));
}

export function connectionReuse({actual}: ProbeCase, {variants}: Replay): Decision {
  const period = actual?.periodSeconds ?? 10;
  // A connection of ours was closed in the same way.
  const seen = variants.reused?.answer.kind === 'closed';
  return {
    cause: 'connection-reuse',
    why: 'the app closes connections that the proxy keeps',
    because: `the proxy sends each probe over the connection of the one before, and the app had closed it (UC); over a new connection it answers well${seen ? ', and a second request over one connection is not answered' : ''}`,
    ...(seen ? {} : {couldBe: ['the app closes kept connections as the next probe comes', 'the app ends some requests without an answer']}),
    fix: `a keep-alive time of the app that is longer than periodSeconds: ${period}, or another period`,
  };
}

/** A redirect on the kubelet's way. Where the app sends it through the mesh only, something that the mesh adds makes it do so. */
export function redirect(pod: PodCase, probe: ProbeCase, reading: Answered): Decision | undefined {
  const {replay, through, past} = reading;
  const {stopped} = replay;
  if (!stopped && through.hops <= 1) return undefined;
  const to = stopped && stopped.why !== 'bad-location' ? stopped.to : hopText(replay);
  if (viaOf(probe) !== 'direct' && isGood(past)) return added(pod, probe, reading, `redirects ${ownTarget(probe)} to ${to}`);
  if (stopped?.why === 'other-host' || (isBlind(probe, reading) && !kubeletRefused(probe))) return undefined;
  const from = ownTarget(probe);
  const more = {cause: 'redirect', lasting: true} as const;
  switch (stopped?.why) {
    case 'too-many':
      return {...more, why: 'redirects without end', because: `the app redirects ${from} to ${to}, without end`};
    case 'closed-port':
      return {...more, why: `redirected to ${to}`, because: `the app redirects ${from} to ${to}, a port that the mesh does not let through`};
    case 'bad-location':
      return {...more, why: 'redirected to nowhere', because: `the app redirects ${from} by a Location that no client can follow: ${stopped.to}`, fix: 'the Location that the app sends, or probe the final path'};
    default:
      return {...more, why: `redirected to ${to}`, because: `the app redirects ${from} to ${to}, where the answer is ${answerText(through.answer)}`, ...(through.late || (statusOf(through) ?? 0) >= 500 ? {fix: `what ${to} answers, which is where the probe ends`} : {})};
  }
}

/** Where the last hop leads: its path, and its port where that is another. */
function hopText({through}: Replay): string {
  const [first, last] = [through[0]!.ask, through.at(-1)!.ask];
  const path = last.send.kind === 'get' ? last.send.path : '';
  const scheme = first.send.kind === 'get' && last.send.kind === 'get' && first.send.scheme !== last.send.scheme ? `${last.send.scheme.toLowerCase()} ` : '';
  return `${scheme}${last.port === first.port ? '' : `:${last.port}`}${path}`;
}

const KEPT_PROTO = 'httpHeaders: X-Forwarded-Proto: https in the probe, which the proxy keeps';

/** Whether a variant was asked, and fails as the call through the mesh does: by its status, or by the end of the connection. */
function failsAlike(pod: PodCase, probe: ProbeCase, {variants}: Replay, how: number | 'closed' | undefined): (variant: Variant) => boolean {
  return (variant) => {
    const hop = variants[variant];
    if (!hop) return false;
    const {answer} = sideOf(pod, probe, hop);
    return how === 'closed' ? answer.kind === 'closed' : statusOf({answer}) === how;
  };
}

/** Statuses that apps give for their own state or load, hardly ever for a request. */
const OF_LOAD = [408, 425, 429, 500, 502, 503, 504];

/** One pair of answers may be chance, unless the kubelet fares as the one through the mesh did. */
function unlessChance(pod: PodCase, probe: ProbeCase, status: number, decision: Decision, cause: string): Decision {
  const sure = allFail(pod, probe) || (kubeletAgrees(probe) && !OF_LOAD.includes(status));
  return sure ? decision : {...decision, couldBe: [cause, AT_TIMES], blame: 'not yet known'};
}

/** A header of the proxy's: proven where the same request with it, and nothing else changed, gets the same answer directly. */
function added(pod: PodCase, probe: ProbeCase, {replay, past}: Answered, does: string): Decision | undefined {
  const first = replay.through[0]!.answer;
  const got = statusOf({answer: first});
  const directly = `directly it answers ${answerText(past!.answer)}`;
  const alike = failsAlike(pod, probe, replay, got);
  if (alike('mesh-host')) return unlessChance(pod, probe, got ?? 0, hostDecision(replay.variants['mesh-host']!, got, answerText(past!.answer)), 'the app rejects the Host');
  const proto = {cause: 'added-header', why: 'redirected in the mesh only', fix: KEPT_PROTO, blame: 'spec', lasting: true} as const;
  if (alike('forwarded-proto')) return {...proto, because: `the app ${does} because of the header X-Forwarded-Proto: http that the proxy adds; ${directly}, and with that header ${got} as through the mesh`};
  return {
    ...proto,
    because: `the app ${does} through the mesh only; ${directly}`,
    couldBe: ['the app does so for X-Forwarded-Proto: http, which the proxy adds', 'it does so for the Host, which names the port of the mesh', 'it does so for another header of the proxy'],
  };
}

/** Past the mesh the same request is answered well: what differs is the Host, a header of the proxy's, or the path. */
export function differs(pod: PodCase, probe: ProbeCase, {replay, through, past}: Answered): Decision | undefined {
  const closed = through.by.by === 'proxy' && through.by.says === 'app-closed' && viaOf(probe) === 'envoy-http';
  const status = statusOf(through);
  if ((through.by.by !== 'app' && !closed) || status === undefined || status < 300 || !isGood(past)) return undefined;
  const directly = answerText(past!.answer);
  // The kubelet sends the same, and got a good answer lately: what differs is not the reason.
  if (comesAndGoes(pod, probe)) return atTimes(probe, status, directly);
  const alike = failsAlike(pod, probe, replay, closed ? 'closed' : status);
  const varied = (Object.keys(replay.variants) as Variant[]).filter((variant) => variant !== 'reused');
  // What fails whatever is changed does not fail for the change.
  if (varied.length > 1 && varied.every(alike)) return atTimes(probe, status, directly);
  const answers = closed ? 'the app ends the connection' : `the app answers ${status}`;
  const short = closed ? 'closes' : String(status);
  const sure = (decision: Decision, cause: string) => unlessChance(pod, probe, closed ? 0 : status, decision, cause);
  if (alike('mesh-host')) return sure(hostDecision(replay.variants['mesh-host']!, closed ? undefined : status, directly), 'the app rejects the Host');
  if (!closed && (alike('mesh-path') || (probe.reach === 'altered' && !replay.variants['mesh-path']))) return sure(asWritten(probe, status, directly), 'the app does not know the path as it is written');
  if (alike('forwarded-proto')) {
    const because = `with the header X-Forwarded-Proto: http, which the proxy adds, ${answers}; without it ${directly}`;
    return sure({cause: 'added-header', why: `${short} for a header of the proxy`, because, fix: KEPT_PROTO, blame: 'spec', lasting: true}, 'the app fails for X-Forwarded-Proto: http');
  }
  if (alike('proxy-headers')) {
    const because = `with the headers X-Request-Id, X-Envoy-Original-Path and X-Envoy-Expected-Rq-Timeout-Ms, which the proxy adds, ${answers}; without them ${directly}`;
    return sure({cause: 'added-header', why: `${short} for a header of the proxy`, because, fix: 'an app that takes these headers; or an exec probe', blame: 'app', lasting: true}, 'the app fails for a header of the proxy');
  }
  return atTimes(probe, status, directly);
}

/** Nothing that was varied makes the difference, or the kubelet's own requests show that there is none. What the kubelet itself reports says as much. */
function atTimes(probe: ProbeCase, status: number, directly: string): Decision | undefined {
  if (openFailures(probe).length > 0) return undefined;
  return {
    cause: 'app-status',
    key: String(status),
    why: `${status} through the mesh only`,
    because: `through the mesh ${status}, and directly ${directly}`,
    couldBe: [AT_TIMES, ELSE],
    blame: 'not yet known',
    fix: "the app's own log",
  };
}

function asWritten({path, target}: ProbeCase, status: number, directly: string): Decision {
  const sent = path.end.at === 'target' ? path.end.target.path : (target?.raw ?? '');
  return {
    cause: 'path-as-written',
    why: `${status}: the path is sent as it is written`,
    because: `the proxy asks the app for ${sent}, which it answers with ${status}; the kubelet reads a URL and asks for ${target?.path}, which gets ${directly}`,
    fix: `path: ${target?.path ?? '/'}`,
    lasting: true,
  };
}

function hostDecision({ask}: Hop, status: number | undefined, directly: string): Decision {
  const does = status === undefined ? 'the app ends the connection' : `the app answers ${status}`;
  return {cause: 'host-header', why: `${status === undefined ? 'closed' : status}: the app rejects the Host`, because: `with Host: ${hostOf(ask)}, which the mesh's port makes, ${does}; with its own port in Host ${directly}`, lasting: true};
}
