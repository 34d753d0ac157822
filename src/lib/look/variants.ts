import {countedAs, isOf} from '../checks/access.ts';
import type {PodCase, ProbeCase} from '../checks/case.ts';
import {viaOf} from '../checks/reading.ts';
import {judge} from '../kubelet/judge.ts';
import {askedUrl} from '../kubelet/request.ts';
import {answeredBy, type AnsweredBy} from '../mesh/answered.ts';
import {changed, type Answer, type Ask, type GetAsk as Get} from '../model/answer.ts';
import {STARS} from '../model/credential.ts';
import type {AccessLine, Hop, Replay, Variant} from '../model/look.ts';
import type {Header} from '../model/probe.ts';

/** Milliseconds that a connection is kept open at most, to see whether the app closes it by itself. */
const MOST_IDLE_MS = 10_000;

/** The same request with one thing changed, each only where its answer decides between two causes. */
export function variantsOf(pod: PodCase, probe: ProbeCase, replay: Replay, log: AccessLine[]): [Variant, Ask][] {
  const first = replay.through[0];
  const last = replay.through.at(-1);
  if (probe.call.kind === 'grpc') return last && !isGrpc(last.answer) && last.answer.kind !== 'refused' ? [['tls', overTls(last.ask)]] : [];
  const past = replay.past ?? (viaOf(probe) === 'direct' ? first : undefined);
  if (!first || !last || !past || !isGet(past.ask)) return [];
  const fine = (hop: Hop) => ['success', 'warning'].includes(judge(hop.answer, askedUrl(hop.ask, pod.pod.podIP ?? '')).outcome) && !(hop.answer.kind === 'response' && hop.answer.status >= 300);
  if (replay.past && fine(past) && !fine(first)) return ofTheWay(probe, first, past.ask, answeredBy(first.answer, viaOf(probe)));
  if (replay.past && fine(past) && isClosedAtTimes(probe, log)) return [['reused', reused(probe, past.ask)]];
  return fine(past) ? [] : ofTheApp(probe, past.ask, past.answer);
}

/** The app is well directly: what differs is the Host, a header of the proxy's, the path, or that the connection is kept. */
function ofTheWay(probe: ProbeCase, mesh: Hop, past: Get, by: AnsweredBy): [Variant, Ask][] {
  if (by.by === 'nobody' || by.by === 'healthcheck' || !isGet(mesh.ask)) return [];
  const wanted: [Variant, Ask][] = by.by === 'proxy' && viaOf(probe) === 'envoy-http' ? [['reused', reused(probe, past)]] : [];
  if (by.by === 'proxy' && by.says !== 'app-closed') return wanted;
  const sent = probe.path.end.at === 'target' ? probe.path.end.target.path : undefined;
  const host = headerOf(mesh.ask.send.headers, 'Host');
  if (host !== headerOf(past.send.headers, 'Host')) wanted.push(['mesh-host', withHeader(past, 'Host', host)]);
  // What is relayed goes as it came.
  if (viaOf(probe) !== 'envoy-http') return wanted;
  if (headerOf(past.send.headers, 'X-Forwarded-Proto') === '') wanted.push(['forwarded-proto', withHeader(past, 'X-Forwarded-Proto', 'http')]);
  wanted.push(['proxy-headers', PROXY_HEADERS.reduce<Ask>((ask, {name, value}) => withHeader(ask as Get, name, value), past)]);
  // A path that is only known without its secret can't be asked for.
  const isKnown = sent !== undefined && !sent.includes(STARS);
  if (isKnown && sent !== past.send.path) wanted.push(['mesh-path', changed(past, ({headers}) => ({path: sent, headers}))]);
  return wanted;
}

/** What Envoy adds besides X-Forwarded-Proto (verified on a probe's request); the values are of the same form as its own. */
const PROXY_HEADERS: Header[] = [
  {name: 'X-Envoy-Expected-Rq-Timeout-Ms', value: '1000'},
  {name: 'X-Envoy-Original-Path', value: '/osm-readiness-probe'},
  {name: 'X-Request-Id', value: '00000000-0000-4000-8000-000000000000'},
];

/** Statuses with which apps turn a Host away that they do not know. */
const OF_HOSTS = [400, 403, 404, 421];

/** The app itself fails: it may want TLS, or none, or a Host that is a name. */
function ofTheApp(probe: ProbeCase, past: Get, answer: Answer): [Variant, Ask][] {
  const wanted: [Variant, Ask][] = [];
  if (past.send.scheme === 'HTTP' && mightBeTls(answer)) wanted.push(['tls', overTls(past)]);
  if (past.send.scheme === 'HTTPS' && answer.kind === 'tls' && answer.plaintext) wanted.push(['plaintext', {...past, send: {...past.send, scheme: 'HTTP'}}]);
  const own = probe.call.kind === 'http' && probe.call.headers.some(({name}) => name.toLowerCase() === 'host');
  if (!own && answer.kind === 'response' && OF_HOSTS.includes(answer.status)) wanted.push(['other-host', withHeader(past, 'Host', `localhost:${past.port}`)]);
  return wanted;
}

/** Envoy logged that the app had closed the connection on which it sent the kubelet's request. */
function isClosedAtTimes({type, actual}: ProbeCase, log: AccessLine[]): boolean {
  return log.some((line) => isOf(line, type) && line.flags.includes('UC') && countedAs(line, actual?.timeoutSeconds ?? 1) !== 'success');
}

function reused({actual}: ProbeCase, past: Get): Ask {
  const idleMs = Math.min(MOST_IDLE_MS, (actual?.periodSeconds ?? 10) * 1000);
  const isKept = ({name}: Header) => name.toLowerCase() !== 'connection';
  const kept = changed(past, ({path, headers}) => ({path, headers: headers.filter(isKept)}));
  return {...kept, timeoutMs: past.timeoutMs + idleMs, send: {...kept.send, after: {idleMs}}};
}

function overTls(ask: Ask): Ask {
  const maxBytes = Math.max(256, ask.maxBytes);
  if (ask.send.kind === 'get') return {...ask, maxBytes, send: {...ask.send, scheme: 'HTTPS'}};
  const headers = [{name: 'Host', value: `localhost:${ask.port}`}, {name: 'Connection', value: 'close'}];
  return {...ask, maxBytes, send: {kind: 'get', scheme: 'HTTPS', path: '/', headers}};
}

function isGrpc({kind}: Answer): boolean {
  return kind === 'grpc';
}

function isGet(ask: Ask): ask is Get {
  return ask.send.kind === 'get';
}

function headerOf(headers: Header[], wanted: string): string {
  return headers.find(({name}) => name.toLowerCase() === wanted.toLowerCase())?.value ?? '';
}

/** The kubelet's order is kept: a header that is there is changed in its place, a new one stands after the Host and its name. */
function withHeader(ask: Get, name: string, value: string): Ask {
  return changed(ask, ({path, headers: given}) => {
    const headers = given.filter((one) => one.name.toLowerCase() !== name.toLowerCase());
    const at = name === 'Host' ? 0 : Math.min(2, headers.length);
    return {path, headers: [...headers.slice(0, at), {name, value}, ...headers.slice(at)]};
  });
}

/** A TLS server that is asked in plaintext answers 400 in words, closes, or sends an alert. */
function mightBeTls(answer: Answer): boolean {
  return answer.kind === 'closed' || answer.kind === 'not-http' || (answer.kind === 'response' && answer.status === 400);
}
