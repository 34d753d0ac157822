import {slashed} from '../mesh/call.ts';
import {HEALTHCHECK_PORT} from '../mesh/names.ts';
import type {Blame} from '../model/finding.ts';
import type {Symptom} from '../model/symptom.ts';
import type {PodCase, ProbeCase} from './case.ts';
import {exitsItself, inPod, inTemplate, restartsFor, type Check, type Found} from './check.ts';
import {viaOf} from './reading.ts';
import {callText, endText, isLocal, ownTarget, probeText} from './words.ts';

/** What a failure can mean on the way that this probe takes. Lists tell no more; live answers decide. */
interface Meaning {
  why: string;
  couldBe: string[];
  blame?: Blame;
}

/** The kubelet's text names another URL than the one that it was told to call: it followed a redirect. */
function redirectedTo({call}: ProbeCase, url: string | undefined): string | undefined {
  const to = /^(https?):\/\/(?:\[[^\]]*\]|[^/:]*)(?::(\d+))?(\/[^?]*)?/.exec(url ?? '');
  if (!to || call.kind !== 'http') return undefined;
  const [, scheme, port, path = '/'] = to;
  const same = scheme === call.scheme.toLowerCase() && Number(port ?? (scheme === 'https' ? 443 : 80)) === call.port && decoded(path) === decoded(slashed(call.path).split('?')[0]!);
  return same ? undefined : `${scheme}, ${port ? `port ${port}, ` : ''}path ${path}`;
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

function meaningOf(pod: PodCase, probe: ProbeCase, {failure, status, url, text}: Symptom): Meaning {
  const via = viaOf(probe);
  const proxied = via === 'envoy-http' || via === 'pipy';
  const redirect = redirectedTo(probe, url);
  if (redirect && failure !== 'redirect-loop') return {why: 'redirected', couldBe: [`the app redirects to ${redirect}, ${pod.sidecar.open === 'all' ? 'and the kubelet gets no good answer there' : 'where the mesh does not let the kubelet through'}`], blame: 'app'};
  switch (failure) {
    case 'status':
      return ofStatus(probe, status ?? 0, via);
    case 'timeout':
      return {
        why: 'no answer in time',
        couldBe: [`the app answers ${ownTarget(probe)} slower than ${probe.actual?.timeoutSeconds ?? 1}s`, 'the proxy is starved of CPU', 'a NetworkPolicy or the network drops the call'],
      };
    case 'refused':
      return {why: 'refused', couldBe: proxied ? ['the proxy is not up: it waits for the control plane, or has ended', 'the proxy was given no such listener'] : via === 'healthcheck' ? ['the healthcheck container is not up'] : [`nothing listens on ${ownTarget(probe)}`, ...(via === 'direct' ? ['the app listens on 127.0.0.1 only'] : [])]};
    case 'reset':
    case 'eof':
      return {why: 'connection closed', couldBe: via === 'envoy-tcp' ? [`nothing listens on ${ownTarget(probe)}`, 'the app ends the connection'] : ['the app redirects to a port that the mesh does not let through', 'the proxy or the app ended in the middle']};
    case 'tls-plain-server':
      return {why: 'TLS to a plaintext port', couldBe: [`the app speaks plaintext on ${ownTarget(probe)}`]};
    case 'tls':
      return {why: 'TLS fails', couldBe: ['the app demands a client certificate', 'the port speaks no TLS']};
    case 'not-http':
      return {why: 'no HTTP', couldBe: [`the app speaks another protocol on ${ownTarget(probe)}`]};
    case 'redirect-loop':
      return {why: 'redirects in a circle', couldBe: ['the app redirects to itself'], blame: 'app'};
    case 'truncated':
      return {why: 'answer ends early', couldBe: ['the app sends less than its Content-Length', 'the app ends in the middle of an answer'], blame: 'app'};
    case 'exec':
    case 'unclassified':
      return commandSaysNo(probe, text);
    case 'exec-missing':
      return {why: 'the command can not be run', couldBe: ['the command is not in the image'], blame: 'spec'};
    case 'exec-timeout':
      return {why: 'the command takes too long', couldBe: [`the command takes longer than ${probe.actual?.timeoutSeconds ?? 1}s`]};
    case 'grpc':
    case 'grpc-unhealthy':
      return {why: failure === 'grpc' ? 'no gRPC answer' : 'NOT_SERVING', couldBe: failure === 'grpc' ? [`nothing listens on ${ownTarget(probe)}`, 'the server knows no health service'] : ['the app says NOT_SERVING']};
    default:
      return {why: 'fails', couldBe: []};
  }
}

