import {parse} from 'yaml';
import {isReadWhole} from './envoy-admin.ts';
import type {Ask, Exchange} from '../model/answer.ts';
import type {MeshWords} from '../mesh/words.ts';
import type {ClusterEvent} from '../model/event.ts';
import type {Mark} from '../model/events-report.ts';
import type {Namespace} from '../model/namespace.ts';
import type {Owner, OwnerKind} from '../model/owner.ts';
import type {AccessLine} from '../model/look.ts';
import type {ProbeListener} from '../model/path.ts';
import type {Observed} from '../model/unseen.ts';
import type {Pod, PodSpec, Template} from '../model/pod.ts';
import {ClusterError, RESOURCES, type Cluster, type ListOptions, type PodName, type Resource} from './cluster.ts';
import {refusalLineOf} from './reduce/injector-log.ts';
import {accessLineOf} from './reduce/access-log.ts';
import {eventOf} from './reduce/event.ts';
import {namespaceOf} from './reduce/namespace.ts';
import {observedListeners} from './reduce/config-dump.ts';
import {object} from './reduce/read.ts';
import {ownerObject} from './reduce/owner.ts';
import {meshChangesOf} from './reduce/mesh-config.ts';
import {interning, podOf} from './reduce/pod.ts';
import {clean} from './sanitize.ts';
import {withoutSecrets} from './secrets.ts';
import {shownAnswer} from './shown.ts';

/** Pods as the model has them, each reduced when it arrives. */
export function listPods(cluster: Cluster, options: ListOptions, each: (pod: Pod) => void): Promise<void> {
  const intern = interning<PodSpec>();
  return cluster.list('pods', options, (raw) => each(podOf(raw, intern)));
}

export function listEvents(cluster: Cluster, options: ListOptions, each: (event: ClusterEvent) => void): Promise<void> {
  return cluster.list('events', options, (raw) => each(eventOf(raw)));
}

/** Changes of pods as the model has them. */
export function watchPods(cluster: Cluster, options: ListOptions, each: (pod: Pod, gone: boolean) => void, signal: AbortSignal): Promise<void> {
  const intern = interning<PodSpec>();
  return cluster.watch('pods', options, ({type, object}) => each(podOf(object, intern), type === 'DELETED'), signal);
}

/** New events and new counts of old ones; that one expires is no news. */
export function watchEvents(cluster: Cluster, options: ListOptions, each: (event: ClusterEvent) => void, signal: AbortSignal): Promise<void> {
  return cluster.watch('events', options, ({type, object}) => type !== 'DELETED' && each(eventOf(object)), signal);
}

/** When the mesh's configuration was made and last changed. */
export function listMeshChanges(cluster: Cluster, each: (change: Mark) => void): Promise<void> {
  return cluster.list('meshconfigs', {}, (raw) => meshChangesOf(raw).forEach(each));
}

export async function getOwner(cluster: Cluster, resource: Resource, namespace: string, name: string): Promise<Owner> {
  return ownerObject(RESOURCES[resource].kind as OwnerKind, await cluster.get(resource, namespace, name));
}

export function listOwners(cluster: Cluster, resource: Resource, options: ListOptions, each: (owner: Owner) => void): Promise<void> {
  const intern = interning<Template>();
  return cluster.list(resource, options, (raw) => {
    const owner = ownerObject(RESOURCES[resource].kind as OwnerKind, raw);
    each(owner.template ? {...owner, template: intern(owner.template)} : owner);
  });
}

export function listNamespaces(cluster: Cluster, each: (namespace: Namespace) => void): Promise<void> {
  return cluster.list('namespaces', {}, (raw) => each(namespaceOf(raw)));
}

export async function getNamespace(cluster: Cluster, name: string): Promise<Namespace> {
  const raw = await cluster.get('namespaces', undefined, name);
  const namespace = namespaceOf(raw);
  // An answer that is not what was asked for is no answer: a namespace without labels is outside the mesh.
  if (namespace.name !== name) throw new ClusterError('bad-answer', {asked: `namespaces/${name}`, got: 'the answer is no Namespace of that name', try: `kubectl get namespace ${name}`});
  return namespace;
}

/** What a pod's ports answer, without what looks like a secret; what the proxy says of itself is reduced later. */
export async function askPod(cluster: Cluster, pod: PodName, asks: Ask[]): Promise<Exchange> {
  const {setupMs, answers} = await cluster.exchange(pod, asks);
  return {setupMs, answers: answers.map((answer, index) => (isReadWhole(asks[index]!) ? answer : shownAnswer(answer)))};
}

/** Lines of a log are few and short; an app that logs much is not read to the end. */
const LOG_BYTES = 256 * 1024;

/**
 * The probe listeners that the injector gave a pod's Envoy, by the bootstrap Secret: what its configuration was at its start.
 * Needs get on that Secret; of its keys nothing is kept.
 */
