import {ClusterError, type Cluster, type Resource} from './cluster/cluster.ts';
import {getNamespace, listEvents, listNamespaces, listOwners, listPods} from './cluster/observe.ts';
import {workloadOf, type Owners} from './diagnosis/declared.ts';
import {isMeshed} from './mesh/detect.ts';
import {mustInject} from './mesh/inject.ts';
import type {ClusterEvent} from './model/event.ts';
import type {Namespace} from './model/namespace.ts';
import type {Owner, OwnerKind} from './model/owner.ts';
import type {Pod} from './model/pod.ts';
import type {Report} from './model/report.ts';
import type {Observed, Unseen} from './model/unseen.ts';
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
  events: Observed<Map<string, ClusterEvent[]>>;
  /** Controllers in the mesh that lack pods, with what the API server said. */
  refused: Owner[];
  others: Report['others'];
  unseen: Unseen[];
  /** Uids of the pods that the targets name, judged or not, of what owns them, and of controllers that were refused pods; empty without a target. */
  named: Set<string>;
}

/** Events that tell of trouble, or every one of the pods in scope. */
export type WantedEvents = 'telling' | 'all';

export const BY_KIND: Record<string, Resource> = {ReplicaSet: 'replicasets', Job: 'jobs', StatefulSet: 'statefulsets', DaemonSet: 'daemonsets', ControllerRevision: 'controllerrevisions'};

/**
 * Asks for everything that tier 1 needs: one list per kind and namespace in scope, whatever the number of pods.
 * What may not be read is left out and said in `unseen`; only the pods themselves are indispensable.
 * @throws {ClusterError} when pods can't be listed
 */
export async function gather(cluster: Cluster, scope: Scope, wanted: WantedEvents = 'telling'): Promise<Facts> {
  const unseen: Unseen[] = [];
  const within = withinOf(scope);
  const attempt = async <T>(ask: () => Promise<T>): Promise<T | Unseen> => {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof ClusterError) || ['aborted', 'config', 'unreachable', 'unauthorized'].includes(error.reason)) throw error;
      unseen.push(error.unseen());
      return error.unseen();
    }
  };
  const namespaces = await namespacesOf(cluster, scope, attempt);
  const namespacesUnseen = unseen.splice(0);
  const pods: Pod[] = [];
  const others: Report['others'] = {outside: 0, completed: 0, terminating: 0, evicted: 0};
  for (const one of within) {
    await listPods(cluster, {...one, ...(scope.selector ? {labelSelector: scope.selector} : {})}, (pod) => {
      const aside = asideOf(pod, namespaces);
      if (aside === undefined || (aside === 'outside' && scope.targets.length > 0)) pods.push(pod);
      else others[aside]++;
    });
  }
  const uids = new Set(pods.map(({uid}) => uid));
  const pending = new Set(pods.filter(({phase}) => phase === 'Pending').map(({uid}) => uid));
  const events = await eventsOf(cluster, within, {uids, pending}, attempt, wanted);
  const owners = await ownersOf(cluster, within, pods, events, attempt);
  const chosen = scope.targets.length === 0 ? pods : pods.filter((pod) => scope.targets.some((target) => isTarget(target, pod, workloadOf(pod, owners))));
  for (const pod of pods) if (scope.targets.length > 0 && !chosen.includes(pod) && asideOf(pod, namespaces) === 'outside') others.outside++;
  const judged = chosen.filter((pod) => {
    const aside = asideOf(pod, namespaces);
    if (aside !== undefined) others[aside]++;
    return aside === undefined;
  });
  if (scope.targets.length > 0) await assertTargets(cluster, scope, chosen, owners);
  const refused = scope.selector ? [] : [...owners.byUid.values()].filter((owner) => lacksPods(owner, scope, namespaces));
  // A namespace tells who should be in the mesh: where all that was named is there and is in it, nothing waits for that.
  const complete = scope.targets.length > 0 && judged.length > 0 && chosen.every(isMeshed) && [...owners.byUid.values()].every(({wanted: pods, have}) => pods <= have);
  unseen.unshift(...namespacesUnseen.map((one) => (complete ? {...one, optional: true as const} : one)));
  const named = new Set(scope.targets.length === 0 ? [] : [...chosen.flatMap(({uid, owner}) => [uid, ...(owner ? [owner.uid] : [])]), ...refused.map(({uid}) => uid)]);
  return {pods: judged, owners, namespaces, events, refused, others, unseen, named};
}

type Attempt = <T>(ask: () => Promise<T>) => Promise<T | Unseen>;

