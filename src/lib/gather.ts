import {ClusterError, type Cluster, type Resource} from './cluster/cluster.ts';
import {getNamespace, listEvents, listNamespaces, listOwners, listPods} from './cluster/observe.ts';
import {workloadOf, type Owners} from './diagnosis/declared.ts';
import {isMeshed} from './mesh/detect.ts';
import {mustInject} from './mesh/inject.ts';
import type {ClusterEvent, KnownEvents} from './model/event.ts';
import type {Namespace} from './model/namespace.ts';
import type {Owner, OwnerKind} from './model/owner.ts';
import type {Pod} from './model/pod.ts';
import type {Report} from './model/report.ts';
import type {Unseen} from './model/unseen.ts';
import {Optional} from './optional.ts';
import {together} from './together.ts';
import {isListed, isTarget, type Target} from './target.ts';

export interface Scope {
  /** Empty for all namespaces. */
  namespaces: string[];
  selector?: string;
  targets: Target[];
}

/** One question for each namespace in scope, or one for all namespaces. */
export function withinOf({namespaces}: Scope): {namespace?: string}[] {
  return namespaces.length > 0 ? namespaces.map((namespace) => ({namespace})) : [{}];
}

/** All that the lists tell of a scope. */
export interface Facts {
  pods: Pod[];
  owners: Owners;
  namespaces: Map<string, Namespace>;
  events: KnownEvents;
  /** Controllers in the mesh that lack pods, with what the API server said. */
  refused: Owner[];
  others: Report['others'];
  unseen: Unseen[];
  /** Ctrl-C came when the pods were known: what was not read by then is in `unseen`. */
  interrupted: boolean;
  /** Uids of the pods that the targets name, judged or not, of what owns them, and of controllers that were refused pods; empty without a target. */
  named: Set<string>;
}

/** Events that tell of trouble, or every one of the pods in scope. */
export type WantedEvents = 'telling' | 'all';

export const BY_KIND = new Map<string, Resource>([['ReplicaSet', 'replicasets'], ['Job', 'jobs'], ['StatefulSet', 'statefulsets'], ['DaemonSet', 'daemonsets'], ['ControllerRevision', 'controllerrevisions']]);

/**
 * Asks for everything that tier 1 needs: one list per kind and namespace in scope, whatever the number of pods. What is
 * not answered soon is waited for beside the next question. What may not be read, or does not come, is left out and said
 * in `unseen`; only pods are indispensable, and of several namespaces those of one.
 * @throws {ClusterError} when no pods can be listed, or a namespace or target does not exist
 */
export async function gather(cluster: Cluster, scope: Scope, wanted: WantedEvents = 'telling'): Promise<Facts> {
  const within = withinOf(scope);
  const optional = new Optional(cluster.patienceMs ?? 0);
  const namespaces = new Map<string, Namespace>();
  const named = namespacesOf(cluster, scope, optional, namespaces);
  await optional.soon(named);
  const read = await podsOf(cluster, scope, {namespaces, known: optional.ended(named)}, optional);
  optional.podsAreKnown();
  const uids = new Set(read.map(({uid}) => uid));
  const pending = new Set(read.filter(({phase}) => phase === 'Pending').map(({uid}) => uid));
  const events = eventsOf(cluster, within, {uids, pending}, optional, wanted);
  await optional.soon(events);
  const owners = await ownersOf(cluster, within, read, events, optional);
  await named;
  return factsOf(cluster, scope, {read, owners, namespaces, events: await events}, optional);
}

interface Read {
  read: Pod[];
  owners: Owners;
  namespaces: Map<string, Namespace>;
  events: Facts['events'];
}

/** What is in scope of all that was read, and who is aside. */
async function factsOf(cluster: Cluster, scope: Scope, {read, owners, namespaces, events}: Read, optional: Optional): Promise<Facts> {
  const others: Report['others'] = {outside: 0, completed: 0, terminating: 0, evicted: 0};
  const targeted = scope.targets.length > 0;
  const chosen = new Set(targeted ? read.filter((pod) => scope.targets.some((target) => isMeant(target, pod, owners))) : read);
  const pods: Pod[] = [];
  for (const pod of read) {
    const aside = asideOf(pod, namespaces);
    if (aside !== undefined && (chosen.has(pod) || aside === 'outside')) others[aside]++;
    if (aside === undefined && chosen.has(pod)) pods.push(pod);
  }
  for (const [aside, count] of optional.aside) others[aside] += count;
  if (targeted) await assertTargets(cluster, scope, [...chosen], owners);
  const refused = scope.selector ? [] : [...owners.byUid.values()].filter((owner) => lacksPods(owner, scope, namespaces));
  // A namespace tells who should be in the mesh: where all that was named is there and is in it, nothing waits for that.
  const complete = targeted && pods.length > 0 && [...chosen].every(isMeshed) && [...owners.byUid.values()].every(({wanted, have}) => wanted <= have);
  const named = new Set(targeted ? [...[...chosen].flatMap(({uid, owner}) => [uid, ...(owner ? [owner.uid] : [])]), ...refused.map(({uid}) => uid)] : []);
  return {pods, owners, namespaces, events, refused, others, unseen: optional.unseen(complete), interrupted: optional.interrupted, named};
}