function commandSaysNo({actual, type}: ProbeCase, text: string): Meaning {
  if (actual?.handler.kind !== 'exec' || ['ready: false', 'started: false'].includes(text)) return {why: type === 'startup' ? 'not started yet' : text === 'ready: false' ? 'not ready' : 'fails', couldBe: []};
  if (/\b(?:[abd]a?)?sh: .*\bnot found$/m.test(text)) return {why: 'the command can not be run', couldBe: ['the command calls a program that is not in the image'], blame: 'spec'};
  const own = 'the command says that the app is not well';
  return actual.handler.hosts.some((host) => !isLocal(host)) ? {why: 'the command says no', couldBe: [own, 'the mesh or its policies do not let the command through']} : {why: 'the command says no', couldBe: [own], blame: 'app'};
}

function ofStatus(probe: ProbeCase, status: number, via: string): Meaning {
  if (via === 'healthcheck') {
    return status === 404
      ? {why: `404: can't connect to ${ownTarget(probe)}`, couldBe: [`nothing listens on ${ownTarget(probe)}`, 'the app listens on the address of the pod and not on 127.0.0.1']}
      : {why: String(status), couldBe: [`something else than the healthcheck container answers on ${HEALTHCHECK_PORT}`]};
  }
  const own = `the app answers ${status} itself`;
  if (via === 'envoy-tcp' || via === 'direct') return {why: String(status), couldBe: [own], blame: 'app'};
  const more: Record<number, string[]> = {
    503: [`the proxy cannot connect to :${probe.target?.port ?? 0}`],
    502: [`the app speaks no HTTP on ${ownTarget(probe)}`],
    504: [`the app is slower than ${probe.actual?.timeoutSeconds ?? 1}s`],
    404: ['the app redirects to a path that the mesh has no route for'],
    400: [`the app speaks TLS on ${ownTarget(probe)}`, 'the app rejects the Host header'],
    421: ['the app rejects the Host header'],
  };
  return {why: String(status), couldBe: [own, ...(more[status] ?? [])]};
}

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
  reset: 'closed',
  eof: 'closed',
  truncated: 'closed',
  'tls-plain-server': 'protocol',
  tls: 'protocol',
  'not-http': 'protocol',
  grpc: 'protocol',
  'grpc-unhealthy': 'status',
  'redirect-loop': 'status',
  exec: 'exec',
  'exec-missing': 'exec',
  'exec-timeout': 'exec',
};

/** Rows of the catalogue that lists show as one failure; live answers tell them apart. */
const CASES: Record<string, string[]> = {
  status: ['D1', 'D2', 'D3', 'D4', 'D5', 'D8', 'D10', 'D11', 'E1', 'E2', 'E5', 'E6', 'E11', 'E12', 'app-503', 'port-closed', 'wrong-path', 'tcp-closed'],
  refused: ['C2', 'C3'],
  timeout: ['C16', 'C17', 'E10', 'slow'],
  closed: ['D13'],
  protocol: ['D12', 'E3'],
};

