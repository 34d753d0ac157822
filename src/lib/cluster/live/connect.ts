import {setMaxListeners} from 'node:events';
import {clean} from '../sanitize.ts';
import {ClusterError, RESOURCES, type Cluster, type ListOptions, type PodName, type RawObject, type Resource} from '../cluster.ts';
import {credentialsOf, type Credentials, type Identity} from './credentials.ts';
import {exchange} from './exchange.ts';
import {ItemCutter} from './items.ts';
import {readKubeconfig, type KubeconfigOptions} from './kubeconfig.ts';
import {listen} from './local-ports.ts';
import {readLog} from './log.ts';
import {send, type Asking, type Limits} from './request.ts';
import {openTunnel, type Tunnel} from './tunnel.ts';
import {watch} from './watch.ts';

export interface ConnectOptions extends KubeconfigOptions, Identity, Limits {
  /** The user's own flags, to be repeated in commands that we print. */
  kubectlFlags: string;
}

/** A cluster to which streams can be held open, which no recording can do. */
export interface LiveCluster extends Cluster {
  /** A stream for each port, over one WebSocket; see openTunnel. */
  tunnel(pod: PodName, ports: number[]): Promise<Tunnel>;
}

/** Objects in one answer of an old server, as many as kubectl asks for. */
const PAGE = 500;
/** From here on a list without page or version comes consistent and fast out of the server's cache (js-platform §7). */
const STREAMED_SINCE = 31;

/**
 * A cluster behind an API server. Nothing is asked yet; credentials are made with the first request.
 * @throws {ClusterError} config
 */
export function connect(options: ConnectOptions): LiveCluster {
  setMaxListeners(0, options.signal); // One for each tunnel and request that is open.
  const resolved = readKubeconfig(options);
  let credentials: Promise<Credentials> | undefined;
  const signedIn = () => (credentials ??= credentialsOf(resolved, options, options.env, options.signal));
  let known: Promise<string> | undefined;
  const document = async (asking: Asking) =>
    send(await signedIn(), asking, options, () => {
      const chunks: Buffer[] = [];
      return {take: (chunk) => void chunks.push(chunk), end: () => JSON.parse(Buffer.concat(chunks).toString('utf8')) as RawObject};
    });
  const cluster: LiveCluster = {
    origin: {kind: 'live', name: resolved.contextName},
    defaultNamespaces: [resolved.namespace],
    now: () => Date.now(),
    version: () => (known ??= document({path: '/version', asked: "the API server's version"}).then(({gitVersion}) => String(gitVersion ?? ''))),
    async list(resource, listing, each) {
      const asking = askFor(resource, listing, options.kubectlFlags);
      const paged = !(await streams(cluster));
      await pages(asking, paged, (ask, hand) => listOnce(signedIn, ask, options, hand, resource === 'meshconfigs'), each);
    },
    async get(resource, namespace, name) {
      const {path} = askFor(resource, namespace === undefined ? {} : {namespace}, options.kubectlFlags);
      const verb = `get ${resource}/${name}${namespace ? ` -n ${namespace}` : ''}`;
      const where = namespace ? ` in namespace ${namespace}` : '';
      const asked = `${resource}/${name}${where}`;
      const found = await document({path: `${path}/${encodeURIComponent(name)}`, asked, permission: `kubectl auth can-i ${verb}${options.kubectlFlags}`});
      if (!isObject(found, RESOURCES[resource].kind, name)) throw new ClusterError('bad-answer', {asked, got: `no ${RESOURCES[resource].kind} of that name came back, but ${clean(JSON.stringify((found as RawObject | null)?.['kind'] ?? null))}`});
      return found;
    },
    watch: (resource, listing, each, signal) => watch(signedIn, askFor(resource, listing, options.kubectlFlags), options, each, signal),
    exchange: async (pod, asks) => exchange(await signedIn(), pod, asks, options),
    tunnel: async (pod, ports) => openTunnel(await signedIn(), pod, ports, options),
    listen: async (listening) => {
      const pod = listening.pod();
      // A right that is missing is said now, not with the first connection.
      if (pod) (await openTunnel(await signedIn(), pod, [listening.ports[0]!.remote], options)).close();
      return listen({...listening, dial: async (pod, port) => openTunnel(await signedIn(), pod, [port], options)});
    },
    log: async (pod, log) => readLog(await signedIn(), pod, log, options),
    close: () => void credentials?.then(({agent}) => agent.destroy()).catch(() => undefined),
  };
  return cluster;
}

/** What came back is what was asked for: an object of that kind and name. */
function isObject(found: unknown, kind: string, name: string): boolean {
  if (typeof found !== 'object' || found === null) return false;
  const {kind: its, metadata} = found as {kind?: unknown; metadata?: {name?: unknown} | null};
  return its === kind && metadata?.name === name;
}

/** A server whose version may not be read is asked in pages, which all of them know. */
async function streams(cluster: Cluster): Promise<boolean> {
  const version = await cluster.version().catch((error: ClusterError) => {
    if (error.reason === 'forbidden' || error.reason === 'unauthorized' || error.reason === 'not-found') return '';
    throw error;
  });
  const [, major, minor] = /^v(\d+)\.(\d+)/.exec(version) ?? [];
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

type ListOnce = (asking: Asking, hand: (item: RawObject) => void) => Promise<RawObject>;

/**
 * Follows `continue` to the end. A page token that expired (410) starts the list anew; what was handed over before is
 * told apart by uid, so that nothing comes twice.
 */
async function pages(asking: Asking, paged: boolean, once: ListOnce, each: (item: RawObject) => void): Promise<void> {
  const handed = new Set<string>();
  const hand = (item: RawObject) => {
    const uid = (item['metadata'] as {uid?: string} | undefined)?.uid;
    if (uid !== undefined) {
      if (handed.has(uid)) return;
      handed.add(uid);
    }
    each(item);
  };
  for (let restarts = 0; ; restarts++) {
    try {
      let token = '';
      do {
        const query = [...(paged ? [`limit=${PAGE}`] : []), ...(token ? [`continue=${encodeURIComponent(token)}`] : [])].join('&');
        const path = query === '' ? asking.path : `${asking.path}${asking.path.includes('?') ? '&' : '?'}${query}`;
        const rest = await once({...asking, path}, hand);
        token = (rest['metadata'] as {continue?: string} | undefined)?.continue ?? '';
      } while (token !== '');
      return;
    } catch (error) {
      if (!(error instanceof ClusterError) || error.reason !== 'gone' || restarts === 2) throw error;
    }
  }
}

async function listOnce(signedIn: () => Promise<Credentials>, asking: Asking, limits: Limits, hand: (item: RawObject) => void, whole: boolean): Promise<RawObject> {
  const rest = await send(await signedIn(), asking, limits, () => {
    const cutter = new ItemCutter(hand, {whole});
    return {take: (chunk) => cutter.push(chunk), end: () => cutter.end()};
  });
  if (!('metadata' in rest) || !('items' in rest)) throw new ClusterError('bad-answer', {asked: asking.asked, got: `no list came back, but kind ${clean(JSON.stringify(rest['kind'] ?? null))}`});
  return rest;
}
