import type {Hop, Replay, Variant} from '../../model/look.ts';
import type {PodCase, ProbeCase} from '../case.ts';
import {answerText, sideOf} from '../reading.ts';
import {ownTarget} from '../words.ts';
import {hostOf, isGood, statusOf, type Answered, type Decision} from './decision.ts';

// What the mesh does to the request, found by asking once more with one difference.

/** The proxy keeps its connection to the app between probes; an app that closes it answers a new one well. */
export function reused(_pod: PodCase, probe: ProbeCase, {through, past, replay}: Answered): Decision | undefined {
  if (through.by.by !== 'proxy' || through.by.says !== 'app-closed' || !isGood(past)) return undefined;
  return connectionReuse(probe, replay.variants.reused?.answer.kind === 'closed');
}

/** `seen`: a connection of ours was closed in the same way. */
export function connectionReuse({actual}: ProbeCase, seen: boolean): Decision {
  const period = actual?.periodSeconds ?? 10;
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
  if (!replay.stopped && through.hops <= 1) return undefined;
  const to = replay.stopped?.to ?? hopPath(replay.through.at(-1)!.ask.send);
  if (isGood(past)) return added(pod, probe, reading, `redirects ${ownTarget(probe)} to ${to}`);
  if (replay.stopped?.why === 'other-host') return undefined;
  const loop = replay.stopped?.why === 'too-many';
  const end = replay.stopped?.why === 'closed-port' ? 'a port that the mesh does not let through' : loop ? 'without end' : `where the answer is ${answerText(through.answer)}`;
  return {cause: 'redirect', why: loop ? 'redirects without end' : `redirected to ${to}`, because: `the app redirects ${ownTarget(probe)} to ${to}, ${end}`, lasting: true};
}

function hopPath(send: Answered['replay']['through'][number]['ask']['send']): string {
  return send.kind === 'get' ? send.path : '';
}

const KEPT_PROTO = 'httpHeaders: X-Forwarded-Proto: https in the probe, which the proxy keeps';

/** Whether a variant was asked, and answered with the status that the mesh gets. */
function answersWith(pod: PodCase, probe: ProbeCase, {variants}: Replay, status: number | undefined): (variant: Variant) => boolean {
  return (variant) => {
    const hop = variants[variant];
    return hop !== undefined && statusOf(sideOf(pod, probe, hop)) === status;
  };
}

/** A header of the proxy's: proven where the same request with it, and nothing else changed, gets the same answer directly. */
function added(pod: PodCase, probe: ProbeCase, {replay, past}: Answered, does: string): Decision | undefined {
  const first = replay.through[0]!;
  const got = statusOf({answer: first.answer});
  const directly = `directly it answers ${answerText(past!.answer)}`;
  const asMesh = answersWith(pod, probe, replay, got);
  if (asMesh('mesh-host')) return hostDecision(replay.variants['mesh-host']!, got, answerText(past!.answer));
  const proto = {why: 'redirected in the mesh only', fix: KEPT_PROTO, blame: 'spec' as const, lasting: true as const};
  if (asMesh('forwarded-proto')) return {cause: 'added-header', ...proto, because: `the app ${does} because of the header X-Forwarded-Proto: http that the proxy adds; ${directly}, and with that header ${got} as through the mesh`};
  return {
    cause: 'added-header',
    ...proto,
    because: `the app ${does} through the mesh only; ${directly}`,
    couldBe: ['the app does so for X-Forwarded-Proto: http, which the proxy adds', 'it does so for the Host, which names the port of the mesh', 'it does so for another header of the proxy'],
  };
}

/** Past the mesh the same request is answered well: what differs is the Host, a header of the proxy's, or the path. */
export function differs(pod: PodCase, probe: ProbeCase, {replay, through, past}: Answered): Decision | undefined {
  const status = statusOf(through);
  if (through.by.by !== 'app' || status === undefined || !isGood(past)) return undefined;
  const directly = answerText(past!.answer);
  const same = answersWith(pod, probe, replay, status);
  if (same('mesh-host')) return hostDecision(replay.variants['mesh-host']!, status, directly);
  if (same('mesh-path') || (probe.reach === 'altered' && !replay.variants['mesh-path'])) return asWritten(probe, status, directly);
  if (same('forwarded-proto')) {
    const because = `with the header X-Forwarded-Proto: http, which the proxy adds, the app answers ${status}; without it ${directly}`;
    return {cause: 'added-header', why: `${status} for a header of the proxy`, because, fix: KEPT_PROTO, blame: 'spec', lasting: true};
  }
  if (same('proxy-headers')) {
    const because = `with the headers X-Request-Id, X-Envoy-Original-Path and X-Envoy-Expected-Rq-Timeout-Ms, which the proxy adds, the app answers ${status}; without them ${directly}`;
    return {cause: 'added-header', why: `${status} for a header of the proxy`, because, fix: 'an app that takes these headers; or an exec probe', blame: 'app', lasting: true};
  }
  return undefined;
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
  return {cause: 'host-header', why: `${status}: the app rejects the Host`, because: `with Host: ${hostOf(ask)}, which the mesh's port makes, the app answers ${status}; with its own port in Host ${directly}`, lasting: true};
}
