import {shownPath} from '../shown.ts';

type Entry = Record<string, unknown>;

/**
 * Of Envoy's configuration the probes' listeners and clusters, with the fields that are read and no others, in the
 * shapes that `mask=bootstrap.static_resources` and `resource=static_…` give; undefined for what is no configuration.
 */
export function probesOfDump(body: string): string | undefined {
  let dump: Entry;
  try {
    dump = entryOf(JSON.parse(body));
  } catch {
    return undefined; // An error of the admin port, or a dump that was cut.
  }
  return JSON.stringify({configs: listOf(dump['configs']).flatMap(configOf)});
}

function configOf(config: Entry): Entry[] {
  const type = {'@type': config['@type']};
  const wrapped = (list: unknown, one: string, keep: (entry: Entry) => Entry) =>
    listOf(list).map((entry) => entryOf(entry[one])).filter(ofProbes).map((entry) => ({[one]: keep(entry)}));
  const {bootstrap, static_listeners: listeners, static_clusters: clusters} = config;
  if (bootstrap !== undefined) {
    return [{...type, bootstrap: {static_resources: probeResources(entryOf(entryOf(bootstrap)['static_resources']))}}];
  }
  if (listeners !== undefined) return [{...type, static_listeners: wrapped(listeners, 'listener', listenerOf)}];
  if (clusters !== undefined) return [{...type, static_clusters: wrapped(clusters, 'cluster', clusterOf)}];
  return [];
}

/** Of all that is static, what belongs to probes. A bootstrap that has neither tells so. */
export function probeResources(resources: Entry): Entry {
  const own = (key: string) => listOf(resources[key]).filter(ofProbes);
  return {listeners: own('listeners').map(listenerOf), clusters: own('clusters').map(clusterOf)};
}

/** By its name, or by a port that is the mesh's own for probes. */
function ofProbes(one: Entry): boolean {
  const port = portOf(one['address']);
  const named = /(liveness|readiness|startup|health)/.test(String(one['name']));
  return named || (typeof port === 'number' && port >= 15_901 && port <= 15_904);
}

function listenerOf({name, address, filter_chains: chains}: Entry): Entry {
  return {name, address: addressOf(address), filter_chains: eachOf(chains, chainOf)};
}

function chainOf({filter_chain_match: match, filters}: Entry): Entry {
  const protocol = entryOf(match)['transport_protocol'];
  return {filter_chain_match: {transport_protocol: protocol}, filters: listOf(filters).map(filterOf)};
}

function filterOf({name, typed_config: given}: Entry): Entry {
  const config = entryOf(given);
  const hosts = listOf(entryOf(config['route_config'])['virtual_hosts']);
  const kept = hosts.map((host) => ({routes: listOf(host['routes']).map(routeOf)}));
  const routes = config['route_config'] === undefined ? undefined : {virtual_hosts: kept};
  return {name, typed_config: {'@type': config['@type'], cluster: config['cluster'], route_config: routes}};
}

function routeOf(route: Entry): Entry {
  const {prefix, path} = entryOf(route['match']);
  const {cluster, prefix_rewrite: rewrite, timeout} = entryOf(route['route']);
  const match = {prefix: masked(prefix), path: masked(path)};
  return {match, route: {cluster, prefix_rewrite: masked(rewrite), timeout}};
}

function clusterOf({name, load_assignment: assignment}: Entry): Entry {
  const endpoint = (one: Entry) => ({endpoint: {address: addressOf(entryOf(one['endpoint'])['address'])}});
  const group = (one: Entry) => ({lb_endpoints: eachOf(one['lb_endpoints'], endpoint)});
  const endpoints = eachOf(entryOf(assignment)['endpoints'], group);
  return {name, load_assignment: endpoints && {endpoints}};
}

function addressOf(address: unknown): Entry {
  const {address: host, port_value: port} = entryOf(entryOf(address)['socket_address']);
  return {socket_address: {address: host, port_value: port}};
}

function portOf(address: unknown): unknown {
  return entryOf(entryOf(address)['socket_address'])['port_value'];
}

/** Of a list each entry as it is kept; what is missing stays so. */
function eachOf(list: unknown, keep: (entry: Entry) => Entry): Entry[] | undefined {
  return list === undefined ? undefined : listOf(list).map(keep);
}

function masked(path: unknown): string | undefined {
  return typeof path === 'string' ? shownPath(path) : undefined;
}

export function listOf(value: unknown): Entry[] {
  return Array.isArray(value) ? value.map(entryOf) : [];
}

export function entryOf(value: unknown): Entry {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Entry) : {};
}
