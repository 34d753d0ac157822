import {named} from '../model/lookup.ts';
import type {Owner, Workload} from '../model/owner.ts';
import type {Pod, Template} from '../model/pod.ts';
import type {Observed} from '../model/unseen.ts';

/** Owners by uid, and ControllerRevisions by their owner's uid; `unseen` holds the kinds that could not be listed. */
export interface Owners {
  byUid: Map<string, Owner>;
  revisions: Map<string, Owner[]>;
  unseen: Map<string, {asked: string; got: string}>;
}

/**
 * The template that the pod was made from: its ReplicaSet, its Job, or the revision that its label names, because a
 * StatefulSet's or DaemonSet's own template may be newer. A bare pod: what was applied.
 */
export function declaredOf(pod: Pod, owners: Owners): Observed<Template> {
  const {owner} = pod;
  if (!owner) return pod.lastApplied ? seen(pod.lastApplied) : unknown(pod, 'the pod has no owner and no last-applied annotation');
  const found = owners.byUid.get(owner.uid);
  if (owner.kind === 'StatefulSet' || owner.kind === 'DaemonSet') return byRevision(pod, owner, found, owners);
  if (found?.template) return fitting(pod, found.template);
  const why = owners.unseen.get(owner.kind);
  return unknown(pod, why ? `${why.asked}: ${why.got}` : `its owner ${owner.kind.toLowerCase()}/${owner.name} is not there or of a kind that is not read`);
}

function byRevision(pod: Pod, owner: {kind: string; uid: string; name: string}, found: Owner | undefined, owners: Owners): Observed<Template> {
  const hash = pod.revisionHash ?? '';
  const revision = (owners.revisions.get(owner.uid) ?? []).find(({name}) => name === hash || name === `${owner.name}-${hash}`);
  if (revision?.template) return seen(revision.template);
  const [current, update] = found?.revisions ?? [];
  if (found?.template && current !== undefined && current === update && current === hash) return seen(found.template);
  const why = owners.unseen.get('ControllerRevision') ?? owners.unseen.get(owner.kind);
  return unknown(pod, why ? `${why.asked}: ${why.got}` : `revision ${hash || 'of the pod'} of ${owner.kind.toLowerCase()}/${owner.name} is not there`);
}

/** A ReplicaSet or Job whose template was changed keeps its pods: a container that they lack shows it. */
function fitting(pod: Pod, template: Template): Observed<Template> {
  const lacking = template.containers.find(({name}) => named(pod.spec.containers, name) === undefined);
  return lacking ? unknown(pod, `its template holds container ${lacking.name}, which the pod does not: it is newer than the pod`) : seen(template);
}

function seen(value: Template): Observed<Template> {
  return {seen: true, value};
}

function unknown(pod: Pod, got: string): Observed<Template> {
  return {seen: false, why: {asked: `the template of pod ${pod.namespace}/${pod.name}`, got}};
}

const SHORT = new Map(Object.entries({Deployment: 'deploy', StatefulSet: 'sts', DaemonSet: 'ds', ReplicaSet: 'rs', Job: 'job', Pod: 'pod', CronJob: 'cronjob'}));

/** How `kubectl` writes it: `deploy/cart`. */
export function workloadName({kind, name}: Workload): string {
  return `${SHORT.get(kind) ?? kind.toLowerCase()}/${name}`;
}

/** What a user calls the pod's owner: the Deployment of its ReplicaSet, else the owner, else the pod. */
export function workloadOf(pod: Pod, owners: Owners): Workload {
  const {owner, namespace} = pod;
  if (!owner) return {kind: 'Pod', name: pod.name, namespace};
  const above = owners.byUid.get(owner.uid)?.owner;
  if (owner.kind === 'ReplicaSet' && above) return {kind: above.kind, name: above.name, namespace};
  return {kind: owner.kind, name: owner.name, namespace};
}
