import type {ProbeCase} from '../../checks/case.ts';
import {handlerText} from '../../checks/words.ts';
import type {FailureClass} from '../../kubelet/messages.ts';
import {HEALTHCHECK_PORT} from '../../mesh/names.ts';
import type {AccessLine} from '../../model/look.ts';
import type {Handler} from '../../model/probe.ts';
import type {Symptom} from '../../model/symptom.ts';

/** What failed, in words about the probe that its owner declared; Envoy's log, where it was read, says who answered. */
export function saidOf(symptom: Symptom, probe: ProbeCase | undefined, line?: AccessLine): string {
  return (line && probe && byEnvoy(line, probe)) ?? byKubelet(symptom, probe);
}

/** `GET :8080/ready`: what is asked, without the mesh. */
export function askedText(handler: Handler): string {
  if (handler.kind === 'httpGet') return `GET ${handler.scheme === 'HTTPS' ? 'https ' : ''}${handler.host}:${handler.port}${handler.path.startsWith('/') ? '' : ' '}${handler.path}`;
  return handler.kind === 'tcpSocket' ? `connect :${handler.port}` : handlerText(handler);
}

/** What the event alone proves. */
function byKubelet({failure, status, url, text, errored}: Symptom, probe: ProbeCase | undefined): string {
  const port = portOf(url, text);
  const where = port === undefined ? '' : ` on :${port}`;
  const uncounted = errored ? ' (an error, which does not count)' : '';
  switch (failure as FailureClass | 'errored' | 'no-event') {
    case 'status':
      return probe?.call.kind === 'http' && probe.call.port === HEALTHCHECK_PORT ? `${status} of {healthcheck}` : String(status);
    case 'refused':
      return `refused${where}${isProxyPort(port) ? ' of the proxy' : ''}`;
    case 'connect-timeout':
      return `no connection within ${probe?.actual?.timeoutSeconds ?? 1}s${where}`;
    case 'timeout':
    case 'exec-timeout':
      return `timeout after ${probe?.actual?.timeoutSeconds ?? 1}s${uncounted}`;
    case 'reset':
      return `reset${where}`;
    case 'eof':
      return `closed without an answer${where}`;
    case 'slow-body':
      return `the body was not whole after ${probe?.actual?.timeoutSeconds ?? 1}s${uncounted}`;
    case 'truncated':
      return `answer cut short${uncounted}`;
    case 'tls-plain-server':
      return 'TLS meets a plaintext server';
    case 'tls':
      return 'TLS fails';
    case 'not-http':
      return 'the answer is no HTTP';
    case 'redirect-loop':
      return 'more than 10 redirects';
    case 'bad-location':
      return 'a redirect that no client can follow';
    case 'redirect-left':
      return 'redirect to another host, counts as success';
    case 'dns':
      return 'its host name is not found';
    case 'no-route':
      return 'no route to the pod';
    case 'bad-url':
      return `its path makes no URL${uncounted}`;
    case 'node-socket':
      return 'the node has no port or file left';
    case 'exec-ended':
      return 'the container had ended';
    case 'bad-port':
      return `its port name is not the container's${uncounted}`;
    case 'grpc':
      return `no gRPC answer${where}`;
    case 'grpc-unhealthy':
      return 'gRPC says not serving';
    case 'exec-missing':
      return `the command is not in the image${uncounted}`;
    case 'exec-denied':
      return `the command may not be run${uncounted}`;
    case 'exec-runtime':
      return `the runtime could not run the command${uncounted}`;
    case 'exec':
    case 'errored':
    case 'no-event':
    case 'unclassified':
      return text;
  }
}

function isProxyPort(port: number | undefined): boolean {
  return port !== undefined && port > 15_900 && port < HEALTHCHECK_PORT;
}

function portOf(url: string | undefined, text: string): number | undefined {
  const found = /^https?:\/\/(?:\[[^\]]*\]|[^/:]*):(\d+)/.exec(url ?? '')?.[1] ?? /dial tcp (?:\[[^\]\s]*\]|[^\s:]*):(\d+)/.exec(text)?.[1];
  return found === undefined ? undefined : Number(found);
}

/**
 * Who answered, by Envoy's own line. Nothing where its way does not end at one target: then its words are those of the
 * way, and not of the app (verified-on-cluster J2).
 */
function byEnvoy({code, flags, details, path}: AccessLine, {path: {end}, target}: ProbeCase): string | undefined {
  if (end.at !== 'target' || path === '') return undefined;
  const port = end.target.port || target?.port;
  const to = port === undefined ? 'the app' : `:${port}`;
  if (code === 0 && flags.includes('DC')) return `${to} did not answer in time`;
  if (flags.includes('UF')) return `Envoy answered ${code}, it could not connect to ${to}`;
  if (flags.includes('UC')) return `Envoy answered ${code}, ${to} closed the connection`;
  if (flags.includes('UT')) return `Envoy answered ${code}, ${to} did not answer in time`;
  if (flags.includes('UPE')) return `Envoy answered ${code}, ${to} speaks no HTTP`;
  if (flags.includes('NR')) return `Envoy answered ${code}, it has no route for that path`;
  return flags.length === 0 && details === 'via_upstream' ? `${to} answered ${code}` : undefined;
}
