import {HEALTHCHECK_PORT, isMeshProbePort} from '../mesh/names.ts';
import {asksElsewhere} from '../mesh/trace.ts';
import {withoutUrl} from '../kubelet/messages.ts';
import {requestPath} from '../kubelet/url.ts';
import type {Blame} from '../model/finding.ts';
import type {Symptom} from '../model/symptom.ts';
import {allFail} from './access.ts';
import type {PodCase, ProbeCase} from './case.ts';
import {AT_TIMES, ELSE} from './decide/decision.ts';
import {answerText, PROXY_SAYS, readingOf, viaOf, type Reading} from './reading.ts';
import {isLocal, ownTarget} from './words.ts';

/**
 * What a failure can mean on the way that this probe takes, by the kubelet's report of it. `because` only where the
 * report itself excludes all else, and says what: else the causes that remain, which live answers decide.
 */
export interface Causes {
  /** A few words for the WHY column. */
  why: string;
  because?: string;
  couldBe: string[];
  blame?: Blame;
  fix?: string;
}

/** A cause that remains, unless an answer that was just given excludes it; without a reading nobody was asked. */
type Candidate = string | readonly [text: string, excludedBy: (reading: Reading | undefined, status?: number) => boolean];

/** As `Causes`, before anybody looked. */
type Open = Omit<Causes, 'couldBe'> & {couldBe: readonly Candidate[]};

const isAnswered = (reading: Reading | undefined) => reading?.through !== undefined;
/** A failing answer of this moment shows whose it is; one that is good tells nothing of one that was not. */
function tellsWho(reading: Reading | undefined, status?: number): boolean {
  const {by, ok, answer} = reading?.through ?? {};
  return ok === false && (by?.by === 'app' || (by?.by === 'proxy' && answer?.kind === 'response' && answer.status === status));
}
const byProxy = (reading: Reading | undefined) => reading?.through?.by.by === 'proxy';
const notByProxy = (reading: Reading | undefined) => isAnswered(reading) && !byProxy(reading);
/** Somebody accepted at the app's own port. */
const accepts = (reading: Reading | undefined) => reading?.past !== undefined && !['refused', 'timeout'].includes(reading.past.answer.kind);
/** Somebody accepted where the kubelet calls. */
const isThere = (reading: Reading | undefined) => reading?.through !== undefined && reading.through.answer.kind !== 'refused';
const isNotThere = (reading: Reading | undefined) => !isThere(reading);
const asksInVain = (reading: Reading | undefined, variant: 'tls' | 'other-host') => reading?.replay.variants[variant] !== undefined;

/** What the kubelet's words leave open, less what the answers of this moment exclude. */
export function causesOf(pod: PodCase, probe: ProbeCase, symptom: Symptom): Causes {
  const open = openCauses(pod, probe, symptom);
  const reading = readingOf(pod, probe);
  const couldBe = open.couldBe.flatMap((one) => (typeof one === 'string' ? one : one[1](reading, symptom.status) ? [] : one[0]));
  return {...open, couldBe: reading && symptom.status !== undefined ? [...couldBe, ...ofProxy(reading, symptom.status), ...ofWay(pod, probe, reading)] : couldBe};
}

/** The proxy gave this answer itself, and says why, or does not. */
function ofProxy({through, past}: Reading, status: number): string[] {
  if (through?.by.by !== 'proxy' || through.answer.kind !== 'response' || through.answer.status !== status) return [];
  const {body} = through.answer;
  const own = body.replace(/^upstream connect error or disconnect\/reset before headers\. (?:retried and the latest )?(?=reset reason: )/, '');
  const words = through.by.says === 'other' && own !== '' ? `{proxy} answers ${status} itself: ${own.slice(0, 80)}` : `${PROXY_SAYS[through.by.says]}: the ${status} is {proxy}'s own`;
  return [`${words}${past ? `; directly: ${answerText(past.answer)}` : ''}`];
}

/** The app fails through the mesh only, and no check found what in the request makes it do so. */
function ofWay(pod: PodCase, probe: ProbeCase, {through, past, one}: Reading): string[] {
  const byApp = through?.by.by === 'app' || (through?.by.by === 'proxy' && through.by.says === 'app-closed');
  if (one || !byApp || through.ok || past?.ok !== true) return [];
  return allFail(pod, probe) ? [ELSE] : [AT_TIMES, ELSE];
}

