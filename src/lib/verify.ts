import type {Commands, PodCase, RefusedCase} from './checks/case.ts';
import {hidesReason, wordsOfRefusal} from './checks/creation.ts';
import type {Cluster} from './cluster/cluster.ts';
import {observed, readInjectorLog} from './cluster/observe.ts';
import {caseOf} from './diagnosis/case.ts';
import {diagnose} from './diagnosis/diagnose.ts';
import {gather, ownWorkload, type Facts, type Scope} from './gather.ts';
import {lookIntoAll, type LiveMode, type Looks} from './look/all.ts';
import {eventsAbout} from './model/event.ts';
import type {Owner} from './model/owner.ts';
import type {Report} from './model/report.ts';
import type {Observed, Unseen} from './model/unseen.ts';

/** What is judged again after Ctrl-C, which has to end at once: what took no longer before, in milliseconds. */
const AT_ONCE_MS = 80;

type Head = Pick<Report, 'now' | 'origin' | 'scope'>;

/**
 * Follows every probe in scope: by what lists tell, and where that leaves a question, by a look into the pods.
 * @throws {ClusterError} when pods can't be listed
 */
export async function verify(cluster: Cluster, scope: Scope, commands: Commands, live: LiveMode, bootstrapSecret = false): Promise<Report> {
  const facts = await gather(cluster, scope);
  const head: Head = {now: cluster.now(), origin: cluster.origin, scope: scopeText(scope)};
  const began = performance.now();
  const report = reportOf(casesOf(facts, head, commands), facts, head, commands);
  const tookMs = performance.now() - began;
  if (facts.interrupted) return {...report, interrupted: true};
  if (live === 'never') return report;
  const looks = await lookIntoAll(cluster, casesOf(facts, head, commands), report.rows, live, bootstrapSecret);
  // The injector's log is the only place that says why it refused.
  const missed: Report = {...report, unseen: [...facts.unseen, ...looks.unseen], interrupted: true};
  if (looks.interrupted && tookMs > AT_ONCE_MS) return missed;
  const hidden = looks.interrupted ? undefined : refusedCases(facts, head.now, commands).find(hidesReason);
  const log = hidden ? await observed(() => readInjectorLog(cluster, wordsOfRefusal(hidden))) : undefined;
  if (looks.byUid.size === 0 && !log?.seen) return looks.interrupted ? missed : {...report, unseen: [...facts.unseen, ...looks.unseen, ...unseenOf(log)]};
  return {
    ...reportOf(casesOf(facts, head, commands, looks), facts, head, commands, log?.seen ? log.value : undefined),
    looked: looks.pods,
    unseen: [...facts.unseen, ...looks.unseen, ...unseenOf(log)],
    ...(looks.interrupted ? {interrupted: true as const} : {}),
  };
}

/** The injector's log tells why; that it refused is known. */
function unseenOf(log: Observed<unknown> | undefined): Unseen[] {
  return log && !log.seen ? [{...log.why, tells: 'why the injector refuses pods', optional: true}] : [];
}

/** Each pod with its probes followed; the pure part, which is run again once somebody has looked. */
export function* casesOf(facts: Facts, head: Head, commands: Commands, looks?: Looks): Generator<PodCase> {
  const {owners, events, namespaces} = facts;
  for (const pod of facts.pods) {
    const look = looks?.byUid.get(pod.uid);
    yield caseOf({
      pod,
      owners,
      namespace: namespaces.get(pod.namespace),
      events: eventsAbout(events, pod),
      now: head.now,
      commands,
      ...(look ? {look} : {}),
    });
  }
}

/** What is to be said of the pods. */
export function reportOf(cases: Iterable<PodCase>, facts: Facts, head: Head, commands: Commands, injectorSays?: Map<string, string[]>): Report {
  const refused = refusedCases(facts, head.now, commands).map((one) => ({...one, ...(injectorSays ? {injectorSays: injectorSays.get(one.workload.namespace) ?? []} : {})}));
  const meshes = new Set<string>();
  const {rows, findings} = diagnose(noting(cases, meshes), refused);
  return {
    ...head,
    rows,
    findings,
    unseen: facts.unseen,
    meshes: [...meshes].sort(),
    pods: facts.pods.length,
    others: facts.others,
  };
}

/** Controllers that lack pods, with what the API server said. */
export function refusedCases(facts: Facts, now: number, commands: Commands): RefusedCase[] {
  return facts.refused.flatMap((owner) => refusedCase(owner, facts, now, commands));
}

/** Notes each pod's mesh while it goes by. */
function* noting(cases: Iterable<PodCase>, meshes: Set<string>): Generator<PodCase> {
  for (const one of cases) {
    if (one.profile?.seen) meshes.add(one.profile.value.title);
    yield one;
  }
}

/** Controllers try again after 17 minutes at most (client-go's rate limiter of workqueues: 1000 s). */
const RETRY_MS = 2 * 1000 * 1000;

/** The condition of the controller, else (kinds that have none) its newest event; one that only lags behind has neither. */
function refusedCase(owner: Owner, {events}: Facts, now: number, commands: Commands): RefusedCase[] {
  // Refused before, and tried again in vain since then, would be said again.
  const told = eventsAbout(events, owner);
  const mine = (told.seen ? told.value : []).filter(({last}) => now - last <= RETRY_MS).sort((a, b) => b.last - a.last);
  const text = owner.refused ?? (owner.kind === 'ReplicaSet' ? undefined : mine[0]?.message);
  if (text === undefined) return [];
  const workload = ownWorkload(owner);
  const command = commands.kubectl(`describe ${owner.kind.toLowerCase()} ${owner.name} -n ${owner.namespace}`);
  const evidence = {label: 'refused', text, source: 'owner' as const, command};
  return [{owner, workload, now, commands, symptom: {kind: 'refused', state: 'going-on', text, count: mine[0]?.count ?? 1, evidence}}];
}

/** The scope in words. */
export function scopeText({namespaces, selector, targets}: Scope): string {
  const where = namespaces.length > 0 ? `namespace ${namespaces.join(', ')}` : 'all namespaces';
  return [...(targets.length > 0 ? [targets.map(({given}) => given).join(', ')] : []), where, ...(selector ? [`selector ${selector}`] : [])].join(', ');
}
