import type {Commands, PodCase} from '../checks/case.ts';
import {ClusterError, type Cluster} from '../cluster/cluster.ts';
import {listMeshChanges, untilInterrupted} from '../cluster/observe.ts';
import {diagnose} from '../diagnosis/diagnose.ts';
import {workloadEvents, type EventsOptions} from '../diagnosis/events/report.ts';
import {gather, type Facts, type Scope} from '../gather.ts';
import type {EventsReport, Mark} from '../model/events-report.ts';
import type {Unseen} from '../model/unseen.ts';
import {inSlices} from '../together.ts';
import {casesOf, refusedCases, scopeText} from '../verify.ts';
import {listen, type Listened, type LogMode} from './listen.ts';

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
  const cases = await inSlices(casesOf(facts, head, commands));
  const told: Listened = {told: new Map(), unseen: []};
  let mesh: Mark[] = [];
  const interrupted = facts.interrupted || (await untilInterrupted(async () => {
    await listen(cluster, cases, options.logs, told);
    mesh = await meshChanges(cluster, told.unseen);
  }));
  const report = eventsReport(facts, cases, told, head, commands, {...options, mesh});
  return {facts, report: interrupted ? {...report, interrupted} : report};
}

/** Changes of the mesh's configuration, where they may be read: they only help to tell since when. */
async function meshChanges(cluster: Cluster, unseen: Unseen[]): Promise<Mark[]> {
  const changes: Mark[] = [];
  try {
    await listMeshChanges(cluster, (change) => changes.push(change));
  } catch (error) {
    if (!(error instanceof ClusterError) || error.reason === 'aborted') throw error;
    // No right to, another mesh, an older one, or a snapshot without it: nothing depends on it, and it is nobody's fault.
    if (!['forbidden', 'not-found'].includes(error.reason)) unseen.push({...error.unseen(), tells: 'when the mesh was configured anew'});
  }
  return changes;
}

/** Facts in, report out. */
function eventsReport(facts: Facts, cases: PodCase[], {told, unseen}: Listened, head: Pick<EventsReport, 'now' | 'origin' | 'scope'>, commands: Commands, options: EventsOptions): EventsReport {
  const refused = refusedCases(facts, head.now, commands);
  const {findings} = diagnose(cases, refused);
  const events = facts.events.byUid;
  return {
    ...head,
    workloads: workloadEvents({cases, refused, owners: facts.owners, events: facts.events, findings, now: head.now, commands, told}, options),
    events: [...cases.map(({pod}) => pod.uid), ...refused.map(({owner}) => owner.uid)].reduce((sum, uid) => sum + (events.get(uid)?.length ?? 0), 0),
    pods: facts.pods.length,
    others: facts.others,
    unseen: [...facts.unseen, ...unseen],
  };
}
