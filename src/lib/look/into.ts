import type {PodCase, ProbeCase} from '../checks/case.ts';
import {ClusterError, type Cluster} from '../cluster/cluster.ts';
import {adminAsks, readAdmin} from '../cluster/envoy-admin.ts';
import {isOfMesh} from '../checks/check.ts';
import {ownerOfPort} from '../checks/ports.ts';
import {observed, readAccessLog, readBootstrap, readLastWords, readPortWords} from '../cluster/observe.ts';
import type {AccessLine, LogLines, Look, PortWords, Replay} from '../model/look.ts';
import type {Observed} from '../model/unseen.ts';
import {nameOf, questionsOf, replayAll} from './replay.ts';

/** Log lines of a container that crashed, or of the healthcheck container. */
const LAST_LINES = 5;

/**
 * Looks into one running pod: Envoy's configuration, counters and log, and each probe sent as the kubelet sends it, once
 * through the mesh and once past it. All questions of a round share one tunnel.
 * Undefined where a snapshot was recorded without such a look.
 * @throws {ClusterError} aborted; what else can't be seen comes back as `seen: false`
 */
export async function lookInto(cluster: Cluster, pod: PodCase, {probes = pod.probes, bootstrapSecret = false}: LookOptions = {}): Promise<Observed<Look> | undefined> {
  const secret = bootstrapSecret ? await observed(() => readBootstrap(cluster, pod.pod)) : undefined;
  const look = await byTunnel(cluster, pod, probes);
  if (!secret || !look) return look;
  // What Envoy itself says comes first: the Secret is only what it was given.
  if (look.seen) return {seen: true, value: look.value.listeners.seen ? look.value : {...look.value, listeners: secret}};
  return secret.seen ? {seen: true, value: {...nothing(cluster, pod), listeners: secret, missed: [look.why]}} : look;
}

export interface LookOptions {
  /** These only; all where they are not given. */
  probes?: ProbeCase[];
  /** Read the pod's bootstrap Secret where Envoy's configuration can't be seen. */
  bootstrapSecret?: boolean;
}

function nothing(cluster: Cluster, pod: PodCase): Look {
  return {pod: pod.pod.name, at: cluster.now(), setupMs: 0, listeners: notAsked(pod), envoy: notAsked(pod), accessLog: notAsked(pod), logs: [], replays: [], missed: []};
}

async function byTunnel(cluster: Cluster, pod: PodCase, probes: ProbeCase[]): Promise<Observed<Look> | undefined> {
  try {
    const accessLog = await logged(cluster, pod);
    const userAgent = await userAgentOf(cluster, accessLog);
    const questions = probes.flatMap((probe) => questionsOf(pod, probe, userAgent) ?? []);
    const admin = pod.detection.sidecar && pod.profile?.seen && pod.profile.value.proxy === 'envoy' ? adminAsks() : [];
    const {setupMs, beside, replays} = await replayAll(cluster, pod, questions, {beside: admin, decide: true, log: accessLog.seen ? accessLog.value : []});
    const envoy = admin.length > 0 ? readAdmin(pod.pod.name, beside) : {listeners: notAsked(pod), envoy: notAsked(pod)};
    return {seen: true, value: {pod: pod.pod.name, at: cluster.now(), setupMs, ...envoy, accessLog, logs: await lastWords(cluster, pod), portWords: await portWords(cluster, pod, replays), replays, missed: []}};
  } catch (error) {
    if (!(error instanceof ClusterError) || error.reason === 'aborted') throw error;
    if (cluster.origin.kind === 'snapshot' && error.reason === 'not-found') return undefined;
    return {seen: false, why: error.unseen()};
  }
}

function notAsked({pod}: PodCase): {seen: false; why: {asked: string; got: string}} {
  return {seen: false, why: {asked: `the proxy's configuration in pod ${pod.name}`, got: 'this proxy has no admin port that is read'}};
}

async function logged(cluster: Cluster, pod: PodCase): Promise<Observed<AccessLine[]>> {
  const container = pod.detection.sidecar?.name;
  if (container === undefined) return notAsked(pod);
  return observed(() => readAccessLog(cluster, nameOf(pod), container));
}

/** The kubelet's name for itself: as its node's Envoy logged it, else by the API server's version, which may be newer. */
async function userAgentOf(cluster: Cluster, accessLog: Observed<AccessLine[]>): Promise<string> {
  const logged = accessLog.seen ? accessLog.value.findLast(({userAgent}) => userAgent !== '')?.userAgent : undefined;
  if (logged !== undefined) return logged;
  const version = await observed(() => cluster.version());
  return `kube-probe/${(version.seen ? /^v(\d+\.\d+)/.exec(version.value)?.[1] : undefined) ?? '1.32'}`;
}

/** The last lines of containers that crashed, and what the healthcheck container says of failing probes. */
async function lastWords(cluster: Cluster, pod: PodCase): Promise<LogLines[]> {
  const crashed = pod.symptoms.filter(({kind, state, container}) => kind === 'crashed' && state !== 'over' && container !== undefined);
  const found: LogLines[] = [];
  for (const {container} of crashed) {
    const status = [...pod.pod.containers, ...pod.pod.initContainers].find(({name}) => name === container);
    const previous = status !== undefined && status.state.kind !== 'terminated' && status.restartCount > 0;
    const lines = await observed(() => readLastWords(cluster, nameOf(pod), {container: container!, mesh: isOfMesh(pod, container!), previous, count: LAST_LINES}));
    if (lines.seen && lines.value.length > 0) found.push({container: container!, previous, lines: lines.value});
  }
  return found;
}

/** What the log of an app says of a port on which it was not reached: where it listens, or that it wants TLS. */
async function portWords(cluster: Cluster, pod: PodCase, replays: Replay[]): Promise<PortWords[]> {
  const found: PortWords[] = [];
  for (const probe of pod.probes) {
    const replay = replays.find((one) => one.container === probe.container && one.probe === probe.type);
    const port = probe.target?.port;
    const owner = port === undefined ? probe.container : ownerOfPort(pod, probe.container, port).container;
    if (!replay || port === undefined || !isUnreached(replay) || found.some((one) => one.container === probe.container && one.port === port)) continue;
    const lines = await observed(() => readPortWords(cluster, nameOf(pod), {container: owner, port}));
    if (lines.seen && lines.value.length > 0) found.push({container: probe.container, port, lines: lines.value});
  }
  return found;
}

/** Nobody accepted, or somebody did and ended the connection at once. */
function isUnreached({through, past}: Replay): boolean {
  return [through.at(-1), past].some((hop) => hop?.answer.kind === 'refused' || hop?.answer.kind === 'closed');
}

/** Something of it runs and has an address, so there is something to look into; the pod's phase may lag behind a container that never starts. */
export function isUp({pod}: PodCase): boolean {
  return pod.podIP !== undefined && pod.containers.some(({state}) => state.kind === 'running');
}
