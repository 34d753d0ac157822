import type {Call, Endpoint, Path, PathEnd, ProbeListener, Sidecar, Target, Via} from '../model/path.ts';
import {requestPath} from '../kubelet/url.ts';
import {HEALTHCHECK_PORT, isMeshProbePort, METRICS_PORT, probeTypeOf, TCP_HEADER} from './names.ts';

type HttpCall = Extract<Call, {kind: 'http'}>;

/**
 * Follows one call of the kubelet through the sidecar to its end: one target, or one named break. Pure; never throws.
 * The same function follows the expected sidecar and the one that Envoy reports.
 */
export function trace(call: Call, sidecar: Sidecar, pod: {podIP?: string} = {}): Path {
  return {call, end: follow(call, sidecar, pod.podIP ?? '')};
}

function follow(call: Call, sidecar: Sidecar, podIP: string): PathEnd {
  switch (call.kind) {
    case 'exec':
      return {at: 'target', target: {protocol: 'exec', port: 0, path: '', containers: []}, via: 'direct'};
    case 'unknown':
      return broken('unknown', 0);
    case 'unresolved':
      return broken('unresolved-port', 0);
    case 'grpc':
      return direct(sidecar, {protocol: 'grpc', port: call.port, path: call.service, containers: []});
    case 'tcp':
    case 'http':
      // Without a mesh a host is what it was declared to be; with it, it is called on a port that only the pod has.
      if (asksElsewhere(call, podIP) && (isMeshProbePort(call.port) || sidecar.open !== 'all')) return broken('elsewhere', call.port);
      return call.kind === 'tcp' ? tcp(call.port, sidecar, podIP) : http(call, sidecar, podIP);
  }
}

/** Another host than the pod is asked. */
export function asksElsewhere(call: Call, podIP: string): boolean {
  return (call.kind === 'http' || call.kind === 'tcp') && call.host !== '' && call.host !== podIP;
}

function broken(reason: Extract<PathEnd, {at: 'break'}>['reason'], port: number, meant?: Target): PathEnd {
  return {at: 'break', reason, port, ...(meant ? {meant} : {})};
}

/** A port that is the app's own: reached as it is where nothing redirects, else swallowed by the mTLS listener. */
function direct(sidecar: Sidecar, target: Target): PathEnd {
  const open = sidecar.open === 'all' || sidecar.open.includes(target.port);
  if (sidecar.missing && (!open || isMeshProbePort(target.port))) return broken('no-proxy', target.port);
  if (open) return {at: 'target', target, via: 'direct'};
  return broken(sidecar.mayBeOpen ? 'unknown' : 'redirected', target.port, target);
}

function tcp(port: number, sidecar: Sidecar, podIP: string): PathEnd {
  const target: Target = {protocol: 'tcp', port, path: '', containers: []};
  if (sidecar.open === 'all' || sidecar.missing) return direct(sidecar, target);
  if (port === HEALTHCHECK_PORT) return sidecar.healthcheck ? broken('proxy-accepts', port) : broken('no-healthcheck', port);
  const listener = sidecar.listeners.find((one) => one.port === port);
  if (listener) return listenerIsDeaf(sidecar, podIP) ? broken('ipv4-only', port) : broken('proxy-accepts', port, meantBy(listener));
  if (isMeshProbePort(port)) return broken(isPromised(sidecar, port) ? 'no-listener' : 'unknown', port);
  return direct(sidecar, target);
}

/** Whether it is known what listens on this port of the mesh. */
function isPromised({unknown = []}: Sidecar, port: number): boolean {
  const type = probeTypeOf(port);
  return type === undefined || !unknown.includes(type);
}

function meantBy({relay, routes}: ProbeListener): Target | undefined {
  const to = relay?.to ?? routes[0]?.to;
  return to && {protocol: 'tcp', port: to.port, path: '', containers: to.containers};
}

function http(call: HttpCall, sidecar: Sidecar, podIP: string): PathEnd {
  const protocol = call.scheme === 'HTTPS' ? 'https' : 'http';
  const target: Target = {protocol, port: call.port, path: requestPath(call.path), containers: []};
  if (sidecar.open === 'all' || sidecar.missing) return direct(sidecar, target);
  if (call.port === HEALTHCHECK_PORT) return healthcheck(call, sidecar);
  const listener = sidecar.listeners.find(({port}) => port === call.port);
  if (listener) return listenerIsDeaf(sidecar, podIP) ? broken('ipv4-only', call.port) : throughListener(call, listener, sidecar);
  if (isMeshProbePort(call.port)) return broken(isPromised(sidecar, call.port) ? 'no-listener' : 'unknown', call.port);
  if (call.port === METRICS_PORT) return broken('no-route', call.port);
  return direct(sidecar, target);
}

