import assert from 'node:assert/strict';
import {readdirSync} from 'node:fs';
import http from 'node:http';
import http2 from 'node:http2';
import {setTimeout as sleep} from 'node:timers/promises';
import tls from 'node:tls';
import {ClusterError} from '../../src/lib/cluster/cluster.ts';
import {exchange} from '../../src/lib/cluster/live/exchange.ts';
import {askOf} from '../../src/lib/kubelet/request.ts';
import type {Answer, Ask} from '../../src/lib/model/answer.ts';
import type {Header} from '../../src/lib/model/probe.ts';
import {LOCALHOST, portforwardServer, REFUSED, type App, type PortforwardServer, type ServerOptions} from '../support/portforward-server.ts';

const POD = {namespace: 'shop', name: 'cart-1'};
const MIB = 1024 * 1024;
type Response = Extract<Answer, {kind: 'response'}>;

const get = (port: number, over: Partial<Ask> & {scheme?: 'HTTP' | 'HTTPS'; headers?: Header[]; path?: string} = {}): Ask => {
  const {scheme = 'HTTP', path = '/p', headers = [{name: 'Host', value: 'h'}, {name: 'Connection', value: 'close'}], ...rest} = over;
  return {port, send: {kind: 'get', scheme, path, headers}, timeoutMs: 1000, maxBytes: 10_240, ...rest};
};
const connect = (port: number): Ask => ({port, send: {kind: 'connect'}, timeoutMs: 1000, maxBytes: 0});

/** Says this once it is asked; then ends, or waits. */
const says = (text: string | Buffer, then: 'ends' | 'waits' = 'ends'): App => (connection) =>
  void connection.once('data', () => {
    connection.write(text);
    if (then === 'ends') connection.end();
  });
const silent: App = (connection) => void connection.resume();
const closes: App = (connection) => void connection.once('data', () => connection.end());
const serves = (listener: http.RequestListener, options: http.ServerOptions = {}): App => {
  const server = http.createServer(options, listener);
  return (connection) => void server.emit('connection', connection);
};
const secured = (options: tls.TlsOptions, app: (socket: tls.TLSSocket) => void): App => (connection) => {
  const socket = new tls.TLSSocket(connection as never, {isServer: true, secureContext: tls.createSecureContext({...LOCALHOST, ...options}), ...options});
  socket.on('error', () => connection.destroy());
  app(socket);
};
const h2 = (listener: (stream: http2.ServerHttp2Stream, headers: http2.IncomingHttpHeaders) => void): App => {
  const server = http2.createSecureServer({...LOCALHOST, allowHTTP1: true}, undefined);
  server.on('stream', (stream, headers) => (stream.on('error', () => undefined), listener(stream, headers))).on('sessionError', () => undefined);
  return (connection) => void server.emit('connection', connection);
};

