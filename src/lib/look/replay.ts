import type {PodCase, ProbeCase} from '../checks/case.ts';
import {httpCallOf} from '../mesh/call.ts';
import {viaOf} from '../checks/reading.ts';
import {ClusterError, type Cluster} from '../cluster/cluster.ts';
import {askPod} from '../cluster/observe.ts';
import {askOf, grpcAskOf, redirectOf, type Asker} from '../kubelet/request.ts';
import {isMeshProbePort} from '../mesh/names.ts';
import {asksElsewhere} from '../mesh/trace.ts';
import {changed, OWN_REQUEST_ID, type Answer, type Ask} from '../model/answer.ts';
import type {AccessLine, Replay} from '../model/look.ts';
import type {Call} from '../model/path.ts';
import {variantsOf} from './variants.ts';

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
export async function replayAll(cluster: Cluster, pod: PodCase, questions: Questions[], {beside = [], decide, log = []}: {beside?: Ask[]; decide: boolean; log?: AccessLine[]}): Promise<Replayed> {
  const asks = [...beside, ...questions.flatMap(({through, past}) => [through, past].filter((ask) => ask !== undefined))];
  if (asks.length === 0) return {setupMs: 0, beside: [], replays: []};
  const {setupMs, answers} = await askPod(cluster, nameOf(pod), asks);
  const left = answers.slice(beside.length);
  const replays: Replay[] = [];
  for (const {probe, through, past} of questions) {
    const replay: Replay = {container: probe.container, probe: probe.type, through: [], variants: {}};
    if (through) replay.through.push({ask: through, answer: left.shift()!});
    if (past) replay.past = {ask: past, answer: left.shift()!};
    await follow(cluster, pod, replay);
    if (decide) await vary(cluster, pod, probe, replay, log);
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
  // What the kubelet can't be followed on over a tunnel: redirected, or nobody knows whether.
  const lost = asksElsewhere(probe.call, asker.podIP) || (end.at === 'break' && (['redirected', 'no-proxy'].includes(end.reason) || (end.reason === 'unknown' && !isMeshProbePort(end.port))));
  const call = lost ? undefined : askFor(probe.call, asker);
  const through = call && viaOf(probe) === 'envoy-http' ? marked(call) : call;
  // Where the mesh is not between, both would be one and the same.
  const own = through && viaOf(probe) === 'direct' ? undefined : pastCall(probe);
  const past = own && askFor(own, asker);
  return through || past ? {probe, ...(through ? {through: patient(through)} : {}), ...(past ? {past: patient(past)} : {})} : undefined;
}

/** What the owner declared, as if there were no mesh. */
function pastCall({declared, target}: ProbeCase): Call | undefined {
  if (!declared.seen || !target || target.port < 1) return undefined;
  const {handler} = declared.value.probe;
  if (handler.kind === 'tcpSocket') return {kind: 'tcp', host: '', port: target.port};
  if (handler.kind === 'grpc') return {kind: 'grpc', port: target.port, service: handler.service};
  if (handler.kind !== 'httpGet') return undefined;
  return httpCallOf({...handler, host: ''}, target.port);
}

/**
 * The kubelet's request, with an id that the proxy would give it otherwise: the app sees one in either case, and the
 * proxy's log tells our requests from the kubelet's.
 */
function marked(ask: Ask): Ask {
  if (ask.send.kind !== 'get' || ask.send.headers.some(({name}) => name.toLowerCase() === 'x-request-id')) return ask;
  return changed({...ask, send: ask.send}, ({path, headers}) => {
    const at = headers.at(-1)?.name === 'Connection' ? headers.length - 1 : headers.length;
    return {path, headers: [...headers.slice(0, at), {name: 'X-Request-Id', value: OWN_REQUEST_ID}, ...headers.slice(at)]};
  });
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
    // A 3xx without a place to go to is an answer like any other.
    if (!redirect || ('stop' in redirect && locationOf(last.answer) === '')) return;
    if ('error' in redirect) {
      replay.stopped = {why: 'bad-location', to: redirect.error};
      return;
    }
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
    const {answers} = await askPod(cluster, nameOf(pod), [redirect.to]);
    replay.through.push({ask: redirect.to, answer: answers[0]!});
  }
}

function locationOf(answer: Answer): string {
  return answer.kind === 'response' ? (answer.headers.find(({name}) => name.toLowerCase() === 'location')?.value ?? '') : '';
}

/** Asks what decides between the causes that remain. A snapshot of an older version may lack it: then it stays open. */
async function vary(cluster: Cluster, pod: PodCase, probe: ProbeCase, replay: Replay, log: AccessLine[]): Promise<void> {
  const wanted = variantsOf(pod, probe, replay, log);
  if (wanted.length === 0) return;
  const snapshot = cluster.origin.kind === 'snapshot';
  for (const some of snapshot ? wanted.map((one) => [one]) : [wanted]) {
    try {
      const {answers} = await askPod(cluster, nameOf(pod), some.map(([, ask]) => ask));
      for (const [index, [variant, ask]] of some.entries()) replay.variants[variant] = {ask, answer: answers[index]!};
    } catch (error) {
      if (!(error instanceof ClusterError) || !snapshot || error.reason !== 'not-found') throw error;
    }
  }
}