/** What the kubelet's words leave open. Of an exec probe the words are the command's, whatever they sound like. */
function openCauses(pod: PodCase, probe: ProbeCase, symptom: Symptom): Open {
  const kind = probe.actual?.handler.kind;
  if (symptom.failure === 'no-event') return {why: probe.type === 'startup' ? 'not started yet' : 'not ready', couldBe: []};
  if (kind === 'exec') return ofCommand(probe, symptom);
  const redirect = redirectedTo(probe, symptom.url);
  if (redirect && symptom.failure !== 'redirect-loop') return ofRedirect(pod, probe, redirect);
  if (kind === 'grpc') return ofGrpc(probe, symptom);
  return (NETWORK[symptom.failure ?? ''] ?? unknown)(pod, probe, symptom);
}

const unknown = (): Open => ({why: 'fails', couldBe: []});

/** What the proxy does not answer itself it hands on; a call that it never sees is between the kubelet and the app alone. */
function isProxied(probe: ProbeCase): boolean {
  const {call} = probe;
  return 'port' in call && call.port !== HEALTHCHECK_PORT && isMeshProbePort(Number(call.port)) && viaOf(probe) !== 'direct';
}

const portOf = ({call}: ProbeCase) => ('port' in call ? call.port : 0);
/** The app's own port: as declared, else as the proxy's configuration has it. */
function appPort({target, path: {end}}: ProbeCase): string {
  const port = target?.port ?? (end.at === 'target' ? end.target.port : undefined);
  return port === undefined ? 'the app' : `:${port}`;
}

const limitOf = ({actual}: ProbeCase) => `${actual?.timeoutSeconds ?? 1}s`;

/** Classes of what Go's HTTP client and dialer say. */
const NETWORK: Record<string, (pod: PodCase, probe: ProbeCase, symptom: Symptom) => Open> = {
  status: (_, probe, {status}) => ofStatus(probe, status ?? 0),
  timeout: (_, probe) => ({
    why: 'no answer in time',
    couldBe: [`the app answers ${ownTarget(probe)} slower than ${limitOf(probe)}`, ...(viaOf(probe) === 'direct' ? [] : ['the proxy is starved of CPU']), 'the node is too busy for its kubelet', 'a NetworkPolicy or the network drops the call'],
  }),
  // A connection that nobody answers: an app that is slow has accepted it.
  'connect-timeout': (_, probe) => ({why: 'no connection', couldBe: ['the node is too busy for its kubelet', 'a NetworkPolicy, a firewall or the network drops the call', `what listens on :${portOf(probe)} accepts no more: its queue of connections is full`, "the node's network does not lead to the pod"]}),
  'slow-body': (_, probe) => ({
    why: 'the body is not whole in time',
    ...(viaOf(probe) === 'direct' ? {because: `status and headers of ${ownTarget(probe)} came, and its body was not whole after ${limitOf(probe)}`, blame: 'app', couldBe: []} : {couldBe: [`the app sends the body of ${ownTarget(probe)} slower than ${limitOf(probe)}`, 'the proxy is starved of CPU']}),
  }),
  truncated: (_, probe) => ({
    why: 'answer ends early',
    couldBe: ['the app sends less than its Content-Length', ...(isProxied(probe) ? [`the app sends its body slower than ${limitOf(probe)}, and the proxy cuts it`] : []), 'the app ends in the middle of an answer'],
  }),
  refused: (pod, probe) => ofRefusal(pod, probe),
  reset: ofEnd,
  eof: ofEnd,
  'tls-plain-server': (_, probe) => ({why: 'TLS to a plaintext port', because: `what answers on ${ownTarget(probe)} speaks plaintext, and the probe's scheme is HTTPS`, couldBe: [], blame: 'spec'}),
  tls: () => ({why: 'TLS fails', couldBe: ['the app demands a client certificate', 'the port speaks no TLS']}),
  'not-http': (_, probe) => ({why: 'no HTTP', because: `what answers on ${ownTarget(probe)} speaks another protocol than HTTP/1`, couldBe: [], blame: 'spec'}),
  'redirect-loop': () => ({why: 'redirects in a circle', because: 'the app redirects the probe more than 10 times', couldBe: [], blame: 'app'}),
  'bad-location': (_, _probe, {text}) => ({why: 'redirected to nowhere', because: `the app redirects the probe by a Location that no client can follow: ${withoutUrl(text)}`, couldBe: [], blame: 'app'}),
  'bad-url': () => ({why: 'its path makes no URL', because: 'the kubelet can not make a URL of the declared path, so it sends nothing', couldBe: [], blame: 'spec'}),
  'bad-port': (_, {actual}) => ({why: 'no such port', because: `the container declares no port ${actual && 'port' in actual.handler ? JSON.stringify(actual.handler.port) : 'of that name'}`, couldBe: [], blame: 'spec'}),
  dns: () => ({why: 'its host name is not found', because: "the probe's host is a name that the node does not resolve", couldBe: [], blame: 'spec'}),
  'node-socket': () => ({why: 'the node can not make the call', because: 'the node has no port or file left for the call: the app was not asked', couldBe: [], blame: 'node'}),
  'no-route': () => ({why: 'no route to the pod', couldBe: ["the node's network does not lead to the pod", 'a NetworkPolicy rejects the call']}),
};

