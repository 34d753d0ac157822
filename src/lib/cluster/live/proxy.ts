import http from 'node:http';
import https from 'node:https';
import {BlockList, isIP, type Socket} from 'node:net';
import type {Duplex} from 'node:stream';
import {fault} from './kubeconfig.ts';

type Created = (error: Error | null, socket: Duplex) => void;
type Connecting = https.RequestOptions & {host?: string; port?: number | string};

/**
 * Keeps connections alive through an HTTP proxy's CONNECT. `destroy` ends the question to a proxy that does not answer,
 * too: nothing else would let the process leave.
 * Its errors have code `PROXY`, and a message for a person without the proxy's password.
 */
export class ProxyAgent extends https.Agent {
  #proxy: URL;
  #secure: boolean;
  #asking = new Set<http.ClientRequest>();

  constructor(proxy: URL, secure: boolean, tls: https.AgentOptions) {
    super(tls);
    this.#proxy = proxy;
    this.#secure = secure;
    (this as {protocol?: string}).protocol = secure ? 'https:' : 'http:';
  }

  override createConnection(options: Connecting, created: Created): undefined {
    const {protocol, hostname, port, username, password, host} = this.#proxy;
    const target = `${options.host!.includes(':') ? `[${options.host}]` : options.host}:${options.port}`;
    const words = username || password ? Buffer.from(`${decoded(username)}:${decoded(password)}`).toString('base64') : undefined;
    const asking = (protocol === 'https:' ? https : http).request({
      method: 'CONNECT',
      host: hostname.replace(/^\[|\]$/g, ''),
      port: port || (protocol === 'https:' ? 443 : 80),
      path: target,
      headers: {host: target, ...(words === undefined ? {} : {'proxy-authorization': `Basic ${words}`})},
      agent: false,
    });
    this.#asking.add(asking);
    const failed = (got: string) => created(Object.assign(new Error(`the proxy ${host} ${got}`), {code: 'PROXY'}), undefined as unknown as Duplex);
    asking.once('connect', ({statusCode, statusMessage}: http.IncomingMessage, socket: Socket) => {
      this.#asking.delete(asking);
      if (statusCode === 200) return created(null, this.#secure ? super.createConnection({...options, socket} as never)! : socket);
      socket.destroy();
      failed(`refuses the way to ${target}: ${statusCode} ${statusMessage}`);
    });
    asking.once('response', ({statusCode, statusMessage}) => {
      asking.destroy();
      failed(`refuses the way to ${target}: ${statusCode} ${statusMessage}`);
    });
    asking.on('error', ({code, message}: NodeJS.ErrnoException) => {
      this.#asking.delete(asking);
      failed(code === 'ECONNREFUSED' ? 'refuses connections' : code === 'ENOTFOUND' ? 'is a name that is not known' : `fails: ${message}`);
    });
    asking.end();
    return undefined;
  }

  override destroy(): void {
    for (const asking of this.#asking) asking.destroy();
    super.destroy();
  }
}

/** A lone percent sign stands for itself. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Go takes an address without scheme for http, and lets a SOCKS proxy look names up, which others write socks5h for. @throws {ClusterError} config */
export function proxyUrl(written: string): URL {
  const address = written.includes('://') ? written : `http://${written}`;
  if (!URL.canParse(address) || !/^(https?|socks)/.test(address)) throw fault('the proxy', `${JSON.stringify(written.replace(/\/\/[^@/]*@/, '//'))} is no address of a proxy`);
  return new URL(address.replace(/^socks5?:/, 'socks5h:'));
}

/** The proxy that the environment names for this server, unless NO_PROXY spares it; by the rules of golang.org/x/net/http/httpproxy. */
export function proxyOf(url: URL, env: NodeJS.ProcessEnv): string | undefined {
  const scheme = url.protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY';
  const proxy = env[scheme] || env[scheme.toLowerCase()];
  if (!proxy) return undefined;
  const host = url.hostname.replace(/^\[|\]$/g, '');
  if (host === 'localhost' || host === '::1' || host.startsWith('127.')) return undefined;
  const port = url.port || (url.protocol === 'https:' ? '443' : '80');
  const spared = (env['NO_PROXY'] || env['no_proxy'] || '').toLowerCase().split(',').map((one) => one.trim()).filter(Boolean);
  return spared.some((one) => spares(one, host, port)) ? undefined : proxy;
}

function spares(one: string, host: string, port: string): boolean {
  if (one === '*') return true;
  const [, network, bits] = /^([\da-f.:]+)\/(\d+)$/.exec(one) ?? [];
  if (network !== undefined) return isIP(network) !== 0 && isIP(network) === isIP(host) && within(host, network, Number(bits));
  const [, name, only] = isIP(one) ? [one, one] : /^\[?(.*?)\]?(?::(\d+))?$/.exec(one)!;
  if (!name || (only !== undefined && only !== port)) return false;
  const domain = name.replace(/^\*\./, '.');
  return domain.startsWith('.') ? host.endsWith(domain) : host === domain || host.endsWith(`.${domain}`);
}

function within(host: string, network: string, bits: number): boolean {
  const family = isIP(network) === 6 ? 'ipv6' : 'ipv4';
  if (bits > (family === 'ipv6' ? 128 : 32)) return false;
  const list = new BlockList();
  list.addSubnet(network, bits, family);
  return list.check(host, family);
}
