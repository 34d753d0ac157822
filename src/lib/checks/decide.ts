import type {AnsweredBy} from '../mesh/answered.ts';
import type {AccessLine} from '../model/look.ts';
import type {Blame} from '../model/finding.ts';
import {counted, lastRequests, succeeded} from './access.ts';
import type {PodCase, ProbeCase} from './case.ts';
import {answerText, sideOf, span, viaOf, type Reading} from './reading.ts';
import {ownTarget} from './words.ts';

export type LiveCause =
  | 'app-status'
  | 'port-closed'
  | 'slow-app'
  | 'bind-address'
  | 'tls-app'
  | 'plaintext-app'
  | 'no-http'
  | 'app-closes'
  | 'redirect'
  | 'host-header'
  | 'short-body'
  | 'slow-proxy'
  | 'tls-fails'
  | 'grpc-app';

export interface Decision {
  cause: LiveCause;
  why: string;
  because: string;
  couldBe?: string[];
  fix?: string;
  blame?: Blame;
}

/**
 * The one cause that a failing replay proves, or nothing. Both sides are needed for most: what fails through the mesh and
 * past it alike is the app's; what fails through the mesh only is the way's.
 */
export function decide(pod: PodCase, probe: ProbeCase, reading: Reading): Decision | undefined {
  const {through, past} = reading;
  if (!through || through.ok || probe.reach === 'other' || probe.reach === 'broken') return undefined;
  if (reading.replay.stopped || through.hops > 1) return redirect(probe, reading);
  if (through.judgement.outcome === 'error') return shortBody(through.answer, probe);
  if (through.late || gaveUp(through.by)) return slow(probe, reading);
  if (cannotConnect(probe, reading)) return closedPort(pod, probe, reading);
  if (through.answer.kind === 'tls') return tls(probe, reading);
  if (through.answer.kind === 'grpc' && past?.answer.kind === 'grpc' && !past.ok) {
    return {cause: 'grpc-app', why: through.judgement.text, because: `the app's own health service says so, past the mesh too: ${answerText(past.answer)}`};
  }
  const overTls = reading.replay.variants.tls;
  if (overTls && sideOf(pod, probe, overTls).answer.kind === 'response') {
    return {cause: 'tls-app', why: `TLS port asked without TLS`, because: `:${probe.target?.port} speaks TLS (asked with TLS it answers ${answerText(overTls.answer)}), and the probe's scheme is HTTP`};
  }
  if (through.by.by === 'proxy') return ofProxy(through.by.says, probe, reading);
  if (through.answer.kind === 'closed' && past?.answer.kind === 'closed') return appCloses(probe);
  if (through.answer.kind === 'not-http') return past?.answer.kind === 'not-http' ? noHttp(probe, through.answer.said) : undefined;
  if (through.by.by === 'app' && through.answer.kind === 'response') return ofStatus(probe, reading, through.answer.status);
  return undefined;
}

function gaveUp(by: AnsweredBy): boolean {
  return by.by === 'proxy' && by.says === 'gave-up';
}

function redirect(probe: ProbeCase, {replay, through}: Reading): Decision {
  const to = replay.stopped?.to ?? hopPath(replay.through.at(-1)!.ask.send);
  const loop = replay.stopped?.why === 'too-many';
  const end = replay.stopped?.why === 'closed-port' ? 'a port that the mesh does not let through' : loop ? 'without end' : `where the answer is ${answerText(through!.answer)}`;
  return {
    cause: 'redirect',
    why: loop ? 'redirects without end' : `redirect leaves the probe's route`,
    because: `the app redirects ${ownTarget(probe)} to ${to}, ${end}`,
  };
}

function hopPath(send: Reading['replay']['through'][number]['ask']['send']): string {
  return send.kind === 'get' ? send.path : '';
}

