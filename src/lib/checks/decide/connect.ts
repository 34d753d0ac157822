import {startBudgetSeconds} from '../../kubelet/timing.ts';
import {runsSince} from '../../model/pod.ts';
import type {PodCase, ProbeCase} from '../case.ts';
import {ownerOfPort} from '../ports.ts';
import {answerText, listensOn, viaOf} from '../reading.ts';
import type {Answered, Decision} from './decision.ts';

/** The last hop inside the pod could not be made: by the proxy's words, by the healthcheck container's, or behind a TCP relay by the end of the stream. */
function cannotConnect(probe: ProbeCase, {through, past}: Answered): boolean {
  const {by, answer} = through;
  if (by.by === 'proxy' || by.by === 'healthcheck') return by.says === 'cannot-connect';
  if (viaOf(probe) === 'envoy-tcp') return (answer.kind === 'closed' || (answer.kind === 'tls' && !answer.plaintext)) && past?.answer.kind === 'refused';
  return false;
}

/** Nothing accepts where the mesh dials, or where the kubelet does. */
export function unconnected(pod: PodCase, probe: ProbeCase, reading: Answered): Decision | undefined {
  if (viaOf(probe) === 'direct') return direct(pod, probe, reading);
  return cannotConnect(probe, reading) ? byMesh(pod, probe, reading) : undefined;
}

/**
 * Without a mesh between, the kubelet dials the pod's address and the tunnel its loopback: only both together tell where
 * the app listens. That the kubelet is refused and the tunnel is not proves an app that listens on 127.0.0.1 only.
 */
function direct(pod: PodCase, probe: ProbeCase, {through}: Answered): Decision | undefined {
  const port = probe.target?.port ?? 0;
  const refused = probe.symptoms.find(({kind, failure, state}) => kind === 'probe' && (failure === 'refused' || failure === 'grpc') && (state === 'going-on' || state === 'maybe'));
  if (!refused || (refused.failure === 'grpc' && through.answer.kind !== 'refused' && !through.ok)) return undefined;
  if (through.answer.kind === 'refused') {
    const because = `nothing accepts on :${port}: the kubelet is refused at the pod's address, and a port-forward on 127.0.0.1`;
    return {cause: 'port-closed', why: `nothing listens on :${port}`, because, ...whose(pod, probe)};
  }
  if (through.answer.kind !== 'response' && through.answer.kind !== 'open' && through.answer.kind !== 'grpc') return undefined;
  const seen = `on 127.0.0.1:${port} a port-forward gets ${answerText(through.answer)}; the kubelet, which dials the pod's address, ${refused.failure === 'grpc' ? 'gets no connection' : 'is refused'}`;
  // grpc-go dials until the time is over, whether it is refused or nobody answers.
  const dropped = refused.failure === 'grpc' ? ['a NetworkPolicy or the network drops the call'] : [];
  if (dropped.length > 0) return {cause: 'loopback-only', why: `answers on 127.0.0.1:${port}, and not to the kubelet`, because: seen, couldBe: ['the app listens on 127.0.0.1 only', ...dropped, 'it began to listen in this moment'], blame: 'not yet known', lasting: true};
  return {cause: 'loopback-only', why: `listens on 127.0.0.1:${port} only`, because: seen, ...(refused.state === 'going-on' && isLongUp(pod, probe) ? {} : {couldBe: ['the app listens on 127.0.0.1 only', 'it began to listen in this moment'], blame: 'not yet known'}), lasting: true};
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
  if (past.answer.kind !== 'refused') {
    if (atPodAddress) {
      const because = `the proxy dials the pod's address (localProxyMode: PodIP) and is refused; on 127.0.0.1 a port-forward gets ${answerText(past.answer)}`;
      return {cause: 'bind-address', why: `not on the pod's address :${port}`, because, lasting: true};
    }
    const because = `a port-forward, which tries ::1 too, gets ${answerText(past.answer)}; the mesh, which asks 127.0.0.1, is refused`;
    return {cause: 'bind-address', why: `not on 127.0.0.1:${port}`, because, ...(listensOn(pod, probe) === '::1' ? {lasting: true as const} : {couldBe: ['the app listens on ::1 only', 'it began to listen in this moment']})};
  }
  return closed(pod, probe, atPodAddress);
}

function closed(pod: PodCase, probe: ProbeCase, atPodAddress: boolean): Decision {
  const port = probe.target?.port ?? 0;
  const others = otherPorts(pod, probe, port);
  const elsewhere = others.length > 0 ? `, while it answers on :${others.join(', :')}` : '';
  const {container, declares} = ownerOfPort(pod, probe.container, port);
  const found = listensOn(pod, probe);
  const decision: Decision = {
    cause: 'port-closed',
    why: `nothing listens on :${port}`,
    because: atPodAddress ? `nothing accepts on :${port} in the pod, at its address and on 127.0.0.1 alike${elsewhere}` : `nothing accepts on 127.0.0.1:${port} in the pod, through the mesh and directly alike${elsewhere}`,
    blame: elsewhere !== '' && !declares ? 'spec' : 'app',
  };
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
