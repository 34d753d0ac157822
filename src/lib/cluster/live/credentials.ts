import {existsSync} from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import {createSecureContext} from 'node:tls';
import {KubeConfig} from '@kubernetes/client-node/dist/config.js';
import {readBounded} from '../bounded-file.ts';
import {runExecPlugin} from './exec-plugin.ts';
import {fault, type Resolved} from './kubeconfig.ts';
import {ProxyAgent, proxyOf, proxyUrl} from './proxy.ts';

/** Connections at most. Questions that follow one another share one; those that are asked beside a silent one need more. */
const AT_ONCE = 8;

/** What a request or a WebSocket needs to reach the API server as the user. */
export interface Credentials {
  url: URL;
  /** Keeps connections alive. */
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

/** Bytes of a token's or certificate's file; bundles of all public CAs have some 200,000. */
const MOST_BYTES = 16 * 1024 * 1024;

/**
 * Turns a resolved kubeconfig into credentials. client-node knows OIDC, the clouds' helpers and proxies; what it gets
 * wrong (token files, data against files, plugins, impersonated groups, proxies of the environment) is prepared here.
 * @throws {ClusterError} config: a file that can't be read, a plugin that fails
 */
export async function credentialsOf(resolved: Resolved, identity: Identity, env: NodeJS.ProcessEnv, signal: AbortSignal): Promise<Credentials> {
  const {cluster, folder} = resolved;
  const url = addressOf(cluster);
  const proxied = (cluster['proxy-url'] as string | undefined) || proxyOf(url, env);
  const proxy = proxied ? proxyUrl(proxied) : undefined;
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
        proxyUrl: proxy?.href,
      },
    ],
    users: [
      {
        name: 'user',
        token: tokenOf(user),
        certData: fileOrData(user, 'client-certificate'),
        keyData: fileOrData(user, 'client-key'),
        username: user['username'],
        password: user['password'] ?? '',
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
  const tls = {...pick(options), keepAlive: true, maxSockets: AT_ONCE};
  const agent = agentFor(url, proxy, tls, options.agent as http.Agent);
  const basic: Record<string, string> = options.auth ? {authorization: `Basic ${Buffer.from(options.auth).toString('base64')}`} : {};
  const headers = {...(options.headers as Record<string, string>), ...basic, ...impersonation(user, identity)};
  usable(resolved, tls, headers);
  return {url, agent, proxied: Boolean(proxied), tls, headers};
}

/** Kept-alive connections; client-node's own agent, for SOCKS, is told to keep it too. */
function agentFor(url: URL, proxy: URL | undefined, tls: https.AgentOptions, made: http.Agent): http.Agent {
  const secure = url.protocol === 'https:';
  if (proxy?.protocol.startsWith('socks')) return Object.assign(made, {keepAlive: true, maxSockets: AT_ONCE});
  if (proxy) return new ProxyAgent(proxy, secure, tls);
  return secure ? new https.Agent(tls) : new http.Agent({keepAlive: true, maxSockets: AT_ONCE});
}

/** An address without scheme is http, or https where the cluster has a CA or needs none, as in client-go's DefaultServerURL. */
function addressOf(cluster: Entry): URL {
  const written = String(cluster['server']);
  const secure = cluster['certificate-authority-data'] || cluster['certificate-authority'] || cluster['insecure-skip-tls-verify'] === true;
  const address = written.includes('://') ? written : `${secure ? 'https' : 'http'}://${written}`;
  if (!/^https?:/i.test(address) || !URL.canParse(address)) throw fault('the kubeconfig', `${JSON.stringify(written)} is no address of a server`);
  return new URL(address);
}

/** Says what can't be used before anything is sent: in the middle of a request nobody would know where it came from. */
function usable({contextName}: Resolved, tls: https.AgentOptions, headers: Record<string, string | string[]>): void {
  const asked = `credentials of context ${contextName}`;
  if (tls.ca !== undefined && !String(tls.ca).includes('-----BEGIN')) throw fault(asked, 'the certificate authority is no certificate in PEM');
  try {
    createSecureContext(tls);
  } catch (error) {
    throw fault(asked, `its certificate or key can't be used: ${(error as Error).message}`);
  }
  try {
    for (const [name, value] of Object.entries(headers)) for (const one of [value].flat()) http.validateHeaderValue(name, one);
  } catch {
    throw fault(asked, 'a token, name or group holds a line end or another character that no header can carry');
  }
}

/** What the plugin prints stands for the user; a token or password of the kubeconfig wins, as in client-go. */
async function withPlugin(user: Entry, cluster: Entry, folder: string, env: NodeJS.ProcessEnv, signal: AbortSignal): Promise<Entry> {
  if (!user['exec'] || user['token'] || user['tokenFile'] || user['username']) return user;
  const credential = await runExecPlugin(user['exec'] as Entry, {...cluster, 'certificate-authority-data': fileOrData(cluster, 'certificate-authority')}, folder, env, signal);
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

/** The file wins as long as it can be read, as in client-go. */
function tokenOf(user: Entry): string | undefined {
  const token = user['token'] as string | undefined;
  const file = user['tokenFile'];
  if (typeof file !== 'string' || file === '' || (token && !existsSync(file))) return token;
  return readText(file, 'utf8').trim();
}

function readText(file: string, encoding: 'utf8' | 'base64'): string {
  try {
    return readBounded(file, MOST_BYTES).toString(encoding);
  } catch (error) {
    throw fault(`file ${file} of the kubeconfig`, (error as Error).message);
  }
}

/** Flags win over the kubeconfig field by field, as in kubectl. Never sends less than was asked for: that would be another identity. */
function impersonation(user: Entry, {as, asGroups}: Identity): Record<string, string> {
  const name = as || (user['as'] as string | undefined);
  const groups = asGroups && asGroups.length > 0 ? asGroups : ((user['as-groups'] ?? []) as string[]);
  const extra = Object.entries((user['as-user-extra'] ?? {}) as Record<string, string[]>);
  if (!name) {
    if (groups.length > 0 || user['as-uid'] || extra.length > 0) throw fault('the cluster as someone else', 'groups, a uid or extra fields are to be impersonated without a user: is --as missing?');
    return {};
  }
  const headers: Record<string, string | string[]> = {'Impersonate-User': bytes(name)};
  if (groups.length > 0) headers['Impersonate-Group'] = groups.map(bytes);
  if (user['as-uid']) headers['Impersonate-Uid'] = bytes(String(user['as-uid']));
  for (const [key, values] of extra) headers[`Impersonate-Extra-${encodeURIComponent(key)}`] = values.map(bytes);
  return headers as Record<string, string>;
}

/** UTF-8 on the wire, as Go sends it; Node would write Latin-1. */
function bytes(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

function pick(options: https.RequestOptions): https.AgentOptions {
  const {ca, cert, key, pfx, passphrase, servername, rejectUnauthorized} = options;
  return Object.fromEntries(Object.entries({ca, cert, key, pfx, passphrase, servername, rejectUnauthorized}).filter(([, value]) => value !== undefined));
}