describe('an exchange with a pod', () => {
  let server: PortforwardServer | undefined;
  let stop = new AbortController();
  const serve = async (apps: Record<number, App>, options: ServerOptions = {}) => (server = await portforwardServer({apps, ...options}));
  const ask = (...asks: Ask[]) => exchange(server!.credentials, POD, asks, {timeoutMs: 2000, signal: stop.signal, kubectlFlags: ''});
  const only = async (question: Ask): Promise<Answer> => (await ask(question)).answers[0]!;
  afterEach(async () => {
    stop.abort();
    stop = new AbortController();
    await server?.close();
    server = undefined;
  });

  const show = (answer: Answer): string => {
    if (answer.kind === 'response') return `${answer.protocol} ${answer.status} ${answer.end}: ${answer.body}`.trim();
    if (answer.kind === 'closed') return `closed${answer.reset ? ' by reset' : ''}: ${answer.text}`;
    if (answer.kind === 'tls') return `tls${answer.plaintext ? ', plaintext' : ''}: ${answer.text}`;
    if (answer.kind === 'not-http') return `not http, ${answer.said}: ${answer.text}`;
    if (answer.kind === 'open') return `open ${answer.said}`.trim();
    return 'text' in answer ? `${answer.kind}: ${answer.text}` : answer.kind;
  };
  const RESET = 'read tcp4 127.0.0.1:5->127.0.0.1:80: read: connection reset by peer';
  const rows: [sentence: string, app: App | undefined, question: Ask, answer: string, withinMs?: number][] = [
    ['an answer with a length, though nobody closes', says('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi', 'waits'), get(80), 'HTTP/1.1 200 whole: hi', 500],
    ['a chunked answer, though nobody closes', says('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n', 'waits'), get(80), 'HTTP/1.1 200 whole: hi', 500],
    ['what is sent, and not what is shown of it', serves((request, response) => void response.end(`${request.url} ${request.headers['authorization']}`)), {...get(80), send: {kind: 'get', scheme: 'HTTP', path: '/h?token=***', headers: [{name: 'Host', value: 'h'}, {name: 'Authorization', value: '***'}], sent: {path: '/h?token=abc', headers: [{name: 'Host', value: 'h'}, {name: 'Authorization', value: 'Bearer x'}]}}}, 'HTTP/1.1 200 whole: /h?token=abc Bearer x', 500],
    ['an answer that needs no body', says('HTTP/1.1 304 Not Modified\r\n\r\n', 'waits'), get(80), 'HTTP/1.1 304 whole:', 500],
    ['an answer that ends with the connection', says('HTTP/1.1 200 OK\r\n\r\nhi'), get(80), 'HTTP/1.1 200 whole: hi'],
    ['HTTP/1.0', says('HTTP/1.0 503 Nope\r\nContent-Length: 0\r\n\r\n'), get(80), 'HTTP/1.0 503 whole:'],
    ['line ends without CR', says('HTTP/1.1 200 OK\nContent-Length: 2\n\nhi'), get(80), 'HTTP/1.1 200 whole: hi'],
    ['a hint before the answer', says('HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi'), get(80), 'HTTP/1.1 200 whole: hi'],
    ['another protocol, unasked', says('HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n', 'waits'), get(80), 'HTTP/1.1 101 whole:', 500],
    ['a body that is shorter than said', says('HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nhi'), get(80), 'HTTP/1.1 200 short: hi'],
    ['chunks that stop', says('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nhi'), get(80), 'HTTP/1.1 200 short: hi'],
    ['a reset in the body', (connection) => void connection.once('data', () => connection.write('HTTP/1.1 200 OK\r\n\r\nhi', () => setTimeout(() => connection.destroy(new Error(RESET)), 20))), get(80), 'HTTP/1.1 200 short: hi'],
    ['a body that does not arrive in time', says('HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nhi', 'waits'), get(80, {timeoutMs: 100}), 'HTTP/1.1 200 late: hi'],
    ['a body that is longer than wanted', says(`HTTP/1.1 200 OK\r\n\r\n${'x'.repeat(100)}`, 'waits'), get(80, {maxBytes: 4}), 'HTTP/1.1 200 cut: xxxx', 500],
    ['a body that is as long as wanted', says('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nxxxx'), get(80, {maxBytes: 4}), 'HTTP/1.1 200 whole: xxxx'],
    ['a letter cut in two', says('HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nüüü'), get(80, {maxBytes: 3}), 'HTTP/1.1 200 cut: ü'],
    ['control characters in a body', says('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\na\u001b[2Jb\u0000\nc'), get(80), 'HTTP/1.1 200 whole: a[2Jb\nc'],
    ['silence', silent, get(80, {timeoutMs: 100}), 'timeout'],
    ['half a status line, then silence', says('HTTP/1.1 2', 'waits'), get(80, {timeoutMs: 100}), 'timeout'],
    ['an end without an answer', closes, get(80), 'closed: EOF'],
    ['an end in the headers', says('HTTP/1.1 200 OK\r\nConte'), get(80), 'closed: unexpected EOF'],
    ['a reset', (connection) => void connection.once('data', () => connection.destroy(new Error(RESET))), get(80), `closed by reset: error forwarding port 80 to pod 0a1b, uid : ${RESET}`],
    ['nobody', undefined, get(80), `refused: ${REFUSED(80).trim()}`],
    ['a mail server', (connection) => void connection.write('220 mail.example.org ESMTP\r\n'), get(80), 'not http, 220 mail.example.org ESMTP: malformed HTTP status code "mail.example.org"'],
    ['garbage', says(Buffer.from('160301000202460a', 'hex')), get(80), 'not http, F: malformed HTTP response "\\x16\\x03\\x01\\x00\\x02\\x02F"'],
    ['plaintext for TLS', serves((_, response) => void response.end('hi')), get(80, {scheme: 'HTTPS'}), 'tls, plaintext: http: server gave HTTP response to HTTPS client'],
    ['a mail server for TLS', (connection) => void connection.write('220 mail.example.org ESMTP\r\n'), get(80, {scheme: 'HTTPS'}), 'tls, plaintext: tls: first record does not look like a TLS handshake'],
    ['silence for TLS', silent, get(80, {scheme: 'HTTPS', timeoutMs: 100}), 'timeout'],
    ['an end for TLS', closes, get(80, {scheme: 'HTTPS'}), 'closed: EOF'],
    ['an alert for TLS', says(Buffer.from('15030100020228', 'hex')), get(80, {scheme: 'HTTPS'}), 'tls: remote error: tls: handshake failure'],
    ['nobody for TLS', undefined, get(80, {scheme: 'HTTPS'}), `refused: ${REFUSED(80).trim()}`],
    ['HTTP/1.1 over TLS', secured({}, (socket) => void socket.once('data', () => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi'))), get(80, {scheme: 'HTTPS'}), 'HTTP/1.1 200 whole: hi', 800],
    ['garbage over TLS', secured({}, (socket) => void socket.end('SSH-2.0\r\n')), get(80, {scheme: 'HTTPS'}), 'not http, SSH-2.0: malformed HTTP response "SSH-2.0"'],
    ['an end after the handshake', secured({}, (socket) => void socket.once('data', () => socket.end())), get(80, {scheme: 'HTTPS'}), 'closed: EOF'],
    ['a server that wants a certificate', secured({requestCert: true, rejectUnauthorized: true, maxVersion: 'TLSv1.2'}, (socket) => void socket.resume()), get(80, {scheme: 'HTTPS'}), 'tls: remote error: tls: handshake failure'],
    ['HTTP/2 over TLS', h2((stream) => (stream.respond({':status': 201, server: 'x'}), stream.end('hi'))), get(80, {scheme: 'HTTPS'}), 'HTTP/2 201 whole: hi'],
    ['HTTP/2 that resets', h2((stream) => stream.destroy(new Error('x'))), get(80, {scheme: 'HTTPS'}), 'closed: stream error: stream ID 1; INTERNAL_ERROR; received from peer'],
    ['HTTP/2 that stops in the body', h2((stream) => (stream.respond({':status': 200}), stream.write('hi'), setTimeout(() => stream.destroy(new Error('x')), 50))), get(80, {scheme: 'HTTPS'}), 'HTTP/2 200 short: hi'],
    ['HTTP/2 that is late', h2((stream) => stream.respond({':status': 200})), get(80, {scheme: 'HTTPS', timeoutMs: 300}), 'HTTP/2 200 late:'],
    ['HTTP/2 without TLS', (connection) => void connection.once('data', () => connection.write(Buffer.from('000006040000000000000500004000', 'hex'), () => connection.end())), get(80), 'not http, @: malformed HTTP response "\\x00\\x00\\x06\\x04\\x00\\x00\\x00\\x00\\x00\\x00\\x05\\x00\\x00@\\x00"'],
    ['a port that accepts', silent, connect(80), 'open', 900],
    ['a port that greets', (connection) => void connection.write('220 hello\r\n'), connect(80), 'open 220 hello', 400],
    ['a port that accepts and ends', (connection) => void connection.end(), connect(80), 'closed: EOF', 400],
    ['a port that refuses', undefined, connect(80), `refused: ${REFUSED(80).trim()}`, 400],
    ['a header that can\'t be written', silent, get(80, {headers: [{name: 'X', value: 'a\nb'}]}), 'unsendable: net/http: invalid header field value for "X"'],
    ['a header that can\'t be written over TLS', silent, get(80, {scheme: 'HTTPS', headers: [{name: 'X', value: 'a\nb'}]}), 'unsendable: net/http: invalid header field value for "X"'],
    ['a space in a query', silent, get(80, {path: '/?a b'}), 'unsendable: Request path contains unescaped characters'],
    ['a space in a query over TLS', secured({}, (socket) => void socket.resume()), get(80, {scheme: 'HTTPS', path: '/?a b'}), 'unsendable: Request path contains unescaped characters'],
    ['a header name that can\'t be written', silent, get(80, {headers: [{name: 'x y', value: ''}]}), 'unsendable: net/http: invalid header field name "x y"'],
  ];
  for (const [sentence, app, question, answer, withinMs] of rows) {
    it(`hears ${sentence}: ${answer.slice(0, 60)}`, async () => {
      await serve(app ? {80: app} : {});
      const started = Date.now();
      assert.equal(show(await only(question)), answer);
      assert.ok(Date.now() - started < (withinMs ?? 3000), `after ${Date.now() - started} ms`);
    });
  }

  it('puts exactly the given bytes on the wire', async () => {
    let seen = '';
    await serve({80: (connection) => void connection.on('data', (bytes: Buffer) => {
      seen += bytes.toString('utf8');
      if (seen.endsWith('\r\n\r\n')) connection.end('HTTP/1.1 204 No Content\r\n\r\n');
    })});
    const question = askOf({kind: 'http', scheme: 'HTTP', host: '', port: 80, path: 'a b?c=d#e', headers: [{name: 'x-a', value: 'ü'}, {name: 'X-A', value: '2'}]}, {podIP: 'fd00::1', userAgent: 'kube-probe/1.32', timeoutSeconds: 1});
    assert.equal(show(await only(question)), 'HTTP/1.1 204 whole:');
    assert.equal(seen, 'GET /a%20b?c=d HTTP/1.1\r\nHost: [fd00::1]:80\r\nUser-Agent: kube-probe/1.32\r\nAccept: */*\r\nX-A: ü\r\nX-A: 2\r\nConnection: close\r\n\r\n');
  });

  it('adds nothing where nothing is given', async () => {
    let seen = '';
    await serve({80: (connection) => void connection.once('data', (bytes: Buffer) => ((seen = String(bytes)), connection.end('HTTP/1.1 204 No Content\r\n\r\n')))});
    await only(get(80, {headers: []}));
    assert.equal(seen, 'GET /p HTTP/1.1\r\n\r\n');
    await only(get(80, {headers: [{name: 'b', value: '1'}, {name: 'A', value: 'ü'}]}));
    assert.equal(seen, 'GET /p HTTP/1.1\r\nb: 1\r\nA: ü\r\n\r\n');
  });

  it('offers HTTP/2 and sends no name in TLS, and asks by HTTP/2 as Go does', async () => {
    let seen: http2.IncomingHttpHeaders = {};
    let name: unknown;
    await serve({80: h2((stream, headers) => {
      seen = headers;
      name = (stream.session!.socket as tls.TLSSocket & {servername?: unknown}).servername;
      stream.respond({':status': 200, 'set-cookie': ['a', 'b']});
      stream.end();
    })});
    const answer = (await only(get(80, {scheme: 'HTTPS', headers: [{name: 'Host', value: '10.0.0.1:443'}, {name: 'User-Agent', value: 'kube-probe/1.32'}, {name: 'Accept', value: '*/*'}, {name: 'Connection', value: 'close'}]}))) as Response;
    assert.deepEqual(JSON.parse(JSON.stringify(seen)), {':authority': '10.0.0.1:443', ':method': 'GET', ':path': '/p', ':scheme': 'https', 'user-agent': 'kube-probe/1.32', accept: '*/*'});
    assert.equal(name, false);
    assert.deepEqual(answer.headers.filter(({name}) => name === 'set-cookie').map(({value}) => value), ['a', 'b']);
  });

  it('keeps headers as they came, and cleans them', async () => {
    await serve({80: says(Buffer.from('HTTP/1.1 200 Fine \u009bm\r\nX-Envoy-Upstream-Service-Time: 3\r\nset-cookie: a\r\nset-cookie: b\u009b2J\r\nContent-Length: 0\r\n\r\n', 'latin1'))});
    const answer = (await only(get(80))) as Response;
    assert.deepEqual(answer.headers.map(({name, value}) => `${name}: ${value}`), ['X-Envoy-Upstream-Service-Time: 3', 'set-cookie: a', 'set-cookie: b2J', 'Content-Length: 0']);
    assert.equal(answer.reason, 'Fine m');
  });

  it('asks all at once, over one WebSocket, the same port as often as wanted', async () => {
    const app = serves((request, response) => void setTimeout(() => response.end(request.url), 100));
    await serve({80: app});
    const started = Date.now();
    const {answers, setupMs} = await ask(...Array.from({length: 20}, (_, index) => get(80, {path: `/${index}`})), get(81));
    assert.deepEqual(answers.slice(0, 20).map((answer) => (answer as Response).body), Array.from({length: 20}, (_, index) => `/${index}`));
    assert.equal(answers[20]!.kind, 'refused');
    assert.ok(Date.now() - started < 1000 && setupMs < 500);
    assert.equal(server!.upgrades.length, 1);
  });

  it('asks more than one WebSocket can carry', async () => {
    await serve({80: says('HTTP/1.1 204 No Content\r\n\r\n')});
    const {answers} = await ask(...Array.from({length: 130}, () => get(80)));
    assert.deepEqual(new Set(answers.map(show)), new Set(['HTTP/1.1 204 whole:']));
    assert.equal(server!.upgrades.length, 2);
  });

  it('asks nothing for nothing', async () => {
    await serve({});
    assert.deepEqual(await ask(), {setupMs: 0, answers: []});
    assert.equal(server!.upgrades.length, 0);
  });

  it('tells a closed connection from a slow app beside others, though the end of one stream is never told', async () => {
    await serve({80: closes, 81: silent, 82: says('HTTP/1.1 204 No Content\r\n\r\n')});
    const {answers} = await ask(get(80, {timeoutMs: 200}), get(81, {timeoutMs: 200}), get(82));
    assert.deepEqual(answers.map(show), ['closed: EOF', 'timeout', 'HTTP/1.1 204 whole:']);
    assert.equal(server!.upgrades.length, 3);
  });

  it('counts an end that is told a second late as one before the deadline, an answer after it as none', async () => {
    await serve({80: closes, 81: says('HTTP/1.1 200 OK\r\n\r\nhi'), 82: (connection) => void setTimeout(() => connection.write('HTTP/1.1 204 No Content\r\n\r\n'), 400)}, {lagMs: 1000});
    const answers = await Promise.all([only(get(80, {timeoutMs: 200})), only(get(81, {timeoutMs: 200})), only(get(82, {timeoutMs: 200}))]);
    assert.deepEqual(answers.map(show), ['closed: EOF', 'HTTP/1.1 200 whole: hi', 'timeout']);
    assert.ok((answers[1] as Response).ms < 200, 'the late end is no latency');
  });

  it('tries once more when the WebSocket breaks, then says so', async () => {
    let broken = 1;
    await serve({80: (connection) => {
      if (broken-- > 0) for (const socket of server!.sockets) setImmediate(() => socket.terminate());
      else says('HTTP/1.1 204 No Content\r\n\r\n')(connection);
    }});
    assert.equal(show(await only(get(80))), 'HTTP/1.1 204 whole:');
    broken = 2;
    await assert.rejects(only(get(80)), (error) => error instanceof ClusterError && error.reason === 'bad-answer' && /^the WebSocket broke/.test(error.got));
  });

  it('says what keeps the kubelet from forwarding', async () => {
    await serve({}, {instead: (socket) => ([0, 1].forEach((channel) => socket.send(Buffer.of(channel, 80, 0))), socket.send(Buffer.from('\u0001error forwarding port 80 to pod 0a1b, uid : failed to find sandbox "0a1b" in store: not found')))});
    await assert.rejects(only(get(80)), (error) => error instanceof ClusterError && error.reason === 'invalid' && error.got.includes('failed to find sandbox') && error.try === 'kubectl get pod cart-1 -n shop');
  });

  it('ends at Ctrl-C', async () => {
    await serve({80: silent});
    setTimeout(() => stop.abort(), 50);
    const started = Date.now();
    await assert.rejects(ask(get(80), get(80, {scheme: 'HTTPS'}), connect(80)), (error) => error instanceof ClusterError && error.reason === 'aborted');
    assert.ok(Date.now() - started < 500);
  });

  it('bounds headers without end', async () => {
    let sent = 0;
    const flood: App = (connection) => {
      connection.on('error', () => undefined).resume();
      connection.write('HTTP/1.1 200 OK\r\n');
      const line = Buffer.from(`X-${'y'.repeat(8000)}: z\r\n`);
      const more = (): void => {
        while (!connection.destroyed && sent < 200 * MIB) {
          sent += line.length;
          if (!connection.write(line)) return void connection.once('drain', more);
        }
      };
      more();
    };
    await serve({80: flood});
    const before = process.memoryUsage().rss;
    const answer = await only(get(80, {timeoutMs: 8000}));
    assert.match(show(answer), /^not http, HTTP\/1.1 200 OK.*: net\/http: server response headers exceeded 10485760 bytes; aborted$/);
    assert.ok(process.memoryUsage().rss - before < 160 * MIB);
    assert.ok(sent < 64 * MIB);
  }).timeout(20_000);

  it('takes of 10 MiB what it keeps', async () => {
    await serve({80: serves((_, response) => void response.end(Buffer.alloc(10 * MIB, 'x')))});
    const answer = (await only(get(80))) as Response;
    assert.deepEqual([answer.end, answer.body.length], ['cut', 10_240]);
  });

  it('does not wait for a body that drips', async () => {
    await serve({80: (connection) => {
      connection.resume().write('HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n');
      const drip = setInterval(() => connection.write('x'), 20);
      connection.on('close', () => clearInterval(drip)).on('end', () => clearInterval(drip));
    }});
    const answer = (await only(get(80, {timeoutMs: 200}))) as Response;
    assert.equal(answer.end, 'late');
    assert.ok(answer.body.length > 2 && answer.body.length < 12);
  });

  it('leaves nothing behind', async () => {
    await serve({80: serves((_, response) => void response.end('hi')), 81: closes, 82: h2((stream) => (stream.respond(), stream.end('hi'))), 83: silent});
    const use = () => ask(get(80), get(81, {timeoutMs: 100}), get(82, {scheme: 'HTTPS'}), get(84), get(80, {scheme: 'HTTPS'}), {...connect(83), timeoutMs: 20});
    await use();
    await sleep(300);
    const count = () => ({fds: readdirSync('/proc/self/fd').length, active: process.getActiveResourcesInfo().filter((kind) => /TCP|Timeout/.test(kind)).length});
    const before = count();
    for (let round = 0; round < 5; round++) await Promise.all(Array.from({length: 4}, use));
    await sleep(400);
    const after = count();
    assert.ok(after.fds <= before.fds && after.active <= before.active, `${JSON.stringify(before)} became ${JSON.stringify(after)}`);
  }).timeout(30_000);
});

