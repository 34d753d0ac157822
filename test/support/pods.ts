import {ClusterError, type Cluster, type ListOptions, type LogOptions, type RawObject, type Resource} from '../../src/lib/cluster/cluster.ts';
import {templateOf} from '../../src/lib/cluster/reduce/template.ts';
import type {LiveMode} from '../../src/lib/look/all.ts';
import {PROBE_PORTS} from '../../src/lib/mesh/names.ts';
import {profileOf, type Profile, type ProfileId} from '../../src/lib/mesh/profiles.ts';
import {rewrite} from '../../src/lib/mesh/rewrite.ts';
import {expectedSidecar} from '../../src/lib/mesh/sidecar.ts';
import type {Answer, Ask} from '../../src/lib/model/answer.ts';
import {PROBE_TYPES, type Handler, type Probe, type ProbeType} from '../../src/lib/model/probe.ts';
import type {ProbeRow, Report} from '../../src/lib/model/report.ts';
import type {Finding} from '../../src/lib/model/finding.ts';
import {verify} from '../../src/lib/verify.ts';

// Pods of a mesh without a cluster: raw objects as an API server has them. What the injector writes is taken from the
// project's own table of rewriting, so these pods prove the checks and the diagnosis, never the table.

export type Raw = RawObject;

/** The clock of all tables. */
export const NOW = Date.parse('2026-03-01T12:00:00Z');
export const ago = (seconds: number) => new Date(NOW - seconds * 1000).toISOString();

export const http = (port: number | string = 8080, path = '/ok', more: Raw = {}): Raw => ({httpGet: {port, path, ...more}});
export const https = (port: number | string = 8443, path = '/ok'): Raw => http(port, path, {scheme: 'HTTPS'});
export const tcp = (port: number | string = 9000): Raw => ({tcpSocket: {port}});
export const exec = (...command: string[]): Raw => ({exec: {command}});
export const grpc = (port = 50051): Raw => ({grpc: {port}});

/** A container of a manifest; probes by type. */
export function container(name: string, probes: Partial<Record<ProbeType, Raw>> = {}, more: Raw = {}): Raw {
  return {name, image: `shop/${name}:1`, ...Object.fromEntries(Object.entries(probes).map(([type, probe]) => [`${type}Probe`, probe])), ...more};
}

export interface PodOptions {
  /** `none`: outside the mesh. */
  mesh?: ProfileId | 'none';
  name?: string;
  namespace?: string;
  /** The user's workload; `Pod` for a bare pod. */
  workload?: {kind: 'Deployment' | 'ReplicaSet' | 'StatefulSet' | 'DaemonSet' | 'Job' | 'Pod' | 'CloneSet'; name: string};
  containers?: Raw[];
  initContainers?: Raw[];
  /** More of the template's spec. */
  spec?: Raw;
  annotations?: Raw;
  /** Ports of `inbound-port-exclusion-list`. */
  excluded?: number[];
  /** Without an init container, as on Windows or with a CNI. */
  noInit?: boolean;
  /** The last word on the pod, as another webhook has it. */
  change?: (pod: Changed) => unknown;
  /** Seconds since the pod was made and its containers started. */
  age?: number;
  phase?: string;
  node?: string | null;
  podIP?: string;
  /** Of container statuses, what differs from running and ready. */
  status?: Record<string, Raw>;
  initStatus?: Record<string, Raw>;
  conditions?: Raw[];
  deleted?: boolean;
  events?: Raw[];
}

/** What another webhook may change. */
export interface Changed {
  metadata: {labels: Record<string, string>};
  spec: {containers: Raw[]; initContainers: Raw[]};
}

/** A part of a cluster. */
export interface Piece {
  objects: [Resource, Raw][];
}

