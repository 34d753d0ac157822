import type {AccessLine} from '../model/look.ts';
import type {Evidence} from '../model/symptom.ts';
import {counted, failed, isAppsOwn, lastRequests, lookedAt, succeeded, timedOut} from './access.ts';
import type {PodCase, ProbeCase} from './case.ts';
import {causesOf} from './causes.ts';
import {eachProbe, type Check, type Found} from './check.ts';
import {effectOf} from './effects.ts';
import {openFailures, presentOf} from './present.ts';
import {readingOf, span, viaOf} from './reading.ts';
import {highest} from '../model/extremes.ts';

// Checks of what the proxy logged of the kubelet's own requests.

/** Share of `timeoutSeconds` from which on an answer is nearly too late. */
const NEAR = 0.8;
const NEAR_TIMES = 3;

function fromLog(pod: PodCase, text: string): Evidence {
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
  if (bad.every(isAppsOwn)) return {};
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
      const slowest = highest(near.map(({durationMs}) => durationMs));
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
      const looked = lookedAt(pod);
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

/** In the order in which they are asked. */
export const REQUESTS: Check[] = [neverArrives, flaps, nearTimeout];
