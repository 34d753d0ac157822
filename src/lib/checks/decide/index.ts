import {counted, failed, isAppsOwn, lastRequests, timedOut} from '../access.ts';
import {isOpen} from '../../model/symptom.ts';
import type {PodCase, ProbeCase} from '../case.ts';
import {exitsItself} from '../check.ts';
import type {Reading} from '../reading.ts';
import {late} from './body.ts';
import {unconnected} from './connect.ts';
import type {Answered, Decider, Decision} from './decision.ts';
import {isSlowTunnel} from './heard.ts';
import {grpc, overTls, silent, tls} from './protocol.ts';
import {ofStatus} from './status.ts';
import {connectionReuse, differs, isNeverKept, redirect, reused} from './way.ts';

export type {Decision, LiveCause} from './decision.ts';

/** In order: what the mesh does to the request, then whether the app can be reached, its protocol, and what it says. */
const DECIDERS: readonly Decider[] = [reused, redirect, late, unconnected, tls, overTls, grpc, silent, differs, ofStatus];

/**
 * The one cause that a replay proves, or nothing. Both sides are needed for most: what fails through the mesh and directly
 * alike is the app's; what fails through the mesh only is the way's.
 */
export function decide(pod: PodCase, probe: ProbeCase, reading: Reading): Decision | undefined {
  if (!hasAnswer(reading) || probe.reach === 'other' || probe.reach === 'broken') return undefined;
  if (isSlowTunnel(pod, probe, reading)) return undefined;
  const good = reading.through.ok && reading.replay.stopped?.why !== 'other-host';
  if (good) return unconnected(pod, probe, reading) ?? closesBetween(pod, probe, reading);
  if (reading.replay.stopped?.why === 'other-host') return redirect(pod, probe, reading);
  for (const decider of DECIDERS) {
    const decision = decider(pod, probe, reading);
    if (decision) return decision;
  }
  return undefined;
}

function hasAnswer(reading: Reading): reading is Answered {
  return reading.through !== undefined;
}

/** All is well in this moment, and of the kubelet's last requests some ended with a connection that the app had closed. */
function closesBetween(pod: PodCase, probe: ProbeCase, {past, replay, one}: Answered): Decision | undefined {
  if (one || past?.ok !== true || isNeverKept({past, replay})) return undefined;
  const bad = (lastRequests(pod, probe) ?? []).filter((line) => failed(line, probe));
  if (bad.length < ENOUGH || !bad.every(({flags}) => flags.includes('UC'))) return undefined;
  return connectionReuse(probe, replay);
}

/** As many failures in a row say what goes on. */
const ENOUGH = 2;

/**
 * What Envoy's log proves of a container that does not run now, so that nothing can be asked: the kubelet's last requests
 * of its last incarnation, where all ended alike.
 */
export function decideByLog(pod: PodCase, probe: ProbeCase): Decision | undefined {
  if ((probe.reach !== 'declared' && probe.reach !== 'altered') || probe.status?.state.kind === 'running' || !mayHaveKilled(pod, probe)) return undefined;
  const lines = lastRequests(pod, probe) ?? [];
  const bad = lines.slice(lines.findLastIndex((line) => !failed(line, probe)) + 1);
  if (bad.length < ENOUGH) return undefined;
  const because = `Envoy logged of the kubelet's last requests: ${counted(bad, probe)}`;
  if (bad.every((line) => isAppsOwn(line) && line.code >= 400)) return {cause: 'app-status', key: String(bad.at(-1)!.code), why: `the app answered ${bad.at(-1)!.code}`, because: `${because}, answered by the app itself`};
  if (bad.every(({flags}) => flags.includes('UF'))) {
    const port = probe.target?.port ?? 0;
    return {cause: 'port-closed', why: `nothing listened on :${port}`, because: `${because}: it could not connect to 127.0.0.1:${port} while the container ran`, couldBe: ['the app needs longer to start than the probe allows', `the app does not listen on :${port}`]};
  }
  if (bad.every((line) => timedOut(line, probe))) return {cause: 'slow-app', why: 'no answer in time', because, couldBe: ['the app is slower than its probe allows', 'the app hung before it ended']};
  return undefined;
}

/** The probe can have ended the container: a readiness probe ends none, and an app that exits by itself was not killed. */
function mayHaveKilled(pod: PodCase, {container, type, symptoms}: ProbeCase): boolean {
  if (type === 'readiness') return false;
  const crashed = pod.symptoms.some((one) => one.kind === 'crashed' && one.container === container && isOpen(one));
  return symptoms.some((one) => one.kind === 'killed' && isOpen(one)) || (crashed && !exitsItself(pod, container));
}
