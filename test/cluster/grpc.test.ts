import assert from 'node:assert/strict';
import http2 from 'node:http2';
import {exchange} from '../../src/lib/cluster/live/exchange.ts';
import type {Answer, Ask} from '../../src/lib/model/answer.ts';
import {portforwardServer, type App, type PortforwardServer} from '../support/portforward-server.ts';

/** A gRPC server that ends each call so: a message, then these trailers; or headers alone. */
function serves(end: {message?: number[]; code?: string; text?: string; http?: number; only?: true; hangs?: true; resets?: true}, heard: {path?: string; sent?: Buffer; authority?: string} = {}): App {
  const server = http2.createServer();
  server.on('sessionError', () => undefined);
  server.on('stream', (stream, headers) => {
    stream.on('error', () => undefined);
    heard.path = String(headers[':path']);
    heard.authority = String(headers[':authority']);
    stream.on('data', (bytes: Buffer) => (heard.sent = bytes));
    stream.on('end', () => {
      if (end.hangs) return;
      if (end.resets) return void stream.close(http2.constants.NGHTTP2_INTERNAL_ERROR);
      const trailers = {...(end.code === undefined ? {} : {'grpc-status': end.code}), ...(end.text === undefined ? {} : {'grpc-message': end.text})};
      if (end.only) return void stream.respond({':status': end.http ?? 200, 'content-type': 'application/grpc', ...trailers}, {endStream: true});
      stream.respond({':status': end.http ?? 200, 'content-type': 'application/grpc'}, {waitForTrailers: true});
      stream.on('wantTrailers', () => stream.sendTrailers(trailers));
      const message = Buffer.from(end.message ?? []);
      const head = Buffer.alloc(5);
      head.writeUInt32BE(message.length, 1);
      stream.end(end.message ? Buffer.concat([head, message]) : undefined);
    });
  });
  return (connection) => void server.emit('connection', connection);
}

const ask = (service = '', timeoutMs = 800): Ask => ({port: 50051, send: {kind: 'grpc', service, authority: '10.0.0.1:50051', userAgent: 'kube-probe/1.32'}, timeoutMs, maxBytes: 0});
const show = (answer: Answer) => (answer.kind === 'grpc' ? `${answer.code} ${answer.status || answer.message}`.trim() : answer.kind === 'not-http' ? `not http: ${answer.said}` : answer.kind);

describe('a gRPC health check over a tunnel', () => {
  let server: PortforwardServer | undefined;
  const only = async (app: App | undefined, question = ask()) => {
    server = await portforwardServer({apps: app ? {50051: app} : {}});
    return (await exchange(server.credentials, {namespace: 'shop', name: 'cart-1'}, [question], {timeoutMs: 2000, signal: new AbortController().signal, kubectlFlags: ''})).answers[0]!;
  };
  afterEach(() => server?.close());

  const rows: [sentence: string, app: App | undefined, answer: string][] = [
    ['a service that serves', serves({message: [8, 1], code: '0'}), '0 SERVING'],
    ['one that does not', serves({message: [8, 2], code: '0'}), '0 NOT_SERVING'],
    ['an empty message is UNKNOWN', serves({message: [], code: '0'}), '0 UNKNOWN'],
    ['a status that this tool does not know', serves({message: [8, 9], code: '0'}), '0 9'],
    ['fields that this tool does not know', serves({message: [18, 2, 7, 7, 8, 1], code: '0'}), '0 SERVING'],
    ['a service that is not there', serves({only: true, code: '5', text: 'unknown%20service'}), '5 unknown service'],
    ['a message with a lone percent sign', serves({only: true, code: '2', text: '50%'}), '2 50%'],
    ['no health service', serves({only: true, code: '12', text: 'unknown service grpc.health.v1.Health'}), '12 unknown service grpc.health.v1.Health'],
    ['HTTP/2 that is no gRPC', serves({only: true, http: 404}), '12 unexpected HTTP status code received from server: 404; malformed header: missing HTTP content-type'],
    ['OK without a message', serves({code: '0'}), '13 the answer is no gRPC message'],
    ['OK with nonsense', serves({message: [255, 255, 255, 255, 255], code: '0'}), '13 the answer is no HealthCheckResponse'],
    ['a call without end', serves({hangs: true}), '4 context deadline exceeded'],
    ['a call that is reset', serves({resets: true}), '14 Stream closed with error code NGHTTP2_INTERNAL_ERROR'],
    ['a server that speaks HTTP/1', (connection) => void connection.once('data', () => connection.end('HTTP/1.1 400 Bad Request\r\n\r\n')), 'closed'],
    ['a server that says nothing', (connection) => void connection.resume(), 'timeout'],
    ['a port that refuses', undefined, 'refused'],
  ];
  for (const [sentence, app, answer] of rows) it(`${sentence}: ${answer}`, async () => assert.equal(show(await only(app)), answer));

  it('asks for the service by name, at the pod', async () => {
    const heard: {path?: string; sent?: Buffer; authority?: string} = {};
    await only(serves({message: [8, 1], code: '0'}, heard), ask('shop.Cart'));
    assert.equal(heard.path, '/grpc.health.v1.Health/Check');
    assert.equal(heard.authority, '10.0.0.1:50051');
    assert.deepEqual(heard.sent, Buffer.concat([Buffer.of(0, 0, 0, 0, 11, 0x0a, 9), Buffer.from('shop.Cart')]));
  });
});
