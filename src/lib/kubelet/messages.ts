import type {ProbeType} from '../model/probe.ts';

/** What a failed probe ran into, by the kubelet's words (kubelet-facts §3.2). `unclassified`: words of no known release. */
export type FailureClass =
  | 'status' /* an HTTP status that is no success */
  | 'refused'
  | 'timeout'
  | 'reset'
  | 'eof'
  | 'truncated' /* the body ended early: an error, which does not count towards the threshold */
  | 'tls-plain-server' /* TLS met a plaintext server */
  | 'tls'
  | 'not-http'
  | 'redirect-loop'
  | 'redirect-left' /* a redirect to another host, or a 3xx that is none: counts as success */
  | 'dns'
  | 'no-route'
  | 'bad-port' /* a port name that is not a port of the container */
  | 'grpc'
  | 'grpc-unhealthy'
  | 'exec' /* the command said no */
  | 'exec-missing' /* the command could not be run */
  | 'exec-timeout'
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

/** In this order: the first that matches names the class. A row of another release is added here. */
const WORDINGS: readonly [RegExp, FailureClass][] = [
  [/statuscode: (\d+)/, 'status'],
  [/stopped after 10 redirects/, 'redirect-loop'],
  [/gave HTTP response to HTTPS client/, 'tls-plain-server'],
  [/malformed HTTP/, 'not-http'],
  [/failed to connect service|error: health rpc|does not implement the grpc health protocol|health rpc did not complete/, 'grpc'],
  [/service unhealthy \(responded with/, 'grpc-unhealthy'],
  [/strconv\.Atoi|invalid port|net\/url: invalid/, 'bad-port'],
  [/\btls: |x509: /, 'tls'],
  [/connection refused/, 'refused'],
  [/no such host|dial tcp: lookup /, 'dns'],
  [/no route to host|network is unreachable/, 'no-route'],
  [/connection reset by peer/, 'reset'],
  [/unexpected EOF/, 'truncated'],
  [/executable file not found|failed to exec in container/, 'exec-missing'],
  [/^command (?:timed out: )?".*(?:timed out)/, 'exec-timeout'],
  [/i\/o timeout|deadline exceeded|request canceled|Client\.Timeout/, 'timeout'],
  [/\bEOF$/, 'eof'],
];

/** Reads a probe's event of any release; undefined for events of something else. Never throws, never guesses. */
export function readProbeEvent(event: {reason: string; message: string}): ProbeReading | undefined {
  if (!REASONS.includes(event.reason)) return undefined;
  const form = FORM.exec(event.message.replace(/^\(combined from similar events\): /, ''));
  if (!form) return undefined;
  const text = normalised(form[3]!);
  const outcome = form[2] === 'warning' ? 'warning' : form[2] === 'errored' ? 'errored' : 'failed';
  const {failure, status} = readProbeText(text);
  const url = /^Get "?(https?:\/\/[^\s"]+?)"?: /.exec(text)?.[1];
  return {
    probe: form[1]!.toLowerCase() as ProbeType,
    outcome,
    failure: outcome === 'warning' ? 'redirect-left' : failure,
    ...(status === undefined ? {} : {status}),
    ...(url === undefined ? {} : {url}),
    text,
  };
}

/** The class of what the kubelet says after `probe failed: `, of any release. */
export function readProbeText(text: string): {failure: FailureClass; status?: number} {
  const status = /statuscode: (\d+)/.exec(text)?.[1];
  return {failure: WORDINGS.find(([pattern]) => pattern.test(text))?.[1] ?? 'unclassified', ...(status === undefined ? {} : {status: Number(status)})};
}

/** Source ports differ from one attempt to the next; the rest of the text is the cause's own. */
function normalised(text: string): string {
  return text.replace(/((?:\d{1,3}\.){3}\d{1,3}|\[[0-9a-f:]+\]):\d+->/g, '$1->').trim();
}

export interface Killing {
  container: string;
  cause: 'liveness' | 'startup' | 'other';
  init: boolean;
}

/** Reads `Killing`, which names the probe that a container was killed for. */
export function readKilling(event: {reason: string; message: string}): Killing | undefined {
  if (event.reason !== 'Killing') return undefined;
  const form = /^(Init container|Container) (\S+) failed (liveness|startup) probe/.exec(event.message);
  if (form) return {container: form[2]!, cause: form[3] as 'liveness' | 'startup', init: form[1] === 'Init container'};
  const other = /^(?:Stopping c|C)ontainer (\S+)/.exec(event.message);
  return other ? {container: other[1]!, cause: 'other', init: false} : undefined;
}

/** The container that an event's `fieldPath` names; undefined for events of the whole pod. */
export function containerOf(fieldPath: string): {container: string; init: boolean} | undefined {
  const form = /^spec\.(containers|initContainers|ephemeralContainers)\{([^}]+)\}$/.exec(fieldPath);
  return form ? {container: form[2]!, init: form[1] === 'initContainers'} : undefined;
}

/** Reasons of Warning events about scheduling and starting a pod, and about what happens to one that runs (kubelet-facts §4). */
const STAGES: Record<string, 'starting' | 'runtime'> = {
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
};

/** Where an event belongs in the guide's order; undefined for probes, back-offs and what is of no known reason. */
export function stageOf(reason: string): 'starting' | 'runtime' | undefined {
  return /^OutOf/.test(reason) ? 'starting' : STAGES[reason];
}

/** A node with many starts at once reports its caches late, and goes on (verified-on-cluster A7). */
export function isBusyNode(text: string): boolean {
  return /failed to sync (secret|configmap) cache/.test(text);
}
