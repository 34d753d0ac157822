import {createHash, randomBytes} from 'node:crypto';
import {parse} from 'yaml';
import {shownHeader, shownHost, shownPath} from '../shown.ts';
import {entryOf, listOf, probeResources} from './envoy.ts';
import {redactMessage} from './messages.ts';
import {hostsIn} from '../reduce/probe.ts';
import {NEVER_STARTED} from '../../kubelet/messages.ts';
import {isMeshLabel, ownWords} from '../reduce/template.ts';

type Json = unknown;
/** What is kept of a value: all of it, nothing, or what the rule makes of it. */
type Rule = true | ((value: Json, parent: Record<string, Json>, token: Token) => Json) | {[key: string]: Rule};

const each = (rule: Rule): Rule => (value, _, token) => (Array.isArray(value) ? value.map((one) => apply(rule, one, token)) : undefined);
const keys = (keep: (key: string) => boolean): Rule => (value) =>
  typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value).filter(([key]) => keep(key))) : undefined;

/** What stands for a word that is not written: the same for the same word within one snapshot. */
export type Token = (word: string) => string;

/** The tokens of one snapshot. A salt of its own, which is not kept, makes short words as hard to find out as long ones. */
export function tokens(salt = randomBytes(16)): Token {
  return (word) => `redacted-${createHash('sha256').update(salt).update(word).digest('hex').slice(0, 8)}`;
}

/** Of a command only the hosts that it names are read. */
const command: Rule = (value, _, token) => {
  if (!Array.isArray(value)) return undefined;
  const words = value.map(String);
  const hosts = hostsIn(words).map((host) => `x://${host} `);
  return words.map((word, index) => `${index === 0 ? hosts.join('') : ''}${token(word)}`);
};
const message: Rule = (value, _, token) => (typeof value === 'string' ? redactMessage(value, token) : undefined);
/** What a process left in its termination log is its own; of a container that never started the runtime's words tell why. */
const endMessage: Rule = (value, parent, token) => (typeof value === 'string' && NEVER_STARTED.includes(String(parent['reason'])) ? redactMessage(value, token) : undefined);
const shownAs =
  (show: (text: string) => string): Rule =>
  (value) => (typeof value === 'string' ? show(value) : undefined);

const HANDLER = {
  httpGet: {scheme: true, host: shownAs(shownHost), port: true, path: shownAs(shownPath), httpHeaders: each({name: true, value: headerValue})} as Rule,
  tcpSocket: {host: shownAs(shownHost), port: true} as Rule,
  grpc: true,
  exec: {command},
  sleep: true,
} satisfies Record<string, Rule>;

/** Of a hook only what it calls is read: where, and not what for. */
const HOOK: Rule = {...HANDLER, httpGet: {scheme: true, host: shownAs(shownHost), port: true}};

/** Headers may carry credentials; the mesh's own are read. */
function headerValue(value: Json, parent: Record<string, Json>, token: Token): Json {
  const header = {name: String(parent['name']), value: String(value)};
  return /^original-(tcp|http)-(port|path)$/i.test(header.name) ? shownHeader(header).value : token(header.value);
}

