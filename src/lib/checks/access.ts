import type {AccessLine} from '../model/look.ts';
import type {ProbeType} from '../model/probe.ts';
import type {PodCase, ProbeCase} from './case.ts';
import {viaOf} from './reading.ts';

/** As many of the kubelet's last requests are looked at. */
const LAST = 20;

/** What Envoy logged of the kubelet's last requests for this probe, oldest first; undefined where that can't be seen. */
export function lastRequests({look, pod}: PodCase, probe: ProbeCase): AccessLine[] | undefined {
  const via = viaOf(probe);
  if (!look?.seen || !look.value.accessLog.seen || (via !== 'envoy-http' && via !== 'envoy-tcp')) return undefined;
  const [from, to] = lifeOf(probe);
  return look.value.accessLog.value.filter((line) => line.at >= from && line.at <= to && isOf(line, probe.type) && isKubelets(line, probe, pod.podIP)).slice(-LAST);
}

/** When the pod was looked into, in milliseconds since 1970: what its log shows is as old as that. */
export function lookedAt({look, now}: PodCase): number {
  return look?.seen ? look.value.at : now;
}

/** Envoy's own name, or with a prefix that it was given. */
const CLUSTERS: Record<ProbeType, RegExp> = {startup: /^(\S+_)?startup_cluster$/, liveness: /^(\S+_)?liveness_cluster$/, readiness: /^(\S+_)?readiness_cluster$/};

/** By the cluster that it went to, or where it went to none by its path. */
export function isOf({envoyCluster, path}: AccessLine, type: ProbeType): boolean {
  return envoyCluster === '' || envoyCluster === '-' ? path.startsWith(`/osm-${type}-probe`) : CLUSTERS[type].test(envoyCluster);
}

/** Others may call themselves kube-probe, too; the kubelet asks the pod's address, or the Host that the probe names. */
function isKubelets({authority}: AccessLine, {call}: ProbeCase, podIP: string | undefined): boolean {
  if (call.kind !== 'http' || !authority || podIP === undefined) return true;
  const host = call.headers.find(({name}) => name.toLowerCase() === 'host')?.value;
  return authority === (host || `${podIP.includes(':') ? `[${podIP}]` : podIP}:${call.port}`);
}

/** When the incarnation began that runs, or that ran last, and when that one ended: what was logged later tells nothing of it. */
function lifeOf({status}: ProbeCase): [from: number, to: number] {
  const state = status?.state.kind === 'running' || status?.state.kind === 'terminated' ? status.state : status?.lastState;
  if (state?.kind === 'running') return [state.startedAt ?? 0, Infinity];
  return state?.kind === 'terminated' ? [state.startedAt ?? 0, (state.finishedAt ?? Infinity) + 999] : [0, Infinity];
}

/** Bytes of a body that the kubelet reads before it hangs up (pkg/probe/http). */
const BODY = 10 * 1024;

/**
 * What the kubelet makes of a request that Envoy logged. It reads 10 kB of a body and hangs up, so a good answer with
 * a larger one stands there as `200 DC`; where less was sent, or it came as late as the kubelet's timeout, that is an
 * error, like a body that Envoy cut at its own timeout (`200 UT`). A redirect is followed, and the next answer counts. Of
 * a TCP relay only the connection is logged: that it was made says nothing of what came back.
 */
export function countedAs({code, flags, path, durationMs, bytesSent}: AccessLine, timeoutSeconds: number): 'success' | 'failure' | 'error' | 'redirect' | 'relayed' {
  if (path === '') return flags.length === 0 ? 'relayed' : 'failure';
  if (code < 200 || code >= 400) return 'failure';
  if (flags.length === 0) return REDIRECTS.includes(code) ? 'redirect' : 'success';
  if (!flags.every((flag) => flag === 'DC')) return 'error';
  const enough = bytesSent === undefined ? durationMs < NEARLY * timeoutSeconds * 1000 : bytesSent >= BODY;
  return enough ? 'success' : 'error';
}

const REDIRECTS = [301, 302, 303, 307, 308];
/** Envoy's clock starts a moment after the kubelet's. */
const NEARLY = 0.9;

/** True for a request that the kubelet has counted as success; one that was redirected may end either way. */
export function succeeded(line: AccessLine, {actual}: Pick<ProbeCase, 'actual'>): boolean {
  return countedAs(line, actual?.timeoutSeconds ?? 1) === 'success';
}

/** True for a request that the kubelet has not counted as success, whatever came of it. */
export function failed(line: AccessLine, {actual}: Pick<ProbeCase, 'actual'>): boolean {
  return ['failure', 'error'].includes(countedAs(line, actual?.timeoutSeconds ?? 1));
}

/** As many good answers in a row, and none that is not, show that a probe is well. */
const ENOUGH = 3;

/** Enough of the kubelet's last requests are there, and all of them were answered well. */
export function isClean(lines: AccessLine[], probe: Pick<ProbeCase, 'actual'>): boolean {
  return lines.length >= ENOUGH && lines.every((line) => succeeded(line, probe));
}

/** As many of the last requests tell how the kubelet fares now. */
export const NOW = 3;

/** None of the kubelet's last requests went well, as far as its log is there. */
export function allFail(pod: PodCase, probe: ProbeCase): boolean {
  const lines = (lastRequests(pod, probe) ?? []).slice(-NOW);
  return lines.length === NOW && lines.every((line) => failed(line, probe));
}

/** `503 UF`, `no answer in time (DC)`: how a request ended, in Envoy's words. */
export function outcome(line: AccessLine, probe: Pick<ProbeCase, 'actual'>): string {
  const {code, flags} = line;
  const words = flags.join(',');
  if (code === 0 && words === 'DC') return timedOut(line, probe) ? 'no answer in time (DC)' : 'the caller hung up (DC)';
  if (code >= 200 && code < 300 && flags.length > 0) return `${code}, body not whole (${words})`;
  return [code === 0 ? '' : String(code), words].filter(Boolean).join(' ') || 'ok';
}

/** The app itself answered, and the proxy passed it on. */
export function isAppsOwn({details, flags}: AccessLine): boolean {
  return details === 'via_upstream' && flags.length === 0;
}

/** No answer came in time: the kubelet hung up as its time was over, or the proxy's own was. */
export function timedOut({code, flags, durationMs}: AccessLine, {actual}: Pick<ProbeCase, 'actual'>): boolean {
  return (code === 0 && flags.includes('DC') && durationMs >= NEARLY * (actual?.timeoutSeconds ?? 1) * 1000) || flags.includes('UT');
}

export function counted(lines: AccessLine[], probe: Pick<ProbeCase, 'actual'>): string {
  const counts = new Map<string, number>();
  for (const line of lines) counts.set(outcome(line, probe), (counts.get(outcome(line, probe)) ?? 0) + 1);
  return [...counts].map(([what, count]) => `${count}× ${what}`).join(', ');
}