function shortBody(answer: Reading['replay']['through'][number]['answer'], probe: ProbeCase): Decision | undefined {
  if (answer.kind !== 'response') return undefined;
  return {cause: 'short-body', why: 'answer ends early', because: `${ownTarget(probe)} answers ${answer.status} and then ${answer.end === 'late' ? 'does not end its body in time' : 'ends before its Content-Length'}, which the kubelet counts as an error`};
}

function slow(probe: ProbeCase, {through, past}: Reading): Decision | undefined {
  const limit = probe.actual?.timeoutSeconds ?? 1;
  if (!past) return undefined;
  if (past.late) {
    const took = past.answer.kind === 'timeout' ? `does not answer within ${span(past.answer.ms)}` : `answers after ${span(past.answer.kind === 'unsendable' ? 0 : past.answer.ms)}`;
    const seconds = past.answer.kind === 'response' ? Math.ceil(past.answer.ms / 1000) + 1 : undefined;
    return {
      cause: 'slow-app',
      why: `${took.replace('does not answer', 'no answer')}, probe waits ${limit}s`,
      because: `the app is slower than its probe allows, past the mesh alike`,
      fix: seconds === undefined ? 'an endpoint that answers at once' : `timeoutSeconds: ${seconds}, or an endpoint that answers at once`,
    };
  }
  if (!past.ok || through?.answer.kind !== 'timeout') return undefined;
  return {
    cause: 'slow-proxy',
    why: `slow through the mesh only`,
    because: `past the mesh the app answers ${answerText(past.answer)}`,
    couldBe: ['the proxy is starved of CPU', 'the app was slow for this one request'],
  };
}

/** The last hop inside the pod could not be made: by Envoy's words, by the healthcheck container's, or behind a TCP relay by the end of the stream. */
function cannotConnect(probe: ProbeCase, {through, past}: Reading): boolean {
  const {by, answer} = through!;
  if (by.by === 'proxy' || by.by === 'healthcheck') return by.says === 'cannot-connect';
  if (viaOf(probe) === 'envoy-tcp') return (answer.kind === 'closed' || (answer.kind === 'tls' && !answer.plaintext)) && past?.answer.kind === 'refused';
  return viaOf(probe) === 'direct' && answer.kind === 'refused';
}

function closedPort(pod: PodCase, probe: ProbeCase, {past}: Reading): Decision | undefined {
  const port = probe.target?.port ?? 0;
  if (past && past.answer.kind !== 'refused') {
    return {
      cause: 'bind-address',
      why: `not on 127.0.0.1:${port}`,
      because: `a port-forward, which tries ::1 too, gets ${answerText(past.answer)}; the mesh, which asks 127.0.0.1, is refused`,
      couldBe: ['the app listens on ::1 only', 'it began to listen in this moment'],
    };
  }
  if (!past) return undefined;
  const container = probe.declared.seen ? probe.declared.value.container : undefined;
  const declares = container?.ports.some(({containerPort}) => containerPort === port) ?? false;
  const others = pod.probes.filter((one) => one.container === probe.container && one.target && one.target.port !== port && ['response', 'open'].includes(one.replay?.past?.answer.kind ?? '')).map((one) => one.target!.port);
  const elsewhere = others.length > 0 ? `, while it answers on :${[...new Set(others)].join(', :')}` : '';
  return {
    cause: 'port-closed',
    why: `nothing listens on :${port}`,
    because: `nothing accepts on 127.0.0.1:${port} in the pod, through the mesh and past it alike${elsewhere}`,
    couldBe: [`container ${probe.container} does not listen on :${port}${declares ? '' : ' (nor does it declare that port)'}`, "it listens on the pod's own address only"],
    blame: elsewhere !== '' && !declares ? 'spec' : 'app',
  };
}

function tls(probe: ProbeCase, {replay, through, past}: Reading): Decision | undefined {
  const {answer} = through!;
  if (answer.kind !== 'tls') return undefined;
  if (answer.plaintext && past?.answer.kind === 'tls' && past.answer.plaintext) {
    const plain = replay.variants.plaintext;
    return {cause: 'plaintext-app', why: 'HTTPS probe, plaintext port', because: `:${probe.target?.port} speaks no TLS${plain ? ` (asked without it: ${answerText(plain.answer)})` : ''}, and the probe's scheme is HTTPS`};
  }
  if (past?.answer.kind === 'tls') return {cause: 'tls-fails', why: 'TLS fails', because: `the app ends the handshake: ${answer.text}`};
  return undefined;
}

