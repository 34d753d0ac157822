import type {WebSocket} from 'ws';
import {silence} from '../support/api-server.ts';
import {weatherServer} from './api.ts';
import type {Case} from './case.ts';
import {COMMANDS, withFolder, type CommandLine} from './commands.ts';
import {throwAt, world} from './http.ts';
import {judge} from './outcome.ts';
import {HUGE, TEXTS} from './strange.ts';

// What comes through a port-forward: frames that break the protocol, and apps that answer anything.

export type Tunnel = (socket: WebSocket, ports: number[]) => void;

const greeting = (socket: WebSocket, ports: number[]): void =>
  ports.forEach((port, at) =>
    [2 * at, 2 * at + 1].forEach((channel) => socket.send(Buffer.of(channel, port & 255, port >> 8))),
  );
const frame = (channel: number, data: string | Buffer): Buffer =>
  Buffer.concat([Buffer.of(channel), Buffer.from(data)]);
/** Greets, then answers whatever is asked on each port with that, and ends. */
const app =
  (answer: string | Buffer, ends = true): Tunnel =>
  (socket, ports) => {
    greeting(socket, ports);
    socket.once('message', () => {
      ports.forEach((_, at) => socket.send(frame(2 * at, answer)));
      if (ends) socket.close(1000);
    });
  };
const http = (head: string, body = ''): string => `HTTP/1.1 ${head}\r\n\r\n${body}`;
const flood =
  (piece: Buffer, begin?: Tunnel): Tunnel =>
  (socket, ports) => {
    (begin ?? greeting)(socket, ports);
    const more = (): void => {
      if (socket.readyState !== socket.OPEN) return;
      socket.send(piece, () => setImmediate(more).unref());
    };
    socket.once('message', more);
  };
/** Goes on with small pieces, now and then. */
const drip =
  (begin: string, piece: string): Tunnel =>
  (socket, ports) => {
    greeting(socket, ports);
    socket.once('message', () => {
      ports.forEach((_, at) => socket.send(frame(2 * at, begin)));
      const timer = setInterval(
        () => ports.forEach((_, at) => socket.readyState === socket.OPEN && socket.send(frame(2 * at, piece))),
        50,
      ).unref();
      socket.on('close', () => clearInterval(timer));
    });
  };

const LISTENER = (more: object): object => ({name: 'readiness_listener', ...more});
const configOf = (listeners: unknown[]): string =>
  JSON.stringify({configs: [{bootstrap: {static_resources: {listeners, clusters: 5}}}]});

