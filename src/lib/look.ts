import type {PodCase, ProbeCase} from './checks/case.ts';
import {ClusterError, type Cluster} from './cluster/cluster.ts';
import {adminAsks, readAdmin} from './cluster/envoy-admin.ts';
import {readAccessLog, readLog} from './cluster/observe.ts';
import {judge} from './kubelet/judge.ts';
import {askedUrl, askOf, redirectOf} from './kubelet/request.ts';
import {answeredBy} from './mesh/answered.ts';
import {isMeshContainer} from './mesh/names.ts';
import type {Answer, Ask} from './model/answer.ts';
import type {AccessLine, Hop, LogLines, Look, Replay, Variant} from './model/look.ts';
import type {Call} from './model/path.ts';
import type {Observed} from './model/unseen.ts';

/** Milliseconds that an app may take beyond its probe's patience, so that one learns how slow it is. */
const PATIENCE_MS = {least: 5000, most: 15_000, times: 3};
/** As many as the kubelet follows. */
const MAX_REDIRECTS = 10;
/** Log lines of a container that crashed, or of the healthcheck container. */
const LAST_LINES = 5;

/**
 * Looks into one running pod: Envoy's configuration, counters and log, and each probe sent as the kubelet sends it, once
 * through the mesh and once past it. All questions of a round share one tunnel.
 * Undefined where a snapshot was recorded without such a look.
 * @throws {ClusterError} aborted; what else can't be seen comes back as `seen: false`
 */
export async function lookInto(cluster: Cluster, pod: PodCase): Promise<Observed<Look> | undefined> {
  try {
    const accessLog = await logged(cluster, pod);
    const userAgent = await userAgentOf(cluster, accessLog);
    const probes = pod.probes.flatMap((probe) => questionsOf(pod, probe, userAgent) ?? []);
    const admin = pod.detection.sidecar && pod.profile?.seen && pod.profile.value.proxy === 'envoy' ? adminAsks() : [];
    const asks = [...admin, ...probes.flatMap(({through, past}) => [through, past].filter((ask) => ask !== undefined))];
    if (asks.length === 0) return {seen: true, value: {...empty(cluster, pod), accessLog, logs: await lastWords(cluster, pod)}};
    const first = await cluster.exchange(nameOf(pod), asks);
    const answers = first.answers.slice(admin.length);
    const replays: Replay[] = [];
    for (const {probe, through, past} of probes) {
      const replay: Replay = {container: probe.container, probe: probe.type, through: [], variants: {}};
      if (through) replay.through.push({ask: through, answer: answers.shift()!});
      if (past) replay.past = {ask: past, answer: answers.shift()!};
      replays.push(await deepened(cluster, pod, probe, replay));
    }
    const envoy = admin.length > 0 ? readAdmin(pod.pod.name, first.answers) : {listeners: notAsked(pod), envoy: notAsked(pod)};
    return {seen: true, value: {...empty(cluster, pod), setupMs: first.setupMs, ...envoy, accessLog, logs: await lastWords(cluster, pod), replays}};
  } catch (error) {
    if (!(error instanceof ClusterError) || error.reason === 'aborted') throw error;
    if (cluster.origin.kind === 'snapshot' && error.reason === 'not-found') return undefined;
    return {seen: false, why: error.unseen()};
  }
}

function nameOf({pod}: PodCase): {namespace: string; name: string} {
  return {namespace: pod.namespace, name: pod.name};
}

function notAsked({pod}: PodCase): {seen: false; why: {asked: string; got: string}} {
  return {seen: false, why: {asked: `the proxy's configuration in pod ${pod.name}`, got: 'this proxy has no admin port that is read'}};
}

function empty(cluster: Cluster, pod: PodCase): Look {
  return {pod: pod.pod.name, at: cluster.now(), setupMs: 0, listeners: notAsked(pod), envoy: notAsked(pod), accessLog: notAsked(pod), logs: [], replays: []};
}

