import type {Ask, Exchange} from '../model/answer.ts';
import type {ConnectionEvent, LocalPort} from '../model/keep.ts';
import type {Unseen} from '../model/unseen.ts';
import {clean} from './sanitize.ts';
import {safeMessage} from './secrets.ts';

/** The resources that are ever listed, by the name that `kubectl get` takes. */
export const RESOURCES = {
  pods: {path: '/api/v1', group: '', kind: 'Pod', namespaced: true},
  events: {path: '/api/v1', group: '', kind: 'Event', namespaced: true},
  namespaces: {path: '/api/v1', group: '', kind: 'Namespace', namespaced: false},
  deployments: {path: '/apis/apps/v1', group: 'apps', kind: 'Deployment', namespaced: true},
  replicasets: {path: '/apis/apps/v1', group: 'apps', kind: 'ReplicaSet', namespaced: true},
  statefulsets: {path: '/apis/apps/v1', group: 'apps', kind: 'StatefulSet', namespaced: true},
  daemonsets: {path: '/apis/apps/v1', group: 'apps', kind: 'DaemonSet', namespaced: true},
  controllerrevisions: {path: '/apis/apps/v1', group: 'apps', kind: 'ControllerRevision', namespaced: true},
  /** Read by name only, and only where the user asks for it. */
  secrets: {path: '/api/v1', group: '', kind: 'Secret', namespaced: true},
  meshconfigs: {path: '/apis/config.openservicemesh.io/v1alpha2', group: 'config.openservicemesh.io', kind: 'MeshConfig', namespaced: true},
  jobs: {path: '/apis/batch/v1', group: 'batch', kind: 'Job', namespaced: true},
} as const;
export type Resource = keyof typeof RESOURCES;

/** An object as the API server wrote it, not yet trusted in any field. */
export type RawObject = Record<string, unknown>;

export interface ListOptions {
  /** One namespace; absent for the whole cluster. */
  namespace?: string;
  labelSelector?: string;
  fieldSelector?: string;
}

export interface Change {
  type: 'ADDED' | 'MODIFIED' | 'DELETED';
  object: RawObject;
}

export interface PodName {
  namespace: string;
  name: string;
}

export interface LogOptions {
  container: string;
  /** The log of the container's last incarnation. */
  previous?: boolean;
  tailLines: number;
  limitBytes: number;
  /** Lines that serve as evidence: only these are returned, and recorded. */
  keep(line: string): boolean;
  /** As many of those at most, the newest. */
  atMost?: number;
}

export interface LocalPorts {
  ports: LocalPort[];
  /** Ends all connections and listens no more. */
  close(): void;
}

export interface ListenOptions {
  /** Without `local` the port's own number if it is free, else any; `local` 0 is any. */
  ports: {remote: number; local?: number}[];
  addresses: string[];
  /** The pod that new connections lead to; undefined while there is none. */
  pod(): PodName | undefined;
  /** The pod is not there any more, or does not run; resolves once `pod` is another one, or there is none. */
  gone(pod: PodName): Promise<void>;
  heard(event: ConnectionEvent): void;
}

/**
 * Everything that is asked of the outside, live or recorded.
 * Each call ends within the request timeout, and rejects with a ClusterError.
 */
export interface Cluster {
  /** How the report names it: a context and server, or a snapshot's file and time. */
  readonly origin: {kind: 'live' | 'snapshot'; name: string};
  /** The namespaces that are meant where none is given: the context's, or those recorded; none stands for all. */
  readonly defaultNamespaces: string[];
  /** Milliseconds that one request may take, 0 for no limit; absent where nothing is waited for. */
  readonly patienceMs?: number;
  /** The clock that ages are counted by, in milliseconds since 1970; a snapshot's is the time of its recording. */
  now(): number;
  /** The API server's version, for example `v1.32.2`; cached. */
  version(): Promise<string>;
  /**
   * Hands each object of a list to `each` as it arrives, in the server's order; nothing is held, and none comes twice.
   * Where something in the list was no such object it rejects with `partial`, once all others were handed over.
   */
  list(resource: Resource, options: ListOptions, each: (object: RawObject) => void): Promise<void>;
  /**
   * Hands over each change from now on, until the signal aborts: then it resolves. Outlives expired versions, watches that
   * the server ends, and a server that is away for a while; after a gap everything is handed over once more, as it is then.
   * Rejects where it may not watch, and on a snapshot.
   */
  watch(resource: Resource, options: ListOptions, each: (change: Change) => void, signal: AbortSignal): Promise<void>;
  /** One object by name. */
  get(resource: Resource, namespace: string | undefined, name: string): Promise<RawObject>;
  /**
   * Asks ports of a pod, all at once, over a tunnel; each question may be asked twice, where the first silence says nothing.
   * Needs get and create on pods/portforward.
   */
  exchange(pod: PodName, asks: Ask[]): Promise<Exchange>;
  /** The last lines of a container's log that `keep` wants; `invalid` while the container has none. Needs get on pods/log. */
  log(pod: PodName, options: LogOptions): Promise<string[]>;
  /** Opens local ports that lead into a pod; absent where nothing can be held open, as in a recording. */
  listen?(options: ListenOptions): Promise<LocalPorts>;
  /** Ends open connections, so that the process can leave. */
  close(): void;
}

export type ClusterErrorReason =
  | 'config' /* the kubeconfig or the snapshot can't be used */
  | 'unreachable' /* no answer: refused, name not found, TLS, time-out */
  | 'unauthorized' /* 401 */
  | 'forbidden' /* 403 */
  | 'not-found' /* 404 */
  | 'gone' /* 410 that did not heal */
  | 'busy' /* 429 or 5xx after all tries */
  | 'partial' /* an answer that holds other things beside what was asked for, which is told */
  | 'bad-answer' /* an answer that is not what was asked for: HTML, truncated JSON */
  | 'invalid' /* 400 and 422: the server did not accept the request */
  | 'aborted'; /* Ctrl-C */

/** Characters of what is said of a question that failed. */
const MOST_WORDS = 2000;

/** A question to the cluster that got no usable answer: what was asked, what came back, and what to try; safe to be shown. */
export class ClusterError extends Error {
  readonly reason: ClusterErrorReason;
  readonly asked: string;
  readonly got: string;
  readonly try: string | undefined;

  constructor(reason: ClusterErrorReason, said: {asked: string; got: string; try?: string | undefined}, options?: ErrorOptions) {
    const asked = clean(said.asked).slice(0, MOST_WORDS);
    const got = safeMessage(clean(said.got).slice(0, MOST_WORDS));
    super(`${asked}: ${got}`, options);
    this.name = 'ClusterError';
    this.reason = reason;
    this.asked = asked;
    this.got = got;
    this.try = said.try === undefined ? undefined : clean(said.try);
  }

  unseen(): Unseen {
    return {asked: this.asked, got: this.got, reason: this.reason, ...(this.try === undefined ? {} : {try: this.try})};
  }
}
