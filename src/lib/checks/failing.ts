import {killSeconds, lastRunSeconds, SPAM_WINDOW_SECONDS, startBudgetSeconds} from '../kubelet/timing.ts';
import {lastEnd, runsSince, type ContainerStatus} from '../model/pod.ts';
import {isOpen, type Symptom} from '../model/symptom.ts';
import type {PodCase, ProbeCase} from './case.ts';
import {causesOf} from './causes.ts';
import {carrierOf, exitsItself, inPod, inTemplate, restartsFor, type Check, type Found} from './check.ts';
import {effectOf, endedText, lastLog} from './effects.ts';
import {openFailures, presentOf} from './present.ts';
import {answersOf} from './answers.ts';
import {answerText, readingOf, viaOf, type Reading} from './reading.ts';
import {callText, endText, probeText} from './words.ts';

const TITLES: Record<string, [code: `OSMP${number}`, slug: string, title: string]> = {
  status: ['OSMP501', 'probe-status', 'The probe is answered with an error status'],
  refused: ['OSMP502', 'probe-refused', 'The probe is refused'],
  timeout: ['OSMP503', 'probe-timeout', 'The probe gets no answer in time'],
  closed: ['OSMP504', 'probe-closed', 'The connection of the probe is closed without an answer'],
  protocol: ['OSMP505', 'probe-protocol', 'The two sides of the probe speak different protocols'],
  exec: ['OSMP506', 'probe-command', 'The command of the probe fails'],
  other: ['OSMP599', 'unexplained', 'Something fails, and nothing explains it'],
};

const GROUPS: Record<string, keyof typeof TITLES> = {
  status: 'status',
  refused: 'refused',
  timeout: 'timeout',
  'connect-timeout': 'timeout',
  reset: 'closed',
  eof: 'closed',
  truncated: 'closed',
  'slow-body': 'timeout',
  'tls-plain-server': 'protocol',
  tls: 'protocol',
  'not-http': 'protocol',
  grpc: 'protocol',
  'grpc-unhealthy': 'status',
  'redirect-loop': 'status',
  'bad-location': 'status',
  exec: 'exec',
  'exec-missing': 'exec',
  'exec-denied': 'exec',
  'exec-timeout': 'exec',
  'exec-runtime': 'exec',
  'exec-ended': 'exec',
  'node-socket': 'other',
};

/** Rows of the catalogue that lists show as one failure; live answers tell them apart. */
const CASES: Record<string, string[]> = {
  status: ['D1', 'D2', 'D3', 'D4', 'D5', 'D8', 'D10', 'D11', 'E1', 'E2', 'E5', 'E6', 'E11', 'E12', 'app-503', 'port-closed', 'wrong-path', 'tcp-closed'],
  refused: ['C2', 'C3'],
  timeout: ['C16', 'C17', 'E10', 'slow'],
  closed: ['D13'],
  protocol: ['D12', 'E3'],
};

function groupOf({failure}: Symptom): keyof typeof TITLES {
  return GROUPS[failure ?? ''] ?? 'other';
}

/** One finding per probe and group of failures: what fails, how often, and the causes that remain. */
function failing(group: keyof typeof TITLES): Check {
  const [code, slug, title] = TITLES[group]!;
  return {
    code,
    slug,
    title,
    severity: 'error',
    blame: 'not yet known',
    cause: group === 'other' ? 'No check knows this symptom; its raw text is all there is.' : 'The lists tell what the kubelet saw; which of the remaining causes it is, the live answers tell.',
    fix: 'what the deciding command shows',
    cases: CASES[group] ?? [],
    namesFailure: true,
    find: (pod) => pod.probes.flatMap((probe) => failure(pod, probe, group)),
  };
}