async function logged(cluster: Cluster, pod: PodCase): Promise<Observed<AccessLine[]>> {
  const container = pod.detection.sidecar?.name;
  if (container === undefined) return notAsked(pod);
  return observed(() => readAccessLog(cluster, nameOf(pod), container));
}

async function observed<T>(ask: () => Promise<T>): Promise<Observed<T>> {
  try {
    return {seen: true, value: await ask()};
  } catch (error) {
    if (!(error instanceof ClusterError) || error.reason === 'aborted') throw error;
    return {seen: false, why: error.unseen()};
  }
}

/** The kubelet's name for itself: as its node's Envoy logged it, else by the API server's version, which may be newer. */
async function userAgentOf(cluster: Cluster, accessLog: Observed<AccessLine[]>): Promise<string> {
  const logged = accessLog.seen ? accessLog.value.findLast(({userAgent}) => userAgent !== '')?.userAgent : undefined;
  if (logged !== undefined) return logged;
  const version = await observed(() => cluster.version());
  return `kube-probe/${(version.seen ? /^v(\d+\.\d+)/.exec(version.value)?.[1] : undefined) ?? '1.32'}`;
}

interface Questions {
  probe: ProbeCase;
  through?: Ask;
  past?: Ask;
}

/** What to ask about a probe; nothing where the kubelet's call can't be made through a tunnel, or where asking would only load the proxy. */
function questionsOf(pod: PodCase, probe: ProbeCase, userAgent: string): Questions | undefined {
  if (probe.status?.state.kind !== 'running' || !probe.actual) return undefined;
  const {end} = probe.path;
  if (end.at === 'break' && end.reason === 'self-loop') return undefined;
  const asker = {podIP: pod.pod.podIP ?? '', userAgent, timeoutSeconds: probe.actual.timeoutSeconds};
  const patient = (ask: Ask): Ask => ({...ask, timeoutMs: Math.max(ask.timeoutMs, Math.min(PATIENCE_MS.most, Math.max(PATIENCE_MS.least, ask.timeoutMs * PATIENCE_MS.times)))});
  const own = pastCall(probe);
  const past = own && askFor(own, asker);
  const redirected = end.at === 'break' && (end.reason === 'redirected' || end.reason === 'elsewhere');
  const through = redirected || probe.call.kind === 'exec' ? undefined : askFor(probe.call, asker);
  return through || past ? {probe, ...(through ? {through: patient(through)} : {}), ...(past ? {past: patient(past)} : {})} : undefined;
}

/** What the owner declared, as if there were no mesh. */
function pastCall({declared, target}: ProbeCase): Call | undefined {
  if (!declared.seen || !target || target.port < 1) return undefined;
  const {handler} = declared.value.probe;
  if (handler.kind === 'tcpSocket' || handler.kind === 'grpc') return {kind: 'tcp', host: '', port: target.port};
  if (handler.kind !== 'httpGet') return undefined;
  return {kind: 'http', scheme: handler.scheme, host: '', port: target.port, path: handler.path, headers: handler.headers};
}

function askFor(call: Call, asker: {podIP: string; userAgent: string; timeoutSeconds: number}): Ask | undefined {
  if (call.kind === 'http') return askOf(call, asker);
  if (call.kind === 'tcp') return {port: call.port, send: {kind: 'connect'}, timeoutMs: asker.timeoutSeconds * 1000, maxBytes: 256};
  return undefined;
}

/** Follows redirects as the kubelet does, then asks what decides between the causes that remain. */
async function deepened(cluster: Cluster, pod: PodCase, probe: ProbeCase, replay: Replay): Promise<Replay> {
  await follow(cluster, pod, replay);
  const wanted = variantsFor(pod, probe, replay);
  if (wanted.length === 0) return replay;
  const {answers} = await cluster.exchange(nameOf(pod), wanted.map(([, ask]) => ask));
  for (const [index, [variant, ask]] of wanted.entries()) replay.variants[variant] = {ask, answer: answers[index]!};
  return replay;
}