/** A pod with its owner, its events and its namespace. */
export function pod(options: PodOptions = {}): Piece {
  const {name = 'cart-1', namespace = 'shop', workload = {kind: 'Deployment', name: 'cart'}, mesh = 'osm-1.1', age = 3600} = options;
  const template = {
    metadata: {labels: {app: workload.name}, annotations: options.annotations ?? {}},
    spec: {containers: options.containers ?? [container('app', {readiness: http()})], ...(options.initContainers ? {initContainers: options.initContainers} : {}), ...options.spec},
  };
  const uid = `uid-${namespace}-${name}`;
  const made = mesh === 'none' ? structuredClone(template) : structuredClone(injected(profileOf(mesh), template, options));
  const owner = ownerOf(workload, namespace, template, age);
  const raw: Raw = {
    metadata: {name, namespace, uid, creationTimestamp: ago(age), ...made.metadata, ...(owner.reference ? {ownerReferences: [owner.reference]} : {}), ...(options.deleted ? {deletionTimestamp: ago(5)} : {})},
    spec: {...made.spec, ...(options.node === null ? {} : {nodeName: options.node ?? 'node1'})},
  };
  options.change?.(raw as unknown as Changed);
  raw['status'] = statusOf(raw, options, age);
  return {
    objects: [
      ['namespaces', namespaceRaw(namespace, mesh !== 'none')],
      ...owner.objects,
      ['pods', raw],
      ...(options.events ?? []).map((one, index): [Resource, Raw] => ['events', {...one, metadata: {name: `${name}.${index}`, namespace, uid: `${uid}-e${index}`}, involvedObject: {kind: 'Pod', namespace, name, uid, ...(one['involvedObject'] as Raw)}}]),
    ],
  };
}

export function namespaceRaw(name: string, meshed = true): Raw {
  return {metadata: {name, creationTimestamp: ago(86_400), ...(meshed ? {labels: {'openservicemesh.io/monitored-by': 'osm'}, annotations: {'openservicemesh.io/sidecar-injection': 'enabled'}} : {})}};
}

function ownerOf({kind, name}: NonNullable<PodOptions['workload']>, namespace: string, template: Raw, age: number): {reference?: Raw; objects: [Resource, Raw][]} {
  const metadata = {name, namespace, uid: `uid-${kind}-${name}`, creationTimestamp: ago(age + 10)};
  const reference = {kind, name, uid: metadata.uid, controller: true};
  switch (kind) {
    case 'Pod':
      return {objects: []};
    case 'CloneSet':
      return {reference, objects: []};
    case 'Deployment': {
      const rs = {...metadata, name: `${name}-5d`, uid: `uid-rs-${name}`, ownerReferences: [reference]};
      return {reference: {kind: 'ReplicaSet', name: rs.name, uid: rs.uid, controller: true}, objects: [['replicasets', {metadata: rs, spec: {replicas: 1, template}, status: {replicas: 1}}]]};
    }
    default:
      return {reference, objects: [[`${kind.toLowerCase()}s` as Resource, {metadata, spec: {replicas: 1, parallelism: 1, template}, status: {replicas: 1, active: 1}}]]};
  }
}

const INIT_RULES = (ports: number[], excluded: number[]) =>
  ['iptables-restore --noflush <<EOF', ':OSM_PROXY_INBOUND - [0:0]', ...ports.map((port) => `-A OSM_PROXY_INBOUND -p tcp --dport ${port} -j RETURN`), ...(excluded.length > 0 ? [`-I OSM_PROXY_INBOUND -p tcp --match multiport --dports ${excluded.join(',')} -j RETURN`] : []), 'EOF'].join('\n');

/** What the injector of this dialect makes of the template. */
function injected(profile: Profile, template: {metadata: Raw; spec: Raw}, {excluded = [], noInit = false}: PodOptions): {metadata: Raw; spec: Raw} {
  const reduced = templateOf(template);
  const probes = rewrite(profile, reduced);
  const sidecar = expectedSidecar(profile, reduced);
  const flomesh = profile.id.startsWith('fsm');
  const metadata = {labels: {app: 'x', [flomesh ? 'fsm-proxy-uuid' : 'osm-proxy-uuid']: 'u'}, annotations: template.metadata['annotations']};
  if (profile.proxy === 'none') return {metadata, spec: template.spec};
  const apps = (template.spec['containers'] as Raw[]).map((one) => ({...one, ...Object.fromEntries(PROBE_TYPES.flatMap((type) => {
    const probe = probes.get(one['name'] as string)?.[type];
    return probe ? [[`${type}Probe`, rawProbe(probe)]] : [];
  }))}));
  const added = sidecar.containers.map((name) => (name.endsWith('-healthcheck') ? {name, image: 'mesh/healthcheck:v1.2.4'} : proxyRaw(name, profile, sidecar.declaredPorts)));
  const tag = {'osm-0.7': 'v0.8.4', 'osm-0.9': 'v0.9.2', 'osm-0.10': 'v0.10.0'}[profile.id as string] ?? 'v1.2.4';
  const init = {name: flomesh ? 'fsm-init' : 'osm-init', image: `mesh/init:${tag}`, args: ['-c', /^osm-0\.(7|9|10)$/.test(profile.id) ? 'iptables -t nat -N PROXY_INBOUND' : INIT_RULES(profile.bypassed, excluded)]};
  return {
    metadata,
    spec: {...template.spec, containers: [...apps, ...added], initContainers: [...((template.spec['initContainers'] as Raw[] | undefined) ?? []), ...(noInit ? [] : [init])], volumes: [...((template.spec['volumes'] as Raw[] | undefined) ?? []), {name: 'envoy-bootstrap-config-volume'}]},
  };
}

