import type {AccessLine} from '../model/look.ts';
import type {Evidence} from '../model/symptom.ts';
import type {PodCase, ProbeCase} from './case.ts';
import {eachProbe, type Check} from './check.ts';
import {readingOf, span, viaOf} from './reading.ts';

/** As many of the kubelet's last requests are looked at. */
const LAST = 20;
/** Share of `timeoutSeconds` from which on an answer is nearly too late. */
const NEAR = 0.8;
const NEAR_TIMES = 3;

/** What Envoy logged of the kubelet's last requests for this probe, oldest first; undefined where that can't be seen. */
export function lastRequests({look}: PodCase, probe: ProbeCase): AccessLine[] | undefined {
  const via = viaOf(probe);
  if (!look?.seen || !look.value.accessLog.seen || (via !== 'envoy-http' && via !== 'envoy-tcp')) return undefined;
  const started = startedAt(probe);
  return look.value.accessLog.value.filter(({at, path, envoyCluster}) => at >= started && (envoyCluster.endsWith(`${probe.type}_cluster`) || path.startsWith(`/osm-${probe.type}-probe`))).slice(-LAST);
}

/** When the incarnation began that runs, or that ran last. */
function startedAt({status}: ProbeCase): number {
  const state = status?.state.kind === 'running' || status?.state.kind === 'terminated' ? status.state : status?.lastState;
  return (state?.kind === 'running' || state?.kind === 'terminated' ? state.startedAt : undefined) ?? 0;
}

/** True for a request that the kubelet can have counted as success. */
export function succeeded({code, flags, path}: AccessLine): boolean {
  return path === '' ? flags.length === 0 : code >= 200 && code < 400 && flags.length === 0;
}

/** `503 UF`, `no answer in time (DC)`: how a request ended, in Envoy's words. */
export function outcome({code, flags}: AccessLine): string {
  const words = flags.join(',');
  return code === 0 && words === 'DC' ? 'no answer in time (DC)' : [code === 0 ? '' : String(code), words].filter(Boolean).join(' ') || 'ok';
}

export function fromLog({pod, commands, detection}: PodCase, text: string): Evidence {
  return {label: 'log', text, source: 'log', command: commands.kubectl(`logs ${pod.name} -n ${pod.namespace} -c ${detection.sidecar?.name ?? 'envoy'} --tail 50`)};
}

/** Failures after the first success: what failed before is a start, no flapping. */
function failuresSince(lines: AccessLine[]): AccessLine[] {
  const first = lines.findIndex(succeeded);
  return first < 0 ? [] : lines.slice(first).filter((line) => !succeeded(line));
}

export function counted(lines: AccessLine[]): string {
  const counts = new Map<string, number>();
  for (const line of lines) counts.set(outcome(line), (counts.get(outcome(line)) ?? 0) + 1);
  return [...counts].map(([what, count]) => `${count}× ${what}`).join(', ');
}

const flaps: Check = {
  code: 'OSMP412',
  slug: 'flaps',
  title: 'The probe fails now and then',
  severity: 'warning',
  blame: 'app',
  cause: "The kubelet's requests reach the app and are answered well at times, and at times not.",
  fix: "the app's log at the times of the failures; forward with --count shows how often",
  cases: ['flapping'],
  namesFailure: true,
  find: (pod) =>
    eachProbe(pod, (probe) => {
      const lines = lastRequests(pod, probe);
      const failed = lines && failuresSince(lines);
      if (!lines || !failed || failed.length < 2 || readingOf(pod, probe)?.through?.ok === false) return undefined;
      const ready = probe.status?.ready ?? false;
      return {
        why: `${failed.length} of the last ${lines.length} failed`,
        because: `of the kubelet's last ${lines.length} requests ${failed.length} failed: ${counted(failed)}`,
        evidence: [fromLog(pod, counted(lines))],
        ...(failed.every(({flags}) => flags.includes('DC') || flags.includes('UT')) ? {blame: 'not yet known' as const, couldBe: ['the app is slow at times', 'the node or the proxy has too little CPU at times']} : {}),
        ...(ready ? {} : {severity: 'error' as const}),
      };
    }),
};

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
      const near = (lastRequests(pod, probe) ?? []).filter((line) => succeeded(line) && line.path !== '' && line.durationMs >= NEAR * limitMs);
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
      const failing = symptoms.filter(({kind, state, failure}) => kind === 'probe' && state === 'going-on' && ['timeout', 'refused', 'no-route'].includes(failure ?? ''));
      const windowMs = Math.max(30, (actual?.periodSeconds ?? 10) * 3) * 1000;
      const looked = pod.look?.seen ? pod.look.value.at : pod.now;
      const recent = lines.some(({at}) => at > looked - windowMs) || looked - (status.state.startedAt ?? looked) < windowMs;
      if (failing.length === 0 || recent) return undefined;
      // The log's end is all that was read: other traffic may have filled it since.
      const reachesBack = pod.look?.seen && pod.look.value.accessLog.seen && pod.look.value.accessLog.value.some(({at}) => at <= looked - windowMs);
      const dropped = 'something between the kubelet and the pod drops or refuses the call (a NetworkPolicy, a firewall)';
      const decides = pod.commands.kubectl(`logs ${pod.pod.name} -n ${pod.pod.namespace} -c ${pod.detection.sidecar?.name ?? 'envoy'} --since ${windowMs / 1000}s`);
      return {
        why: 'never reaches the proxy',
        ...(reachesBack ? {because: `Envoy logged no request of the kubelet in the last ${windowMs / 1000}s, and answers the same request through a tunnel`} : {blame: 'not yet known' as const, couldBe: [dropped, "the proxy logs so much that the kubelet's requests are not among its last lines"], decides, fix: ''}),
        evidence: [...failing.map(({evidence}) => evidence), fromLog(pod, lines.length === 0 ? 'no request of the kubelet' : 'the last request of the kubelet is older')],
      };
    }),
};

/** Checks of what Envoy logged of the kubelet's own requests. */
export const ACCESS: Check[] = [neverArrives, flaps, nearTimeout];