/** What comes through, by name. */
export const TUNNELS: Record<string, Tunnel> = {
  silent: () => undefined,
  'greeting-only': greeting,
  'closes-at-once': (socket) => socket.close(1000),
  'closes-oddly': (socket) => socket.close(4999, 'odd'),
  terminates: (socket) => socket.terminate(),
  'closes-after-greeting': (socket, ports) => (
    greeting(socket, ports),
    socket.close(1011, `${TEXTS['escape']}`.slice(0, 20))
  ),
  'text-frames': (socket) => socket.send('hello'),
  'empty-frame': (socket) => socket.send(Buffer.alloc(0)),
  'one-byte': (socket) => socket.send(Buffer.of(0)),
  'other-port': (socket) => socket.send(Buffer.of(0, 1, 1)),
  'channel-200': (socket, ports) => (greeting(socket, ports), socket.send(frame(200, 'x'))),
  'data-before-greeting': (socket) => socket.send(frame(0, http('200 OK'))),
  'greeting-twice': (socket, ports) => (greeting(socket, ports), greeting(socket, ports)),
  'error-escapes': (socket, ports) => (
    greeting(socket, ports),
    ports.forEach((_, at) =>
      socket.send(frame(2 * at + 1, `error ${TEXTS['escape']}${TEXTS['bidi']}${TEXTS['zero-width']}`)),
    )
  ),
  'error-long': (socket, ports) => (
    greeting(socket, ports),
    ports.forEach((_, at) => socket.send(frame(2 * at + 1, HUGE['dashes']!)))
  ),
  'error-empty': (socket, ports) => (
    greeting(socket, ports),
    ports.forEach((_, at) => socket.send(frame(2 * at + 1, '')))
  ),
  'error-endless': flood(frame(1, 'x'.repeat(30_000))),
  ping: (socket, ports) => (
    greeting(socket, ports),
    setInterval(() => socket.readyState === socket.OPEN && socket.ping(), 20).unref()
  ),
  flood: flood(frame(0, 'x'.repeat(30_000))),
  'flood-of-body': flood(
    frame(0, 'x'.repeat(30_000)),
    (socket, ports) => (greeting(socket, ports), ports.forEach((_, at) => socket.send(frame(2 * at, http('200 OK'))))),
  ),
  'flood-of-headers': flood(
    frame(0, 'x-a: b\r\n'.repeat(3_000)),
    (socket, ports) => (
      greeting(socket, ports),
      ports.forEach((_, at) => socket.send(frame(2 * at, 'HTTP/1.1 200 OK\r\n')))
    ),
  ),
  'flood-of-chunks': flood(
    frame(0, '1\r\nx\r\n'.repeat(3_000)),
    (socket, ports) => (
      greeting(socket, ports),
      ports.forEach((_, at) => socket.send(frame(2 * at, http('200 OK\r\ntransfer-encoding: chunked'))))
    ),
  ),
  'drip-of-headers': drip('HTTP/1.1 200 OK\r\n', 'x-a: b\r\n'),
  'drip-of-body': drip(http('200 OK\r\ncontent-length: 100000'), 'x'),
  'drip-of-status': drip('', 'H'),
  empty: app(''),
  garbage: app('garbage\r\n\r\n'),
  escapes: app(http('200 OK\r\ncontent-type: text/plain', `${TEXTS['escape']}${TEXTS['bidi']}${TEXTS['zero-width']}`)),
  'escapes-in-status': app(http(`503 ${TEXTS['escape']}`)),
  'escapes-in-header': app(http(`200 OK\r\nserver: ${TEXTS['osc52']}\r\nlocation: ${TEXTS['escape']}`)),
  bytes: app(Buffer.from(Array.from({length: 20_000}, (_, at) => (at * 7919) % 251))),
  'null-bytes': app(Buffer.alloc(20_000)),
  'status-only': app('HTTP/1.1 200 OK\r\n'),
  'status-0': app(http('0 x')),
  'status-999': app(http('999 x')),
  'status-words': app(http('two hundred')),
  'http-0.9': app('<html>hello</html>'),
  'http-2': app(Buffer.from('000012040000000000000300000080000400010000000500ffffff', 'hex')),
  'http-10': app('HTTP/10.0 200 OK\r\n\r\n'),
  'continue-100': app(http('100 Continue'), false),
  'continue-many': app(http('100 Continue').repeat(5000), false),
  'redirect-self': app(http('302 Found\r\nlocation: /ready\r\ncontent-length: 0')),
  'redirect-long': app(http(`302 Found\r\nlocation: /${'x'.repeat(1_000_000)}\r\ncontent-length: 0`)),
  'redirect-odd': app(http(`302 Found\r\nlocation: http://[::1\r\ncontent-length: 0`)),
  'redirect-elsewhere': app(
    http('302 Found\r\nlocation: http://user:s3cr3t-MARK-30@evil.test/?token=s3cr3t-MARK-31\r\ncontent-length: 0'),
  ),
  'redirect-script': app(http('302 Found\r\nlocation: javascript:alert(1)\r\ncontent-length: 0')),
  'redirect-percent': app(http('302 Found\r\nlocation: /%zz%E0%A4%A\r\ncontent-length: 0')),
  'no-location': app(http('302 Found\r\ncontent-length: 0')),
  'long-body': app(http('500 x\r\ncontent-type: text/plain', 'a-'.repeat(500_000))),
  'long-line': app(http('500 x\r\ncontent-type: text/plain', 'password '.repeat(100_000))),
  'long-header': app(http(`200 OK\r\nx: ${'x'.repeat(500_000)}`)),
  'many-headers': app(http(`200 OK\r\n${'x-a: b\r\n'.repeat(20_000)}x: y`)),
  'gzip-body': app(http('200 OK\r\ncontent-encoding: gzip', 'no gzip')),
  'length-lies': app(http('200 OK\r\ncontent-length: 5000', 'x')),
  'length-negative': app(http('200 OK\r\ncontent-length: -1', 'x')),
  'length-words': app(http('200 OK\r\ncontent-length: many', 'x')),
  'chunk-odd': app(http('200 OK\r\ntransfer-encoding: chunked', 'zz\r\n')),
  'chunk-huge': app(http('200 OK\r\ntransfer-encoding: chunked', 'ffffffffffffffffff\r\nx')),
  'chunk-negative': app(http('200 OK\r\ntransfer-encoding: chunked', '-1\r\nx')),
  'config-null': app(http('200 OK\r\ncontent-type: application/json', 'null')),
  'config-number': app(http('200 OK\r\ncontent-type: application/json', '42')),
  'config-list': app(http('200 OK\r\ncontent-type: application/json', '[]')),
  'config-null-list': app(http('200 OK\r\ncontent-type: application/json', '{"configs":[null]}')),
  'config-odd': app(
    http(
      '200 OK\r\ncontent-type: application/json',
      configOf([
        null,
        5,
        LISTENER({address: null, filter_chains: 'x'}),
        LISTENER({address: {socket_address: {port_value: 'x'}}, filter_chains: [{filters: [{typed_config: null}]}]}),
      ]),
    ),
  ),
  'config-deep': app(
    http('200 OK\r\ncontent-type: application/json', `{"configs":${'['.repeat(100_000)}${']'.repeat(100_000)}}`),
  ),
  'config-proto': app(
    http(
      '200 OK\r\ncontent-type: application/json',
      '{"__proto__":{"configs":5},"configs":[{"__proto__":null,"bootstrap":{"__proto__":1}}]}',
    ),
  ),
};

const COMMAND_NAMES = ['verify', 'verify-json', 'verify-target', 'forward', 'forward-json', 'snapshot-folder'];

export function tunnelCases(): Case[] {
  const commands = COMMANDS.filter(({name}) => COMMAND_NAMES.includes(name));
  return Object.entries(TUNNELS).flatMap(([name, tunnel]) =>
    commands.map((command) => tunnelCase(name, tunnel, command)),
  );
}

function tunnelCase(name: string, tunnel: Tunnel, command: CommandLine): Case {
  const id = `tunnels/${name}/${command.name}`;
  return {
    id,
    limitMs: 25_000,
    run: () =>
      withFolder(async (folder) => {
        const server = await weatherServer(world('ill'), {route: 'portforward', spoil: () => silence, tunnel});
        try {
          const seen = await throwAt(command, server.url, folder);
          return judge(id, seen, {
            withinMs: 12_000,
            codes: command.codes('portforward', 'open'),
            holds: command.holds,
            secrets: ['s3cr3t-MARK'],
            json: command.json,
          });
        } finally {
          await server.close();
        }
      }),
  };
}
