import type {AccessLine} from '../model/look.ts';
import type {ProbeType} from '../model/probe.ts';
import type {Evidence} from '../model/symptom.ts';
import type {PodCase, ProbeCase} from './case.ts';
import {causesOf} from './causes.ts';
import {eachProbe, type Check, type Found} from './check.ts';
import {effectOf} from './effects.ts';
import {openFailures, presentOf} from './present.ts';
import {readingOf, span, viaOf} from './reading.ts';

/** As many of the kubelet's last requests are looked at. */
const LAST = 20;
/** Share of `timeoutSeconds` from which on an answer is nearly too late. */
const NEAR = 0.8;
const NEAR_TIMES = 3;

/** What Envoy logged of the kubelet's last requests for this probe, oldest first; undefined where that can't be seen. */
export function lastRequests({look, pod}: PodCase, probe: ProbeCase): AccessLine[] | undefined {
  const via = viaOf(probe);
  if (!look?.seen || !look.value.accessLog.seen || (via !== 'envoy-http' && via !== 'envoy-tcp')) return undefined;
  const [from, to] = lifeOf(probe);
  return look.value.accessLog.value.filter((line) => line.at >= from && line.at <= to && isOf(line, probe.type) && isKubelets(line, probe, pod.podIP)).slice(-LAST);
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

/** `503 UF`, `no answer in time (DC)`: how a request ended, in Envoy's words. */
export function outcome(line: AccessLine, probe: Pick<ProbeCase, 'actual'>): string {
  const {code, flags} = line;
  const words = flags.join(',');
  if (code === 0 && words === 'DC') return timedOut(line, probe) ? 'no answer in time (DC)' : 'the caller hung up (DC)';
  if (code >= 200 && code < 300 && flags.length > 0) return `${code}, body not whole (${words})`;
  return [code === 0 ? '' : String(code), words].filter(Boolean).join(' ') || 'ok';
}

/** No answer came in time: the kubelet hung up as its time was over, or the proxy's own was. */
export function timedOut({code, flags, durationMs}: AccessLine, {actual}: Pick<ProbeCase, 'actual'>): boolean {
  return (code === 0 && flags.includes('DC') && durationMs >= NEARLY * (actual?.timeoutSeconds ?? 1) * 1000) || flags.includes('UT');
}

export function fromLog(pod: PodCase, text: string): Evidence {
  return {label: 'log', text, source: 'log', command: proxyLog(pod, '--tail 50')};
}

function proxyLog({pod, commands, detection}: PodCase, part: string): string {
  return commands.kubectl(`logs ${pod.name} -n ${pod.namespace} -c ${detection.sidecar?.name ?? 'envoy'} ${part}`);
}

/** Failures after the first success: what failed before is a start, no flapping. */
function failuresSince(lines: AccessLine[], probe: ProbeCase): AccessLine[] {
  const first = lines.findIndex((line) => !failed(line, probe));
  return first < 0 ? [] : lines.slice(first).filter((line) => failed(line, probe));
}

export function counted(lines: AccessLine[], probe: Pick<ProbeCase, 'actual'>): string {
  const counts = new Map<string, number>();
  for (const line of lines) counts.set(outcome(line, probe), (counts.get(outcome(line, probe)) ?? 0) + 1);
  return [...counts].map(([what, count]) => `${count}× ${what}`).join(', ');
}

const flaps: Check = {
  code: 'OSMP412',
  slug: 'flaps',
  title: 'The probe fails now and then',
  severity: 'warning',
  blame: 'app',
  cause: "The kubelet's requests are answered well at times, and at times not: fewer than failureThreshold fail in a row.",
  fix: "the app's log at the times of the failures; forward with --count shows how often",
  cases: ['flapping'],
  namesFailure: true,
  find: (pod) => eachProbe(pod, (probe) => byLog(pod, probe) ?? byEvents(pod, probe)),
};

function byLog(pod: PodCase, probe: ProbeCase): Omit<Found, 'container' | 'probe'> | undefined {
  const lines = lastRequests(pod, probe);
  const bad = lines && failuresSince(lines, probe);
  const ready = probe.status?.ready ?? false;
  if (!lines || !bad || bad.length < 2 || (!ready && readingOf(pod, probe)?.through?.ok === false)) return undefined;
  return {
    why: `${bad.length} of the last ${lines.length} failed`,
    because: `of the kubelet's last ${lines.length} requests ${bad.length} failed: ${counted(bad, probe)}`,
    evidence: [fromLog(pod, counted(lines, probe)), ...openFailures(probe).map(({evidence}) => evidence)],
    ...causesAtTimes(bad, probe),
    ...(probe.type === 'readiness' && !ready && probe.symptoms.some(({state}) => state === 'going-on') ? {severity: 'error' as const} : {}),
  };
}

/** What the ends of these requests leave open; an answer of the app's own is the app's. */
function causesAtTimes(bad: AccessLine[], probe: ProbeCase): Pick<Found, 'blame' | 'couldBe'> {
  if (bad.every((line) => timedOut(line, probe))) return {blame: 'not yet known', couldBe: ['the app is slow at times', 'the node or the proxy has too little CPU at times']};
  if (bad.every(({details, flags}) => details === 'via_upstream' && flags.length === 0)) return {};
  return {blame: 'not yet known', couldBe: ['the app fails at times, or is not there', 'the proxy gives up at times: its flags tell why']};
}

/** A container that is ready, and of whose readiness probe the kubelet reports failures again and again: the status tells thresholds only. */
function byEvents(pod: PodCase, probe: ProbeCase): Omit<Found, 'container' | 'probe'> | undefined {
  const open = openFailures(probe);
  const main = presentOf(probe);
  if (probe.type !== 'readiness' || probe.status?.ready !== true || !main || main.errored || open.reduce((sum, {count}) => sum + count, 0) < 2) return undefined;
  const {why, because, couldBe, blame = 'not yet known' as const} = causesOf(pod, probe, main);
  return {
    why: `fails now and then: ${why}`,
    ...(because === undefined ? (couldBe.length > 1 ? {couldBe} : {because: main.why ?? main.text}) : {because}),
    blame: because === undefined ? ('not yet known' as const) : blame,
    effect: effectOf(pod, probe, main),
    evidence: open.map(({evidence}) => evidence),
    decides: pod.commands.self(`forward pod/${pod.pod.name} -n ${pod.pod.namespace} --container ${probe.container} --probe readiness --count 20`),
  };
}

const nearTimeout: Check = {
  code: 'OSMP413',
  slug: 'near-timeout',
  title: 'The answers come nearly too late',
  severity: 'warning',
  blame: 'app',
  cause: `Several of the last requests took more than ${NEAR * 100} % of timeoutSeconds: a little more load, and the probe fails.`,
  fix: 'a longer timeoutSeconds, or a faster endpoint',
  cases: ['near timeout'],
  find: (pod) =>
    eachProbe(pod, (probe) => {
      const limitMs = (probe.actual?.timeoutSeconds ?? 1) * 1000;
      const near = (lastRequests(pod, probe) ?? []).filter((line) => succeeded(line, probe) && line.path !== '' && line.durationMs >= NEAR * limitMs);
      if (near.length < NEAR_TIMES) return undefined;
      const slowest = Math.max(...near.map(({durationMs}) => durationMs));
      return {why: `answers after ${span(slowest)} of ${span(limitMs)}`, because: `${near.length} of the last requests took more than ${NEAR * 100} % of timeoutSeconds`, evidence: [fromLog(pod, `up to ${span(slowest)}, timeoutSeconds ${limitMs / 1000}`)], explains: []};
    }),
};

const neverArrives: Check = {
  code: 'OSMP414',
  slug: 'network',
  title: "The kubelet's requests do not reach the proxy",
  severity: 'error',
  blame: 'network',
  cause: 'The same request works through a tunnel, which starts inside the pod; between the kubelet and the pod something drops or refuses it.',
  fix: 'a NetworkPolicy, security group or firewall must let the node reach 15901–15904; probes were on the port of the app before',
  cases: ['C17'],
  namesFailure: true,
  find: (pod) =>
    eachProbe(pod, (probe) => {
      const lines = lastRequests(pod, probe);
      const {status, actual, symptoms} = probe;
      if (!lines || viaOf(probe) !== 'envoy-http' || readingOf(pod, probe)?.through?.ok !== true || status?.state.kind !== 'running') return undefined;
      const failing = symptoms.filter(({kind, state, failure}) => kind === 'probe' && state === 'going-on' && ['timeout', 'connect-timeout', 'refused', 'no-route'].includes(failure ?? ''));
      const windowMs = Math.max(30, (actual?.periodSeconds ?? 10) * 3) * 1000;
      const looked = pod.look?.seen ? pod.look.value.at : pod.now;
      const recent = lines.some(({at}) => at > looked - windowMs) || looked - (status.state.startedAt ?? looked) < windowMs;
      if (failing.length === 0 || recent) return undefined;
      // The log's end is all that was read: other traffic may have filled it since.
      const reachesBack = pod.look?.seen && pod.look.value.accessLog.seen && pod.look.value.accessLog.value.some(({at}) => at <= looked - windowMs);
      const dropped = 'something between the kubelet and the pod drops or refuses the call (a NetworkPolicy, a firewall)';
      const decides = proxyLog(pod, `--since ${windowMs / 1000}s`);
      return {
        why: 'never reaches the proxy',
        ...(reachesBack ? {because: `Envoy logged no request of the kubelet in the last ${windowMs / 1000}s, and answers the same request through a tunnel`} : {blame: 'not yet known' as const, couldBe: [dropped, "the proxy logs so much that the kubelet's requests are not among its last lines"], decides, fix: ''}),
        evidence: [...failing.map(({evidence}) => evidence), fromLog(pod, lines.length === 0 ? 'no request of the kubelet' : 'the last request of the kubelet is older')],
      };
    }),
};

/** Checks of what Envoy logged of the kubelet's own requests. */
export const ACCESS: Check[] = [neverArrives, flaps, nearTimeout];
