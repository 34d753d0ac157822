import {shownPath} from '../shown.ts';

type Entry = Record<string, unknown>;

/**
 * Of Envoy's configuration the probes' listeners and clusters, with the fields that are read and no others, in the shapes
 * that `mask=bootstrap.static_resources` and `resource=static_…` give; undefined for what is no configuration.
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
  const wrapped = (list: string, one: string, keep: (entry: Entry) => Entry) =>
    listOf(config[list]).map((entry) => entryOf(entry[one])).filter(ofProbes).map((entry) => ({[one]: keep(entry)}));
  if (config['bootstrap'] !== undefined) return [{...type, bootstrap: {static_resources: probeResources(entryOf(entryOf(config['bootstrap'])['static_resources']))}}];
  if (config['static_listeners'] !== undefined) return [{...type, static_listeners: wrapped('static_listeners', 'listener', listenerOf)}];
  if (config['static_clusters'] !== undefined) return [{...type, static_clusters: wrapped('static_clusters', 'cluster', clusterOf)}];
  return [];
}

/** Of all that is static, what belongs to probes. A bootstrap that has neither tells so. */
export function probeResources(resources: Entry): Entry {
  return {listeners: listOf(resources['listeners']).filter(ofProbes).map(listenerOf), clusters: listOf(resources['clusters']).filter(ofProbes).map(clusterOf)};
}

/** By its name, or by a port that is the mesh's own for probes. */
function ofProbes(one: Entry): boolean {
  const port = portOf(one['address']);
  return /(liveness|readiness|startup|health)/.test(String(one['name'])) || (typeof port === 'number' && port >= 15_901 && port <= 15_904);
}

function listenerOf({name, address, filter_chains: chains}: Entry): Entry {
  return {name, address: addressOf(address), filter_chains: eachOf(chains, chainOf)};
}

function chainOf({filter_chain_match: match, filters}: Entry): Entry {
  return {filter_chain_match: {transport_protocol: entryOf(match)['transport_protocol']}, filters: listOf(filters).map(filterOf)};
}

function filterOf({name, typed_config: given}: Entry): Entry {
  const config = entryOf(given);
  const hosts = listOf(entryOf(config['route_config'])['virtual_hosts']).map((host) => ({routes: listOf(host['routes']).map(routeOf)}));
  const routes = config['route_config'] === undefined ? undefined : {virtual_hosts: hosts};
  return {name, typed_config: {'@type': config['@type'], cluster: config['cluster'], route_config: routes}};
}

function routeOf(route: Entry): Entry {
  const {prefix, path} = entryOf(route['match']);
  const {cluster, prefix_rewrite: rewrite, timeout} = entryOf(route['route']);
  return {match: {prefix: masked(prefix), path: masked(path)}, route: {cluster, prefix_rewrite: masked(rewrite), timeout}};
}

function clusterOf({name, load_assignment: assignment}: Entry): Entry {
  const endpoint = (one: Entry) => ({endpoint: {address: addressOf(entryOf(one['endpoint'])['address'])}});
  const endpoints = eachOf(entryOf(assignment)['endpoints'], (one) => ({lb_endpoints: eachOf(one['lb_endpoints'], endpoint)}));
  return {name, load_assignment: endpoints && {endpoints}};
}

function addressOf(address: unknown): Entry {
  return {socket_address: {address: entryOf(entryOf(address)['socket_address'])['address'], port_value: portOf(address)}};
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
