import assert from 'node:assert/strict';
import {getEventListeners} from 'node:events';
import {readdirSync} from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import type {Duplex} from 'node:stream';
import {setTimeout as sleep} from 'node:timers/promises';
import type WebSocket from 'ws';
import {ClusterError, type ClusterErrorReason} from '../../src/lib/cluster/cluster.ts';
import {credentialsOf} from '../../src/lib/cluster/live/credentials.ts';
import type {PodStream} from '../../src/lib/cluster/live/pod-stream.ts';
import {openTunnel, type Tunnel} from '../../src/lib/cluster/live/tunnel.ts';
import {LOCALHOST, portforwardServer, REFUSED, type App, type PortforwardServer, type ServerOptions} from '../support/portforward-server.ts';

const POD = {namespace: 'shop', name: 'cart-1'};
const MIB = 1024 * 1024;

const echo: App = (connection) => void connection.pipe(connection);
const hello: App = (connection) => void connection.end('hello');

async function read(stream: PodStream): Promise<string> {
  let text = '';
  for await (const bytes of stream) text += String(bytes);
  return text;
}

describe('a tunnel to a pod', () => {
  let server: PortforwardServer | undefined;
  let stop = new AbortController();
  const serve = async (options: ServerOptions) => (server = await portforwardServer(options));
  const open = (ports: number[], timeoutMs = 2000): Promise<Tunnel> => openTunnel(server!.credentials, POD, ports, {timeoutMs, signal: stop.signal, kubectlFlags: ' --context c'});
  const rejects = async (opening: Promise<unknown>, reason: ClusterErrorReason, got: RegExp): Promise<ClusterError> => {
    const error = await opening.then(() => assert.fail('it opened'), (error: unknown) => error);
    assert.ok(error instanceof ClusterError, String(error));
    assert.equal(error.reason, reason, error.message);
    assert.match(error.got, got);
    return error;
  };
  afterEach(async () => {
    stop.abort();
    stop = new AbortController();
    await server?.close();
    server = undefined;
  });

  for (const tls of [false, true]) {
    it(`has a stream for each port, the same port twice too, over one WebSocket${tls ? ' and TLS' : ''}`, async () => {
      await serve({apps: {80: echo, 81: hello}, tls});
      const tunnel = await open([80, 81, 80]);
      const [first, other, again] = tunnel.streams;
      first!.write('one');
      again!.write('two');
      assert.deepEqual((await Promise.all([first!, again!].map((stream) => new Promise((done) => stream.once('data', done))))).map(String), ['one', 'two']);
      assert.equal(String(other!.head), 'hello');
      assert.equal(server!.upgrades.length, 1);
      assert.equal(server!.upgrades[0]!.url, '/api/v1/namespaces/shop/pods/cart-1/portforward?ports=80&ports=81&ports=80');
      assert.equal(server!.upgrades[0]!.headers.authorization, 'Bearer t0ken');
      tunnel.close();
    });
  }

  it('ends a refused port alone, with the kubelet\'s words', async () => {
    await serve({apps: {80: echo, 82: echo}});
    const {streams, close} = await open([80, 81, 82]);
    assert.equal(await read(streams[1]!), '');
    assert.equal(streams[1]!.failure, REFUSED(81).trim());
    for (const stream of [streams[0]!, streams[2]!]) {
      stream.write('still here');
      assert.equal(String(await new Promise((done) => stream.once('data', done))), 'still here');
    }
    close();
  });

  it('ends a stream when the pod\'s side has ended, after all its bytes', async () => {
    await serve({apps: {80: hello}});
    const {streams} = await open([80]);
    assert.equal(await read(streams[0]!), 'hello');
    assert.equal(streams[0]!.lost, undefined);
  });

  it('says that a stream was lost when the WebSocket breaks', async () => {
    await serve({apps: {80: echo}});
    const {streams} = await open([80]);
    for (const socket of server!.sockets) socket.terminate();
    assert.equal(await read(streams[0]!), '');
    assert.match(streams[0]!.lost!, /^the WebSocket broke: it was closed with 1006/);
  });

  it('remembers a local end only', async () => {
    await serve({apps: {80: (connection) => void connection.once('data', () => setTimeout(() => connection.end('late'), 20))}});
    const {streams} = await open([80]);
    streams[0]!.end('question');
    assert.equal(await read(streams[0]!), 'late');
  });

  it('goes out through a proxy', async () => {
    await serve({apps: {80: hello}, tls: true});
    const asked: string[] = [];
    const proxy = http.createServer().on('connect', (request: http.IncomingMessage, near: net.Socket) => {
      asked.push(request.url!);
      const far = net.connect(Number(request.url!.split(':')[1]), '127.0.0.1', () => {
        near.write('HTTP/1.1 200 OK\r\n\r\n');
        near.pipe(far).pipe(near);
      });
      for (const socket of [near, far]) socket.on('error', () => undefined);
      near.on('close', () => far.destroy());
    });
    await new Promise<void>((done) => proxy.listen(0, '127.0.0.1', done));
    const cluster = {server: server!.credentials.url.href, 'certificate-authority-data': Buffer.from(LOCALHOST.cert).toString('base64'), 'proxy-url': `http://127.0.0.1:${(proxy.address() as net.AddressInfo).port}`};
    const credentials = await credentialsOf({contextName: 'c', namespace: 'shop', cluster, user: {token: 'x'}, folder: ''}, {}, {}, stop.signal);
    const {streams} = await openTunnel(credentials, POD, [80], {timeoutMs: 2000, signal: stop.signal, kubectlFlags: ''});
    assert.equal(await read(streams[0]!), 'hello');
    assert.deepEqual(asked, [server!.credentials.url.host]);
    await new Promise((done) => proxy.close(done));
  });

  describe('is refused', () => {
    const status = (code: number, message: string) => ({refuse: (_request: http.IncomingMessage, socket: Duplex) => {
      const body = JSON.stringify({kind: 'Status', apiVersion: 'v1', status: 'Failure', message, code});
      socket.end(`HTTP/1.1 ${code} ${http.STATUS_CODES[code]}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nRetry-After: 0\r\n\r\n${body}`);
      return true;
    }});
    it('to whom may not create', async () => {
      await serve(status(403, 'pods "cart-1" is forbidden: User "dev" cannot create resource "pods/portforward" in API group "" in the namespace "shop"'));
      const error = await rejects(open([80, 81, 80]), 'forbidden', /^403 Forbidden: pods "cart-1" is forbidden/);
      assert.equal(error.asked, 'a port-forward to pod shop/cart-1, port 80, 81');
      assert.equal(error.try, 'kubectl auth can-i create pods --subresource=portforward -n shop --context c');
      assert.equal(server!.upgrades.length, 1);
    });
    it('to whom may not get', async () => {
      await serve(status(403, 'User "dev" cannot get resource "pods/portforward"'));
      assert.match((await rejects(open([80]), 'forbidden', /403/)).try!, /can-i get pods --subresource=portforward/);
    });
    it('for a pod that is gone', async () => {
      await serve(status(404, 'pods "cart-1" not found'));
      await rejects(open([80]), 'not-found', /pods "cart-1" not found/);
    });
    it('for a pod on no node', async () => {
      await serve(status(400, 'pod cart-1 does not have a host assigned'));
      await rejects(open([80]), 'invalid', /does not have a host assigned/);
    });
    it('for a pod that runs no more, at once', async () => {
      await serve(status(500, 'pod not found ("cart-1_shop")'));
      await rejects(open([80]), 'invalid', /don't run any more/);
      assert.equal(server!.upgrades.length, 1);
    });
    it('by a busy server, after four tries', async () => {
      await serve(status(500, 'error dialing backend: EOF'));
      await rejects(open([80]), 'busy', /^500 Internal Server Error: error dialing backend: EOF \(asked 4 times\)$/);
      assert.equal(server!.upgrades.length, 4);
    });
    it('by something that is no API server', async () => {
      await serve({refuse: (_request, socket) => Boolean(socket.end('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n<htm>'))});
      await rejects(open([80]), 'bad-answer', /200 OK: <htm>/);
    });
    it('by something that is no HTTP', async () => {
      await serve({refuse: (_request, socket) => Boolean(socket.end('\u0000\u0001garbage'))});
      await rejects(open([80]), 'unreachable', /Parse Error/);
    });
    it('with a body that never ends', async () => {
      await serve({refuse: (_request, socket) => Boolean(socket.write('HTTP/1.1 403 Forbidden\r\nContent-Length: 500\r\n\r\n{'))});
      await rejects(open([80], 100), 'unreachable', /did not answer within 0.1s/);
    });
    it('by silence, within its time', async () => {
      await serve({refuse: () => true});
      await rejects(open([80], 100), 'unreachable', /did not answer within 0.1s/);
    });
    it('by a server that never opens its channels', async () => {
      await serve({instead: () => undefined});
      await rejects(open([80], 100), 'unreachable', /did not answer within 0.1s/);
    });
    it('by a server that closes at once, after four tries', async () => {
      await serve({instead: (socket) => socket.close(1011, 'no \u001b[31mway')});
      await rejects(open([80], 20_000), 'bad-answer', /^the WebSocket ended before it was ready: it was closed with 1011 no \[31mway \(asked 4 times\)$/);
      assert.equal(server!.upgrades.length, 4);
    }).timeout(20_000);
    it('by an address where nobody listens', async () => {
      await serve({});
      await server!.close();
      await rejects(open([80]), 'unreachable', /refuses connections/);
    });
    it('after Ctrl-C', async () => {
      await serve({refuse: () => true});
      setTimeout(() => stop.abort(), 20);
      await rejects(open([80]), 'aborted', /interrupted/);
      await rejects(open([80]), 'aborted', /interrupted/);
    });
  });

  describe('with a server that makes no sense', () => {
    const greet = (socket: WebSocket) => [0, 1].forEach((channel) => socket.send(Buffer.of(channel, 80, 0)));
    it('takes a greeting in halves, and one with bytes behind it', async () => {
      await serve({
        instead: (socket, ports) => {
          for (const byte of [80, 0]) socket.send(Buffer.of(0, byte));
          socket.send(Buffer.of(2, 81, 0, 0x68, 0x69));
          assert.deepEqual(ports, [80, 81]);
        },
      });
      const {streams, close} = await open([80, 81]);
      assert.equal(String(await new Promise((done) => streams[1]!.once('data', done))), 'hi');
      close();
    });
    it('passes over text, empty frames and channels that are nobody\'s', async () => {
      await serve({
        instead: (socket) => {
          for (const frame of ['text', Buffer.alloc(0), Buffer.of(7, 1, 2), Buffer.of(255), Buffer.of(1)]) socket.send(frame);
          greet(socket);
          socket.send(Buffer.of(9, 9));
          socket.send('0text');
          socket.send(Buffer.from('\u0000said'));
          setTimeout(() => socket.close(1000), 20);
        },
      });
      assert.equal(await read((await open([80])).streams[0]!), 'said');
    });
    it('loses its streams at a frame that is too large', async () => {
      await serve({instead: (socket) => (greet(socket), socket.send(Buffer.alloc(2 * MIB)))});
      const {streams} = await open([80]);
      assert.equal(await read(streams[0]!), '');
      assert.match(streams[0]!.lost!, /Max payload size exceeded/);
    });
    it('loses its streams at bytes that are no frame', async () => {
      await serve({instead: (socket) => (greet(socket), setTimeout(() => (socket as unknown as {_socket: net.Socket})._socket.write(Buffer.alloc(64, 0xff)), 20))});
      const {streams} = await open([80]);
      assert.equal(await read(streams[0]!), '');
      assert.match(streams[0]!.lost!, /Invalid WebSocket frame/);
    });
    it('cleans the words of the error channel', async () => {
      await serve({instead: (socket) => (greet(socket), socket.send(Buffer.from('\u0001bad\u001b[2J\u0000 news')))});
      const {streams, close} = await open([80]);
      await read(streams[0]!);
      assert.equal(streams[0]!.failure, 'bad[2J news');
      close();
    });
  });

  it('ends at Ctrl-C in the middle of a stream', async () => {
    await serve({apps: {80: (connection) => void connection.write('begin')}});
    const {streams} = await open([80]);
    await new Promise((done) => streams[0]!.once('data', done));
    stop.abort();
    assert.equal(await read(streams[0]!), '');
    assert.equal(streams[0]!.lost, 'interrupted');
    await sleep(50);
    assert.equal(server!.sockets.size, 0);
  });

  it('holds the pod back while nobody reads, and loses nothing', async () => {
    const total = 64 * MIB;
    let sent = 0;
    const pour: App = (connection) => {
      const block = Buffer.alloc(32 * 1024, 7);
      const more = (): void => {
        while (sent < total) {
          sent += block.length;
          if (!connection.write(block)) return void connection.once('drain', more);
        }
        connection.end();
      };
      more();
    };
    await serve({apps: {80: pour}});
    const {streams, close} = await open([80]);
    await sleep(300);
    const early = sent;
    assert.ok(early < 16 * MIB, `${early} bytes were taken`);
    const before = process.memoryUsage().rss;
    let peak = before;
    let got = 0;
    for await (const bytes of streams[0]!) {
      got += (bytes as Buffer).length;
      peak = Math.max(peak, process.memoryUsage().rss);
      if (got % (8 * MIB) < 32 * 1024) await sleep(1);
    }
    assert.equal(got, total);
    assert.ok(peak - before < 64 * MIB, `${(peak - before) / MIB} MiB more`);
    close();
  }).timeout(30_000);

  it('holds the local side back while the pod does not read', async () => {
    let drink: (() => void) | undefined;
    let got = 0;
    await serve({
      apps: {
        80: (connection) => {
          connection.pause();
          drink = () => void connection.on('data', (bytes: Buffer) => (got += bytes.length)).resume();
        },
      },
    });
    const {streams, close} = await open([80]);
    const stream = streams[0]!;
    const block = Buffer.alloc(MIB, 1);
    let written = 0;
    const pump = (async () => {
      for (; written < 64; written++) if (!stream.write(block)) await new Promise((done) => stream.once('drain', done));
    })();
    await sleep(300);
    assert.ok(written < 32, `${written} MiB were taken`);
    assert.ok(stream.writableLength <= 2 * MIB);
    drink!();
    await pump;
    while (got < 64 * MIB) await sleep(10);
    close();
  }).timeout(30_000);

  it('leaves nothing behind after a thousand uses', async () => {
    await serve({apps: {80: echo}});
    const use = async () => {
      const {streams, close} = await open([80, 81]);
      streams[0]!.write('x');
      await new Promise((done) => streams[0]!.once('data', done));
      close();
    };
    await use();
    await sleep(200);
    const count = () => ({fds: readdirSync('/proc/self/fd').length, active: process.getActiveResourcesInfo().filter((kind) => /TCP|Timeout/.test(kind)).length, listeners: getEventListeners(stop.signal, 'abort').length});
    const before = count();
    for (let round = 0; round < 100; round++) await Promise.all(Array.from({length: 10}, use));
    await sleep(300);
    const after = count();
    assert.ok(after.fds <= before.fds && after.active <= before.active, `${JSON.stringify(before)} became ${JSON.stringify(after)}`);
    assert.equal(after.listeners, 0);
    assert.equal(server!.sockets.size, 0);
  }).timeout(60_000);
});
