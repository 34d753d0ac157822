import type {PodCase, ProbeCase} from '../case.ts';
import {answerText, saysTls, sideOf} from '../reading.ts';
import {ownTarget} from '../words.ts';
import {directlyToo, type Answered, type Decision} from './decision.ts';

const GRPC_FIX = 'a health port of its own without TLS, or exec with grpc_health_probe -tls -tls-no-verify -addr=localhost:';

/** The port speaks TLS and was asked without: found by asking with it, or told by the app's own log. */
export function overTls(pod: PodCase, probe: ProbeCase, {replay, through}: Answered): Decision | undefined {
  const hop = replay.variants.tls;
  const answer = hop && sideOf(pod, probe, hop).answer;
  const grpc = probe.call.kind === 'grpc';
  const port = probe.target?.port ?? 0;
  const more = {why: grpc ? 'gRPC without TLS to a TLS port' : 'TLS port asked without TLS', lasting: true as const, blame: 'spec' as const, ...(grpc ? {fix: `${GRPC_FIX}${port}`} : {})};
  const who = grpc ? "the kubelet's grpc probe does not" : "the probe's scheme is HTTP";
  if (answer?.kind === 'response' || (answer !== undefined && speaksTls(answer, grpc))) return {cause: 'tls-app', because: `:${port} speaks TLS (asked with TLS it answers ${answerText(answer)}), and ${who}`, ...more, ...(answer.kind === 'tls' ? {fix: handshakeFix(answer.text)} : {})};
  if (!endedEarly(through) || !saysTls(pod, probe)) return undefined;
  return {cause: 'tls-app', because: `the app's log says that it expects TLS on its port, and ${who}`, ...more};
}

/** The connection was ended without an answer, by the app itself or as the proxy tells of it. */
function endedEarly({answer, by}: Answered['through']): boolean {
  return answer.kind === 'closed' || (by.by === 'proxy' && by.says === 'app-closed');
}

/** A handshake that got so far that the other side answered in TLS (a gRPC server speaks no HTTP/1 then), or an end of it in TLS's own words. */
function speaksTls(answer: Answered['through']['answer'], grpc: boolean): boolean {
  return (grpc && answer.kind === 'not-http') || (answer.kind === 'tls' && !answer.plaintext);
}

/** What to do about a server that speaks TLS, and not with the kubelet, which shows no certificate and names no server. */
function handshakeFix(text: string): string {
  if (/unrecognized[ _]name/i.test(text)) return 'a health port that takes clients that name no server (SNI): the kubelet calls an address';
  if (/protocol[ _]version|unsupported protocol|no shared cipher|handshake[ _]failure/i.test(text)) return "a health port with the TLS versions and ciphers that the kubelet's release speaks (1.2 and 1.3)";
  return 'a health port of its own without client certificates';
}

export function tls(_pod: PodCase, probe: ProbeCase, {replay, through, past}: Answered): Decision | undefined {
  const {answer} = through;
  if (answer.kind !== 'tls') return undefined;
  if (answer.plaintext && past?.answer.kind === 'tls' && past.answer.plaintext) {
    const plain = replay.variants.plaintext;
    return {cause: 'plaintext-app', why: 'HTTPS probe, plaintext port', because: `:${probe.target?.port} speaks no TLS${plain ? ` (asked without it: ${answerText(plain.answer)})` : ''}, and the probe's scheme is HTTPS`, lasting: true};
  }
  return past?.answer.kind === 'tls' ? {cause: 'tls-fails', why: 'TLS fails', because: `the app ends the handshake: ${answer.text}`, fix: handshakeFix(answer.text)} : undefined;
}

export function grpc(_pod: PodCase, _probe: ProbeCase, reading: Answered): Decision | undefined {
  const {through, past} = reading;
  if (through.answer.kind !== 'grpc' || past?.answer.kind !== 'grpc' || past.ok) return undefined;
  return {cause: 'grpc-app', why: through.judgement.text, because: `the app's own health service says so${directlyToo(reading)}: ${answerText(past.answer)}`};
}

/** No answer at all, and none directly: the app ends the connection, or speaks another protocol. */
export function silent(_pod: PodCase, probe: ProbeCase, reading: Answered): Decision | undefined {
  const {through, past} = reading;
  const {by, answer} = through;
  if (by.by === 'proxy' && by.says === 'no-http') return past?.answer.kind === 'response' ? oddHttp(probe, past) : noHttpBehind(probe, past);
  if (endedEarly(through) && past?.answer.kind === 'closed') return closes(probe, reading);
  return answer.kind === 'not-http' && past?.answer.kind === 'not-http' ? noHttp(probe, answer.said) : undefined;
}

function closes(probe: ProbeCase, reading: Answered): Decision {
  const because = `${ownTarget(probe)} accepts and then ends the connection${directlyToo(reading)}`;
  const decision = {cause: 'app-closes', why: 'the app closes without an answer', because} as const;
  if (probe.call.kind !== 'grpc') return decision;
  const {tls: variant} = reading.replay.variants;
  const http2 = 'the app speaks no HTTP/2 there';
  // Asked with TLS it speaks none: then TLS is not the reason.
  if (variant?.answer.kind === 'tls' && variant.answer.plaintext) return {...decision, because: `${because}; it speaks no TLS either`, couldBe: [http2, 'the app ends the connection of any client'], blame: 'spec', fix: 'the port of the gRPC server, or a probe of the protocol that the port speaks'};
  return {...decision, couldBe: ["the port speaks TLS, and the kubelet's grpc probe does not", http2], blame: 'spec', fix: `${GRPC_FIX}${probe.target?.port ?? ''}, if it speaks TLS`};
}

/** The proxy could not read the app's answer. Where nothing directly shows one either, the port speaks another protocol. */
function noHttpBehind(probe: ProbeCase, past: Answered['past']): Decision | undefined {
  if (past === undefined || past.answer.kind === 'refused' || past.answer.kind === 'timeout') return undefined;
  return noHttp(probe, past.answer.kind === 'not-http' || past.answer.kind === 'open' ? past.answer.said : '');
}

function noHttp(probe: ProbeCase, said: string): Decision {
  return {cause: 'no-http', why: 'no HTTP', because: `:${probe.target?.port} speaks no HTTP/1${said === '' ? '' : `: it says ${JSON.stringify(said.slice(0, 40))}`}`, lasting: true};
}

/** A lenient client reads an answer in which the proxy finds a fault. */
function oddHttp(probe: ProbeCase, {answer}: NonNullable<Answered['past']>): Decision {
  return {cause: 'odd-http', why: 'an answer that the proxy rejects', because: `the proxy finds a fault in the HTTP of ${ownTarget(probe)} (protocol error); read leniently, directly, the app answers ${answerText(answer)}`, lasting: true};
}