function ofRefusal({pod}: PodCase, probe: ProbeCase): Open {
  if (asksElsewhere(probe.call, pod.podIP ?? '') && 'host' in probe.call) return {why: 'refused', because: `nothing listens on ${probe.call.host}:${probe.call.port}, which the probe names and which is no address of the pod`, couldBe: [], blame: 'spec'};
  if (viaOf(probe) === 'healthcheck') return {why: 'refused', because: `nothing listens on :${HEALTHCHECK_PORT}: the container {healthcheck} is not up`, couldBe: [], blame: 'mesh'};
  if (isProxied(probe)) {
    // Who is refused no more, through a tunnel at least, was refused for a while, or is so on the kubelet's way only.
    const couldBe: Candidate[] = [
      ['the proxy is not up: it waits for the control plane, or has ended', isThere],
      ['the proxy was given no such listener', isThere],
      ['the proxy was not up for a while, and is now', isNotThere],
      ['something between the kubelet and the pod rejects the call: a NetworkPolicy, a firewall', isNotThere],
    ];
    return {why: 'refused', couldBe};
  }
  return {why: 'refused', couldBe: [[`nothing listens on ${ownTarget(probe)}`, accepts], 'the app listens on 127.0.0.1 only']};
}

function ofEnd(_: PodCase, probe: ProbeCase): Open {
  const why = 'connection closed';
  if (viaOf(probe) === 'envoy-tcp') return {why, couldBe: [[`nothing listens on ${ownTarget(probe)}`, accepts], 'the app ends the connection', ['the app listens on ::1 only, and the mesh asks 127.0.0.1', (reading) => !accepts(reading)]]};
  if (isProxied(probe)) return {why, couldBe: ['the proxy ended in the middle', 'the network between the node and the pod ends connections']};
  return {why, couldBe: ['the app ends the connection without an answer', 'the app ended in the middle']};
}

function ofStatus(probe: ProbeCase, status: number): Open {
  const via = viaOf(probe);
  const why = String(status);
  if (via === 'healthcheck') {
    return status === 404
      ? {why: `404: can't connect to ${ownTarget(probe)}`, couldBe: [[`nothing listens on ${ownTarget(probe)}`, accepts], 'the app listens on the address of the pod and not on 127.0.0.1']}
      : {why, couldBe: [`something else than {healthcheck} answers on ${HEALTHCHECK_PORT}`, '{healthcheck} got no valid Original-Tcp-Port']};
  }
  const own = `the app answers ${status} itself`;
  if (via === 'envoy-tcp' || via === 'direct') return {why, because: `${own}: nothing that could answer stands before it`, couldBe: [], blame: 'app'};
  if (via === 'pipy') return {why, couldBe: [own, status === 502 ? `the proxy cannot connect to ${appPort(probe)}` : 'another app answers on that port']};
  return {why, couldBe: [[own, byProxy], ...(ALSO[status]?.(probe) ?? [['the proxy answers it, and not the app', tellsWho] as const])]};
}

const REJECTS_HOST: Candidate = ['the app rejects the Host header', (reading) => asksInVain(reading, 'other-host')];

/** What else than the app can be behind a status. */
const ALSO: Record<number, (probe: ProbeCase) => Candidate[]> = {
  503: (probe) => [[`the proxy cannot connect to ${appPort(probe)}`, tellsWho]],
  502: (probe) => [[`the app speaks no HTTP on ${ownTarget(probe)}`, notByProxy]],
  504: (probe) => [[`the app is slower than ${limitOf(probe)}`, notByProxy]],
  404: (probe) => [['the app redirects to a path that the mesh has no route for', (reading) => reading?.through?.ok === false && reading.through.hops === 1], ...(probe.reach === 'altered' ? ["the proxy sends the path as it is written, which the app does not know"] : [])],
  400: (probe) => [[`the app speaks TLS on ${ownTarget(probe)}`, (reading) => asksInVain(reading, 'tls')], REJECTS_HOST],
  421: () => [REJECTS_HOST],
};

function ofRedirect(pod: PodCase, probe: ProbeCase, to: Redirected): Open {
  const there = pod.sidecar.open === 'all' ? 'and the kubelet gets no good answer there' : 'where the mesh does not let the kubelet through';
  const own = `the app redirects to ${to.text}, ${there}`;
  // The proxy tells the app that the request came without TLS, which many apps answer by sending it on to https.
  return isProxied(probe) && to.https
    ? {why: 'redirected', couldBe: [own, `the app does so only for the X-Forwarded-Proto: http that the proxy adds`]}
    : {why: 'redirected', because: own, couldBe: [], blame: 'app'};
}