function failure(pod: PodCase, probe: ProbeCase, group: keyof typeof TITLES): Found[] {
  const reported = openFailures(probe);
  const present = presentOf(probe);
  // Where the kubelet's words are gone, those of a call like its own stand for them.
  const answered = present?.failure === 'no-event' ? probe.symptoms.find((one) => one.kind === 'answer' && isOpen(one)) : undefined;
  const main = answered ?? present;
  const live = answered ? [...reported, answered] : reported;
  if (!main || groupOf(main) !== group) return [];
  const {why, because, couldBe, blame, fix = ''} = causesOf(pod, probe, main);
  const reading = readingOf(pod, probe);
  const kills = [...probe.symptoms.filter(({kind}) => kind === 'killed'), ...restartsFor(pod, probe)];
  const {pod: {name, namespace}, commands} = pod;
  return [
    {
      container: probe.container,
      probe: probe.type,
      key: [main.failure, main.status].join(' '),
      ...(group === 'other' && (because !== undefined || couldBe.length > 0) ? {title: 'The call of the probe can not be made'} : {}),
      why,
      ...(because !== undefined ? {because} : couldBe.length > 0 ? {couldBe} : {because: `unexplained: ${main.failure === 'no-event' && reading ? answersText(reading) : main.text}`}),
      ...(because !== undefined ? {} : {decides: commands.kubectl(`logs ${name} -n ${namespace} -c ${witness(pod, probe)} --tail 20`)}),
      effect: effectOf(pod, probe, main),
      fix,
      evidence: [...reported.map(({evidence: one}) => one), ...(reading ? answersOf(pod, reading) : []), ...(probe.declared.seen ? [inTemplate(pod, probeText(probe.declared.value.probe))] : [])],
      explains: [...live, ...probe.symptoms.filter(({kind}) => kind === 'probe' || kind === 'answer'), ...kills],
      ...(live.some(({state}) => state === 'going-on') ? {} : {severity: 'warning' as const}),
      ...(blame && because !== undefined ? {blame} : {}),
      ...(couldBe.length > 0 && probe.actual?.handler.kind === 'exec' ? {asks: probe.actual.handler.hosts} : {}),
    },
  ];
}

/** Both answers in a few words, where no check knows what they mean together. */
function answersText({through, past, one}: Reading): string {
  return [...(through ? [`${one ? 'asked' : 'through the mesh'} ${answerText(through.answer)}`] : []), ...(past && !one ? [`directly ${answerText(past.answer)}`] : [])].join(', ');
}

/** The container whose log tells most: the healthcheck server, Envoy with its access log, else the app itself. */
function witness({detection, sidecar}: PodCase, probe: ProbeCase): string {
  const {container} = probe;
  const via = viaOf(probe);
  if (via === 'healthcheck' && sidecar.healthcheck) return sidecar.healthcheck.container;
  return detection.sidecar && via !== 'direct' ? detection.sidecar.name : container;
}

const redirectLeft: Check = {
  code: 'OSMP507',
  slug: 'redirect-not-followed',
  title: 'The probe gets a redirect that the kubelet does not follow, and counts as success',
  severity: 'warning',
  blame: 'app',
  cause: 'A redirect to another host, or a 3xx without one, counts as success whatever stands behind it.',
  fix: 'probe the final path',
  cases: ['E4'],
  namesFailure: true,
  find: (pod) =>
    pod.probes.flatMap((probe): Found[] => {
      const warnings = probe.symptoms.filter(({kind, last}) => kind === 'probe-warning' && (last ?? 0) >= (runsSince(probe.status) ?? 0));
      const first = warnings[0];
      return first ? [{container: probe.container, probe: probe.type, why: 'redirect counts as success', because: first.text, evidence: [first.evidence], explains: warnings}] : [];
    }),
};

const killed: Check = {
  code: 'OSMP511',
  slug: 'killed-by-probe',
  title: 'The kubelet restarts the container because a probe fails',
  severity: 'error',
  blame: 'not yet known',
  cause: 'The probe failed failureThreshold times in a row. Where the app needs longer to start, a startup probe gives it the time.',
  fix: 'a startupProbe for an app that starts slowly; else what the failing probe asks for',
  cases: ['E13'],
  namesFailure: true,
  find: (pod) => pod.symptoms.filter((one) => one.kind === 'killed' && isOpen(one)).map((symptom) => kill(pod, symptom)),
};

