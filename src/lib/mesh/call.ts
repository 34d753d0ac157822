import type {Container} from '../model/pod.ts';
import type {Call, Target} from '../model/path.ts';
import type {HttpGet, Probe} from '../model/probe.ts';
import {requestPath} from '../kubelet/url.ts';
import {resolvePort} from './rewrite.ts';

/** What the kubelet does for this probe of this container. */
export function callOf(container: Container, probe: Probe): Call {
  const {handler} = probe;
  switch (handler.kind) {
    case 'exec':
      return {kind: 'exec'};
    case 'grpc':
      return {kind: 'grpc', port: handler.port, service: handler.service};
    case 'unknown':
      return {kind: 'unknown', keys: handler.keys};
    case 'httpGet':
    case 'tcpSocket': {
      const port = resolvePort(handler.port, container);
      if (port === undefined) return {kind: 'unresolved', port: String(handler.port)};
      if (handler.kind === 'tcpSocket') return {kind: 'tcp', host: handler.host, port};
      return httpCallOf(handler, port);
    }
  }
}

/** The call of an HTTP probe, with what is really sent beside what may be shown. */
export function httpCallOf({scheme, host, path, headers, sent}: HttpGet, port: number): Extract<Call, {kind: 'http'}> {
  const call = {kind: 'http', scheme, host, port, path, headers} as const;
  return sent === undefined ? call : {...call, sent};
}

/** Where the owner meant a probe to end; undefined where that can't be said: a name without a port, an unknown handler. */
export function declaredTarget(container: Container, probe: Probe): Target | undefined {
  const call = callOf(container, probe);
  const containers = [container.name];
  switch (call.kind) {
    case 'http':
      return {protocol: call.scheme === 'HTTPS' ? 'https' : 'http', port: call.port, path: requestPath(call.path), ...(requestPath(call.path) === call.path ? {} : {raw: call.path}), containers};
    case 'tcp':
      return {protocol: 'tcp', port: call.port, path: '', containers};
    case 'grpc':
      return {protocol: 'grpc', port: call.port, path: call.service, containers};
    case 'exec':
      return {protocol: 'exec', port: 0, path: '', containers};
    default:
      return undefined;
  }
}