function proxyRaw(name: string, profile: Profile, ports: number[]): Raw {
  const image = profile.proxy === 'pipy' ? 'flomesh/pipy:0.90' : 'envoyproxy/envoy:v1.22.2';
  return {name, image, args: [profile.proxy === 'pipy' ? 'pipy' : '--log-level'], ports: ports.map((containerPort) => ({name: `${Object.entries(PROBE_PORTS).find(([, port]) => port === containerPort)![0]}-port`, containerPort}))};
}

function rawProbe(probe: Probe): Raw {
  const {initialDelaySeconds, periodSeconds, timeoutSeconds, successThreshold, failureThreshold} = probe;
  return {initialDelaySeconds, periodSeconds, timeoutSeconds, successThreshold, failureThreshold, ...rawHandler(probe.handler)};
}

function rawHandler(handler: Handler): Raw {
  switch (handler.kind) {
    case 'httpGet':
      return {httpGet: {scheme: handler.scheme, host: handler.host, port: handler.port, path: (handler.sent ?? handler).path, httpHeaders: (handler.sent ?? handler).headers}};
    case 'tcpSocket':
      return {tcpSocket: {host: handler.host, port: handler.port}};
    case 'grpc':
      return {grpc: {port: handler.port, service: handler.service}};
    case 'exec':
      return {exec: {command: handler.hosts.map((host) => `curl http://${host}/`)}};
    case 'unknown':
      return Object.fromEntries(handler.keys.map((key) => [key, {}]));
  }
}

function statusOf(raw: Raw, {status = {}, initStatus = {}, phase = 'Running', podIP = '10.0.0.7', conditions}: PodOptions, age: number): Raw {
  const spec = raw['spec'] as Raw;
  const containerStatuses = (spec['containers'] as Raw[]).map(({name}) => ({name, ready: true, started: true, restartCount: 0, state: {running: {startedAt: ago(age)}}, ...status[name as string]}));
  const initContainerStatuses = ((spec['initContainers'] as Raw[] | undefined) ?? []).map(({name, restartPolicy}) =>
    restartPolicy === 'Always'
      ? {name, ready: true, started: true, restartCount: 0, state: {running: {startedAt: ago(age)}}, ...initStatus[name as string]}
      : {name, ready: true, restartCount: 0, state: {terminated: {exitCode: 0, reason: 'Completed'}}, ...initStatus[name as string]},
  );
  const unready = [...containerStatuses, ...initContainerStatuses.filter(({state}) => 'running' in state)].filter(({ready}) => ready !== true).map(({name}) => name);
  const ready = unready.length === 0 ? {type: 'Ready', status: 'True'} : {type: 'Ready', status: 'False', reason: 'ContainersNotReady', message: `containers with unready status: [${unready.join(' ')}]`};
  return {phase, podIP, startTime: ago(age), conditions: conditions ?? [ready], containerStatuses, initContainerStatuses};
}

// Container statuses, as `status` takes them.
export const unready: Raw = {ready: false};
export const startedAgo = (seconds: number, more: Raw = {}): Raw => ({state: {running: {startedAt: ago(seconds)}}, ...more});
export const waiting = (reason: string, message = '', more: Raw = {}): Raw => ({ready: false, started: false, state: {waiting: {reason, message}}, ...more});
export const ended = (exitCode: number, seconds: number, reason = exitCode === 0 ? 'Completed' : 'Error'): Raw => ({terminated: {exitCode, reason, startedAt: ago(seconds + 60), finishedAt: ago(seconds)}});
export const crashLoop = (exitCode: number, seconds: number, restartCount = 7, reason?: string): Raw => ({ready: false, started: false, restartCount, state: {waiting: {reason: 'CrashLoopBackOff', message: 'back-off 5m0s restarting failed container'}}, lastState: ended(exitCode, seconds, reason)});
export const restarted = (seconds: number, {exitCode = 137, restartCount = 1, reason = undefined as string | undefined, more = {} as Raw} = {}): Raw => ({restartCount, lastState: ended(exitCode, seconds + 1, reason), state: {running: {startedAt: ago(seconds)}}, ...more});

