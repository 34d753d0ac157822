import type {Blame} from '../model/finding.ts';
import {runsSince} from '../model/pod.ts';
import {isOpen, type Evidence, type Symptom} from '../model/symptom.ts';
import type {PodCase, ProbeCase} from './case.ts';
import {eachProbe, inTemplate, type Check, type Found} from './check.ts';
import {clock} from './clock.ts';
import {decide, decideByLog, type Decision, type LiveCause} from './decide/index.ts';
import {effectOf} from './effects.ts';
import {ownerOfPort} from './ports.ts';
import {answerText, isDone, readingOf, whoText, type Reading} from './reading.ts';
import {probeText} from './words.ts';

type Row = Pick<Check, 'code' | 'slug' | 'title' | 'blame' | 'cause' | 'fix' | 'cases'> & {decides: LiveCause};

/** One check for each cause that a replay proves; what they have in common is in `check`. */
const ROWS: Row[] = [
  {code: 'OSMP401', slug: 'app-status', decides: 'app-status', title: 'The app itself answers with an error status', blame: 'app', cause: 'The app was reached, and its own answer is no success; directly it is no better.', fix: "the app's own log", cases: ['E1', 'E6', 'E11', 'E12', 'app-503', 'wrong-path']},
  {code: 'OSMP402', slug: 'port-closed', decides: 'port-closed', title: "Nothing listens on the probe's port", blame: 'app', cause: 'The proxy, or the healthcheck container, is refused on 127.0.0.1, and so is a port-forward.', fix: 'the port of the probe, or what the app listens on (0.0.0.0, not the address of the pod)', cases: ['D1', 'D2', 'D4', 'D5', 'D13', 'port-closed', 'tcp-closed']},
  {code: 'OSMP403', slug: 'slow-app', decides: 'slow-app', title: 'The app answers slower than its probe allows', blame: 'app', cause: 'The kubelet gives up after timeoutSeconds, and so does the proxy.', fix: 'a longer timeoutSeconds, or an endpoint that answers at once', cases: ['E10', 'slow']},
  {code: 'OSMP404', slug: 'bind-address', decides: 'bind-address', title: 'The app does not listen where the mesh asks it', blame: 'app', cause: "The mesh asks 127.0.0.1, with localProxyMode: PodIP the pod's address; an app that listens on ::1 or on the other one only is not there.", fix: 'listen on 0.0.0.0', cases: ['D3', 'D8', 'D2']},
  {code: 'OSMP405', slug: 'tls-app', decides: 'tls-app', title: 'The probe asks a TLS port without TLS', blame: 'spec', cause: "The probe speaks no TLS (scheme HTTP, or grpc, which never does) and the port does, so the server closes, or answers 400.", fix: 'scheme: HTTPS', cases: ['D10']},
  {code: 'OSMP406', slug: 'plaintext-app', decides: 'plaintext-app', title: 'The probe asks a plaintext port with TLS', blame: 'spec', cause: "The probe's scheme is HTTPS and the port speaks plaintext.", fix: 'scheme: HTTP', cases: ['HTTPS to plaintext']},
  {code: 'OSMP407', slug: 'no-http', decides: 'no-http', title: 'The port speaks another protocol than HTTP', blame: 'spec', cause: 'An httpGet probe of a port that speaks no HTTP/1, such as gRPC or SMTP.', fix: 'tcpSocket or exec, or the port of an HTTP endpoint', cases: ['D11']},
  {code: 'OSMP422', slug: 'odd-http', decides: 'odd-http', title: "The proxy rejects the app's answer as faulty HTTP", blame: 'app', cause: 'The kubelet and most clients are lenient; the proxy answers 502 for two Transfer-Encoding headers, a length that is none, or a header name with a space.', fix: 'the headers that the app sends: each of Transfer-Encoding and Content-Length once, or only one of them', cases: ['odd HTTP']},
  {code: 'OSMP408', slug: 'app-closes', decides: 'app-closes', title: 'The app ends the connection without an answer', blame: 'app', cause: 'The connection is accepted and then closed or reset, through the mesh and directly.', fix: "the app's own log", cases: ['D10', 'D13']},
  {code: 'OSMP409', slug: 'redirect', decides: 'redirect', title: 'The app redirects the probe, and the kubelet finds no success there', blame: 'app', cause: 'The kubelet follows redirects on the same host: to a path that the probe route of the mesh does not know, to a port that the mesh does not let through, or to a place that fails itself.', fix: 'probe the final path', cases: ['E2', 'E3']},
  {code: 'OSMP410', slug: 'host-header', decides: 'host-header', title: 'The app rejects the Host header of the probe', blame: 'spec', cause: "The kubelet's Host is the pod's address with the port that it calls, and the app wants another.", fix: 'httpHeaders: Host with the name that the app wants', cases: ['E5']},
  {code: 'OSMP411', slug: 'short-body', decides: 'short-body', title: 'The answer of the app ends early', blame: 'app', cause: 'The body is shorter than its Content-Length or does not end in time: the kubelet counts neither success nor failure.', fix: 'the handler of the probe in the app', cases: ['errored']},
  {code: 'OSMP415', slug: 'slow-proxy', decides: 'slow-proxy', title: 'The answer is late through the mesh only', blame: 'not yet known', cause: 'Directly the app answers in time.', fix: 'the CPU limit of the proxy; --count of forward shows whether it stays', cases: ['C16']},
  {code: 'OSMP416', slug: 'tls-fails', decides: 'tls-fails', title: 'The TLS handshake of the probe fails', blame: 'app', cause: 'The kubelet shows no client certificate and trusts any server; a server that demands one ends the handshake.', fix: 'a health port of its own without client certificates', cases: ['D12']},
  {code: 'OSMP418', slug: 'loopback-only', decides: 'loopback-only', title: 'The app answers on 127.0.0.1, and not at the address of the pod that the kubelet calls', blame: 'app', cause: 'Where the mesh is not between (no sidecar, an excluded port, gRPC), the kubelet dials the pod itself; a port-forward dials its loopback.', fix: 'listen on 0.0.0.0', cases: ['loopback outside']},
  {code: 'OSMP419', slug: 'added-header', decides: 'added-header', title: 'The app answers otherwise because of what the proxy adds to the request', blame: 'spec', cause: 'The proxy adds X-Forwarded-Proto: http and other headers; an app behind a load balancer sends such a request on to https. Without the mesh the same probe passes.', fix: 'httpHeaders: X-Forwarded-Proto: https in the probe, which the proxy keeps', cases: ['X-Forwarded-Proto']},
  {code: 'OSMP420', slug: 'path-as-written', decides: 'path-as-written', title: 'The app rejects the path as the proxy sends it', blame: 'spec', cause: 'The kubelet reads the declared path as a URL; the proxy sends it as it is written, with its fragment, host or double slash.', fix: 'a path that is the same in both readings', cases: ['path as URL']},
  {code: 'OSMP421', slug: 'connection-reuse', decides: 'connection-reuse', title: 'The app closes connections that the proxy keeps', blame: 'app', cause: "The kubelet opens a connection for each probe, the proxy keeps its own to the app. An app whose keep-alive time is the probe's period closes it as the next probe comes.", fix: 'a keep-alive time of the app that is longer than the period of the probe', cases: ['UC']},
  {code: 'OSMP417', slug: 'grpc-app', decides: 'grpc-app', title: "The app's gRPC health service says that it does not serve", blame: 'app', cause: 'The health service was reached and answers NOT_SERVING, knows no such service, or is not implemented.', fix: "the app's own log, or the probe's service", cases: ['grpc']},
];

