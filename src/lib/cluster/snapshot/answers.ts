import type {Answer, Ask} from '../../model/answer.ts';
import type {LogOptions, PodName} from '../cluster.ts';
import {withoutSecrets} from '../secrets.ts';

/**
 * A question to a port as a snapshot names it. Of the headers only the mesh's own are in it: the others' values are
 * redacted in the pods that the same question is later made from. Equal questions are told apart by their order.
 */
export function askQuestion({namespace, name}: PodName, {port, send}: Ask): string {
  const what = send.kind === 'get' ? [`get ${send.scheme.toLowerCase()}://:${port}${send.path}`, ...send.headers.filter((header) => /^(original-|x-forwarded-proto$|x-envoy-original-path$)/i.test(header.name)).map((header) => `${header.name}: ${header.value}`), ...(send.after ? ['once more'] : [])].join(' ') : send.kind === 'grpc' ? `grpc :${port} ${send.service}`.trim() : `connect :${port}`;
  return `ask pod/${name} -n ${namespace} ${what}`;
}

export function logQuestion({namespace, name}: PodName, {container, previous}: LogOptions): string {
  return `logs pod/${name} -n ${namespace} -c ${container}${previous ? ' --previous' : ''}`;
}

const ADMIN_PORT = 15000;
/** What is read of an answer's headers, and so what is kept. */
const KEPT_HEADERS = /^(server|location|content-length|content-type|x-envoy-.*)$/i;
/** Of an app's words one line is evidence. */
const KEPT_BODY = 200;

/** A copy of an answer with what is read of it. Of the proxy's configuration that is what belongs to probes. */
export function redactAnswer(ask: Ask, answer: Answer): Answer {
  if (answer.kind === 'open' || answer.kind === 'not-http') return {...answer, said: firstLine(answer.said)};
  if (answer.kind !== 'response') return answer;
  const headers = answer.headers.filter(({name}) => KEPT_HEADERS.test(name)).map(({name, value}) => ({name, value: withoutSecrets(value)}));
  return {...answer, headers, body: bodyOf(ask, answer.body)};
}

function bodyOf({port, send}: Ask, body: string): string {
  if (port !== ADMIN_PORT || send.kind !== 'get') return firstLine(body);
  return send.path.startsWith('/config_dump') ? configOf(body) : body;
}

function firstLine(text: string): string {
  return withoutSecrets(text.split('\n', 1)[0]!.slice(0, KEPT_BODY));
}

type Entry = Record<string, unknown>;

/** The probes' listeners and clusters, in the shapes that `mask=bootstrap.static_resources` and `resource=static_…` give. */
function configOf(body: string): string {
  let dump: Entry;
  try {
    dump = JSON.parse(body) as Entry;
  } catch {
    return firstLine(body); // An error of the admin port, or a dump that was cut.
  }
  const configs = listOf(dump['configs']).flatMap((config) => {
    const resources = entryOf(entryOf(config['bootstrap'])['static_resources']);
    const wrapped = (key: string, inner: string) => listOf(config[key]).filter((one) => ofProbes(entryOf(one[inner])));
    if (config['bootstrap'] !== undefined) return [{'@type': config['@type'], bootstrap: {static_resources: probeResources(resources)}}];
    if (config['static_listeners'] !== undefined) return [{'@type': config['@type'], static_listeners: wrapped('static_listeners', 'listener')}];
    if (config['static_clusters'] !== undefined) return [{'@type': config['@type'], static_clusters: wrapped('static_clusters', 'cluster')}];
    return ofProbes(entryOf(config['listener'] ?? config['cluster'])) ? [config] : [];
  });
  return JSON.stringify({configs});
}

/** Of all that is static, what belongs to probes. */
export function probeResources(resources: Entry): Entry {
  return {listeners: listOf(resources['listeners']).filter(ofProbes), clusters: listOf(resources['clusters']).filter(ofProbes)};
}

/** By its name, or by a port that is the mesh's own for probes. */
function ofProbes(one: Entry): boolean {
  const port = entryOf(entryOf(one['address'])['socket_address'])['port_value'];
  return /(liveness|readiness|startup|health)/.test(String(one['name'])) || (typeof port === 'number' && port >= 15_901 && port <= 15_904);
}

function listOf(value: unknown): Entry[] {
  return Array.isArray(value) ? value.map(entryOf) : [];
}

function entryOf(value: unknown): Entry {
  return typeof value === 'object' && value !== null ? (value as Entry) : {};
}
