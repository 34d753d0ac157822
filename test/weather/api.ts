import http from 'node:http';
import type {AddressInfo, Socket} from 'node:net';
import type {Duplex} from 'node:stream';
import {WebSocketServer, type WebSocket} from 'ws';
import {RESOURCES, type RawObject, type Resource} from '../../src/lib/cluster/cluster.ts';
import {status, text, type Answer} from '../support/api-server.ts';
import {pair, REFUSED, type App} from '../support/portforward-server.ts';
import {inNamespace, NAMESPACE, OTHER, type RecordedAnswer, type World} from './world.ts';

/** What a request is about; faults are thrown at one of these. */
export const ROUTES = [
  'version',
  'namespaces',
  'pods',
  'events',
  'replicasets',
  'statefulsets',
  'daemonsets',
  'controllerrevisions',
  'jobs',
  'meshconfigs',
  'log',
  'portforward',
  'watch',
] as const;
export type Route = (typeof ROUTES)[number];

interface Request {
  route: Route;
  namespace?: string;
  name?: string;
  pod?: string;
}

/** Writes the answer to a request that, in good weather, gets `good`. */
export type Spoil = (good: string) => Answer;

export interface Weather {
  route: Route;
  spoil: Spoil;
  /** The fault strikes requests of this namespace only. */
  namespace?: string | undefined;
  /** Instead of a tunnel: has the WebSocket of each port-forward to itself. */
  tunnel?: (socket: WebSocket, ports: number[]) => void;
}

export interface WeatherServer {
  url: string;
  /** How often the fault was met. */
  struck(): number;
  asked: string[];
  close(): Promise<void>;
}

/** An API server of a world, on a free port of the loopback, with a fault in one route. */
export async function weatherServer(world: World, weather?: Weather): Promise<WeatherServer> {
  let struck = 0;
  const asked: string[] = [];
  const sockets = new Set<Socket>();
  const server = http.createServer({maxHeaderSize: 64 * 1024}, (request, response) => {
    // A client that leaves in the middle of an endless answer is no error of the server.
    response.on('error', () => undefined);
    const url = request.url ?? '';
    asked.push(url);
    const found = requestOf(url);
    if (!found) return status(404, 'the server could not find the requested resource')(request, response);
    if (struckBy(found, weather)) {
      struck++;
      return weather!.spoil(goodText(world, found))(request, response);
    }
    good(world, found)(request, response);
  });
  const acceptor = new WebSocketServer({
    noServer: true,
    handleProtocols: (offered) => (offered.has('v4.channel.k8s.io') ? 'v4.channel.k8s.io' : false),
  });
  server.on('upgrade', (request: http.IncomingMessage, raw: Duplex, head: Buffer) => {
    raw.on('error', () => undefined);
    asked.push(request.url ?? '');
    const found = requestOf(request.url ?? '');
    const hit = found && struckBy(found, weather);
    if (hit) struck++;
    if (hit && !weather!.tunnel) {
      const response = new http.ServerResponse(request);
      response.on('error', () => undefined).assignSocket(raw as Socket);
      return weather!.spoil('')(request, response);
    }
    if (!hit && !isRecorded(world, found?.pod ?? ''))
      return void raw.end('HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\nconnection: close\r\n\r\n');
    acceptor.handleUpgrade(request, raw, head, (socket) => {
      socket.on('error', () => undefined);
      const ports = new URL(request.url!, 'http://x').searchParams.getAll('ports').map(Number);
      if (hit) weather!.tunnel!(socket, ports);
      else bridge(socket, ports, (port) => appOf(world, found?.pod ?? '', port));
    });
  });
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket
      .unref()
      .on('error', () => undefined)
      .on('close', () => sockets.delete(socket));
  });
  // A head that is no HTTP is answered by nobody.
  server.on('clientError', (_error, socket) => void socket.destroy());
  server.unref();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    struck: () => struck,
    asked,
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

function struckBy({route, namespace}: Request, weather: Weather | undefined): boolean {
  return (
    weather !== undefined &&
    weather.route === route &&
    (weather.namespace === undefined || weather.namespace === namespace)
  );
}

/** A path of the API: namespace, resource, name, and what is below it. */
const OBJECT =
  /^\/(?:api|apis\/[^/]+)\/[^/]+(?:\/namespaces\/([^/]+))?(?:\/([a-z]+))?(?:\/([^/]+))?(?:\/(log|portforward))?$/;

function requestOf(url: string): Request | undefined {
  const {pathname, searchParams} = new URL(url, 'http://server');
  if (pathname === '/version') return {route: 'version'};
  const [, namespace, resource, name, sub] = OBJECT.exec(pathname) ?? [];
  if (sub === 'log' || sub === 'portforward') return {route: sub, namespace: namespace!, pod: name!};
  if (searchParams.get('watch') === 'true') return {route: 'watch', name: resource!};
  if (namespace !== undefined && resource === undefined) return {route: 'namespaces', namespace, name: namespace};
  return (ROUTES as readonly string[]).includes(resource ?? '') && name === undefined
    ? {route: resource as Route, ...(namespace === undefined ? {} : {namespace})}
    : undefined;
}

