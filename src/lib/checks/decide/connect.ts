import {startBudgetSeconds} from '../../kubelet/timing.ts';
import {runsSince} from '../../model/pod.ts';
import type {PodCase, ProbeCase} from '../case.ts';
import {ownerOfPort, standstill} from '../ports.ts';
import {answerText, isBlind, listensOn, viaOf} from '../reading.ts';
import type {Answered, Decision} from './decision.ts';
import {kubeletRefused} from './heard.ts';

/** The last hop inside the pod could not be made: by the proxy's words, by the healthcheck container's, or behind a TCP relay by the end of the stream. */
function cannotConnect(probe: ProbeCase, {through, past}: Answered): boolean {
  const {by, answer} = through;
  if (by.by === 'proxy' || by.by === 'healthcheck') return by.says === 'cannot-connect';
  if (viaOf(probe) === 'envoy-tcp') return (answer.kind === 'closed' || (answer.kind === 'tls' && !answer.plaintext)) && past?.answer.kind === 'refused';
  return false;
}

/** Nothing accepts where the mesh dials, or where the kubelet does. */
export function unconnected(pod: PodCase, probe: ProbeCase, reading: Answered): Decision | undefined {
  if (reading.through.hops > 1) return undefined;
  if (viaOf(probe) === 'direct') return direct(pod, probe, reading);
  return cannotConnect(probe, reading) ? byMesh(pod, probe, reading) : undefined;
}

const LOOPBACK = 'the app listens on 127.0.0.1 only';
const JUST_BEGUN = 'it began to listen in this moment';

/**
 * Without a mesh between, the kubelet dials the pod's address and the tunnel its loopback: only both together tell where
 * the app listens. That the kubelet is refused now, and the tunnel is not, proves an app that listens on 127.0.0.1 only.
 */
function direct(pod: PodCase, probe: ProbeCase, reading: Answered): Decision | undefined {
  const {through} = reading;
  const port = probe.target?.port ?? 0;
  const refused = kubeletRefused(probe);
  if (!refused) return undefined;
  const grpc = refused.failure === 'grpc';
  // grpc-go dials until the time is over, whether it is refused or nobody answers.
  const dropped = grpc ? ['a NetworkPolicy or the network drops the call'] : [];
  if (isBlind(probe, reading)) {
    // Refused now and then, and answered in between: that the loopback refuses, too, is no news.
    if (refused.state !== 'going-on') return undefined;
    const why = `nothing listens on :${port}`;
    if (grpc) return {cause: 'port-closed', why, because: `the kubelet gets no gRPC connection at the pod's address, and a port-forward is refused on 127.0.0.1:${port}`, couldBe: [why, "the app listens on the pod's address only, and speaks TLS or no HTTP/2 there", ...dropped], blame: 'not yet known'};
    const because = `nothing accepts on :${port}: the kubelet is refused at the pod's address, and a port-forward on 127.0.0.1`;
    // A container that has been ready was reached there before.
    const before = probe.status?.ready === true ? {couldBe: [`${why} any more`, "the app listens on the pod's address only, and was refused for a moment"], blame: 'not yet known' as const} : whose(pod, probe);
    return {cause: 'port-closed', why, because, ...before};
  }
  if ((grpc && !through.ok) || !['response', 'open', 'grpc'].includes(through.answer.kind)) return undefined;
  const because = `on 127.0.0.1:${port} a port-forward gets ${answerText(through.answer)}; the kubelet, which dials the pod's address, ${grpc ? 'gets no connection' : 'is refused'}`;
  const sure = !grpc && refused.state === 'going-on' && isLongUp(pod, probe);
  return {
    cause: 'loopback-only',
    why: grpc ? `answers on 127.0.0.1:${port}, and not to the kubelet` : `listens on 127.0.0.1:${port} only`,
    because,
    ...(sure ? {} : {couldBe: [LOOPBACK, ...dropped, JUST_BEGUN], blame: 'not yet known' as const}),
    lasting: true,
  };
}

