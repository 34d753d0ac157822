import type {Handler, ProbeType} from '../model/probe.ts';

/** What a failed probe ran into, by the kubelet's words (kubelet-facts §3.2). `unclassified`: words of no known release. */
export type FailureClass =
  | 'status' /* an HTTP status that is no success */
  | 'refused'
  | 'connect-timeout' /* no connection came about: nobody answered its first packet */
  | 'timeout'
  | 'reset'
  | 'eof'
  | 'truncated' /* the body ended early: an error, which does not count towards the threshold */
  | 'slow-body' /* status and headers came in time, the body did not: an error, too */
  | 'tls-plain-server' /* TLS met a plaintext server */
  | 'tls'
  | 'not-http'
  | 'redirect-loop'
  | 'bad-location' /* a redirect that no client can follow */
  | 'redirect-left' /* a redirect to another host, or a 3xx that is none: counts as success */
  | 'dns'
  | 'no-route'
  | 'node-socket' /* the node has no port or file left for the call */
  | 'bad-url' /* the path makes no URL */
  | 'bad-port' /* a port name that is not a port of the container */
  | 'grpc'
  | 'grpc-unhealthy'
  | 'exec' /* the command ran and said no, in its own words */
  | 'exec-missing' /* the command is not in the image */
  | 'exec-denied' /* it is there, and may not be run */
  | 'exec-timeout'
  | 'exec-ended' /* the container had ended when the command was to run */
  | 'exec-runtime' /* the container runtime could not run it, in the runtime's words */
  | 'unclassified';

export interface ProbeReading {
  probe: ProbeType;
  /** `errored` does not count towards `failureThreshold`; `warning` counts as success. */
  outcome: 'failed' | 'errored' | 'warning';
  failure: FailureClass;
  status?: number;
  url?: string;
  /** Without the recorder's prefix and source ports, so that equal causes have equal texts. */
  text: string;
}

const REASONS = ['Unhealthy', 'ProbeWarning', 'ProbeError', 'TerminatingPodProbeError'];
const FORM = /^(Liveness|Readiness|Startup) probe (failed|errored|warning|error)(?: and resulted in (?:success|warning|failure|unknown) state)?: ?([\s\S]*)$/;

type Wordings = readonly (readonly [RegExp, FailureClass])[];

/** What Go's HTTP client and dialer say, without the URL in front. In each list the first that matches names the class; a row of another release is added here. */
const NETWORK: Wordings = [
  [/^HTTP probe failed with statuscode: \d+/, 'status'],
  [/stopped after 10 redirects/, 'redirect-loop'],
  [/failed to parse Location header|unsupported protocol scheme/, 'bad-location'],
  [/gave HTTP response to HTTPS client/, 'tls-plain-server'],
  [/malformed (HTTP|MIME header)/, 'not-http'],
  [/TLS handshake timeout/, 'timeout'],
  [/cannot assign requested address|too many open files/, 'node-socket'],
  [/strconv\.Atoi|invalid port/, 'bad-port'],
  [/net\/url: invalid/, 'bad-url'],
  [/\btls: |x509: /, 'tls'],
  [/connection refused/, 'refused'],
  [/no such host|dial tcp: lookup /, 'dns'],
  [/no route to host|network is unreachable|host is down/, 'no-route'],
  [/connection reset by peer|broken pipe|server closed idle connection|stream error: |GOAWAY/, 'reset'],
  [/dial tcp \S+: (i\/o timeout|connect: connection timed out)|while waiting for connection/, 'connect-timeout'],
  [/while reading body/, 'slow-body'],
  [/unexpected EOF/, 'truncated'],
  [/i\/o timeout|deadline exceeded|request canceled|Client\.Timeout/, 'timeout'],
  [/\bEOF$/, 'eof'],
];