interface Times {
  container?: string;
  count?: number;
  first?: number;
  last?: number;
  init?: boolean;
}

/** An event of the kubelet about a container; `first` and `last` are seconds ago. */
export function event(reason: string, message: string, {container: of = 'app', count = 1, last = 5, first = last, init = false}: Times = {}, type = 'Warning'): Raw {
  return {reason, type, message, count, firstTimestamp: ago(first), lastTimestamp: ago(last), source: {component: 'kubelet'}, involvedObject: of ? {fieldPath: `spec.${init ? 'initContainers' : 'containers'}{${of}}`} : {}};
}

export const REFUSED = (port = 15902, path = '/osm-readiness-probe') => `Get "http://10.0.0.7:${port}${path}": dial tcp 10.0.0.7:${port}: connect: connection refused`;
export const STATUS = (code: number) => `HTTP probe failed with statuscode: ${code}`;
export const TIMEOUT = 'Get "http://10.0.0.7:15902/osm-readiness-probe": context deadline exceeded (Client.Timeout exceeded while awaiting headers)';
export const fails = (type: 'Readiness' | 'Liveness' | 'Startup', text: string, times: Times = {}) => event('Unhealthy', `${type} probe failed: ${text}`, times);
export const killing = (type: 'liveness' | 'startup', times: Times = {}) => event('Killing', `Container ${times.container ?? 'app'} failed ${type} probe, will be restarted`, times, 'Normal');

/** What a pod answers when it is looked into. */
export interface Live {
  answer(ask: Ask): Answer;
  log?(options: LogOptions): string[];
}

/** A cluster of these pieces; `denied` resources answer 403. */
export function clusterOf(pieces: Piece[], denied: Resource[] = [], live?: Live): Cluster {
  const all = pieces.flatMap(({objects}) => objects);
  const metadata = (raw: Raw) => raw['metadata'] as {name: string; namespace?: string};
  const of = (resource: Resource) => {
    if (denied.includes(resource)) throw new ClusterError('forbidden', {asked: `list ${resource}`, got: '403 Forbidden'});
    return [...new Map(all.filter(([kind]) => kind === resource).map(([, raw]) => [`${metadata(raw).namespace}/${metadata(raw).name}`, raw])).values()];
  };
  return {
    origin: {kind: 'snapshot', name: 'table'},
    defaultNamespaces: [],
    now: () => NOW,
    version: async () => 'v1.32.2',
    list: async (resource: Resource, {namespace}: ListOptions, each: (raw: Raw) => void) => of(resource).filter((raw) => namespace === undefined || metadata(raw).namespace === namespace).forEach((raw) => each(structuredClone(raw))),
    get: async (resource: Resource, namespace: string | undefined, name: string) => {
      const found = of(resource).find((raw) => metadata(raw).name === name && (namespace === undefined || metadata(raw).namespace === namespace));
      if (!found) throw new ClusterError('not-found', {asked: `${resource} ${name}`, got: 'not found'});
      return structuredClone(found);
    },
    watch: async () => {
      throw new ClusterError('config', {asked: 'changes', got: 'a table does not change'});
    },
    exchange: async (_, asks) => {
      if (!live) throw new ClusterError('forbidden', {asked: 'a port-forward', got: '403 Forbidden'});
      return {setupMs: 1, answers: asks.map((ask) => live.answer(ask))};
    },
    log: async (_, options) => (live?.log?.(options) ?? []).filter((line) => options.keep(line)),
    close: () => undefined,
  };
}

/** The whole way from raw objects to the report. */
export function reportOf(pieces: Piece | Piece[], denied: Resource[] = [], live?: Live, mode: LiveMode = live ? 'always' : 'never'): Promise<Report> {
  const commands = {kubectl: (args: string) => `kubectl ${args}`, self: (args: string) => `kubectl osm-probes ${args}`};
  return verify(clusterOf([pieces].flat(), denied, live), {namespaces: [], targets: []}, commands, mode);
}

export const codesOf = ({findings}: Pick<Report, 'findings'>) => findings.map(({code}) => code).sort();

export function rowOf({rows}: Report, container = 'app', probe: ProbeType = 'readiness'): ProbeRow {
  return rows.find((row) => row.container === container && row.probe === probe)!;
}

export function findingOf({findings}: Report, code: string): Finding {
  return findings.find((one) => one.code === code)!;
}