/** A refusal is always older than the tunnel's answer: an app that is still coming up may have begun to listen in between. */
function isLongUp({now}: PodCase, {status, actual}: ProbeCase): boolean {
  const up = now - (runsSince(status) ?? now);
  return actual !== undefined && up > Math.max(120_000, 2000 * startBudgetSeconds(actual));
}

/** The proxy dials 127.0.0.1, or with localProxyMode: PodIP the pod's address; the healthcheck container always 127.0.0.1. */
function byMesh(pod: PodCase, probe: ProbeCase, {through, past}: Answered): Decision | undefined {
  const port = probe.target?.port ?? 0;
  if (!past) return undefined;
  const atPodAddress = pod.sidecar.dialsPodAddress === true && through.by.by === 'proxy';
  if (past.answer.kind === 'refused') return closed(pod, probe, atPodAddress);
  if (atPodAddress) {
    const because = `the proxy dials the pod's address (localProxyMode: PodIP) and is refused; on 127.0.0.1 a port-forward gets ${answerText(past.answer)}`;
    return {cause: 'bind-address', why: `not on the pod's address :${port}`, because, ...(isLongUp(pod, probe) ? {lasting: true as const} : {couldBe: [LOOPBACK, JUST_BEGUN]})};
  }
  const because = `a port-forward, which tries ::1 too, gets ${answerText(past.answer)}; the mesh, which asks 127.0.0.1, is refused`;
  return {cause: 'bind-address', why: `not on 127.0.0.1:${port}`, because, ...(listensOn(pod, probe) === '::1' ? {lasting: true as const} : {couldBe: ['the app listens on ::1 only', JUST_BEGUN]})};
}

function closed(pod: PodCase, probe: ProbeCase, atPodAddress: boolean): Decision {
  const port = probe.target?.port ?? 0;
  const others = otherPorts(pod, probe, port);
  const elsewhere = others.length > 0 ? `, while it answers on :${others.join(', :')}` : '';
  const {container, declares} = ownerOfPort(pod, probe.container, port);
  const still = container === probe.container ? undefined : standstill(pod, container);
  const found = listensOn(pod, probe);
  const decision: Decision = {
    cause: 'port-closed',
    why: `nothing listens on :${port}`,
    because: atPodAddress ? `nothing accepts on :${port} in the pod, at its address and on 127.0.0.1 alike${elsewhere}` : `nothing accepts on 127.0.0.1:${port} in the pod, through the mesh and directly alike${elsewhere}`,
    blame: elsewhere !== '' && !declares ? 'spec' : 'app',
  };
  if (still !== undefined) return {...decision, why: `${container}, whose port it is, ${still}`, because: `${decision.because}; the port is declared by container ${container}, which ${still}`, fix: `container ${container}, or a probe of the container's own port`, blame: 'not yet known'};
  if (atPodAddress) return decision;
  if (found !== undefined) return {...decision, ...(found === '::1' ? {cause: 'bind-address' as const} : {}), why: `listens on ${found}:${port} only`, because: `the log of container ${container} says that it listens on ${found}:${port}; the mesh asks 127.0.0.1, and is refused there`, blame: 'app', lasting: true};
  return {...decision, couldBe: [`container ${container} does not listen on :${port}${declares ? '' : ' (nor does it declare that port)'}`, "it listens on the pod's own address only", 'it listens on ::1 only']};
}

/** Ports of the same container on which something answers. */
function otherPorts(pod: PodCase, probe: ProbeCase, port: number): number[] {
  const answering = pod.probes.filter((one) => one.container === probe.container && one.target && one.target.port !== port && ['response', 'open'].includes(one.replay?.past?.answer.kind ?? ''));
  return [...new Set(answering.map((one) => one.target!.port))];
}

function whose(pod: PodCase, probe: ProbeCase): Pick<Decision, 'blame'> {
  return {blame: ownerOfPort(pod, probe.container, probe.target?.port ?? 0).declares ? 'app' : 'spec'};
}
