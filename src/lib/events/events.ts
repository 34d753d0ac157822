import type {Commands, PodCase} from '../checks/case.ts';
import {ClusterError, type Cluster} from '../cluster/cluster.ts';
import {listMeshChanges} from '../cluster/observe.ts';
import {diagnose} from '../diagnosis/diagnose.ts';
import {workloadEvents, type EventsOptions} from '../diagnosis/events/report.ts';
import {gather, type Facts, type Scope} from '../gather.ts';
import type {EventsReport, Mark, Told} from '../model/events-report.ts';
import {casesOf, refusedCases, scopeText} from '../verify.ts';
import {listen, type LogMode} from './listen.ts';

/**
 * Tells what happened to each workload in scope, in the guide's order: by events, by the pods' status where these are
 * gone, and by logs where a container failed.
 * @throws {ClusterError} when pods can't be listed
 */
export async function events(cluster: Cluster, scope: Scope, commands: Commands, options: TellingOptions): Promise<EventsReport> {
  return (await tell(cluster, scope, commands, options)).report;
}

export type TellingOptions = EventsOptions & {logs: LogMode};

/** The report with the facts that it was made of, for those who follow what comes after. @throws as `events` */
export async function tell(cluster: Cluster, scope: Scope, commands: Commands, options: TellingOptions): Promise<{facts: Facts; report: EventsReport}> {
  const facts = await gather(cluster, scope, options.all ? 'all' : 'telling');
  const head = {now: cluster.now(), origin: cluster.origin, scope: scopeText(scope)};
  const cases = [...casesOf(facts, head, commands)];
  const {told, unseen} = await listen(cluster, cases, options.logs);
  const mesh = await meshChanges(cluster);
  return {facts, report: eventsReport(facts, cases, told, head, commands, {...options, mesh}, unseen)};
}

/** Changes of the mesh's configuration, where they may be read: they only help to tell since when. */
async function meshChanges(cluster: Cluster): Promise<Mark[]> {
  const changes: Mark[] = [];
  try {
    await listMeshChanges(cluster, (change) => changes.push(change));
  } catch (error) {
    // No right to, another mesh, an older one, or a snapshot without it: nothing depends on it.
    if (!(error instanceof ClusterError) || !['forbidden', 'not-found'].includes(error.reason)) throw error;
  }
  return changes;
}

/** Facts in, report out. */
function eventsReport(facts: Facts, cases: PodCase[], told: Map<string, Told>, head: Pick<EventsReport, 'now' | 'origin' | 'scope'>, commands: Commands, options: EventsOptions, unseen: EventsReport['unseen']): EventsReport {
  const refused = refusedCases(facts, head.now, commands);
  const {findings} = diagnose(cases, refused);
  const events: ReadonlyMap<string, unknown[]> = facts.events.seen ? facts.events.value : new Map();
  return {
    ...head,
    workloads: workloadEvents({cases, refused, owners: facts.owners, events: facts.events, findings, now: head.now, commands, told}, options),
    events: [...cases.map(({pod}) => pod.uid), ...refused.map(({owner}) => owner.uid)].reduce((sum, uid) => sum + (events.get(uid)?.length ?? 0), 0),
    pods: facts.pods.length,
    others: facts.others,
    unseen: [...facts.unseen, ...unseen],
  };
}