function ofProxy(says: Extract<AnsweredBy, {by: 'proxy'}>['says'], probe: ProbeCase, {past}: Reading): Decision | undefined {
  if (says === 'app-closed') return past && !past.ok ? appCloses(probe) : undefined;
  if (says === 'no-http') return noHttp(probe, past?.answer.kind === 'not-http' ? past.answer.said : past?.answer.kind === 'open' ? past.answer.said : '');
  return undefined;
}

function appCloses(probe: ProbeCase): Decision {
  return {cause: 'app-closes', why: 'the app closes without an answer', because: `${ownTarget(probe)} accepts and then ends the connection, past the mesh too`};
}

function noHttp(probe: ProbeCase, said: string): Decision {
  return {cause: 'no-http', why: 'no HTTP', because: `:${probe.target?.port} speaks no HTTP/1${said === '' ? '' : `: it says ${JSON.stringify(said.slice(0, 40))}`}`};
}

function ofStatus(probe: ProbeCase, {replay, past}: Reading, status: number): Decision | undefined {
  const asMesh = replay.variants['mesh-host'];
  if (past?.ok) {
    if (asMesh?.answer.kind !== 'response' || asMesh.answer.status !== status) return undefined;
    const host = asMesh.ask.send.kind === 'get' ? asMesh.ask.send.headers.find(({name}) => name === 'Host')?.value : '';
    return {cause: 'host-header', why: `${status}: the app minds the Host`, because: `with Host: ${host}, which the mesh's port makes, the app answers ${status}; with its own port in Host ${answerText(past.answer)}`};
  }
  if (past?.answer.kind !== 'response') return undefined;
  const same = past.answer.status === status;
  return {
    cause: 'app-status',
    why: `the app answers ${status}`,
    because: same ? `the app itself answers ${status}, through the mesh and past it alike` : `the app itself answers ${status} through the mesh, and ${past.answer.status} past it`,
    ...(status === 404 ? {blame: 'spec' as const, fix: `the path: the app knows no ${probe.target?.path ?? 'such path'}`} : status === 401 || status === 403 ? {fix: 'let the path be asked without credentials'} : {}),
  };
}

/** As many failures in a row say what goes on. */
const ENOUGH = 2;

/**
 * What Envoy's log proves of a container that does not run now, so that nothing can be asked: the kubelet's last requests
 * of its last incarnation, where all ended alike.
 */
export function decideByLog(pod: PodCase, probe: ProbeCase): Decision | undefined {
  if (probe.reach !== 'declared' || probe.status?.state.kind === 'running') return undefined;
  const lines = lastRequests(pod, probe) ?? [];
  const failed = lines.slice(lines.findLastIndex(succeeded) + 1);
  if (failed.length < ENOUGH) return undefined;
  const because = `Envoy logged of the kubelet's last requests: ${counted(failed)}`;
  if (failed.every(byApp)) return {cause: 'app-status', why: `the app answered ${failed.at(-1)!.code}`, because: `${because}, answered by the app itself`};
  if (failed.every(({flags}) => flags.includes('UF'))) {
    const port = probe.target?.port ?? 0;
    return {cause: 'port-closed', why: `nothing listened on :${port}`, because: `${because}: it could not connect to 127.0.0.1:${port} while the container ran`, couldBe: ['the app needs longer to start than the probe allows', `the app does not listen on :${port}`]};
  }
  if (failed.every(({flags}) => flags.includes('DC') || flags.includes('UT'))) return {cause: 'slow-app', why: 'no answer in time', because};
  return undefined;
}

function byApp({details, flags, code}: AccessLine): boolean {
  return details === 'via_upstream' && flags.length === 0 && code >= 400;
}