function check({decides, ...row}: Row): Check {
  return {
    ...row,
    severity: 'error',
    find: (pod) =>
      eachProbe(pod, (probe) => {
        if (isDone(probe)) return undefined;
        const reading = readingOf(pod, probe);
        const decision = reading?.through ? decide(pod, probe, reading) : decideByLog(pod, probe);
        // A port that is closed because its container crashes is that container's matter.
        if (decision?.cause === 'port-closed' && ownerCrashes(pod, probe)) return undefined;
        return decision?.cause === decides ? found(pod, probe, reading, decision) : undefined;
      }),
  };
}

/** The port is another container's, which crashes: then that is the cause, and it explains the probe. */
function ownerCrashes(pod: PodCase, {container, target}: ProbeCase): boolean {
  const owner = target && ownerOfPort(pod, container, target.port).container;
  return owner !== container && pod.symptoms.some((one) => one.kind === 'crashed' && one.container === owner && isOpen(one));
}

function found(pod: PodCase, probe: ProbeCase, reading: Reading | undefined, decision: Decision): Omit<Found, 'container' | 'probe'> {
  const {why, key, because, couldBe, fix, blame} = decision;
  const starting = probe.symptoms.find(({kind, state}) => kind === 'answer' && state === 'starting');
  const failing = probe.symptoms.some(({state}) => state === 'going-on') || reading?.through === undefined;
  const lasts = starting !== undefined && lastsBeyondStart(pod, probe, decision, starting);
  return {
    ...(key === undefined ? {} : {key}),
    why: starting ? soFar(reading, why) : why,
    because,
    ...(couldBe ? {couldBe} : {}),
    ...(fix === undefined ? {} : {fix}),
    ...(starting ? {severity: lasts ? ('warning' as const) : ('info' as const)} : failing ? {} : {severity: 'warning' as const}),
    ...(blame === undefined ? {} : {blame: blame as Blame}),
    effect: starting ? effectAtStart(starting, lasts, decision) : effectOf(pod, probe, {errored: reading?.through?.judgement.outcome === 'error' ? true : undefined}),
    evidence: [...(reading ? answersOf(pod, reading) : []), ...wordsEvidence(pod, probe), ...symptomEvidence(probe), ...(probe.declared.seen ? [inTemplate(pod, probeText(probe.declared.value.probe))] : [])],
    see: again(pod, probe),
  };
}

