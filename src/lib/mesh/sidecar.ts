import type {Container} from '../model/pod.ts';
import type {Endpoint, ProbeListener, Sidecar} from '../model/path.ts';
import {PROBE_TYPES, type HttpGet, type Probe, type ProbeType, type TcpSocket} from '../model/probe.ts';
import {PROBE_PORTS} from './names.ts';
import {pathOf, type Profile} from './profiles.ts';
import {cellOf, resolvePort} from './rewrite.ts';

/** A probe that the injector hands to the proxy, with the port behind its name. */
interface Candidate {
  container: string;
  probe: Probe;
  handler: HttpGet | TcpSocket;
  port: number;
  serves: 'http' | 'https' | 'tcp';
}

/**
 * The listeners, containers and ports that the injector of `profile` makes for a template.
 * Of several containers with a probe of one type, OSM's releases serve the last, Pipy looks at the first.
 */
export function expectedSidecar(profile: Profile, template: {containers: Container[]}): Sidecar {
  const winners = PROBE_TYPES.map((type) => winnersOf(profile, template.containers, type));
  const rewritten = winners.flatMap(({served}) => served);
  const needsHealthcheck = profile.healthcheck !== undefined && winners.some(({injected}) => injected.some(({serves}) => serves === 'tcp'));
  return {
    listeners: winners.flatMap(({served, type, first}) => listenerOf(profile, type, served, first)),
    ...(needsHealthcheck ? {healthcheck: {container: profile.healthcheck!.container, path: profile.healthcheck!.path}} : {}),
    open: profile.proxy === 'none' ? 'all' : profile.bypassed,
    // Envoy and Pipy both bind 0.0.0.0 (pipy@1.5.14:src/api/configuration.cpp:605); only what no proxy serves is on both families.
    ipv6: profile.proxy === 'none',
    containers: profile.proxy === 'none' ? [] : [...(needsHealthcheck ? [profile.healthcheck!.container] : []), sidecarName(profile)],
    declaredPorts: profile.proxy === 'none' ? [] : [...new Set(rewritten.map(({probe}) => PROBE_PORTS[probe.type]))].sort(),
  };
}

function sidecarName(profile: Profile): string {
  return profile.id.startsWith('osm') ? 'envoy' : 'sidecar';
}

function winnersOf(profile: Profile, containers: Container[], type: ProbeType) {
  const all = containers.filter((container) => container.probes[type]);
  const candidates = all.flatMap((container) => candidateOf(profile, container, container.probes[type]!));
  const last = candidates.slice(-1);
  // The injector adds the healthcheck container for its own last winner, even where Pipy serves the first.
  const injected = profile.serves.winner === 'each' ? candidates : last;
  const served = profile.serves.winner === 'each' ? candidates : profile.serves.winner === 'last' ? last : candidates.slice(0, 1);
  return {type, injected, served, first: all[0]};
}

function candidateOf(profile: Profile, container: Container, probe: Probe): Candidate[] {
  const cell = cellOf(profile, probe.handler);
  if (!cell || cell.to === 'untouched') return [];
  const handler = probe.handler as HttpGet | TcpSocket;
  const https = handler.kind === 'httpGet' && handler.scheme === 'HTTPS';
  const serves = handler.kind === 'tcpSocket' ? 'tcp' : https ? (profile.serves.httpsAs ?? 'https') : 'http';
  return [{container: container.name, probe, handler, port: resolvePort(handler.port, container) ?? cell.unresolvedPort ?? 0, serves}];
}

function listenerOf(profile: Profile, type: ProbeType, served: Candidate[], first: Container | undefined): ProbeListener[] {
  if (profile.proxy === 'none') return [];
  if (profile.proxy === 'pipy') return pipyListener(profile, type, served[0], first);
  const listener: ProbeListener = {type, port: PROBE_PORTS[type], routes: []};
  for (const one of served) {
    const to: Endpoint = {port: one.port, tls: one.serves === 'https', containers: [one.container]};
    if (one.serves === 'http') {
      const {routeTimeout} = profile.serves;
      const timeoutSeconds = routeTimeout === 'probe' ? Math.max(1, one.probe.timeoutSeconds) : routeTimeout === 'none' ? Infinity : routeTimeout;
      const path = (one.handler as HttpGet).path || '/';
      listener.routes.push({prefix: pathOf(profile.serves.route, type, one.container), rewrite: path, to, timeoutSeconds});
    } else if (one.serves === 'https') {
      listener.relay = {to, of: profile.serves.winner === 'each' ? 'tls' : 'any'};
    } else if (profile.tcp.to === 'tcpSocket') {
      listener.relay = {to, of: 'any'};
    }
  }
  return listener.routes.length > 0 || listener.relay ? [listener] : [];
}

/** Pipy opens the port only if the first probe of the type is on it, whatever the others are (fsm main.js:34-45). */
function pipyListener(profile: Profile, type: ProbeType, served: Candidate | undefined, first: Container | undefined): ProbeListener[] {
  const listener: ProbeListener = {type, port: PROBE_PORTS[type], routes: []};
  if (profile.serves.by === 'pipy-service') return [{...listener, pipy: {service: true}}];
  if (!served || served.container !== first?.name || served.handler.kind === 'tcpSocket') return [];
  if (served.serves === 'tcp') return [{...listener, pipy: {healthcheck: true}}];
  const to: Endpoint = {port: served.port, tls: false, containers: [served.container]};
  return [{...listener, pipy: {to, path: (served.handler as HttpGet).path || '/'}}];
}

