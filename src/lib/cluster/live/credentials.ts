import {readFileSync} from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import {KubeConfig} from '@kubernetes/client-node/dist/config.js';
import {runExecPlugin} from './exec-plugin.ts';
import {fault, type Resolved} from './kubeconfig.ts';

/** What a request or a WebSocket needs to reach the API server as the user. */
export interface Credentials {
  url: URL;
  /** Kept alive, one connection: lists follow one another. */
  agent: http.Agent;
  /** The agent goes through a proxy: what can't share its connection still needs it to get out. */
  proxied: boolean;
  tls: https.AgentOptions;
  headers: Record<string, string>;
}

export interface Identity {
  as?: string;
  asGroups?: string[];
}

type Entry = Record<string, unknown>;

/**
 * Turns a resolved kubeconfig into credentials. client-node knows OIDC, the clouds' helpers and proxies; what it gets
 * wrong (token files, data against files, plugins, impersonated groups, proxies of the environment) is prepared here.
 * @throws {ClusterError} config: a file that can't be read, a plugin that fails
 */
export async function credentialsOf(resolved: Resolved, identity: Identity, env: NodeJS.ProcessEnv, signal: AbortSignal): Promise<Credentials> {
  const {cluster, folder} = resolved;
  const url = new URL(String(cluster['server']));
  const user = await withPlugin(resolved.user, cluster, folder, env, signal);
  const config = new KubeConfig();
  config.loadFromOptions({
    clusters: [
      {
        name: 'cluster',
        server: url.href,
        caData: fileOrData(cluster, 'certificate-authority'),
        skipTLSVerify: cluster['insecure-skip-tls-verify'] === true || url.protocol === 'http:',
        tlsServerName: cluster['tls-server-name'],
        proxyUrl: cluster['proxy-url'] ?? proxyOf(url, env),
      },
    ],
    users: [
      {
        name: 'user',
        token: tokenOf(user),
        certData: fileOrData(user, 'client-certificate'),
        keyData: fileOrData(user, 'client-key'),
        username: user['username'],
        password: user['password'],
        authProvider: user['auth-provider'],
      },
    ],
    contexts: [{name: 'context', cluster: 'cluster', user: 'user'}],
    currentContext: 'context',
  });
  const options: https.RequestOptions = {headers: {}};
  await config.applyToHTTPSOptions(options).catch((error: Error) => {
    throw fault(`credentials of context ${resolved.contextName}`, error.message);
  });
  const tls = {...pick(options), keepAlive: true, maxSockets: 1};
  const proxied = cluster['proxy-url'] ?? proxyOf(url, env);
  const agent = proxied ? (options.agent as http.Agent) : url.protocol === 'http:' ? new http.Agent({keepAlive: true, maxSockets: 1}) : new https.Agent(tls);
  const basic: Record<string, string> = options.auth ? {authorization: `Basic ${Buffer.from(options.auth).toString('base64')}`} : {};
  return {url, agent, proxied: Boolean(proxied), tls, headers: {...(options.headers as Record<string, string>), ...basic, ...impersonation(user, identity)}};
}

async function withPlugin(user: Entry, cluster: Entry, folder: string, env: NodeJS.ProcessEnv, signal: AbortSignal): Promise<Entry> {
  if (!user['exec']) return user;
  const credential = await runExecPlugin(user['exec'] as Entry, cluster, folder, env, signal);
  const encode = (pem?: string) => (pem === undefined ? undefined : Buffer.from(pem).toString('base64'));
  return {token: credential.token, 'client-certificate-data': encode(credential.clientCertificateData), 'client-key-data': encode(credential.clientKeyData), ...impersonated(user)};
}

function impersonated(user: Entry): Entry {
  return Object.fromEntries(Object.entries(user).filter(([key]) => key === 'as' || key.startsWith('as-')));
}

/** Base64, as client-node wants it; data beats the file, as in kubectl. */
function fileOrData(entry: Entry, key: string): string | undefined {
  const data = entry[`${key}-data`];
  if (typeof data === 'string' && data !== '') return data;
  const file = entry[key];
  return typeof file === 'string' && file !== '' ? readText(file, 'base64') : undefined;
}

function tokenOf(user: Entry): string | undefined {
  if (typeof user['tokenFile'] === 'string' && user['tokenFile'] !== '') return readText(user['tokenFile'], 'utf8').trim();
  return user['token'] as string | undefined;
}

function readText(file: string, encoding: 'utf8' | 'base64'): string {
  try {
    return readFileSync(file).toString(encoding);
  } catch (error) {
    throw fault(`file ${file} of the kubeconfig`, (error as Error).message);
  }
}

/** The kubeconfig's own impersonation, replaced as a whole by `--as`. */
function impersonation(user: Entry, {as, asGroups}: Identity): Record<string, string> {
  const name = as ?? (user['as'] as string | undefined);
  if (!name) return {};
  const groups = as === undefined ? ((user['as-groups'] ?? []) as string[]) : (asGroups ?? []);
  const headers: Record<string, string | string[]> = {'Impersonate-User': name};
  if (groups.length > 0) headers['Impersonate-Group'] = groups;
  if (as === undefined && user['as-uid']) headers['Impersonate-Uid'] = String(user['as-uid']);
  for (const [key, values] of Object.entries((as === undefined ? (user['as-user-extra'] ?? {}) : {}) as Record<string, string[]>)) {
    headers[`Impersonate-Extra-${encodeURIComponent(key)}`] = values;
  }
  return headers as Record<string, string>;
}

/** The proxy that the environment names for this server, unless NO_PROXY spares it. */
function proxyOf(url: URL, env: NodeJS.ProcessEnv): string | undefined {
  const scheme = url.protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY';
  const proxy = env[scheme] || env[scheme.toLowerCase()];
  if (!proxy) return undefined;
  const spared = (env['NO_PROXY'] ?? env['no_proxy'] ?? '').split(',').map((one) => one.trim()).filter(Boolean);
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const local = host === 'localhost' || host === '::1' || host.startsWith('127.');
  return local || spared.some((one) => one === '*' || host === one || host.endsWith(one.startsWith('.') ? one : `.${one}`)) ? undefined : proxy;
}

function pick(options: https.RequestOptions): https.AgentOptions {
  const {ca, cert, key, pfx, passphrase, servername, rejectUnauthorized} = options;
  return Object.fromEntries(Object.entries({ca, cert, key, pfx, passphrase, servername, rejectUnauthorized}).filter(([, value]) => value !== undefined));
}
