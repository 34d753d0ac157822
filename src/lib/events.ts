import type {Commands, PodCase} from './checks/case.ts';
import type {Cluster} from './cluster/cluster.ts';
import {diagnose} from './diagnosis/diagnose.ts';
import {workloadEvents, type EventsOptions} from './diagnosis/events/report.ts';
import {gather, type Facts, type Scope} from './gather.ts';
import type {EventsReport, Told} from './model/events-report.ts';
import {casesOf, refusedCases, scopeText} from './verify.ts';
import {listen, type LogMode} from './listen.ts';

/**
 * Tells what happened to each workload in scope, in the guide's order: by events, by the pods' status where these are
 * gone, and by logs where a container failed.
 * @throws {ClusterError} when pods can't be listed
 */
export async function events(cluster: Cluster, scope: Scope, commands: Commands, options: EventsOptions & {logs: LogMode}): Promise<EventsReport> {
  const facts = await gather(cluster, scope, options.all ? 'all' : 'telling');
  const head = {now: cluster.now(), origin: cluster.origin, scope: scopeText(scope)};
  const cases = casesOf(facts, head, commands);
  const {told, unseen} = await listen(cluster, cases, options.logs);
  return eventsReport(facts, cases, told, head, commands, options, unseen);
}

/** Facts in, report out. */
export function eventsReport(facts: Facts, cases: PodCase[], told: Map<string, Told>, head: Pick<EventsReport, 'now' | 'origin' | 'scope'>, commands: Commands, options: EventsOptions, unseen: EventsReport['unseen'] = []): EventsReport {
  const refused = refusedCases(facts, head.now, commands);
  const {findings} = diagnose(cases, refused);
  return {
    ...head,
    workloads: workloadEvents({cases, refused, owners: facts.owners, events: facts.events, findings, now: head.now, commands, told}, options),
    events: facts.events.seen ? [...facts.events.value.values()].reduce((sum, {length}) => sum + length, 0) : 0,
    pods: facts.pods.length,
    others: facts.others,
    unseen: [...facts.unseen, ...unseen],
  };
}