/** A pod of the target; where ReplicaSets could not be read, by the name that a Deployment gives its own. */
function isMeant(target: Target, pod: Pod, owners: Owners): boolean {
  if (isTarget(target, pod, workloadOf(pod, owners))) return true;
  const replicaSet = owners.unseen.has('ReplicaSet') && pod.owner?.kind === 'ReplicaSet' ? pod.owner.name : '';
  return target.kind === 'Deployment' && OF_DEPLOYMENT.exec(replicaSet)?.[1] === target.name;
}

/** A Deployment's name, and the hash of its template in letters and digits that make no words (apimachinery's SafeEncodeString). */
const OF_DEPLOYMENT = /^(.+)-[bcdfghjklmnpqrstvwxz2456789]{4,10}$/;

/** All namespaces, or those in scope one by one, for users who may not list them. */
async function namespacesOf(cluster: Cluster, scope: Scope, optional: Optional, found: Map<string, Namespace>): Promise<void> {
  if (scope.namespaces.length === 0) {
    await optional.attempt('namespaces', () => listNamespaces(cluster, (namespace) => found.set(namespace.name, namespace)));
    return;
  }
  let missing: ClusterError | undefined;
  for (const name of scope.namespaces) {
    await optional.attempt('namespaces', async () => {
      try {
        found.set(name, await getNamespace(cluster, name));
      } catch (error) {
        if (error instanceof ClusterError && error.reason === 'not-found') missing = error;
        throw error;
      }
    });
  }
  // A namespace that does not exist is a typing error, not a lack of permission.
  if (missing && scope.namespaces.length === 1) throw new ClusterError('config', {asked: `namespace ${scope.namespaces[0]}`, got: missing.got, try: 'kubectl get namespaces'});
}

/** The pods of all namespaces in scope; those that are aside for sure are only counted. @throws {ClusterError} when none can be listed */
async function podsOf(cluster: Cluster, scope: Scope, {namespaces, known}: {namespaces: Map<string, Namespace>; known: boolean}, optional: Optional): Promise<Pod[]> {
  const found: Pod[] = [];
  const take = (pod: Pod) => {
    const aside = known ? asideOf(pod, namespaces) : undefined;
    if (aside === undefined || (aside === 'outside' && scope.targets.length > 0)) found.push(pod);
    else optional.aside.set(aside, (optional.aside.get(aside) ?? 0) + 1);
  };
  const within = withinOf(scope);
  const failures: ClusterError[] = [];
  await together(within, async (one) => {
    const own: Pod[] = [];
    await optional.attempt('pods', async () => {
      try {
        await listPods(cluster, {...one, ...(scope.selector ? {labelSelector: scope.selector} : {})}, (pod) => own.push(pod));
      } catch (error) {
        if (!(error instanceof ClusterError) || error.reason !== 'partial') own.length = 0;
        if (error instanceof ClusterError && error.reason !== 'partial') failures.push(error);
        throw error;
      }
    });
    own.forEach(take);
  });
  if (failures.length === within.length) throw failures[0]!;
  return found;
}

/** Why a pod is counted and not judged; undefined for one that is in scope. */
export function asideOf(pod: Pod, namespaces: Map<string, Namespace>): keyof Report['others'] | undefined {
  const meshed = isMeshed(pod);
  if (!meshed && mustInject(pod, namespaces.get(pod.namespace)).must !== 'yes') return 'outside';
  if (pod.deletedAt !== undefined) return 'terminating';
  if (pod.phase === 'Succeeded') return 'completed';
  if (pod.phase === 'Failed') return pod.reason === 'Evicted' ? 'evicted' : 'completed';
  return undefined;
}

/** Events by the uid of what they are about: of the pods in scope, and of controllers whose pods are refused. */
async function eventsOf(cluster: Cluster, within: {namespace?: string}[], {uids, pending}: {uids: Set<string>; pending: Set<string>}, optional: Optional, which: WantedEvents): Promise<KnownEvents> {
  const known: KnownEvents = {byUid: new Map(), lost: new Map()};
  const isWanted = ({involved, type, reason}: ClusterEvent) => {
    if (involved.kind !== 'Pod') return reason === 'FailedCreate';
    return uids.has(involved.uid) && (which === 'all' || type === 'Warning' || reason === 'Killing' || (reason === 'Pulling' && pending.has(involved.uid)));
  };
  await together(within, async (one) => {
    const own = new Map<string, ClusterEvent[]>();
    const failed = await optional.attempt('events', () => listEvents(cluster, one, (event) => isWanted(event) && add(own, event.involved.uid, event)));
    if (failed && failed.reason !== 'partial') known.lost.set(one.namespace ?? '', failed);
    else for (const [uid, events] of own) known.byUid.set(uid, events);
  });
  return known;
}

