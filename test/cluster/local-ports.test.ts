import assert from 'node:assert/strict';
import {once, setMaxListeners} from 'node:events';
import http from 'node:http';
import net from 'node:net';
import {setTimeout as sleep} from 'node:timers/promises';
import {ClusterError, type LocalPorts, type PodName} from '../../src/lib/cluster/cluster.ts';
import {listen, type Dialling} from '../../src/lib/cluster/live/local-ports.ts';
import {openTunnel} from '../../src/lib/cluster/live/tunnel.ts';
import type {ConnectionEvent} from '../../src/lib/model/keep.ts';
import {portforwardServer, type App, type PortforwardServer, type ServerOptions} from '../support/portforward-server.ts';

const POD: PodName = {namespace: 'shop', name: 'cart-1'};
const MIB = 1024 * 1024;
const echo: App = (connection) => void connection.pipe(connection);
const hello: App = (connection) => void connection.end('hello');

describe('local ports', () => {
  let server: PortforwardServer | undefined;
  let local: LocalPorts | undefined;
  let events: ConnectionEvent[] = [];
  const stop = new AbortController();
  setMaxListeners(0, stop.signal);
  const serve = async (options: ServerOptions) => (server = await portforwardServer(options));
  const open = async (ports: Dialling['ports'], more: Partial<Dialling> = {}) => {
    const dial = (pod: PodName, port: number) => openTunnel(server!.credentials, pod, [port], {timeoutMs: 2000, signal: stop.signal, kubectlFlags: ''});
    local = await listen({ports, addresses: ['127.0.0.1'], pod: () => POD, gone: async () => undefined, heard: (event) => events.push(event), dial, ...more});
    return local.ports;
  };
  const connect = (port: number) => net.connect({port, host: '127.0.0.1', allowHalfOpen: true});
  /** All that comes until the end, and how it ended. */
  const read = async (socket: net.Socket): Promise<string> => {
    let text = '';
    try {
      for await (const bytes of socket) text += String(bytes);
      return `${text} ends`.trim();
    } catch (error) {
      return `${text} ${(error as NodeJS.ErrnoException).code}`.trim();
    }
  };
  afterEach(async () => {
    local?.close();
    await server?.close();
    local = server = undefined;
    events = [];
  });

  it('carry what comes and end as the pod does', async () => {
    await serve({apps: {80: hello}});
    const [port] = await open([{remote: 80, local: 0}]);
    assert.equal(await read(connect(port!.local)), 'hello ends');
    assert.deepEqual(events, [{event: 'connection', port: 80, local: port!.local}]);
  });

  it('have the own number of the remote port where it is free, else another', async () => {
    const taken = net.createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const number = (taken.address() as net.AddressInfo).port;
    await serve({apps: {[number]: hello}});
    const [port] = await open([{remote: number}]);
    assert.notEqual(port!.local, number);
    assert.equal(await read(connect(port!.local)), 'hello ends');
    local!.close();
    await new Promise((done) => taken.close(done));
    assert.equal((await open([{remote: number}]))[0]!.local, number);
  });

  it('a number that was asked for and is taken is an error, and opens nothing', async () => {
    const taken = net.createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const number = (taken.address() as net.AddressInfo).port;
    await serve({});
    const error = await open([{remote: 80, local: 0}, {remote: 81, local: number}]).catch((one: unknown) => one);
    taken.close();
    assert.ok(error instanceof ClusterError);
    assert.match(error.message, new RegExp(`listening on 127.0.0.1, port ${number}: another program listens there`));
  });

  it('leave out an address that the machine does not have, as long as one works', async () => {
    await serve({apps: {80: hello}});
    assert.deepEqual((await open([{remote: 80, local: 0}], {addresses: ['192.0.2.1', '127.0.0.1']}))[0]!.addresses, ['127.0.0.1']);
    local!.close();
    await assert.rejects(open([{remote: 80, local: 0}], {addresses: ['192.0.2.1']}), /listening on 192.0.2.1, port any/);
  });

  it('reset a connection that the pod refuses, and only that', async () => {
    await serve({apps: {80: echo}});
    const [good, bad] = await open([{remote: 80, local: 0}, {remote: 81, local: 0}]);
    const first = connect(good!.local);
    first.write('one');
    assert.equal(String((await once(first, 'data'))[0]), 'one');
    assert.equal(await read(connect(bad!.local)), 'ECONNRESET');
    assert.equal(await read(connect(bad!.local)), 'ECONNRESET', 'and again');
    first.write('two');
    assert.equal(String((await once(first, 'data'))[0]), 'two', 'the other goes on');
    first.destroy();
    const refused = events.filter(({event}) => event === 'refused');
    assert.equal(refused.length, 2);
    assert.match((refused[0] as {text: string}).text, /failed to connect to localhost:81 inside namespace/);
  });

  it('reset a connection whose tunnel breaks, and say so', async () => {
    await serve({apps: {80: echo}});
    const [port] = await open([{remote: 80, local: 0}]);
    const socket = connect(port!.local);
    socket.write('x');
    await once(socket, 'data');
    for (const one of server!.sockets) one.terminate();
    assert.equal(await read(socket), 'ECONNRESET');
    assert.match((events.at(-1) as {text: string}).text, /the WebSocket broke/);
  });

  it('carry 200 connections at a time, each over a WebSocket of its own', async () => {
    await serve({apps: {80: echo}});
    const [port] = await open([{remote: 80, local: 0}]);
    const sockets = Array.from({length: 200}, () => connect(port!.local));
    const said = await Promise.all(sockets.map(async (socket, index) => (socket.write(`n${index}`), String((await once(socket, 'data'))[0]))));
    assert.deepEqual(said, sockets.map((_socket, index) => `n${index}`));
    assert.equal(server!.sockets.size, 200);
    for (const socket of sockets) socket.destroy();
    for (let wait = 0; server!.sockets.size > 0 && wait < 150; wait++) await sleep(20);
    assert.equal(server!.sockets.size, 0, 'a client that leaves ends its tunnel');
  });

  it('carry a big body to a reader that lags, in little memory', async () => {
    const size = 256 * MIB;
    const flood: App = (connection) => {
      let left = size;
      const more = () => {
        while (left > 0) {
          left -= MIB;
          if (!connection.write(Buffer.alloc(MIB))) return void connection.once('drain', more);
        }
        connection.end();
      };
      more();
    };
    await serve({apps: {80: flood}});
    const [port] = await open([{remote: 80, local: 0}]);
    const socket = connect(port!.local);
    await once(socket, 'readable');
    await sleep(300);
    const before = process.memoryUsage().arrayBuffers;
    assert.ok(before < 64 * MIB, `${before} bytes wait for the reader`);
    let got = 0;
    for await (const bytes of socket) got += (bytes as Buffer).length;
    assert.equal(got, size);
  });

  it('carry a big body into the pod', async () => {
    let got = 0;
    await serve({apps: {80: (connection) => void connection.on('data', (bytes: Buffer) => ((got += bytes.length) === 8 * MIB ? connection.end('all') : undefined))}});
    const [port] = await open([{remote: 80, local: 0}]);
    const socket = connect(port!.local);
    socket.write(Buffer.alloc(8 * MIB, 1));
    assert.equal(await read(socket), 'all ends');
  });

  it('wait for the answer after a client has ended its own side', async () => {
    const late: App = (connection) => void connection.once('data', () => setTimeout(() => connection.end('late'), 1200));
    await serve({apps: {80: late}});
    const [port] = await open([{remote: 80, local: 0}]);
    const socket = connect(port!.local);
    socket.end('question');
    assert.equal(await read(socket), 'late ends');
  });

  it('lead to the next pod where the first has gone', async () => {
    let pod: PodName = {namespace: 'shop', name: 'old'};
    const refuse: ServerOptions['refuse'] = (request, socket) => {
      if (!request.url!.includes('/pods/old/')) return false;
      const body = JSON.stringify({kind: 'Status', message: 'pods "old" not found', code: 404});
      return socket.end(`HTTP/1.1 404 Not Found\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`), true;
    };
    await serve({apps: {80: hello}, refuse});
    const [port] = await open([{remote: 80, local: 0}], {pod: () => pod, gone: async () => void (pod = {namespace: 'shop', name: 'new'})});
    assert.equal(await read(connect(port!.local)), 'hello ends');
  });

  it('reset a connection while there is no pod', async () => {
    await serve({});
    const [port] = await open([{remote: 80, local: 0}], {pod: () => undefined});
    assert.equal(await read(connect(port!.local)), 'ECONNRESET');
    assert.match((events.at(-1) as {text: string}).text, /no pod runs at the moment/);
  });

  it('serve a keep-alive client', async () => {
    const app = http.createServer((request, response) => void response.end(request.url));
    await serve({apps: {80: (connection) => void app.emit('connection', connection)}});
    const [port] = await open([{remote: 80, local: 0}]);
    const agent = new http.Agent({keepAlive: true, maxSockets: 1});
    for (const path of ['/a', '/b']) {
      const [response] = (await once(http.get({port: port!.local, host: '127.0.0.1', path, agent}), 'response')) as [http.IncomingMessage];
      assert.equal((await response.toArray()).join(''), path);
    }
    agent.destroy();
    assert.equal(server!.upgrades.length, 1);
  });
});
