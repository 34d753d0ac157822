import http from 'node:http';
import https from 'node:https';
import type {AddressInfo, Socket} from 'node:net';
import type {TLSSocket} from 'node:tls';
import {certificate, type Identity} from './certificates.ts';

/** A request as the server received it. */
export interface Received {
  /** Path and query. */
  url: string;
  headers: http.IncomingHttpHeaders;
  /** Common name of the client's certificate, where it showed one. */
  client: string | undefined;
}

/** Writes the answer to one request. */
export type Answer = (request: http.IncomingMessage, response: http.ServerResponse) => void;

/** Answers by path, without query. Of several, the n-th request gets the n-th; the last one stays. */
export type Script = Record<string, Answer | Answer[]>;

export interface ServerOptions {
  plain?: boolean;
  /** What the server shows; absent for one of `CA`'s that is good for 127.0.0.1 and api.test. */
  identity?: Identity;
  version?: string;
}

export interface ApiServer {
  url: string;
  port: number;
  received: Received[];
  /** Connections that were set up, TLS included. */
  connections: number;
  script: Script;
  /** Paths with query of all requests but those for the version. */
  asked(): string[];
  close(): Promise<void>;
}

export const CA = certificate({name: 'test ca'});
const SERVER = certificate({name: 'test server', hosts: ['127.0.0.1', 'api.test'], issuer: CA});

/** Starts an API server on a free port of the loopback that answers as `script` says; 404 for what it does not know. */
export async function serve(script: Script, {plain = false, identity = SERVER, version = 'v1.32.2'}: ServerOptions = {}): Promise<ApiServer> {
  const turns = new Map<string, number>();
  const api: ApiServer = {
    url: '',
    port: 0,
    received: [],
    connections: 0,
    script: {'/version': json({gitVersion: version}), ...script},
    asked: () => api.received.map(({url}) => url).filter((url) => url !== '/version'),
    async close() {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
  const listener: http.RequestListener = (request, response) => {
    const url = request.url ?? '';
    const client = (request.socket as TLSSocket).getPeerCertificate?.()?.subject?.CN;
    api.received.push({url, headers: request.headers, client: Array.isArray(client) ? client[0] : client});
    const path = url.split('?')[0]!;
    const turn = turns.get(path) ?? 0;
    turns.set(path, turn + 1);
    const answers = [api.script[path] ?? status(404, 'the server could not find the requested resource')].flat();
    answers[Math.min(turn, answers.length - 1)]!(request, response);
  };
  const server = plain ? http.createServer(listener) : https.createServer({...identity, requestCert: true, rejectUnauthorized: false}, listener);
  server.on(plain ? 'connection' : 'secureConnection', () => api.connections++);
  // A test that fails before it closes must not keep the tests from ending.
  server.on('connection', (socket: Socket) => void socket.unref());
  server.unref();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  api.port = (server.address() as AddressInfo).port;
  api.url = `${plain ? 'http' : 'https'}://127.0.0.1:${api.port}`;
  return api;
}

export function json(value: unknown): Answer {
  return text(200, JSON.stringify(value));
}

export function text(code: number, body: string, headers: http.OutgoingHttpHeaders = {}): Answer {
  return (_, response) => void response.writeHead(code, {'content-type': 'application/json', ...headers}).end(body);
}

/** A list as the API server writes it; `metadata` first, as of most servers. */
export function listText(items: unknown[] | null, metadata: Record<string, unknown> = {resourceVersion: '1'}): string {
  return JSON.stringify({kind: 'List', apiVersion: 'v1', metadata, items});
}

export function list(items: unknown[] | null, metadata?: Record<string, unknown>): Answer {
  return text(200, listText(items, metadata));
}

export function status(code: number, message: string, headers: http.OutgoingHttpHeaders = {}): Answer {
  return text(code, JSON.stringify({kind: 'Status', apiVersion: 'v1', status: 'Failure', message, code}), headers);
}

/** Pages by `limit` and `continue`, as etcd's are. */
export function paged(items: unknown[]): Answer {
  return (request, response) => {
    const query = new URL(request.url!, 'http://server').searchParams;
    const from = Number(query.get('continue') ?? 0);
    const to = from + Number(query.get('limit') ?? items.length);
    list(items.slice(from, to), {resourceVersion: '1', ...(to < items.length ? {continue: String(to)} : {})})(request, response);
  };
}

/** Never answers. */
export const silence: Answer = () => undefined;

/** Closes the connection without a word. */
export const hangUp: Answer = (request) => void request.socket.destroy();

/** Sends the beginning of a good answer, and then nothing more. */
export function stalls(body: string): Answer {
  return (_, response) => void response.writeHead(200, {'content-type': 'application/json'}).write(body);
}

/** Sends the beginning of a good answer, and closes the connection once it is out. */
export function breaksOff(body: string): Answer {
  return (_, response) => {
    response.writeHead(200, {'content-type': 'application/json'});
    response.write(body, () => response.socket?.end());
  };
}

/** Sends the body in pieces of `bytes`, each in its own turn of the event loop. */
export function inPieces(body: string, bytes: number): Answer {
  return (_, response) => {
    const whole = Buffer.from(body);
    response.writeHead(200, {'content-type': 'application/json'});
    response.socket?.setNoDelay(true);
    const next = (at: number): void => {
      if (at >= whole.length) response.end();
      else response.write(whole.subarray(at, at + bytes), () => setImmediate(next, at + bytes));
    };
    next(0);
  };
}