/** The owners that pods or refusals name, kind by kind; kinds that nothing names are not asked for. */
async function ownersOf(cluster: Cluster, within: {namespace?: string}[], pods: Pod[], events: Promise<KnownEvents>, optional: Optional): Promise<Owners> {
  const owners: Owners = {byUid: new Map(), revisions: new Map(), unseen: new Map()};
  const needed = new Set(pods.flatMap(({owner}) => (owner ? [owner.uid] : [])));
  const asked = new Set<string>();
  const take = (kind: string, owner: Owner) => {
    const of = owner.owner?.uid ?? '';
    if (kind !== 'ControllerRevision') {
      if (needed.has(owner.uid) || owner.wanted > owner.have) owners.byUid.set(owner.uid, owner);
    } else if (needed.has(of)) add(owners.revisions, of, owner);
  };
  const ask = async (kinds: Iterable<string>) => {
    const wanted = new Set(kinds);
    if (wanted.has('StatefulSet') || wanted.has('DaemonSet')) wanted.add('ControllerRevision');
    for (const [kind, resource] of BY_KIND) {
      if (!wanted.has(kind) || asked.has(kind)) continue;
      asked.add(kind);
      const lists = together(within, async (one) => {
        const own: Owner[] = [];
        const failed = await optional.attempt('owners', () => listOwners(cluster, resource, one, (owner) => own.push(owner)));
        if (failed && failed.reason !== 'partial') owners.unseen.set(kind as OwnerKind, failed);
        else for (const owner of own) take(kind, owner);
      });
      begun.push(lists);
      await optional.soon(lists);
    }
  };
  const begun: Promise<void>[] = [];
  const ofPods = ['ReplicaSet', ...pods.map(({owner}) => owner?.kind ?? '')];
  // Events name controllers that have no pods; in order, as long as they come soon.
  if (optional.ended(events)) await ask([...ofPods, ...kindsIn(await events)]);
  else {
    await ask(ofPods);
    await ask(kindsIn(await events));
  }
  await Promise.all(begun);
  return owners;
}

function kindsIn({byUid}: KnownEvents): string[] {
  return [...byUid.values()].map((events) => events[0]!.involved.kind);
}

function add<T>(to: Map<string, T[]>, key: string, one: T): void {
  const known = to.get(key);
  if (known) known.push(one);
  else to.set(key, [one]);
}

/** A controller that is in the mesh, misses pods, and was refused them. */
function lacksPods(owner: Owner, scope: Scope, namespaces: Map<string, Namespace>): boolean {
  if (owner.wanted <= owner.have || owner.deletedAt !== undefined || !owner.template) return false;
  const asked = scope.targets.length === 0 || scope.targets.some((target) => isTarget(target, {name: '', owner: {kind: owner.kind, name: owner.name}}, ownWorkload(owner)));
  return asked && mustInject({annotations: owner.template.annotations, spec: owner.template, namespace: owner.namespace}, namespaces.get(owner.namespace)).must !== 'no';
}

/** What a user calls a controller's own thing: the Deployment of a ReplicaSet. */
export function ownWorkload(owner: Owner): {kind: string; name: string; namespace: string} {
  const above = owner.kind === 'ReplicaSet' ? owner.owner : undefined;
  return {kind: above?.kind ?? owner.kind, name: above?.name ?? owner.name, namespace: owner.namespace};
}

const TARGET_RESOURCES = new Map<string, Resource>([['Pod', 'pods'], ['Deployment', 'deployments'], ['StatefulSet', 'statefulsets'], ['DaemonSet', 'daemonsets'], ['ReplicaSet', 'replicasets'], ['Job', 'jobs']]);

/** A target without pods must exist, or its name is a typing error; a bare name may be a Deployment's. */
async function assertTargets(cluster: Cluster, scope: Scope, pods: Pod[], owners: Owners): Promise<void> {
  const namespace = scope.namespaces[0];
  for (const target of scope.targets) {
    if (pods.some((pod) => isMeant(target, pod, owners))) continue;
    if (!isListed(target)) throw new ClusterError('config', {asked: `${target.given} in namespace ${namespace}`, got: 'no pod there belongs to an owner of that kind and name', try: `kubectl get pods -n ${namespace}`});
    try {
      await cluster.get(TARGET_RESOURCES.get(target.kind)!, namespace, target.name);
    } catch (error) {
      if (!(error instanceof ClusterError) || error.reason !== 'not-found') throw error;
      const hint = target.given.includes('/') ? undefined : [...owners.byUid.values()].map((owner) => ownWorkload(owner)).find(({name}) => name === target.name);
      throw new ClusterError('config', {
        asked: `${target.given} in namespace ${namespace}`,
        got: hint ? `there is no such pod; did you mean ${hint.kind === 'Deployment' ? 'deploy' : hint.kind.toLowerCase()}/${target.name}?` : 'not found',
        try: `kubectl get ${TARGET_RESOURCES.get(target.kind)} -n ${namespace}`,
      });
    }
  }
}
