import {setMaxListeners} from 'node:events';
import {clean} from '../sanitize.ts';
import {ClusterError, RESOURCES, type Cluster, type ListOptions, type PodName, type RawObject, type Resource} from '../cluster.ts';
import {credentialsOf, type Credentials, type Identity} from './credentials.ts';
import {object} from '../reduce/read.ts';
import {soon} from '../soon.ts';
import {ServerClock} from './clock.ts';
import {exchange} from './exchange.ts';
import {MOST_ENVELOPE, MOST_OBJECT} from './items.ts';
import {readKubeconfig, type KubeconfigOptions} from './kubeconfig.ts';
import {isObject, kindText, list} from './list.ts';
import {listen} from './local-ports.ts';
import {logAsked, readLog} from './log.ts';
import {Patience} from './patience.ts';
import {document, send, type Asking, type Limits} from './request.ts';
import {openTunnel, type Tunnel} from './tunnel.ts';
import {watch} from './watch.ts';

export interface ConnectOptions extends KubeconfigOptions, Identity, Limits {
  /** The user's own flags, to be repeated in commands that we print. */
  kubectlFlags: string;
  /** Is told once what is odd about the connection. */
  say?: (line: string) => void;
}

/** A cluster to which streams can be held open, which no recording can do. */
export interface LiveCluster extends Cluster {
  /** A stream for each port, over one WebSocket; see openTunnel. */
  tunnel(pod: PodName, ports: number[]): Promise<Tunnel>;
}

/** From here on a list without page or version comes consistent and fast out of the server's cache (js-platform §7). */
const STREAMED_SINCE = 31;

/** Of the time for one request: what a list or an object may take that is not indispensable, and how long nothing of it may come. */
const OF_LIST = {whole: 3 / 4, quiet: 1 / 2};
/** Of the time for one request: what a log may take, so that a kubelet that is silent leaves time for the pods themselves. */
const OF_LOG = 1 / 3;

/**
 * A cluster behind an API server. Nothing is asked yet; credentials are made with the first request.
 * @throws {ClusterError} config
 */
export function connect(options: ConnectOptions): LiveCluster {
  setMaxListeners(0, options.signal); // One for each tunnel and request that is open.
  const resolved = readKubeconfig(options);
  let credentials: Promise<Credentials> | undefined;
  const signedIn = () => (credentials ??= credentialsOf(resolved, options, options.env, options.signal));
  const clock = new ServerClock(options.say ?? (() => undefined));
  const limits: ConnectOptions = {...options, dated: (date) => clock.heard(date)};
  const patience = new Patience(options.timeoutMs);
  /** What is good to know. */
  const spare = <T>(asked: string, ask: (own: ConnectOptions) => Promise<T>, part?: number): Promise<T> => patience.spare(asked, (timeoutMs) => ask({...limits, timeoutMs}), part);
  const spareList = <T>(asked: string, ask: (own: ConnectOptions) => Promise<T>): Promise<T> => spare(asked, (own) => ask({...own, quietMs: Math.min(own.timeoutMs, options.timeoutMs * OF_LIST.quiet)}), OF_LIST.whole);
  let known: Promise<string> | undefined;
  const versionOf = async (own: ConnectOptions): Promise<string> => {
    const asked = "the API server's version";
    const version = object(await send(await signedIn(), {path: '/version', asked}, own, () => document(MOST_ENVELOPE)))['gitVersion'];
    if (typeof version !== 'string') throw new ClusterError('bad-answer', {asked, got: 'an answer that names no gitVersion'});
    return clean(version.slice(0, 100));
  };
  const cluster: LiveCluster = {
    origin: {kind: 'live', name: clean(resolved.contextName)},
    defaultNamespaces: [resolved.namespace],
    patienceMs: options.timeoutMs,
    now: () => clock.now(),
    version: () => (known ??= spareList("the API server's version", versionOf)),
    async list(resource, listing, each) {
      const asking = askFor(resource, listing, options.kubectlFlags);
      const paged = !(await streams(cluster, options.timeoutMs));
      const ask = async (own: ConnectOptions) => list(await signedIn(), {resource, asking, paged, each, atOnce: resource !== 'pods'}, own);
      await (resource === 'pods' ? patience.needed(() => ask(limits)) : spareList(asking.asked, ask));
    },
    async get(resource, namespace, name) {
      const {path} = askFor(resource, namespace === undefined ? {} : {namespace}, options.kubectlFlags);
      const verb = `get ${resource}/${name}${namespace ? ` -n ${namespace}` : ''}`;
      const asked = `${resource}/${name}${namespace ? ` in namespace ${namespace}` : ''}`;
      const asking = {path: `${path}/${encodeURIComponent(name)}`, asked, permission: `kubectl auth can-i ${verb}${options.kubectlFlags}`};
      const found = await spareList(asked, async (own) => send(await signedIn(), asking, own, () => document(MOST_OBJECT)));
      if (!isObject(found, resource, namespace, name)) throw new ClusterError('bad-answer', {asked, got: `no ${RESOURCES[resource].kind} of that name came back, but ${kindText(found)}`});
      return found as RawObject;
    },
    watch: (resource, listing, each, signal) => watch(signedIn, resource, askFor(resource, listing, options.kubectlFlags), limits, each, signal),
    exchange: (pod, asks) => spare(`a port-forward to pod ${pod.namespace}/${pod.name}`, async (own) => exchange(await signedIn(), pod, asks, own)),
    tunnel: async (pod, ports) => openTunnel(await signedIn(), pod, ports, limits),
    listen: async (listening) => {
      const pod = listening.pod();
      // A right that is missing is said now, not with the first connection.
      if (pod) (await openTunnel(await signedIn(), pod, [listening.ports[0]!.remote], limits)).close();
      return listen({...listening, dial: async (pod, port) => openTunnel(await signedIn(), pod, [port], limits)});
    },
    log: (pod, log) => spare(logAsked(pod, log), async (own) => readLog(await signedIn(), pod, log, own), OF_LOG),
    close: () => void credentials?.then(({agent}) => agent.destroy()).catch(() => undefined), // There is nothing to close.
  };
  return cluster;
}

/** A server whose version can't be read, or not soon, is asked in pages, which all of them know. */
async function streams(cluster: Cluster, timeoutMs: number): Promise<boolean> {
  const version = await soon(cluster.version(), timeoutMs).catch((error: unknown) => {
    if (!(error instanceof ClusterError) || error.reason === 'aborted' || error.reason === 'config') throw error;
    return undefined;
  });
  const [, major, minor] = /^v(\d{1,6})\.(\d{1,6})/.exec(version ?? '') ?? [];
  return Number(major) > 1 || Number(minor) >= STREAMED_SINCE;
}

function askFor(resource: Resource, {namespace, labelSelector, fieldSelector}: ListOptions, flags: string): Asking {
  const {path, namespaced} = RESOURCES[resource];
  const within = namespaced && namespace !== undefined ? `/namespaces/${encodeURIComponent(namespace)}` : '';
  const query = new URLSearchParams({...(labelSelector ? {labelSelector} : {}), ...(fieldSelector ? {fieldSelector} : {})}).toString();
  return {
    path: `${path}${within}/${resource}${query ? `?${query}` : ''}`,
    asked: `${resource}${within ? ` in namespace ${namespace}` : namespaced ? ' in all namespaces' : ''}`,
    permission: `kubectl auth can-i list ${resource}${within ? ` -n ${namespace}` : namespaced ? ' -A' : ''}${flags}`,
  };
}