/** A list or object as the API server writes it. */
function goodText(world: World, {route, namespace, name}: Request): string {
  if (route === 'version') return JSON.stringify({major: '1', minor: '32', gitVersion: 'v1.32.2'});
  if (route === 'namespaces') {
    const of = (one: string): RawObject => ({
      kind: 'Namespace',
      apiVersion: 'v1',
      ...world.namespace,
      metadata: {...(world.namespace['metadata'] as object), name: one},
    });
    return name === undefined ? listOf('namespaces', [of(NAMESPACE), of(OTHER)]) : JSON.stringify(of(name));
  }
  if (route === 'log')
    return world.recorded
      .find(({question}) => question.startsWith('logs '))!
      .lines!.slice(-40)
      .join('\n');
  if (route === 'watch' || route === 'portforward') return '';
  const items = world.lists[route] ?? [];
  const both = [...items, ...(namespace === undefined ? [] : inNamespace(items, OTHER))];
  return listOf(
    route,
    namespace === undefined
      ? items
      : both.filter(
          ({metadata}) => (metadata as {namespace?: string}).namespace === namespace || route === 'meshconfigs',
        ),
  );
}

function listOf(resource: Resource, items: RawObject[]): string {
  const {kind, path} = RESOURCES[resource];
  return JSON.stringify({
    kind: `${kind}List`,
    apiVersion: path.replace(/^\/apis?\//, ''),
    metadata: {resourceVersion: '7'},
    items,
  });
}

function good(world: World, request: Request): Answer {
  if (request.route === 'watch')
    return (_, response) => void response.writeHead(200, {'content-type': 'application/json'}).write('');
  if (request.route === 'namespaces' && request.name !== undefined && ![NAMESPACE, OTHER].includes(request.name))
    return status(404, `namespaces "${request.name}" not found`);
  if (request.route === 'log') return text(200, logOf(world, request), {'content-type': 'text/plain'});
  if (request.route === 'portforward') return status(400, 'Upgrade request required');
  return text(200, goodText(world, request));
}

function logOf({recorded}: World, {pod}: Request): string {
  return (
    recorded
      .find(({question}) => question.startsWith(`logs pod/${pod} `))
      ?.lines?.slice(-60)
      .join('\n') ?? ''
  );
}

/** Somebody looked into that pod when the world was recorded. */
function isRecorded({recorded}: World, pod: string): boolean {
  return recorded.some(({question, answer}) => answer !== undefined && question.startsWith(`ask pod/${pod} `));
}

/** A recorded port of a pod, as an app that answers each request the same way; undefined for one that refuses. */
function appOf({recorded}: World, pod: string, port: number): App | undefined {
  const mine = recorded.filter(
    ({question, answer}) => answer && question.startsWith(`ask pod/${pod} `) && question.includes(`:${port}`),
  );
  if (mine.every(({answer}) => answer!.kind === 'refused')) return undefined;
  return (connection) => {
    let head = '';
    connection
      .on('error', () => undefined)
      .on('data', (bytes: Buffer) => {
        head += bytes.toString('latin1');
        if (!head.includes('\r\n\r\n')) return;
        const path = head.split(' ', 2)[1]!.split('?')[0]!;
        const answer = (mine.find(({question}) => question.includes(`:${port}${path}`)) ?? mine[0]!).answer!;
        head = '';
        connection.end(answer.kind === 'response' ? responseText(answer) : '');
      });
  };
}

function responseText({status: code, reason, headers, body = ''}: RecordedAnswer): string {
  const kept = (headers ?? []).filter(({name}) => !/^(content-length|transfer-encoding)$/i.test(name));
  return [
    `HTTP/1.1 ${code} ${reason}`,
    ...kept.map(({name, value}) => `${name}: ${value}`),
    `content-length: ${Buffer.byteLength(body)}`,
    '',
    body,
  ].join('\r\n');
}

/** Streams of a port-forward, two channels for each port, with the kubelet's manners. */
export function bridge(socket: WebSocket, ports: number[], app: (port: number) => App | undefined): void {
  let open = ports.length;
  const over = (): void => {
    if (--open === 0) socket.close(1000);
  };
  const streams = ports.map((port, index) => {
    for (const channel of [2 * index, 2 * index + 1]) socket.send(Buffer.of(channel, port & 255, port >> 8));
    const serve = app(port);
    if (!serve) {
      socket.send(Buffer.concat([Buffer.of(2 * index + 1), Buffer.from(REFUSED(port))]));
      return over();
    }
    const [near, far] = pair();
    near
      .on('data', (bytes: Buffer) => socket.send(Buffer.concat([Buffer.of(2 * index), bytes])))
      .on('error', () => undefined);
    let told = false;
    near.on('end', () => {
      if (!told) over();
      told = true;
    });
    serve(far);
    return near;
  });
  socket.on('message', (data: Buffer) => void (data[0]! % 2 === 0 && streams[data[0]! / 2]?.write(data.subarray(1))));
  socket.on('close', () => streams.forEach((one) => one?.destroy()));
}
