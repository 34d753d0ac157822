import {chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {dirname, join} from 'node:path';
import type {Cluster, ClusterError, ListOptions, RawObject, Resource} from '../../src/lib/cluster/cluster.ts';
import {connect, type ConnectOptions} from '../../src/lib/cluster/live/connect.ts';
import {CA, type ApiServer} from './api-server.ts';

const folders: string[] = [];
process.on('exit', () => folders.forEach((folder) => rmSync(folder, {recursive: true, force: true})));

/** A fresh folder with these files, gone when the tests end; what begins with `#!` may be run. */
export function folderOf(files: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), 'osm-probes-test-'));
  folders.push(folder);
  for (const [name, content] of Object.entries(files)) {
    const file = join(folder, name);
    mkdirSync(dirname(file), {recursive: true});
    writeFileSync(file, content);
    if (content.startsWith('#!')) chmodSync(file, 0o755);
  }
  return folder;
}

export interface Parts {
  cluster?: Record<string, unknown>;
  user?: Record<string, unknown>;
  context?: Record<string, unknown>;
}

export const base64 = (text: string) => Buffer.from(text).toString('base64');

/** A kubeconfig of one context `c`, cluster `k` and user `u`; JSON is YAML. A part that is undefined leaves its key out. */
export function kubeconfigText(server: string, {cluster = {}, user = {}, context = {}}: Parts = {}): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'c',
    clusters: [{name: 'k', cluster: {server, ...(server.startsWith('https:') ? {'certificate-authority-data': base64(CA.cert)} : {}), ...cluster}}],
    users: [{name: 'u', user}],
    contexts: [{name: 'c', context: {cluster: 'k', user: 'u', ...context}}],
  });
}

/** Writes that kubeconfig, with other files beside it, and answers with its path. */
export function kubeconfigFile(server: string, parts?: Parts, beside: Record<string, string> = {}): string {
  return join(folderOf({config: kubeconfigText(server, parts), ...beside}), 'config');
}

export type Options = Partial<ConnectOptions>;

/** Connects as a command does, with short pauses between tries and nothing of the tester's environment. */
export function connectWith(options: Options): Cluster {
  return connect({env: {}, asGroups: [], timeoutMs: 5000, firstPauseMs: 1, signal: new AbortController().signal, kubectlFlags: '', ...options});
}

/** Connects to a test server, does one thing, and closes. */
export async function using<T>(server: ApiServer | string, parts: Parts, work: (cluster: Cluster) => Promise<T>, options: Options = {}): Promise<T> {
  const cluster = connectWith({kubeconfig: kubeconfigFile(typeof server === 'string' ? server : server.url, parts), ...options});
  try {
    return await work(cluster);
  } finally {
    cluster.close();
  }
}

/** The names of what a list hands over, in its order. */
export async function names(cluster: Cluster, resource: Resource = 'pods', options: ListOptions = {}): Promise<string[]> {
  const found: string[] = [];
  await cluster.list(resource, options, (item) => void found.push((item['metadata'] as {name: string}).name));
  return found;
}

/** One that has what a list needs. */
export function pod(name: string, namespace = 'shop'): RawObject {
  return {metadata: {name, namespace, uid: `uid-${name}`}};
}

export function failure(work: Promise<unknown>): Promise<ClusterError> {
  return work.then(
    (value) => {
      throw new Error(`no failure, but ${JSON.stringify(value)}`);
    },
    (error: unknown) => error as ClusterError,
  );
}