function groupOf(probe: ProbeCase, {failure}: Symptom): keyof typeof TITLES {
  if (probe.actual?.handler.kind === 'exec' && failure === 'unclassified') return 'exec';
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
  const live = probe.symptoms.filter((one) => one.kind === 'probe' && (one.state === 'going-on' || one.state === 'maybe'));
  // The newest words are the present state; older ones of the same probe hang under them.
  const newest = [...live].sort((a, b) => (b.last ?? 0) - (a.last ?? 0) || b.count - a.count || (a.text < b.text ? -1 : 1));
  const main = newest.find((one) => !isStartNoise(probe, one)) ?? newest[0];
  if (!main || groupOf(probe, main) !== group) return [];
  const meaning = meaningOf(pod, probe, main);
  const sure = meaning.couldBe.length === 1;
  const kills = [...probe.symptoms.filter(({kind}) => kind === 'killed'), ...restartsFor(pod, probe)];
  const {pod: {name, namespace}, commands} = pod;
  return [
    {
      container: probe.container,
      probe: probe.type,
      key: [main.failure, main.status].join(' '),
      why: meaning.why,
      ...(sure ? {because: meaning.couldBe[0]!} : meaning.couldBe.length > 0 ? {couldBe: meaning.couldBe} : {because: `unexplained: ${main.text}`}),
      ...(sure ? {} : {decides: commands.kubectl(`logs ${name} -n ${namespace} -c ${witness(pod, probe)} --tail 20`)}),
      effect: effectOf(probe, main, kills),
      fix: '',
      evidence: [...live.map(({evidence: one}) => one), ...(probe.declared.seen ? [inTemplate(pod, probeText(probe.declared.value.probe))] : [])],
      explains: [...live, ...probe.symptoms.filter(({kind}) => kind === 'probe' || kind === 'answer'), ...kills],
      ...(main.state === 'maybe' ? {severity: 'warning' as const} : {}),
      ...(meaning.blame && sure ? {blame: meaning.blame} : {}),
    },
  ];
}

/** Refused while the containers were starting: so it goes to most pods, and what was said later tells more. */
function isStartNoise({status}: ProbeCase, {failure, last}: Symptom): boolean {
  const startedAt = status?.state.kind === 'running' ? (status.state.startedAt ?? 0) : 0;
  return failure === 'refused' && last !== undefined && last - startedAt < 60_000;
}

function effectOf({type}: ProbeCase, {errored, state}: Symptom, kills: Symptom[]): string {
  if (type === 'readiness') return state === 'maybe' && errored ? 'the kubelet keeps the last result' : 'takes no traffic';
  if (errored) return 'errors do not count: the container is not restarted for them';
  return kills.length > 0 ? 'the kubelet restarts the container' : 'the kubelet will restart the container';
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
  find: (pod) =>
    pod.probes.flatMap((probe): Found[] => {
      const warnings = probe.symptoms.filter(({kind}) => kind === 'probe-warning');
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
  find: (pod) =>
    pod.symptoms
      .filter(({kind, state}) => kind === 'killed' && state !== 'over')
      .map((symptom): Found => {
        const of = pod.probes.find(({container, type}) => container === symptom.container && type === symptom.probe);
        const failures = of?.symptoms.filter(({kind}) => kind === 'probe') ?? [];
        const meanings = of ? [...new Set(failures.flatMap((one) => meaningOf(pod, of, one).couldBe))] : [];
        const crash = exitsItself(pod, symptom.container!) ? [] : pod.symptoms.filter(({kind, container}) => kind === 'crashed' && container === symptom.container);
        return {
          ...(symptom.container ? {container: symptom.container} : {}),
          ...(symptom.probe ? {probe: symptom.probe} : {}),
          why: `killed by its ${symptom.probe} probe`,
          couldBe: ['the app needs longer to start than the probe allows', ...(meanings.length > 0 ? meanings : ['the app does not answer as the probe wants'])],
          decides: pod.commands.kubectl(`logs ${pod.pod.name} -n ${pod.pod.namespace} -c ${symptom.container} --previous`),
          effect: crash[0] ? `restarted ${crash[0].count} time${crash[0].count === 1 ? '' : 's'}` : 'restarted',
          evidence: [symptom.evidence, ...failures.map(({evidence: one}) => one)],
          explains: [symptom, ...failures, ...crash, ...pod.symptoms.filter(({kind, container, state}) => kind === 'probe' && container === symptom.container && state !== 'going-on')],
          ...(symptom.state === 'maybe' ? {severity: 'warning' as const} : {}),
        };
      }),
};

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