/** What the kubelet's own gRPC client says (pkg/probe/grpc). */
const GRPC: Wordings = [
  [/^service unhealthy \(responded with/, 'grpc-unhealthy'],
  [/^(timeout|error): (failed to connect service|health rpc|this server does not implement)/, 'grpc'],
];

/** What the kubelet itself says of a command that took too long (pkg/probe/exec): until 1.30, and since. */
const EXEC_KUBELET: Wordings = [[/^command (timed out: ".*" timed out after \S+|".*" timed out)$/s, 'exec-timeout']];

/** What container runtimes say of a command that they could not run; its own words never stand in such a text. */
const EXEC_RUNTIME: Wordings = [
  // Runc and crun name the executable; what else is missing or forbidden is the runtime's own trouble.
  [/exec: "[^"]*": (executable file not found|stat .*no such file)|executable file [`"'][^`"']*[`"'] not found|exec \S+: no such file/i, 'exec-missing'],
  [/exec: "[^"]*": permission denied|exec \S+: permission denied/i, 'exec-denied'],
  [/cannot exec (a container that has stopped|in a stopped)|container is not (created or )?running|no running task found|task \S+ not found/i, 'exec-ended'],
  [/DeadlineExceeded|deadline exceeded|timeout \S+ exceeded|timed out/, 'exec-timeout'],
  [/^/, 'exec-runtime'],
];

/** Reads a probe's event of any release; undefined for events of something else. Never throws, never guesses. `kindOf` tells the handler, which decides whose words they are. */
export function readProbeEvent(event: {reason: string; message: string}, kindOf: (probe: ProbeType) => Handler['kind'] | undefined = () => undefined): ProbeReading | undefined {
  if (!REASONS.includes(event.reason)) return undefined;
  const form = FORM.exec(event.message.replace(/^\(combined from similar events\): /, ''));
  if (!form) return undefined;
  const text = normalised(form[3]!);
  const probe = form[1]!.toLowerCase() as ProbeType;
  const outcome = form[2] === 'warning' ? 'warning' : form[2] === 'errored' ? 'errored' : 'failed';
  const reading: ProbeReading = {probe, outcome, text, ...readProbeText(text, kindOf(probe), outcome)};
  if (outcome === 'warning') reading.failure = 'redirect-left';
  const url = URL_FORM.exec(text)?.[1];
  if (url !== undefined) reading.url = url;
  return reading;
}

const URL_FORM = /^Get "?(https?:\/\/[^\s"]+?)"?: /;

/**
 * The class of what the kubelet says after `probe failed: ` or `probe errored: `, of any release. Words say nothing by
 * themselves: those of an exec probe are the command's where it failed, the runtime's where it errored, and the kubelet's
 * where it was too slow; those of the others are the kubelet's own. Without a known handler only unmistakable forms count.
 */
export function readProbeText(text: string, kind?: Handler['kind'], outcome: ProbeReading['outcome'] = 'failed'): {failure: FailureClass; status?: number} {
  if (kind === 'exec') return {failure: ofCommand(text, outcome)};
  // OpenShift adds what was read of a body.
  const words = withoutUrl(text).replace(/(EOF|statuscode: \d+|refused|peer|timeout|headers\))\s+body:[\s\S]*$/, '$1');
  const status = /^HTTP probe failed with statuscode: (\d+)/.exec(words)?.[1];
  if (status !== undefined) return {failure: 'status', status: Number(status)};
  const wordings = kind === 'grpc' ? [...GRPC, ...NETWORK] : kind === undefined || kind === 'unknown' ? [...GRPC, ...EXEC_KUBELET, ...UNMISTAKABLE, ...NETWORK] : NETWORK;
  // Older releases say so of a TLS handshake, too, for which there is a connection.
  if (/^Get "?https:/.test(text) && /while waiting for connection/.test(words)) return {failure: 'timeout'};
  return {failure: first(wordings, words) ?? 'unclassified'};
}

/** What Go says of a request, without the request in front of it. */
export function withoutUrl(text: string): string {
  return text.replace(/^Get (?:"[^"]*"|\S+): /, '');
}

/** A runtime's words, where nobody knows any more what kind of a probe it was. */
const UNMISTAKABLE: Wordings = EXEC_RUNTIME.slice(0, 1);
/** Some runtimes hand their own words over as if they were the command's. */
const RUNTIME_SPEAKS = /^OCI runtime exec failed: /;

function ofCommand(text: string, outcome: ProbeReading['outcome']): FailureClass {
  const own = first(EXEC_KUBELET, text);
  if (own) return own;
  // Some runtimes hand on a line of their log, with its quotes escaped.
  return outcome === 'errored' || RUNTIME_SPEAKS.test(text) ? first(EXEC_RUNTIME, text.replaceAll('\\"', '"'))! : 'exec';
}

function first(wordings: Wordings, text: string): FailureClass | undefined {
  return wordings.find(([pattern]) => pattern.test(text))?.[1];
}

/** Source ports and a runtime's ids differ from one attempt to the next; the rest of the text is the cause's own. */
function normalised(text: string): string {
  return text.replace(/((?:\d{1,3}\.){3}\d{1,3}|\[[0-9a-f:]+\]):\d+->/g, '$1->').replace(/\b[0-9a-f]{32,64}\b/g, '…').trim();
}

/** Reasons of a container's end that the runtime gives where it could not start the process (containerd, docker). */
export const NEVER_STARTED = ['StartError', 'ContainerCannotRun'];
/** Reasons where node, runtime or kubelet lost the container: no process exited by itself. */
export const LOST = ['Unknown', 'ContainerStatusUnknown'];

export interface Killing {
  container: string;
  cause: 'liveness' | 'startup' | 'changed' | 'other';
  init: boolean;
}

/** Reads `Killing`, which names the probe that a container was killed for. */
export function readKilling(event: {reason: string; message: string}): Killing | undefined {
  if (event.reason !== 'Killing') return undefined;
  const form = /^(Init container|Container) (\S+) failed (liveness|startup) probe/.exec(event.message);
  if (form) return {container: form[2]!, cause: form[3] as 'liveness' | 'startup', init: form[1] === 'Init container'};
  const changed = /^Container (\S+) (?:definition changed|spec hash changed|resize requires restart)/.exec(event.message);
  if (changed) return {container: changed[1]!, cause: 'changed', init: false};
  const other = /^(?:Stopping c|C)ontainer (\S+)/.exec(event.message);
  return other ? {container: other[1]!, cause: 'other', init: false} : undefined;
}

/** The container that an event's `fieldPath` names; undefined for events of the whole pod. */
export function containerOf(fieldPath: string): {container: string; init: boolean} | undefined {
  const form = /^spec\.(containers|initContainers|ephemeralContainers)\{([^}]+)\}$/.exec(fieldPath);
  return form ? {container: form[2]!, init: form[1] === 'initContainers'} : undefined;
}

/** Reasons of Warning events about scheduling and starting a pod, and about what happens to one that runs (kubelet-facts §4). */
const STAGES = new Map<string, 'starting' | 'runtime'>(Object.entries({
  Failed: 'starting',
  InspectFailed: 'starting',
  ErrImageNeverPull: 'starting',
  FailedToRetrieveImagePullSecret: 'starting',
  FailedCreatePodContainer: 'starting',
  FailedPrepareDynamicResources: 'starting',
  FailedPodSandBoxStatus: 'starting',
  FailedScheduling: 'starting',
  FailedMount: 'starting',
  FailedAttachVolume: 'starting',
  FailedMapVolume: 'starting',
  FailedCreatePodSandBox: 'starting',
  NetworkNotReady: 'starting',
  FailedPostStartHook: 'starting',
  FailedSync: 'starting',
  FailedValidation: 'starting',
  NodeAffinity: 'starting',
  UnexpectedAdmissionError: 'starting',
  PodOSNotSupported: 'starting',
  FailedPreStopHook: 'runtime',
  FailedKillPod: 'runtime',
  ExceededGracePeriod: 'runtime',
  Evicted: 'runtime',
  Preempting: 'runtime',
  NodeNotReady: 'runtime',
  NodeShutdown: 'runtime',
} as const));

/** Where an event belongs in the guide's order; undefined for probes, back-offs and what is of no known reason. */
export function stageOf(reason: string): 'starting' | 'runtime' | undefined {
  return /^OutOf/.test(reason) ? 'starting' : STAGES.get(reason);
}

/** A node with many starts at once reports its caches late, and goes on (verified-on-cluster A7). */
export function isBusyNode(text: string): boolean {
  return /failed to sync (secret|configmap) cache|object "[^"]+"\/"[^"]+" not registered|network is not ready/.test(text);
}