interface Redirected {
  text: string;
  https: boolean;
}

/** The kubelet's text names another URL than the one that it was told to call: it followed a redirect. */
function redirectedTo({call}: ProbeCase, url: string | undefined): Redirected | undefined {
  const to = /^(https?):\/\/(?:\[[^\]]*\]|[^/:]*)(?::(\d+))?(\/[^?]*)?/.exec(url ?? '');
  if (!to || call.kind !== 'http') return undefined;
  const [, scheme, port, path = '/'] = to;
  const same = scheme === call.scheme.toLowerCase() && Number(port ?? (scheme === 'https' ? 443 : 80)) === call.port && decoded(path) === decoded(requestPath(call.path).split('?')[0]!);
  return same ? undefined : {text: `${scheme}, ${port ? `port ${port}, ` : ''}path ${path}`, https: scheme === 'https'};
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path; // A lone percent sign: then the path is compared as it stands.
  }
}

function ofGrpc(probe: ProbeCase, {failure, text}: Symptom): Open {
  if (failure === 'grpc-unhealthy') return {why: 'NOT_SERVING', because: `the app's health service answers, and says ${/responded with "(\w+)"/.exec(text)?.[1] ?? 'that it does not serve'}`, couldBe: [], blame: 'app'};
  if (/does not implement/.test(text)) return {why: 'no health service', because: 'the server answers gRPC, and knows no grpc.health.v1.Health', couldBe: [], blame: 'app'};
  if (/^timeout: health rpc/.test(text)) return {why: 'no answer in time', because: `the server speaks HTTP/2, and its health service did not answer within ${limitOf(probe)}`, couldBe: [], blame: 'app'};
  if (/code = NotFound/.test(text)) return {why: 'unknown service', couldBe: ['the probe names a service that the app does not register', 'the app has not registered its health service']};
  if (/^error: health rpc/.test(text) && !/connection refused|connection error/.test(text)) return {why: 'the health call fails', because: "the server was reached, and its answer to the health call is an error", couldBe: [], blame: 'app'};
  // grpc-go dials until the time is over, whatever is there.
  return {why: 'no gRPC answer', couldBe: [`nothing listens on ${ownTarget(probe)}`, 'the port speaks TLS, or no HTTP/2', 'a NetworkPolicy or the network drops the call']};
}

/** Three speakers: the command where it ran, the runtime where it could not run it, the kubelet where it took too long. */
function ofCommand(probe: ProbeCase, {failure, text, errored}: Symptom): Open {
  const slow = `the command takes longer than ${limitOf(probe)}`;
  switch (failure) {
    case 'exec-missing':
      return {why: 'the command can not be run', because: 'the command is not in the image', couldBe: [], blame: 'spec', fix: 'put the command into the image, or name one that is in it'};
    case 'exec-denied':
      return {why: 'the command can not be run', because: 'the command may not be run by the user of the container', couldBe: [], blame: 'spec', fix: 'make the file executable for the user of the container'};
    case 'exec-timeout':
      return errored && !/timeout \S+ exceeded/.test(text) ? {why: 'the command takes too long', couldBe: [slow, 'the container runtime of the node is too slow to run it']} : {why: 'the command takes too long', because: slow, couldBe: [], blame: 'app', fix: 'a longer timeoutSeconds, or a command that ends sooner'};
    case 'exec-ended':
      return {why: 'the container had ended', because: 'the container was not running when the command was to be run', couldBe: [], blame: 'not yet known'};
    case 'exec-runtime':
      return {why: 'the runtime could not run the command', because: 'the container runtime could not run it, and the command itself said nothing', couldBe: [], blame: 'node'};
    default:
      return saidNo(probe, text);
  }
}

/** A shell's line about a program that is not there: `sh: curl: not found`. */
function shellMissed(text: string): boolean {
  return text.split(/[\n\r\u2028\u2029]/).some((line) => /\bnot found$/.test(line) && /(^|[/\s])(?:[abdkz]a?)?sh: /.test(line));
}

function saidNo({actual}: ProbeCase, text: string): Open {
  const why = 'the command says no';
  if (shellMissed(text)) return {why: 'the command can not be run', because: 'the command calls a program that is not in the image', couldBe: [], blame: 'spec'};
  const away = actual?.handler.kind === 'exec' ? actual.handler.hosts.filter((host) => !isLocal(host)) : [];
  const own = 'the command ran and ended with an error';
  return away.length === 0 ? {why, because: own, couldBe: [], blame: 'app', fix: 'what the command names in its own words'} : {why, couldBe: [`${own} of its own`, `${away.join(', ')} does not answer it`, 'the mesh or its policies do not let the command through']};
}
