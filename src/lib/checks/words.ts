import {valueShown} from '../model/credential.ts';
import type {Call, PathEnd, Target} from '../model/path.ts';
import type {Handler, Probe} from '../model/probe.ts';

/** `HTTP :8080/ready`, as the owner declared it. */
export function handlerText(handler: Handler): string {
  switch (handler.kind) {
    case 'httpGet':
      return `${handler.scheme} ${handler.host ? `${handler.host} ` : ''}:${handler.port}${spaced(handler.path)}`;
    case 'tcpSocket':
      return `TCP :${handler.port}`;
    case 'grpc':
      return `gRPC :${handler.port}${handler.service ? ` ${handler.service}` : ''}`;
    case 'exec':
      return 'exec';
    case 'unknown':
      return `${handler.keys.join(', ') || 'no handler'} (not known to this tool)`;
  }
}

export function probeText({handler}: Probe): string {
  return handlerText(handler);
}

/** The whole call: `HTTP :15904/osm-healthcheck Original-Tcp-Port: 9000`. */
export function callText(call: Call): string {
  switch (call.kind) {
    case 'http': {
      const headers = call.headers.map((header) => ` ${header.name}: ${valueShown(header)}`).join('');
      return `${call.scheme} ${call.host}:${call.port}${call.path}${headers}`;
    }
    case 'tcp':
      return `TCP ${call.host}:${call.port}`;
    case 'grpc':
      return `gRPC :${call.port}`;
    case 'exec':
      return 'exec';
    case 'unresolved':
      return `port ${call.port}, which the container does not name`;
    case 'unknown':
      return '–';
  }
}

/** Only the port, for the table's CALLS. */
export function callPort(call: Call): string {
  return 'port' in call && typeof call.port === 'number' ? `:${call.port}` : call.kind === 'exec' ? 'exec' : '–';
}

export function targetText({port, path, protocol, containers}: Target): string {
  const where = containers.length > 0 ? `${containers.join(', ')} ` : '';
  return protocol === 'exec' ? 'exec in the container' : `${where}:${port}${protocol === 'grpc' ? '' : spaced(path)}`;
}

/** A path that does not begin with a slash is set apart from the port. */
function spaced(path: string): string {
  return path === '' || path.startsWith('/') ? path : ` ${path}`;
}

/** What the owner declared, without whose it is: `:8080/ready`. */
export function ownTarget({target}: {target?: Target}): string {
  return target ? targetText({...target, containers: []}) : 'its port';
}

/** Where a path ends, for the table's REACHES. */
export function endText(end: PathEnd): string {
  if (end.at === 'target') return targetText(end.target);
  switch (end.reason) {
    case 'no-listener':
    case 'no-healthcheck':
    case 'unresolved-port':
    case 'ipv4-only':
    case 'bad-path':
    case 'no-proxy':
      return 'nothing';
    case 'elsewhere':
      return 'another host';
    case 'redirected':
      return 'mTLS listener :15003';
    case 'proxy-accepts':
    case 'self-loop':
    case 'no-route':
    case 'tls-to-plaintext':
      return end.port === 15904 ? '{healthcheck}' : 'the proxy itself';
    case 'plaintext-to-tls':
      return end.meant ? targetText(end.meant) : 'a TLS port';
    case 'header-missing':
      return '{healthcheck}';
    case 'ambiguous-route':
      return 'one of several';
    case 'by-service':
    case 'unknown':
      return 'unknown';
  }
}

const LOCAL = ['ip6-localhost', 'localhost', '127.0.0.1', '[::1]', '0.0.0.0'];

/** A host that is the pod itself, or one that only a variable knows. */
export function isLocal(host: string): boolean {
  return LOCAL.includes(host.toLowerCase()) || /^127(\.\d{1,3}){1,3}$/.test(host) || /^[$`]/.test(host);
}