async function follow(cluster: Cluster, pod: PodCase, replay: Replay): Promise<void> {
  const podIP = pod.pod.podIP ?? '';
  for (;;) {
    const last = replay.through.at(-1);
    const redirect = last && redirectOf(last.answer, last.ask, podIP);
    if (!redirect || 'error' in redirect) return;
    if ('stop' in redirect) {
      replay.stopped = {why: 'other-host', to: locationOf(last.answer)};
      return;
    }
    if (replay.through.length > MAX_REDIRECTS) {
      replay.stopped = {why: 'too-many', to: redirect.url};
      return;
    }
    const {open} = pod.sidecar;
    if (open !== 'all' && !open.includes(redirect.to.port)) {
      replay.stopped = {why: 'closed-port', to: redirect.url};
      return;
    }
    const {answers} = await cluster.exchange(nameOf(pod), [redirect.to]);
    replay.through.push({ask: redirect.to, answer: answers[0]!});
  }
}

function locationOf(answer: Answer): string {
  return answer.kind === 'response' ? (answer.headers.find(({name}) => name.toLowerCase() === 'location')?.value ?? '') : '';
}

/** The same request past the mesh with one thing changed, where its answer decides between two causes. */
function variantsFor(pod: PodCase, probe: ProbeCase, {through, past}: Replay): [Variant, Ask][] {
  const mesh = through.at(-1);
  if (!past || past.ask.send.kind !== 'get') return [];
  const {send} = past.ask;
  const via = probe.path.end.at === 'target' ? probe.path.end.via : 'direct';
  const wanted: [Variant, Ask][] = [];
  const ok = (hop: Hop) => ['success', 'warning'].includes(judge(hop.answer, askedUrl(hop.ask, pod.pod.podIP ?? '')).outcome);
  if (mesh?.ask.send.kind === 'get' && through.length === 1 && !ok(mesh) && ok(past) && answeredBy(mesh.answer, via).by === 'app') {
    const host = mesh.ask.send.headers.find(({name}) => name.toLowerCase() === 'host')?.value ?? '';
    wanted.push(['mesh-host', {...past.ask, send: {...send, headers: send.headers.map((one) => (one.name.toLowerCase() === 'host' ? {...one, value: host} : one))}}]);
  }
  if (!ok(past) && past.answer.kind !== 'refused' && past.answer.kind !== 'timeout') {
    if (send.scheme === 'HTTP' && mightBeTls(past.answer)) wanted.push(['tls', {...past.ask, send: {...send, scheme: 'HTTPS'}}]);
    if (send.scheme === 'HTTPS' && past.answer.kind === 'tls' && past.answer.plaintext) wanted.push(['plaintext', {...past.ask, send: {...send, scheme: 'HTTP'}}]);
  }
  return wanted;
}

/** A TLS server that is asked in plaintext answers 400 in words, closes, or sends an alert. */
function mightBeTls(answer: Answer): boolean {
  return answer.kind === 'closed' || answer.kind === 'not-http' || (answer.kind === 'response' && answer.status === 400);
}

/** The last lines of containers that crashed, and what the healthcheck container says of failing probes. */
async function lastWords(cluster: Cluster, pod: PodCase): Promise<LogLines[]> {
  const crashed = pod.symptoms.filter(({kind, state, container}) => kind === 'crashed' && state !== 'over' && container !== undefined);
  const found: LogLines[] = [];
  for (const {container} of crashed) {
    const status = [...pod.pod.containers, ...pod.pod.initContainers].find(({name}) => name === container);
    const previous = status !== undefined && status.state.kind !== 'terminated' && status.restartCount > 0;
    const keep = isMeshContainer(container!) ? (line: string) => /error|critical|fatal|cannot bind|unable/i.test(line) : undefined;
    const lines = await observed(() => readLog(cluster, nameOf(pod), {container: container!, previous, tailLines: keep ? 100 : LAST_LINES, ...(keep ? {keep} : {})}));
    if (lines.seen && lines.value.length > 0) found.push({container: container!, previous, lines: lines.value.slice(-LAST_LINES)});
  }
  return found;
}