function listenerIsDeaf(sidecar: Sidecar, podIP: string): boolean {
  return !sidecar.ipv6 && podIP.includes(':');
}

/** osm-healthcheck opens the port that the header names on 127.0.0.1; another path is 404, no header is 400. */
function healthcheck(call: HttpCall, sidecar: Sidecar): PathEnd {
  if (!sidecar.healthcheck) return broken('no-healthcheck', HEALTHCHECK_PORT);
  if (sidecar.open !== 'all' && !sidecar.open.includes(HEALTHCHECK_PORT)) return broken('redirected', HEALTHCHECK_PORT);
  if (call.scheme === 'HTTPS') return broken('tls-to-plaintext', HEALTHCHECK_PORT);
  if (requestPath(call.path).split('?')[0] !== sidecar.healthcheck.path) return broken('no-route', HEALTHCHECK_PORT);
  const value = call.headers.find(({name}) => name.toLowerCase() === TCP_HEADER.toLowerCase())?.value ?? '';
  if (value === '') return broken('header-missing', HEALTHCHECK_PORT);
  const port = /^\d+$/.test(value) ? Number(value) : 0;
  if (port < 1 || port > 65535) return broken('unresolved-port', HEALTHCHECK_PORT);
  return {at: 'target', target: {protocol: 'tcp', port, path: '', containers: []}, via: 'healthcheck'};
}

function throughListener(call: HttpCall, listener: ProbeListener, sidecar: Sidecar): PathEnd {
  if (listener.pipy) return throughPipy(call, listener.pipy, sidecar);
  const {relay} = listener;
  if (relay && (relay.of === 'any' || call.scheme === 'HTTPS')) {
    const arrived = arrive(call, relay.to, call.scheme === 'HTTPS' ? 'https' : 'http', call.path, 'envoy-tcp', sidecar);
    return arrived.at === 'target' && relay.to.tls && call.scheme === 'HTTP' ? broken('plaintext-to-tls', call.port, arrived.target) : arrived;
  }
  if (call.scheme === 'HTTPS') return broken('tls-to-plaintext', call.port);
  const asked = requestPath(call.path);
  const matching = listener.routes.filter(({prefix, exact}) => (exact ? asked.split('?')[0] === prefix : asked.startsWith(prefix)));
  const route = matching[0];
  if (!route) return broken('no-route', call.port);
  if (matching.some(({to}) => to.port !== route.to.port)) return broken('ambiguous-route', call.port);
  const path = route.rewrite + asked.slice(route.prefix.length);
  const end = arrive(call, route.to, 'http', path, 'envoy-http', sidecar);
  if (end.at === 'break') return end;
  return isRequestTarget(path) ? {...end, timeoutSeconds: route.timeoutSeconds} : broken('bad-path', call.port, end.target);
}

/** What servers take after GET: a path, or a whole URL (RFC 9112 §3.2); a proxy writes either as it is given. */
function isRequestTarget(path: string): boolean {
  return path.startsWith('/') || /^https?:\/\//i.test(path);
}

/**
 * The last hop of a proxy, to 127.0.0.1: nothing listens on port 0, and a probe port leads into the mesh again.
 * There every listener calls itself or another one; each is passed once at most, so the walk ends.
 */
function arrive(call: HttpCall, to: Endpoint, protocol: 'http' | 'https', path: string, via: Via, sidecar: Sidecar): PathEnd {
  const target: Target = {protocol, port: to.port, path, containers: to.containers};
  if (to.port === 0) return broken('unresolved-port', call.port, target);
  if (to.port === call.port) return broken('self-loop', call.port, target);
  if (!isMeshProbePort(to.port)) return {at: 'target', target, via};
  const rest: Sidecar = {...sidecar, listeners: sidecar.listeners.filter(({port}) => port !== call.port)};
  return http({...call, scheme: protocol === 'https' ? 'HTTPS' : 'HTTP', host: '', port: to.port, path}, rest, '');
}

function throughPipy(call: HttpCall, pipy: NonNullable<ProbeListener['pipy']>, sidecar: Sidecar): PathEnd {
  if ('service' in pipy) return broken('by-service', call.port);
  if ('healthcheck' in pipy) return healthcheck(call, sidecar);
  if (call.scheme === 'HTTPS') return broken('tls-to-plaintext', call.port);
  // Pipy writes the path as it is given, like Envoy (pipy@1.5.14:src/filters/http.cpp:757).
  const end = arrive(call, pipy.to, 'http', pipy.path, 'pipy', sidecar);
  return end.at === 'break' || isRequestTarget(pipy.path) ? end : broken('bad-path', call.port, end.target);
}