/** All namespaces, or those in scope one by one, for users who may not list them. */
async function namespacesOf(cluster: Cluster, scope: Scope, attempt: Attempt): Promise<Map<string, Namespace>> {
  const found = new Map<string, Namespace>();
  if (scope.namespaces.length === 0) {
    await attempt(() => listNamespaces(cluster, (namespace) => found.set(namespace.name, namespace)));
    return found;
  }
  for (const name of scope.namespaces) {
    await attempt(async () => {
      try {
        found.set(name, await getNamespace(cluster, name));
      } catch (error) {
        // A namespace that does not exist is a typing error, not a lack of permission.
        if (error instanceof ClusterError && error.reason === 'not-found') throw new ClusterError('config', {asked: `namespace ${name}`, got: error.got, try: 'kubectl get namespaces'});
        throw error;
      }
    });
  }
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
async function eventsOf(cluster: Cluster, within: {namespace?: string}[], {uids, pending}: {uids: Set<string>; pending: Set<string>}, attempt: Attempt, which: WantedEvents): Promise<Facts['events']> {
  const byUid = new Map<string, ClusterEvent[]>();
  for (const one of within) {
    const failed = await attempt(() =>
      listEvents(cluster, one, (event) => {
        const wanted = event.involved.kind === 'Pod' ? uids.has(event.involved.uid) && (which === 'all' || event.type === 'Warning' || event.reason === 'Killing' || (event.reason === 'Pulling' && pending.has(event.involved.uid))) : event.reason === 'FailedCreate';
        if (!wanted) return;
        const known = byUid.get(event.involved.uid);
        if (known) known.push(event);
        else byUid.set(event.involved.uid, [event]);
      }),
    );
    if (failed) return {seen: false, why: failed};
  }
  return {seen: true, value: byUid};
}

/** The owners that pods or refusals name, kind by kind; kinds that nothing names are not asked for. */
async function ownersOf(cluster: Cluster, within: {namespace?: string}[], pods: Pod[], events: Facts['events'], attempt: Attempt): Promise<Owners> {
  const owners: Owners = {byUid: new Map(), revisions: new Map(), unseen: new Map()};
  const needed = new Set(pods.flatMap(({owner}) => (owner ? [owner.uid] : [])));
  const kinds = new Set(['ReplicaSet', ...pods.map(({owner}) => owner?.kind ?? '')]);
  if (events.seen) for (const list of events.value.values()) kinds.add(list[0]!.involved.kind);
  if (kinds.has('StatefulSet') || kinds.has('DaemonSet')) kinds.add('ControllerRevision');
  for (const [kind, resource] of Object.entries(BY_KIND)) {
    if (!kinds.has(kind)) continue;
    for (const one of within) {
      const failed = await attempt(() =>
        listOwners(cluster, resource, one, (owner) => {
          if (kind === 'ControllerRevision') {
            const of = owner.owner?.uid ?? '';
            if (needed.has(of)) owners.revisions.set(of, [...(owners.revisions.get(of) ?? []), owner]);
          } else if (needed.has(owner.uid) || owner.wanted > owner.have) owners.byUid.set(owner.uid, owner);
        }),
      );
      if (failed) owners.unseen.set(kind as OwnerKind, failed);
    }
  }
  return owners;
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

const TARGET_RESOURCES: Record<string, Resource> = {Pod: 'pods', Deployment: 'deployments', StatefulSet: 'statefulsets', DaemonSet: 'daemonsets', ReplicaSet: 'replicasets', Job: 'jobs'};

/** A target without pods must exist, or its name is a typing error; a bare name may be a Deployment's. */
async function assertTargets(cluster: Cluster, scope: Scope, pods: Pod[], owners: Owners): Promise<void> {
  const namespace = scope.namespaces[0];
  for (const target of scope.targets) {
    if (pods.some((pod) => isTarget(target, pod, workloadOf(pod, owners)))) continue;
    if (!isListed(target)) throw new ClusterError('config', {asked: `${target.given} in namespace ${namespace}`, got: 'no pod there belongs to an owner of that kind and name', try: `kubectl get pods -n ${namespace}`});
    try {
      await cluster.get(TARGET_RESOURCES[target.kind]!, namespace, target.name);
    } catch (error) {
      if (!(error instanceof ClusterError) || error.reason !== 'not-found') throw error;
      const hint = target.given.includes('/') ? undefined : [...owners.byUid.values()].map((owner) => ownWorkload(owner)).find(({name}) => name === target.name);
      throw new ClusterError('config', {
        asked: `${target.given} in namespace ${namespace}`,
        got: hint ? `there is no such pod; did you mean ${hint.kind === 'Deployment' ? 'deploy' : hint.kind.toLowerCase()}/${target.name}?` : 'not found',
        try: `kubectl get ${TARGET_RESOURCES[target.kind]} -n ${namespace}`,
      });
    }
  }
}
