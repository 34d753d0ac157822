import type {Commands, RefusedCase} from './checks/case.ts';
import type {Cluster} from './cluster/cluster.ts';
import {caseOf} from './diagnosis/case.ts';
import {diagnose} from './diagnosis/diagnose.ts';
import {gather, ownWorkload, type Facts, type Scope} from './gather.ts';
import type {Owner} from './model/owner.ts';
import type {Report} from './model/report.ts';

/** Follows every probe in scope by what lists can tell. @throws {ClusterError} when pods can't be listed */
export async function verify(cluster: Cluster, scope: Scope, commands: Commands): Promise<Report> {
  const facts = await gather(cluster, scope);
  return judge(facts, {now: cluster.now(), origin: cluster.origin, scope: scopeText(scope)}, commands);
}

/** The pure part: facts in, report out. */
export function judge(facts: Facts, head: Pick<Report, 'now' | 'origin' | 'scope'>, commands: Commands): Report {
  const {owners, events, namespaces} = facts;
  const cases = facts.pods.map((pod) =>
    caseOf({
      pod,
      owners,
      namespace: namespaces.get(pod.namespace),
      events: events.seen ? {seen: true, value: events.value.get(pod.uid) ?? []} : events,
      now: head.now,
      commands,
    }),
  );
  const {rows, findings} = diagnose(cases, facts.refused.flatMap((owner) => refusedCase(owner, facts, head.now, commands)));
  return {
    ...head,
    rows,
    findings,
    unseen: facts.unseen,
    meshes: [...new Set(cases.flatMap(({profile}) => (profile?.seen ? [profile.value.title] : [])))].sort(),
    pods: facts.pods.length,
    others: facts.others,
  };
}

/** The condition of the controller, else (kinds that have none) its newest event; one that only lags behind has neither. */
function refusedCase(owner: Owner, {events}: Facts, now: number, commands: Commands): RefusedCase[] {
  const mine = (events.seen ? (events.value.get(owner.uid) ?? []) : []).sort((a, b) => b.last - a.last);
  const text = owner.refused ?? (owner.kind === 'ReplicaSet' ? undefined : mine[0]?.message);
  if (text === undefined) return [];
  const workload = ownWorkload(owner);
  const command = commands.kubectl(`describe ${owner.kind.toLowerCase()} ${owner.name} -n ${owner.namespace}`);
  const evidence = {label: 'refused', text, source: 'owner' as const, command};
  return [{owner, workload, now, commands, symptom: {kind: 'refused', state: 'going-on', text, count: mine[0]?.count ?? 1, evidence}}];
}

function scopeText({namespaces, selector, targets}: Scope): string {
  const where = namespaces.length > 0 ? `namespace ${namespaces.join(', ')}` : 'all namespaces';
  return [...(targets.length > 0 ? [targets.map(({given}) => given).join(', ')] : []), where, ...(selector ? [`selector ${selector}`] : [])].join(', ');
}