const PROBE: Rule = {...HANDLER, initialDelaySeconds: true, periodSeconds: true, timeoutSeconds: true, successThreshold: true, failureThreshold: true};
const CONTAINER: Rule = {
  name: true,
  image: true,
  imagePullPolicy: true,
  restartPolicy: true,
  ports: each({name: true, containerPort: true, hostPort: true, protocol: true}),
  livenessProbe: PROBE,
  readinessProbe: PROBE,
  startupProbe: PROBE,
  lifecycle: {postStart: HOOK, preStop: HOOK},
  resources: {limits: {cpu: true, memory: true}},
  securityContext: {runAsUser: true, runAsNonRoot: true, allowPrivilegeEscalation: true, privileged: true},
};
/** In a pod the words of containers that are the mesh's are left, see `withOwnWords`. */
const POD_CONTAINER: Rule = {...CONTAINER, command: true, args: true, env: each({name: true})};
const SPEC = {
  hostNetwork: true,
  nodeName: true,
  nodeSelector: {'kubernetes.io/os': true},
  os: {name: true},
  readinessGates: true,
  restartPolicy: true,
  securityContext: {runAsUser: true, runAsNonRoot: true},
  volumes: each({name: true}),
} satisfies Record<string, Rule>;
const POD_SPEC: Rule = {containers: each(POD_CONTAINER), initContainers: each(POD_CONTAINER), ...SPEC};
const TEMPLATE_SPEC: Rule = {containers: each(CONTAINER), initContainers: each(CONTAINER), ...SPEC};
const KEPT_LABELS = ['controller-revision-hash', 'control-plane'];
const KEPT_ANNOTATIONS = ['deployment.kubernetes.io/revision'];
const METADATA: Rule = {
  name: true,
  namespace: true,
  uid: true,
  creationTimestamp: true,
  deletionTimestamp: true,
  labels: keys((key) => isMeshLabel(key) || KEPT_LABELS.includes(key)),
  annotations: annotations,
  ownerReferences: each({apiVersion: true, kind: true, name: true, uid: true, controller: true}),
};
const TEMPLATE: Rule = {metadata: {labels: keys(isMeshLabel), annotations: keys(isMeshLabel)}, spec: TEMPLATE_SPEC};
const STATE: Rule = {
  running: {startedAt: true},
  waiting: {reason: true, message},
  terminated: {reason: true, message: endMessage, exitCode: true, signal: true, startedAt: true, finishedAt: true},
};
const STATUSES: Rule = each({name: true, ready: true, started: true, restartCount: true, state: STATE, lastState: STATE});
const CONTROLLER: Rule = {
  metadata: METADATA,
  spec: {replicas: true, parallelism: true, suspend: true, podManagementPolicy: true, updateStrategy: {type: true, rollingUpdate: {partition: true}}, template: TEMPLATE},
  status: {
    replicas: true,
    currentRevision: true,
    updateRevision: true,
    desiredNumberScheduled: true,
    currentNumberScheduled: true,
    active: true,
    succeeded: true,
    failed: true,
    completionTime: true,
    conditions: each({type: true, status: true, reason: true, message}),
  },
};
const RULES: Record<string, Rule> = {
  secrets: {metadata: {name: true, namespace: true}, data: {'bootstrap.yaml': (value) => (typeof value === 'string' ? probesOfBootstrap(value) : undefined)}},
  pods: {
    metadata: METADATA,
    spec: POD_SPEC,
    status: {
      phase: true,
      reason: true,
      message,
      podIP: true,
      startTime: true,
      conditions: each({type: true, status: true, reason: true, message, lastTransitionTime: true}),
      containerStatuses: STATUSES,
      initContainerStatuses: STATUSES,
    },
  },
  events: {
    metadata: {name: true, namespace: true, uid: true, creationTimestamp: true},
    involvedObject: {kind: true, namespace: true, name: true, uid: true, fieldPath: true},
    reason: true,
    type: true,
    message,
    count: true,
    firstTimestamp: true,
    lastTimestamp: true,
    eventTime: true,
    series: {count: true, lastObservedTime: true},
    source: {component: true},
    reportingComponent: true,
  },
  namespaces: {metadata: METADATA},
  meshconfigs: {metadata: {name: true, namespace: true, uid: true, creationTimestamp: true, managedFields: each({time: true, fieldsV1: {'f:spec': () => ({})}})}},
  controllerrevisions: {metadata: METADATA, data: {spec: {template: TEMPLATE}}},
};

/** Of a bootstrap, in base64, the probes' listeners and clusters; keys never reach a file. */
function probesOfBootstrap(data: string): string {
  const bootstrap = parse(Buffer.from(data, 'base64').toString('utf8')) as {static_resources?: Record<string, unknown>} | null;
  return Buffer.from(JSON.stringify({static_resources: probeResources(bootstrap?.static_resources ?? {})})).toString('base64');
}

/** What was applied is a manifest in a string: its template is redacted like any other. */
function annotations(value: Json, _: unknown, token: Token): Json {
  if (typeof value !== 'object' || value === null) return undefined;
  const key = 'kubectl.kubernetes.io/last-applied-configuration';
  const applied = (value as Record<string, Json>)[key];
  const mesh = Object.fromEntries(Object.entries(value).filter(([name]) => isMeshLabel(name) || KEPT_ANNOTATIONS.includes(name)));
  if (typeof applied !== 'string') return mesh;
  try {
    return {...mesh, [key]: JSON.stringify(apply(TEMPLATE, JSON.parse(applied), token))};
  } catch {
    return mesh; // No JSON: nothing of it is read, so nothing is kept.
  }
}

/** A copy with the fields that the model reads, and no others: a field that nobody reads is never written. */
export function redact(resource: string, object: Record<string, unknown>, token: Token): Record<string, unknown> {
  const known = resource === 'pods' ? withOwnWords(object) : object;
  return apply(RULES[resource] ?? CONTROLLER, known, token) as Record<string, unknown>;
}

/** A pod whose containers have no words but those that are proven to be the mesh's. */
function withOwnWords(pod: Record<string, unknown>): Record<string, unknown> {
  const spec = entryOf(pod['spec']);
  const own = ownWords(entryOf(pod['metadata']), spec);
  const kept = (key: 'containers' | 'initContainers') =>
    listOf(spec[key]).map((container) => wordsKept(container, own[key]));
  return {...pod, spec: {...spec, containers: kept('containers'), initContainers: kept('initContainers')}};
}

/** What is masked among the words stays in its place. */
function wordsKept(container: Record<string, unknown>, own: ReadonlyMap<string, string[]>): Record<string, unknown> {
  const words = own.get(String(container['name']));
  const split = listed(container['command']).length;
  const env = words ? container['env'] : undefined;
  const part = (key: string, from: number, to?: number) =>
    words && container[key] !== undefined ? words.slice(from, to) : undefined;
  return {...container, command: part('command', 0, split), args: part('args', split), env};
}

function listed(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

function apply(rule: Rule, value: Json, token: Token, parent: Record<string, Json> = {}): Json {
  if (rule === true) return value;
  if (typeof rule === 'function') return rule(value, parent, token);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const kept: Record<string, Json> = {};
  for (const [key, one] of Object.entries(rule)) {
    const from = (value as Record<string, Json>)[key];
    const to = from === undefined || from === null ? undefined : apply(one, from, token, value as Record<string, Json>);
    if (to !== undefined) kept[key] = to;
  }
  return kept;
}