/** Waiting does not help: what was declared has to change, or the app has long begun to run and still does not listen. */
function lastsBeyondStart({now}: PodCase, {status}: ProbeCase, {lasting, cause}: Decision, {until}: Symptom): boolean {
  const startedAt = runsSince(status) ?? now;
  // A port that is still closed after half of its time is worth a look, though it may be opened yet.
  return lasting === true || (cause === 'port-closed' && until !== undefined && now - startedAt > Math.max(60_000, (until - startedAt) / 2));
}

function effectAtStart({until}: Symptom, lasts: boolean, {lasting}: Decision): string {
  const when = until === undefined ? 'once the kubelet counts it' : `from ${clock(until)} on`;
  if (lasts && !lasting) return `fails ${when}, unless the app begins to listen`;
  return lasts ? `fails permanently ${when}: waiting does not help` : `none yet: it counts ${when}`;
}

/** The first word of a start that is under way is what the app answers. */
function soFar(reading: Reading | undefined, why: string): string {
  const status = reading?.through?.answer.kind === 'response' ? String(reading.through.answer.status) : undefined;
  return status === undefined || why.includes(status) ? why : `${status}: ${why}`;
}

/** What the app's own log says of its port. */
function wordsEvidence({look, pod, commands}: PodCase, {container, target}: ProbeCase): Evidence[] {
  const words = look?.seen ? (look.value.portWords ?? []).filter((one) => one.container === container && one.port === target?.port) : [];
  return words.flatMap(({lines}) => lines.slice(-1)).map((text) => ({label: 'log', text, source: 'log', command: commands.kubectl(`logs ${pod.name} -n ${pod.namespace} -c ${container}`)}));
}

/** What the kubelet saw of it; the answers themselves are shown already. */
function symptomEvidence({symptoms}: ProbeCase): Evidence[] {
  const told = symptoms.filter(({kind, state}) => (kind === 'probe' || kind === 'killed') && state !== 'over' && state !== 'starting');
  // Refused while the proxy was starting: what was said later tells more.
  const late = told.filter(({failure}) => failure !== 'refused');
  return (late.length > 0 ? late : told).map(({evidence}) => evidence);
}

/** Both sides of a replay, as evidence. */
export function answersOf(pod: PodCase, {through, past, one}: Reading): Evidence[] {
  const command = pod.commands.self(`forward pod/${pod.pod.name} -n ${pod.pod.namespace}`);
  const line = (label: string, text: string): Evidence => ({label, text, source: 'live answer', command});
  if (one) return [line('direct', answerText(through!.answer))];
  return [...(through ? [line('mesh', [answerText(through.answer), whoText(through.answer, through.by)].filter(Boolean).join(', '))] : []), ...(past ? [line('direct', answerText(past.answer))] : [])];
}

function again(pod: PodCase, {container, type}: ProbeCase): string {
  return pod.commands.self(`forward pod/${pod.pod.name} -n ${pod.pod.namespace} --container ${container} --probe ${type}`);
}

/** Checks of live answers, which decide where lists leave several causes. */
export const ANSWERS: Check[] = ROWS.map(check);