function kill(pod: PodCase, symptom: Symptom): Found {
  const of = pod.probes.find(({container, type}) => container === symptom.container && type === symptom.probe);
  // What led to this kill was said shortly before it; older words are of another day.
  const leads = ({last}: Symptom) => of?.actual === undefined || last === undefined || symptom.last === undefined || symptom.last - last <= (killSeconds(of.actual) + SPAM_WINDOW_SECONDS) * 1000;
  const failures = of?.symptoms.filter((one) => one.kind === 'probe' && leads(one)) ?? [];
  const meanings = of ? failures.map((one) => causesOf(pod, of, one)).flatMap(({because, couldBe}) => (because === undefined ? couldBe : [because])) : [];
  const crash = exitsItself(pod, symptom.container!) ? [] : pod.symptoms.filter(({kind, container}) => kind === 'crashed' && container === symptom.container);
  const status = of?.status ?? pod.pod.containers.find(({name}) => name === symptom.container);
  // What nobody but the proxy refused was never the app's matter.
  const reached = failures.length === 0 || failures.some(({failure}) => failure !== 'refused') || (of !== undefined && carrierOf(pod, of) === undefined);
  const started = !reached || (of && status && !diedYoung(of, status, symptom)) ? [] : ['the app needs longer to start than the probe allows'];
  const couldBe = [...started, ...new Set(meanings.length > 0 ? meanings : ['the app does not answer as the probe wants'])];
  return {
    ...(symptom.container ? {container: symptom.container} : {}),
    ...(symptom.probe ? {probe: symptom.probe} : {}),
    why: `killed by its ${symptom.probe} probe`,
    couldBe: couldBe.length > 1 ? couldBe : [...couldBe, 'the node or the proxy was too busy for the probe'],
    decides: lastLog(pod, symptom.container!, status),
    effect: status ? endedText(status) : 'killed',
    ...(started.length === 0 ? {fix: 'what the failing probe asks for'} : {}),
    evidence: [symptom.evidence, ...failures.map(({evidence: one}) => one)],
    explains: [symptom, ...failures, ...crash],
    ...(symptom.state === 'maybe' ? {severity: 'warning' as const} : {}),
  };
}

/** The run that was killed lasted no longer than a start may take: one of an hour did not die of being slow to start. */
function diedYoung({actual}: ProbeCase, status: ContainerStatus, {last}: Symptom): boolean {
  const since = runsSince(status);
  // It may still be stopping, and nothing has ended yet.
  const ran = lastEnd(status) ? lastRunSeconds(status) : since === undefined || last === undefined ? undefined : (last - since) / 1000;
  return !actual || ran === undefined || ran <= 2 * startBudgetSeconds(actual) + 60;
}

/** Checks of what the kubelet reported, after all checks that know a cause. */
export const FAILING: Check[] = [killed, redirectLeft, ...Object.keys(TITLES).map((group) => failing(group))];

/** The entry under which a symptom is printed that no check explains. */
export const UNEXPLAINED = FAILING.at(-1)!;

/** What is left when all checks have spoken: its raw text, and where one can look. */
export function unexplained(symptom: Symptom): Found {
  const {kind, container, probe, failure, text, evidence, state} = symptom;
  return {
    ...(container === undefined ? {} : {container}),
    ...(probe === undefined ? {} : {probe}),
    key: `${kind} ${text}`,
    why: kind === 'not-ready' ? 'the pod is not Ready' : (failure ?? text),
    because: `unexplained: ${text}`,
    fix: '',
    evidence: [evidence],
    explains: [symptom],
    ...(state === 'maybe' ? {severity: 'warning' as const} : {}),
  };
}

/** A path that ends elsewhere for a reason that no check names. */
export function astray(pod: PodCase, {container, type, path, call}: ProbeCase): Found {
  return {container, probe: type, why: 'ends elsewhere', because: `unexplained: the call ends at ${endText(path.end)}`, fix: '', evidence: [inPod(pod, callText(call))]};
}
