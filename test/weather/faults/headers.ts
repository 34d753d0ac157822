import {gzipSync} from 'node:zlib';
import {hangUp, silence, text} from '../../support/api-server.ts';
import {always, drip, endless, JSON_TYPE, pour, raw, says, trickle, type Row} from './fault.ts';

/** A good head, as far as it goes. */
const OK = 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n';
/** A length as chunks have it. */
const hex = (text: string): string => Buffer.byteLength(text).toString(16);

/** Much of nothing, packed. */
let bomb: Buffer | undefined;
function BOMB(): Buffer {
  return (bomb ??= gzipSync(Buffer.alloc(64 * 1024 * 1024), {level: 9}));
}

/** Heads that lie, connections that speak no HTTP, and those that end, stop or never end. */
export const headerFaults: Row[] = [
  ...[
    'text/plain',
    'application/octet-stream',
    'application/vnd.kubernetes.protobuf',
    'application/xml',
    'JSON',
    '',
  ].map((type): Row => [
    `type-${type.replaceAll(/\W/g, '_')}`,
    'open',
    (good) => text(200, good, {'content-type': type}),
  ]),
  ['type-none', 'open', (good) => (_, response) => void response.writeHead(200).end(good)],
  ['type-charset', 'same', (good) => text(200, good, {'content-type': 'application/json;charset=utf-8'})],
  ['type-long', 'open', (good) => text(200, good, {'content-type': `text/${'x'.repeat(15_000)}`})],
  [
    'gzip-unasked',
    'open',
    (good) => (_, response) =>
      void response.writeHead(200, {...JSON_TYPE, 'content-encoding': 'gzip'}).end(gzipSync(good)),
  ],
  [
    'gzip-bomb',
    'open',
    () => (_, response) => void response.writeHead(200, {...JSON_TYPE, 'content-encoding': 'gzip'}).end(BOMB()),
  ],
  ['gzip-garbage', 'open', (good) => text(200, good, {'content-encoding': 'gzip'})],
  ['encoding-br', 'open', (good) => text(200, good, {'content-encoding': 'br'})],
  ['encoding-odd', 'open', (good) => text(200, good, {'content-encoding': 'x'.repeat(5_000)})],
  ['chunked-garbage', 'nothing', says(`${OK}transfer-encoding: chunked\r\n\r\nzz\r\n`)],
  [
    'chunk-too-large',
    'nothing',
    raw((socket, good) => void socket.end(`${OK}transfer-encoding: chunked\r\n\r\nffffffffffffffff\r\n${good}`)),
  ],
  [
    'chunk-extension-long',
    'open',
    raw(
      (socket, good) =>
        void socket.end(
          `${OK}transfer-encoding: chunked\r\n\r\n${hex(good)};${'x'.repeat(100_000)}\r\n${good}\r\n0\r\n\r\n`,
        ),
    ),
  ],
  [
    'length-too-short',
    'nothing',
    raw((socket, good) => void socket.end(`${OK}content-length: ${Math.floor(good.length / 2)}\r\n\r\n${good}`)),
  ],
  [
    'length-too-long',
    'open',
    raw((socket, good) => void socket.end(`${OK}content-length: ${good.length + 5000}\r\n\r\n${good}`)),
  ],
  [
    'length-too-long-open',
    'open',
    raw((socket, good) => void socket.write(`${OK}content-length: ${good.length + 5000}\r\n\r\n${good}`)),
  ],
  ['length-negative', 'nothing', says(`${OK}content-length: -5\r\n\r\n`)],
  ['length-huge', 'open', says(`${OK}content-length: 99999999999999999999\r\n\r\n`)],
  [
    'length-twice',
    'open',
    raw((socket, good) => void socket.end(`${OK}content-length: 5\r\ncontent-length: ${good.length}\r\n\r\n${good}`)),
  ],
  [
    'length-and-chunked',
    'open',
    raw(
      (socket, good) =>
        void socket.end(
          [`${OK}content-length: ${good.length}`, 'transfer-encoding: chunked', '', hex(good), good, '0', '', ''].join(
            '\r\n',
          ),
        ),
    ),
  ],
  [
    'header-long',
    'open',
    raw((socket, good) => void socket.end(`${OK}x-long: ${'x'.repeat(1_000_000)}\r\n\r\n${good}`)),
  ],
  ['headers-many', 'open', raw((socket, good) => void socket.end(`${OK}${'x-a: b\r\n'.repeat(10_000)}\r\n${good}`))],
  ['headers-endless', 'nothing', raw((socket) => pour(socket, 'HTTP/1.1 200 OK\r\n', 'x-a: b\r\n'.repeat(1000)))],
  ['header-endless', 'nothing', raw((socket) => pour(socket, 'HTTP/1.1 200 OK\r\nx-a: ', 'x'.repeat(65_536)))],
  ['header-no-colon', 'nothing', says('HTTP/1.1 200 OK\r\nthis is no header\r\n\r\n')],
  [
    'header-control',
    'open',
    says('HTTP/1.1 200 OK\r\ncontent-type: application/json\u0007\u001b[2J\r\nx: \u0001\r\n\r\n'),
  ],
  [
    'reason-escapes',
    'nothing',
    says('HTTP/1.1 503 \u001b[2Jgone\u0007\r\nretry-after: 0\r\ncontent-length: 0\r\n\r\n'),
  ],
  [
    'reason-long',
    'nothing',
    raw(
      (socket) => void socket.end(`HTTP/1.1 503 ${'x'.repeat(10_000)}\r\nretry-after: 0\r\ncontent-length: 0\r\n\r\n`),
    ),
  ],
  [
    'status-line-short',
    'open',
    raw(
      (socket, good) =>
        void socket.end(
          `HTTP/1.1 200\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(good)}\r\n\r\n${good}`,
        ),
    ),
  ],
  ['status-000', 'nothing', says('HTTP/1.1 000 x\r\ncontent-length: 0\r\n\r\n')],
  ['status-999', 'nothing', says('HTTP/1.1 999 x\r\ncontent-length: 0\r\n\r\n')],
  ['status-99999', 'nothing', says('HTTP/1.1 99999 x\r\ncontent-length: 0\r\n\r\n')],
  ['status-text', 'nothing', says('HTTP/1.1 OK 200\r\n\r\n')],
  [
    'http-1.0',
    'open',
    raw((socket, good) => void socket.end(`HTTP/1.0 200 OK\r\ncontent-type: application/json\r\n\r\n${good}`)),
  ],
  [
    'http-9.9',
    'open',
    raw((socket, good) => void socket.end(`HTTP/9.9 200 OK\r\ncontent-type: application/json\r\n\r\n${good}`)),
  ],
  ['http-0.9', 'nothing', raw((socket, good) => void socket.end(good || 'hello'))],
  [
    'http-2-preface',
    'nothing',
    raw((socket) => void socket.end(Buffer.from('000012040000000000000300000080000400010000000500ffffff', 'hex'))),
  ],
  ['ssh', 'nothing', raw((socket) => void socket.end('SSH-2.0-OpenSSH_9.2\r\n'))],
  ['tls-alert', 'nothing', raw((socket) => void socket.end(Buffer.from('15030100020250', 'hex')))],
  [
    'tls-garbage',
    'nothing',
    raw((socket) => void socket.end(Buffer.concat([Buffer.from('160303ffff', 'hex'), Buffer.alloc(5000, 7)]))),
  ],
  ['bytes', 'nothing', raw((socket) => void socket.end(Buffer.alloc(100_000, 0)))],
  ['continue-100', 'nothing', raw((socket) => void socket.write('HTTP/1.1 100 Continue\r\n\r\n'))],
  ['continue-100-endless', 'nothing', raw((socket) => pour(socket, '', 'HTTP/1.1 100 Continue\r\n\r\n'.repeat(100)))],
  [
    'early-hints-endless',
    'nothing',
    raw((socket) => pour(socket, '', 'HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n'.repeat(100))),
  ],
  ['switching-101', 'nothing', says('HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n')],
  [
    'two-answers',
    'open',
    raw((socket, good) => void socket.end(`${OK}content-length: ${Buffer.byteLength(good)}\r\n\r\n${good}`.repeat(2))),
  ],
  ['silence', 'nothing', always(silence)],
  ['silence-after-status', 'nothing', raw((socket) => void socket.write('HTTP/1.1 200 OK\r\n'))],
  ['silence-after-headers', 'nothing', () => (_, response) => void response.writeHead(200, JSON_TYPE).flushHeaders()],
  ['trickle', 'open', trickle(100)],
  ['trickle-fast', 'open', trickle(1)],
  ['trickle-of-headers', 'nothing', raw((socket) => drip(socket, 'HTTP/1.1 200 OK\r\n', 'x-a: b\r\n', 50))],
  ['hang-up', 'nothing', always(hangUp)],
  ['reset', 'nothing', raw((socket) => void socket.resetAndDestroy())],
  [
    'reset-after-headers',
    'nothing',
    raw((socket) => void socket.write(`${OK}\r\n{"kind"`, () => socket.resetAndDestroy())),
  ],
  ['end-at-once', 'nothing', raw((socket) => void socket.end())],
  ['endless-space', 'nothing', endless('', () => ' '.repeat(65_536))],
  ['endless-text', 'nothing', endless('"', () => 'x'.repeat(65_536))],
  ['endless-number', 'nothing', endless('', () => '9'.repeat(65_536))],
  ['endless-brackets', 'nothing', endless('', () => '['.repeat(65_536))],
  ['endless-objects', 'nothing', endless('', () => '{"a":'.repeat(10_000))],
  [
    'endless-keys',
    'nothing',
    endless('{', (at) => Array.from({length: 1000}, (_, more) => `"k${at}-${more}":1,`).join('')),
  ],
  ...[
    'Thu, 01 Jan 1970 00:00:00 GMT',
    'garbage',
    '',
    'Fri, 31 Dec 9999 23:59:59 GMT',
    new Date(Date.now() - 3_600_000).toUTCString(),
    new Date(Date.now() + 3_600_000).toUTCString(),
    '0',
    '\u00e9',
  ].map((date, at): Row => [
    `date-${['1970', 'garbage', 'empty', '9999', 'hour-behind', 'hour-ahead', 'zero', 'latin'][at]}`,
    'same',
    (good) => (_, response) => void response.writeHead(200, {...JSON_TYPE, date}).end(good),
  ]),
];
