import type {PodCase, ProbeCase} from '../checks/case.ts';
import type {Cluster} from '../cluster/cluster.ts';
import {judge} from '../kubelet/judge.ts';
import {askedUrl, askOf, grpcAskOf, redirectOf, type Asker} from '../kubelet/request.ts';
import {answeredBy} from '../mesh/answered.ts';
import type {Answer, Ask} from '../model/answer.ts';
import type {Hop, Replay, Variant} from '../model/look.ts';
import type {Call} from '../model/path.ts';

/** Milliseconds that an app may take beyond its probe's patience, so that one learns how slow it is. */
const PATIENCE_MS = {least: 5000, most: 15_000, times: 3};
/** As many as the kubelet follows. */
const MAX_REDIRECTS = 10;

/** A probe and what is asked of the pod about it. */
export interface Questions {
  probe: ProbeCase;
  through?: Ask;
  past?: Ask;
}

export interface Replayed {
  /** What opening the tunnel took: no latency of the pod's. */
  setupMs: number;
  /** Answers to the questions that were asked beside the probes. */
  beside: Answer[];
  replays: Replay[];
}

/**
 * Sends each probe as the kubelet sends it, once through the mesh and once past it, and follows redirects as the kubelet
 * does. The first questions share one tunnel, with those that stand `beside` them; each has a connection of its own.
 * `decide` asks further where only that tells two causes apart.
 * @throws {ClusterError} the tunnel could not be opened, or broke
 */
export async function replayAll(cluster: Cluster, pod: PodCase, questions: Questions[], {beside = [], decide}: {beside?: Ask[]; decide: boolean}): Promise<Replayed> {
  const asks = [...beside, ...questions.flatMap(({through, past}) => [through, past].filter((ask) => ask !== undefined))];
  if (asks.length === 0) return {setupMs: 0, beside: [], replays: []};
  const {setupMs, answers} = await cluster.exchange(nameOf(pod), asks);
  const left = answers.slice(beside.length);
  const replays: Replay[] = [];
  for (const {probe, through, past} of questions) {
    const replay: Replay = {container: probe.container, probe: probe.type, through: [], variants: {}};
    if (through) replay.through.push({ask: through, answer: left.shift()!});
    if (past) replay.past = {ask: past, answer: left.shift()!};
    await follow(cluster, pod, replay);
    if (decide) await vary(cluster, pod, probe, replay);
    replays.push(replay);
  }
  return {setupMs, beside: answers.slice(0, beside.length), replays};
}

/** The pod's name, as the cluster wants it. */
export function nameOf({pod}: PodCase): {namespace: string; name: string} {
  return {namespace: pod.namespace, name: pod.name};
}

/** What to ask about a probe; nothing where the kubelet's call can't be made through a tunnel, or where asking would only load the proxy. */
export function questionsOf(pod: PodCase, probe: ProbeCase, userAgent: string): Questions | undefined {
  if (probe.status?.state.kind !== 'running' || !probe.actual) return undefined;
  const {end} = probe.path;
  if (end.at === 'break' && end.reason === 'self-loop') return undefined;
  const asker = {podIP: pod.pod.podIP ?? '', userAgent, timeoutSeconds: probe.actual.timeoutSeconds};
  const patient = (ask: Ask): Ask => ({...ask, timeoutMs: Math.max(ask.timeoutMs, Math.min(PATIENCE_MS.most, Math.max(PATIENCE_MS.least, ask.timeoutMs * PATIENCE_MS.times)))});
  const own = pastCall(probe);
  const past = own && askFor(own, asker);
  const redirected = end.at === 'break' && (end.reason === 'redirected' || end.reason === 'elsewhere');
  const through = redirected ? undefined : askFor(probe.call, asker);
  return through || past ? {probe, ...(through ? {through: patient(through)} : {}), ...(past ? {past: patient(past)} : {})} : undefined;
}

/** What the owner declared, as if there were no mesh. */
function pastCall({declared, target}: ProbeCase): Call | undefined {
  if (!declared.seen || !target || target.port < 1) return undefined;
  const {handler} = declared.value.probe;
  if (handler.kind === 'tcpSocket') return {kind: 'tcp', host: '', port: target.port};
  if (handler.kind === 'grpc') return {kind: 'grpc', port: target.port, service: handler.service};
  if (handler.kind !== 'httpGet') return undefined;
  return {kind: 'http', scheme: handler.scheme, host: '', port: target.port, path: handler.path, headers: handler.headers};
}

function askFor(call: Call, asker: Asker): Ask | undefined {
  if (call.kind === 'http') return askOf(call, asker);
  if (call.kind === 'grpc') return grpcAskOf(call, asker);
  if (call.kind === 'tcp') return {port: call.port, send: {kind: 'connect'}, timeoutMs: asker.timeoutSeconds * 1000, maxBytes: 256};
  return undefined;
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

/** Asks what decides between the causes that remain. */
async function vary(cluster: Cluster, pod: PodCase, probe: ProbeCase, replay: Replay): Promise<void> {
  const wanted = variantsFor(pod, probe, replay);
  if (wanted.length === 0) return;
  const {answers} = await cluster.exchange(nameOf(pod), wanted.map(([, ask]) => ask));
  for (const [index, [variant, ask]] of wanted.entries()) replay.variants[variant] = {ask, answer: answers[index]!};
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