export async function readBootstrap(cluster: Cluster, {labels, namespace}: Pod): Promise<ProbeListener[]> {
  const uuid = labels['osm-proxy-uuid'];
  const name = `envoy-bootstrap-config-${uuid ?? ''}`;
  const asked = `the static configuration in secrets/${name} in namespace ${namespace}`;
  if (uuid === undefined) throw new ClusterError('invalid', {asked: 'the bootstrap Secret of the pod', got: 'the pod has no label osm-proxy-uuid'});
  const data = object((await cluster.get('secrets', namespace, name))['data'])['bootstrap.yaml'];
  const bootstrap = object(parsedYaml(typeof data === 'string' ? Buffer.from(data, 'base64').toString('utf8') : ''));
  const listeners = 'static_resources' in bootstrap ? observedListeners({configs: [{bootstrap}]}) : undefined;
  if (!listeners) throw new ClusterError('bad-answer', {asked, got: 'no bootstrap.yaml in it, or none that can be read'});
  return listeners;
}

function parsedYaml(text: string): unknown {
  try {
    return parse(text);
  } catch {
    return undefined; // Then there is nothing that can be read, which is said.
  }
}

/** The last twenty of each probe type, and some for other containers that share it. */
const ACCESS_LINES = 90;

/** What Envoy's access log says of the kubelet's last probes, oldest first. */
export async function readAccessLog(cluster: Cluster, pod: PodName, container: string): Promise<AccessLine[]> {
  const lines = await cluster.log(pod, {container, tailLines: 300, limitBytes: LOG_BYTES, keep: (line) => accessLineOf(line) !== undefined, atMost: ACCESS_LINES});
  return lines.flatMap((line) => accessLineOf(line) ?? []);
}

/** Why the injector refused pods lately, by namespace, newest last; the API server hides it. Needs the right to read its log. */
export async function readInjectorLog(cluster: Cluster, {system, injector}: MeshWords): Promise<Map<string, string[]>> {
  const names: string[] = [];
  await cluster.list('pods', {namespace: system, labelSelector: `app=${injector}`}, (raw) => names.push(podOf(raw, interning<PodSpec>()).name));
  const said = new Map<string, string[]>();
  for (const name of names) {
    const options = {container: injector, tailLines: 300, limitBytes: LOG_BYTES, keep: (line: string) => refusalLineOf(line) !== undefined};
    for (const line of await cluster.log({namespace: system, name}, options)) {
      const {namespace, error} = refusalLineOf(line)!;
      said.set(namespace, [...(said.get(namespace) ?? []), error]);
    }
  }
  return said;
}

/** What a container of the mesh says when something is wrong; the rest of its log is about traffic. */
const TROUBLE = /error|critical|fatal|cannot bind|unable/i;

/**
 * The last `count` lines of a container, without what looks like a secret; of its last incarnation where `previous`. Of a
 * container of the mesh only those that speak of trouble.
 */
export async function readLastWords(cluster: Cluster, pod: PodName, {container, mesh, previous, count}: {container: string; mesh: boolean; previous: boolean; count: number}): Promise<string[]> {
  const lines = await cluster.log(pod, {container, previous, tailLines: mesh ? 100 : count, limitBytes: LOG_BYTES, keep: (line) => !mesh || TROUBLE.test(line)});
  return lines.map((line) => withoutSecrets(clean(line))).slice(-count);
}

/** What servers log of where they listen, and of clients that speak no TLS to them. */
const PORT_WORDS = /listen|bound to|binding|serving|started|running on|first record does not look like a TLS handshake|wrong version number|http request to an https|not an SSL\/TLS record/i;

/** What a container's log says of one of its ports, the newest lines last; of each kind few are enough. */
export async function readPortWords(cluster: Cluster, pod: PodName, {container, port}: {container: string; port: number}): Promise<string[]> {
  const names = new RegExp(`:${port}\\b|TLS handshake|SSL|https`, 'i');
  const lines = await cluster.log(pod, {container, tailLines: 300, limitBytes: LOG_BYTES, keep: (line) => PORT_WORDS.test(line) && names.test(line), atMost: 3});
  return lines.map((line) => withoutSecrets(clean(line)));
}

export async function observePod(cluster: Cluster, {namespace, name}: PodName): Promise<Pod> {
  return podOf(await cluster.get('pods', namespace, name), interning<PodSpec>());
}

/** Works until it is done, or Ctrl-C comes: whether it did. */
export async function untilInterrupted(work: () => Promise<void>): Promise<boolean> {
  try {
    await work();
    return false;
  } catch (error) {
    if (!(error instanceof ClusterError) || error.reason !== 'aborted') throw error;
    return true;
  }
}

/** What was asked for, or why it could not be seen. @throws {ClusterError} aborted: then nobody wants to know any more */
export async function observed<T>(ask: () => Promise<T>): Promise<Observed<T>> {
  try {
    return {seen: true, value: await ask()};
  } catch (error) {
    if (!(error instanceof ClusterError) || error.reason === 'aborted') throw error;
    return {seen: false, why: error.unseen()};
  }
}
