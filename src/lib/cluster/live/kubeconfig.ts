import {existsSync, readFileSync} from 'node:fs';
import {homedir} from 'node:os';
import {delimiter, dirname, join, resolve} from 'node:path';
import {parse} from 'yaml';
import {readBounded} from '../bounded-file.ts';
import {ClusterError} from '../cluster.ts';
import {misfit, type Shape} from '../shape.ts';

type Entry = Record<string, unknown>;

/** The context that is meant, with paths made absolute and each file's entries as kubectl merges them. */
export interface Resolved {
  contextName: string;
  namespace: string;
  cluster: Entry;
  user: Entry;
  /** Folder of the file that the user came from: exec plugins are looked up there. */
  folder: string;
}

export interface KubeconfigOptions {
  kubeconfig?: string;
  context?: string;
  env: NodeJS.ProcessEnv;
  /** Folder where a pod finds its service account. */
  serviceAccount?: string;
}

/** Bytes of a kubeconfig; those with hundreds of clusters and their certificates have one or two million. */
const MOST_BYTES = 16 * 1024 * 1024;

const TEXTS: Shape = {list: 'text'};
/** What is read of the entries that are meant; others may hold what they like. */
const SHAPES = {
  context: {fields: {cluster: 'text', user: 'text', namespace: 'text'}},
  cluster: {
    fields: {
      server: 'text',
      'certificate-authority': 'text',
      'certificate-authority-data': 'text',
      'insecure-skip-tls-verify': 'boolean',
      'tls-server-name': 'text',
      'proxy-url': 'text',
      extensions: {list: {fields: {name: 'text'}}},
    },
  },
  user: {
    fields: {
      token: 'text',
      tokenFile: 'text',
      username: 'text',
      password: 'text',
      'client-certificate': 'text',
      'client-certificate-data': 'text',
      'client-key': 'text',
      'client-key-data': 'text',
      as: 'text',
      'as-uid': 'text',
      'as-groups': TEXTS,
      'as-user-extra': {mapOf: TEXTS},
      'auth-provider': {fields: {name: 'text', config: 'map'}},
      exec: {
        fields: {
          apiVersion: 'text',
          command: 'text',
          args: TEXTS,
          env: {list: {fields: {name: 'text', value: 'text'}, needed: ['name', 'value']}},
          installHint: 'text',
          interactiveMode: 'text',
          provideClusterInfo: 'boolean',
        },
      },
    },
  },
} as const satisfies Record<string, Shape>;

const SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';

/**
 * Reads the configuration by kubectl's rules: `--kubeconfig` alone, else the files of `KUBECONFIG` (missing ones are
 * skipped, the first value of each name wins), else `~/.kube/config`, else the service account of a pod.
 * @throws {ClusterError} config: no file, no context, or one that names what does not exist
 */
