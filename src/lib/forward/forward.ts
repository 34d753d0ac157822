import type {Commands, PodCase, ProbeCase} from '../checks/case.ts';
import {ClusterError, type Cluster} from '../cluster/cluster.ts';
import {readingOf, type Reading} from '../checks/reading.ts';
import {attachableFirst} from '../diagnosis/attachable.ts';
import {podStatus} from '../diagnosis/pod-status.ts';
import {gather, type Scope} from '../gather.ts';
import {isUp, lookInto} from '../look/into.ts';
import type {ForwardReport} from '../model/forward.ts';
import type {Look, Replay} from '../model/look.ts';
import type {Observed, Unseen} from '../model/unseen.ts';
import {replayAll, type Questions} from '../look/replay.ts';
import {forwardedPod} from './replayed.ts';
import {casesOf, scopeText} from '../verify.ts';
import {wantedOf, type Repeat, type Wanted} from './wanted.ts';

/**
 * Replays each probe of the targets, through the mesh and past it, in one pod of each workload: one that is not Ready,
 * where there is one. What can't be replayed comes back as unknown.
 * @throws {ClusterError} pods can't be listed, a target or container does not exist
 */
export async function forward(cluster: Cluster, scope: Scope, commands: Commands, wanted: Wanted): Promise<ForwardReport> {
  const facts = await gather(cluster, scope);
  const head = {now: cluster.now(), origin: cluster.origin, scope: scopeText(scope)};
  const report: ForwardReport = {...head, pods: [], notAsked: facts.others, unseen: facts.unseen.map((one) => ({...one, optional: true as const}))};
  const followed = (look?: {uid: string; look: Observed<Look>}) => [...casesOf(facts, head, commands, look && {byUid: new Map([[look.uid, look.look]]), pods: 1, unseen: [], interrupted: false})];
  const cases = followed();
  assertContainers(cases, wanted.containers);
  if (facts.interrupted) return {...report, interrupted: true};
  for (const candidates of groupsOf(cases, wanted.allPods)) {
    const first = await lookFirst(cluster, candidates, wanted).catch(ifInterrupted);
    if (!first) return {...report, interrupted: true};
    const {pod, look} = first;
    const seen = followed({uid: pod.pod.uid, look}).find(({pod: {uid}}) => uid === pod.pod.uid)!;
    const readings = new Map(wantedOf(seen, wanted).map((probe) => [probe, readingsOf(seen, probe)]));
    const interrupted = look.seen && (await repeat(cluster, seen, readings, wanted.repeat, report.unseen));
    report.pods.push(forwardedPod(seen, readings, look, wanted.allPods ? 0 : candidates.length - 1));
    if (!look.seen && isUp(seen)) addOnce(report.unseen, look.why);
    if (interrupted) return {...report, interrupted: true};
  }
  return report;
}

/** One pod or all, by workload; the one to begin with first. */
function groupsOf(cases: PodCase[], allPods: boolean): PodCase[][] {
  const groups = new Map<string, PodCase[]>();
  for (const one of cases) {
    const key = `${one.workload.kind}/${one.workload.name}`;
    groups.set(key, [...(groups.get(key) ?? []), one]);
  }
  return [...groups.keys()].sort().flatMap((key) => {
    const group = groups.get(key)!;
    const sorted = attachableFirst(group.map(({pod}) => pod)).map((pod) => group.find((one) => one.pod === pod)!);
    return allPods ? sorted.map((one) => [one]) : [sorted];
  });
}

/** The first pod; of a recording the first whose answers were recorded. */
async function lookFirst(cluster: Cluster, candidates: PodCase[], wanted: Wanted): Promise<{pod: PodCase; look: Observed<Look>}> {
  const tried: {pod: PodCase; look: Observed<Look>}[] = [];
  for (const pod of candidates.slice(0, cluster.origin.kind === 'snapshot' ? undefined : 1)) {
    tried.push({pod, look: isUp(pod) ? ((await lookInto(cluster, pod, {probes: wantedOf(pod, wanted)})) ?? notRecorded(pod)) : down(pod)});
    if (tried.at(-1)!.look.seen) return tried.at(-1)!;
  }
  return tried[0]!;
}

function down({pod}: PodCase): Observed<Look> {
  return {seen: false, why: {asked: `a port-forward to pod ${pod.namespace}/${pod.name}`, got: `the pod does not run: ${podStatus(pod).status}`}};
}

function notRecorded({pod}: PodCase): Observed<Look> {
  return {seen: false, why: {asked: `answers of pod ${pod.namespace}/${pod.name}`, got: 'not recorded: the snapshot holds no answers of this pod', optional: true}};
}

function assertContainers(cases: PodCase[], containers: string[]): void {
  const known = [...new Set(cases.flatMap(({pod}) => pod.spec.containers.map(({name}) => name)))];
  const missing = cases.length > 0 ? containers.find((one) => !known.includes(one)) : undefined;
  if (missing !== undefined) throw new ClusterError('config', {asked: `container ${missing}`, got: `the containers are ${known.join(', ')}`});
}

function readingsOf(pod: PodCase, probe: ProbeCase): Reading[] {
  return readingOf(pod, probe) ? [readingOf(pod, probe)!] : [];
}

/** Asks the same again, round by round; true where Ctrl-C ended it. What fails in between is said, and ends it too. */
async function repeat(cluster: Cluster, pod: PodCase, readings: Map<ProbeCase, Reading[]>, {count, intervalMs, durationMs, pause, begins}: Repeat, unseen: Unseen[]): Promise<boolean> {
  const questions = [...readings].flatMap(([probe, [first]]) => (first ? [again(probe, first.replay)] : []));
  if (questions.length === 0) return false;
  const started = cluster.now();
  for (let round = 2; round <= count; round++) {
    try {
      const due = started + (round - 1) * intervalMs;
      if (durationMs !== undefined && Math.max(due, cluster.now()) - started > durationMs) return false;
      await pause(Math.max(0, due - cluster.now()));
      begins(round);
      const {replays} = await replayAll(cluster, pod, questions, {decide: false});
      for (const [index, {probe}] of questions.entries()) readings.get(probe)!.push(readingOf(pod, {...probe, replay: replays[index]!})!);
    } catch (error) {
      if (!(error instanceof ClusterError)) throw error;
      if (error.reason === 'aborted') return true;
      addOnce(unseen, error.unseen());
      return false;
    }
  }
  return false;
}

/** Nothing, where Ctrl-C was the end of it. */
function ifInterrupted(error: unknown): undefined {
  if (!(error instanceof ClusterError) || error.reason !== 'aborted') throw error;
  return undefined;
}

function again(probe: ProbeCase, {through, past}: Replay): Questions {
  return {probe, ...(through[0] ? {through: through[0].ask} : {}), ...(past ? {past: past.ask} : {})};
}

function addOnce(unseen: Unseen[], why: Unseen): void {
  if (!unseen.some(({asked, got}) => asked === why.asked && got === why.got)) unseen.push(why);
}
