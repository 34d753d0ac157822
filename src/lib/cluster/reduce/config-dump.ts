import {PROBE_PORTS} from '../../mesh/names.ts';
import type {Endpoint, ProbeListener, Route} from '../../model/path.ts';
import {PROBE_TYPES} from '../../model/probe.ts';
import {shownPath} from '../shown.ts';
import {integer, list, object, text, type Raw} from './read.ts';

/** Seconds after which Envoy gives up on a route that names no timeout of its own. */
const ENVOY_ROUTE_TIMEOUT_SECONDS = 15;

/**
 * The probe listeners of Envoy's static configuration, in the shape of those that are computed, so that one trace
 * follows both. Reads the dump of any Envoy: types are told by the end of `@type`, what it does not know is left out.
 * Undefined where the answer holds no static configuration at all (osm-facts §2.3).
 */
export function observedListeners(dump: unknown): ProbeListener[] | undefined {
  const resources = staticResources(dump);
  if (!resources) return undefined;
  const clusters = new Map(list(resources.clusters).map((one) => [text(one.name), endpointOf(one)]));
  return list(resources.listeners)
    .flatMap((listener) => listenerOf(listener, clusters))
    .sort((a, b) => a.port - b.port);
}

/** `static_resources` of the bootstrap, whether the dump was masked, whole, or asked for by resource. */
function staticResources(dump: unknown): Raw | undefined {
  const configs = list(object(dump).configs);
  const bootstrap = configs.map((one) => object(object(one.bootstrap).static_resources)).find((one) => 'listeners' in one || 'clusters' in one);
  if (bootstrap) return bootstrap;
  const listeners = configs.flatMap((one) => list(one.static_listeners)).map((one) => object(one.listener));
  const clusters = configs.flatMap((one) => list(one.static_clusters)).map((one) => object(one.cluster));
  if (listeners.length > 0 || clusters.length > 0) return {listeners, clusters};
  // A bootstrap without listeners and clusters of its own is masked to an empty object.
  return configs.some((one) => 'bootstrap' in one) ? {} : undefined;
}

function listenerOf(listener: Raw, clusters: Map<string, Endpoint>): ProbeListener[] {
  const port = integer(object(object(listener.address).socket_address).port_value);
  const type = PROBE_TYPES.find((one) => PROBE_PORTS[one] === port);
  if (!type) return [];
  const found: ProbeListener = {type, port: PROBE_PORTS[type], routes: []};
  for (const chain of list(listener.filter_chains)) {
    const tls = object(chain.filter_chain_match).transport_protocol === 'tls';
    for (const filter of list(chain.filters)) addFilter(found, object(filter.typed_config), tls, clusters);
  }
  return [found];
}

function addFilter(listener: ProbeListener, config: Raw, tls: boolean, clusters: Map<string, Endpoint>): void {
  const type = text(config['@type']);
  if (type.endsWith('.HttpConnectionManager')) {
    const hosts = list(object(config.route_config).virtual_hosts);
    for (const one of hosts.flatMap((host) => list(host.routes)).flatMap((route) => routeOf(route, clusters))) listener.routes.push(one);
  } else if (type.endsWith('.TcpProxy')) {
    const to = clusters.get(text(config.cluster));
    if (to) listener.relay = {to, of: tls ? 'tls' : 'any'};
  }
}

function routeOf(raw: Raw, clusters: Map<string, Endpoint>): Route[] {
  const match = object(raw.match);
  const action = object(raw.route);
  const to = clusters.get(text(action.cluster));
  const prefix = shownPath(text(match.prefix) || text(match.path));
  if (!to || prefix === '') return [];
  const rewrite = shownPath(text(action.prefix_rewrite)) || prefix;
  return [{prefix, ...('path' in match ? {exact: true as const} : {}), rewrite, to, timeoutSeconds: secondsOf(action.timeout)}];
}

/** `"3s"` of the dump; `0s` switches the timeout off. */
function secondsOf(value: unknown): number {
  const seconds = /^(\d+(?:\.\d+)?)s$/.exec(text(value))?.[1];
  if (seconds === undefined) return ENVOY_ROUTE_TIMEOUT_SECONDS;
  return Number(seconds) === 0 ? Infinity : Number(seconds);
}

function endpointOf(cluster: Raw): Endpoint {
  const endpoints = list(object(cluster.load_assignment).endpoints).flatMap((one) => list(one.lb_endpoints));
  const address = object(object(object(object(endpoints[0]).endpoint).address).socket_address);
  return {port: integer(address.port_value) ?? 0, tls: false, containers: []};
}