export function readKubeconfig({kubeconfig, context, env, serviceAccount = SERVICE_ACCOUNT}: KubeconfigOptions): Resolved {
  if (kubeconfig !== undefined && !existsSync(kubeconfig)) throw fault(`kubeconfig ${kubeconfig}`, 'no such file');
  const listed = env['KUBECONFIG'] ? [...new Set(env['KUBECONFIG'].split(delimiter).filter(Boolean))] : [join(env['HOME'] ?? homedir(), '.kube', 'config')];
  const files = (kubeconfig === undefined ? listed : [kubeconfig]).filter((file) => existsSync(file)).map(readFile);
  const contexts = merged(files, 'contexts', 'context');
  // An empty name is a name, where there is a context that bears it.
  const name = context ?? files.map(({current}) => current).find(Boolean) ?? (contexts.has('') ? '' : undefined);
  if (name === undefined) {
    if (env['KUBERNETES_SERVICE_HOST'] && existsSync(`${serviceAccount}/token`)) return inCluster(env, serviceAccount);
    throw fault('the current context', files.length === 0 ? `no kubeconfig (looked at ${listed.join(', ')})` : 'the kubeconfig names none', 'kubectl config use-context NAME');
  }
  const chosen = contexts.get(name);
  if (!chosen) throw fault(`context ${JSON.stringify(name)}`, `the kubeconfig has ${[...contexts.keys()].join(', ') || 'no context'}`, 'kubectl config get-contexts');
  check('context', name, chosen.entry);
  const cluster = merged(files, 'clusters', 'cluster').get(String(chosen.entry['cluster'] ?? ''));
  if (cluster) check('cluster', String(chosen.entry['cluster']), cluster.entry);
  if (!cluster || typeof cluster.entry['server'] !== 'string' || cluster.entry['server'] === '') throw fault(`context ${JSON.stringify(name)}`, `its cluster ${JSON.stringify(chosen.entry['cluster'] ?? '')} has no server in the kubeconfig`);
  const user = merged(files, 'users', 'user').get(String(chosen.entry['user'] ?? ''));
  if (user) check('user', String(chosen.entry['user']), user.entry);
  if (!user && chosen.entry['user']) throw fault(`context ${JSON.stringify(name)}`, `its user ${JSON.stringify(chosen.entry['user'])} is not in the kubeconfig`);
  return {
    contextName: name,
    namespace: typeof chosen.entry['namespace'] === 'string' && chosen.entry['namespace'] !== '' ? chosen.entry['namespace'] : 'default',
    cluster: absolute(cluster.entry, cluster.folder, ['certificate-authority']),
    user: absolute(user?.entry ?? {}, user?.folder ?? '', ['client-certificate', 'client-key', 'tokenFile']),
    folder: user?.folder ?? '',
  };
}

function check(what: keyof typeof SHAPES, name: string, entry: Entry): void {
  const wrong = misfit(entry, SHAPES[what]);
  if (wrong !== undefined) throw fault('the kubeconfig', `${what} ${name}: ${wrong}`);
}

interface File {
  folder: string;
  content: Entry;
  current: string | undefined;
}

function readFile(file: string): File {
  let content: unknown;
  try {
    content = parse(readBounded(file, MOST_BYTES).toString('utf8')) ?? {};
  } catch (error) {
    throw fault(`kubeconfig ${file}`, (error as Error).message.split('\n')[0]!);
  }
  if (typeof content !== 'object' || Array.isArray(content)) throw fault(`kubeconfig ${file}`, 'it is no YAML map');
  const current = (content as Entry)['current-context'];
  return {folder: dirname(resolve(file)), content: content as Entry, current: typeof current === 'string' && current !== '' ? current : undefined};
}

/** The named entries of one list over all files: the first of each name wins, entries that make no sense are left out. */
function merged(files: File[], list: string, key: 'context' | 'cluster' | 'user'): Map<string, {entry: Entry; folder: string}> {
  const found = new Map<string, {entry: Entry; folder: string}>();
  for (const {content, folder} of files) {
    for (const item of Array.isArray(content[list]) ? (content[list] as Entry[]) : []) {
      const name = item?.['name'];
      if (typeof name === 'string' && !found.has(name)) found.set(name, {entry: (item[key] ?? {}) as Entry, folder});
    }
  }
  return found;
}

function absolute(entry: Entry, folder: string, keys: string[]): Entry {
  const copy = {...entry};
  for (const key of keys) if (typeof copy[key] === 'string' && copy[key] !== '') copy[key] = resolve(folder, copy[key] as string);
  return copy;
}

function inCluster(env: NodeJS.ProcessEnv, serviceAccount: string): Resolved {
  const host = env['KUBERNETES_SERVICE_HOST']!;
  const file = `${serviceAccount}/namespace`;
  return {
    contextName: 'in-cluster',
    namespace: env['POD_NAMESPACE'] ?? (existsSync(file) ? readFileSync(file, 'utf8').trim() : 'default'),
    cluster: {server: `https://${host.includes(':') ? `[${host}]` : host}:${env['KUBERNETES_SERVICE_PORT'] ?? '443'}`, 'certificate-authority': `${serviceAccount}/ca.crt`},
    user: {tokenFile: `${serviceAccount}/token`},
    folder: '',
  };
}

export function fault(asked: string, got: string, attempt?: string): ClusterError {
  return new ClusterError('config', {asked, got, ...(attempt === undefined ? {} : {try: attempt})});
}
