import type {ClusterEvent} from '../model/event.ts';
import type {Namespace} from '../model/namespace.ts';
import type {Owner, OwnerKind} from '../model/owner.ts';
import type {Pod} from '../model/pod.ts';
import {RESOURCES, type Cluster, type ListOptions, type Resource} from './cluster.ts';
import {eventOf} from './reduce/event.ts';
import {namespaceOf} from './reduce/namespace.ts';
import {ownerObject} from './reduce/owner.ts';
import {interning, podOf} from './reduce/pod.ts';

/** Pods as the model has them, each reduced when it arrives. */
export function listPods(cluster: Cluster, options: ListOptions, each: (pod: Pod) => void): Promise<void> {
  const intern = interning();
  return cluster.list('pods', options, (raw) => each(podOf(raw, intern)));
}

export function listEvents(cluster: Cluster, options: ListOptions, each: (event: ClusterEvent) => void): Promise<void> {
  return cluster.list('events', options, (raw) => each(eventOf(raw)));
}

export function listOwners(cluster: Cluster, resource: Resource, options: ListOptions, each: (owner: Owner) => void): Promise<void> {
  return cluster.list(resource, options, (raw) => each(ownerObject(RESOURCES[resource].kind as OwnerKind, raw)));
}

export function listNamespaces(cluster: Cluster, each: (namespace: Namespace) => void): Promise<void> {
  return cluster.list('namespaces', {}, (raw) => each(namespaceOf(raw)));
}

export async function getNamespace(cluster: Cluster, name: string): Promise<Namespace> {
  return namespaceOf(await cluster.get('namespaces', undefined, name));
}
