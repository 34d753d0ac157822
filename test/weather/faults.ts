import {gzipSync} from 'node:zlib';
import type http from 'node:http';
import type {Socket} from 'node:net';
import {breaksOff, hangUp, silence, stalls, status, text, type Answer} from '../support/api-server.ts';
import {everywhere, HUGE, NUMBERS, TEXTS, TIMES, VALUES} from './strange.ts';

/**
 * What the answer still tells: `nothing`, so that what was asked for is unknown; `same`, all that the good one tells;
 * `open` where a reader may take it either way.
 */
export type Says = 'nothing' | 'same' | 'open';

export interface Fault {
  name: string;
  says: Says;
  /** Thrown at lists only, at single objects only, or at both. */
  at?: 'lists' | 'objects' | 'texts';
  spoil(good: string): Answer;
}

const JSON_TYPE = {'content-type': 'application/json'};
type Row = [name: string, says: Says, spoil: (good: string) => Answer, at?: Fault['at']];

const fault = ([name, says, spoil, at]: Row): Fault => ({name, says, spoil, ...(at === undefined ? {} : {at})});
const body = (of: (good: string) => string): ((good: string) => Answer) => (good) => text(200, of(good));
const always = (answer: Answer) => (): Answer => answer;

/** Writes on the connection itself, past the server's own manners. */
function raw(write: (socket: Socket, good: string, request: http.IncomingMessage) => void): (good: string) => Answer {
  return (good) => (request) => {
    request.socket.on('error', () => undefined);
    write(request.socket, good, request);
  };
}

const says = (head: string) => raw((socket, good) => void socket.end(`${head}${good}`));

/** Goes on writing pieces, as fast as they are taken, until the other side leaves. */
function endless(begin: string, piece: (at: number) => string | Buffer): (good: string) => Answer {
  return () => (_, response) => {
    response.writeHead(200, JSON_TYPE).write(begin);
    let at = 0;
    const more = (): void => {
      if (response.destroyed || response.socket?.destroyed) return;
      if (response.write(piece(at++))) setImmediate(more).unref();
      else response.once('drain', more);
    };
    more();
  };
}

/** One byte after the other. */
function trickle(everyMs: number): (good: string) => Answer {
  return (good) => (_, response) => {
    response.writeHead(200, JSON_TYPE);
    let at = 0;
    const timer = setInterval(() => {
      if (response.destroyed || at >= good.length) return clearInterval(timer);
      response.write(good[at++]);
    }, everyMs).unref();
    response.on('close', () => clearInterval(timer));
  };
}

const STATUSES = [100, 199, 205, 206, 300, 304, 400, 401, 402, 403, 404, 405, 406, 409, 410, 413, 415, 418, 422, 429, 431, 451, 500, 501, 502, 503, 504, 505, 511, 599];
const HTML = '<!DOCTYPE html><html><title>Log in</title><body onload="x()">Please log in</body></html>';
const BROKEN_HEADERS = {'retry-after': '0'};

const statusFaults: Row[] = [
  ...STATUSES.filter((code) => code >= 300).map((code): Row => [`status-${code}`, 'nothing', always(status(code, `weather ${code}`, BROKEN_HEADERS))]),
  ...[401, 403, 404, 500, 503].flatMap((code): Row[] => [
    [`status-${code}-html`, 'nothing', always(text(code, HTML, {'content-type': 'text/html', ...BROKEN_HEADERS}))],
    [`status-${code}-empty`, 'nothing', always(text(code, '', BROKEN_HEADERS))],
    [`status-${code}-null`, 'nothing', always(text(code, 'null', BROKEN_HEADERS))],
    [`status-${code}-odd-message`, 'nothing', always(text(code, JSON.stringify({kind: 'Status', message: {a: [1]}, code: 'x', details: null}), BROKEN_HEADERS))],
    [`status-${code}-escapes`, 'nothing', always(status(code, `no ${TEXTS['escape']}${TEXTS['bidi']}${TEXTS['zero-width']}`, BROKEN_HEADERS))],
    [`status-${code}-long`, 'nothing', always(status(code, TEXTS['dashes']!.repeat(20), BROKEN_HEADERS))],
    [`status-${code}-silent-body`, 'nothing', () => (_, response) => void response.writeHead(code, {...JSON_TYPE, 'retry-after': '0'}).write('{')],
    [`status-${code}-endless-body`, 'nothing', () => (_, response) => {
      response.writeHead(code, {...JSON_TYPE, 'retry-after': '0'});
      const more = (): void => void (response.destroyed || (response.write('x'.repeat(65_536)) ? setImmediate(more) : response.once('drain', more)));
      more();
    }],
  ]),
  ...['1', '86400', '-1', 'soon', '', '1e9', 'Wed, 21 Oct 2099 07:28:00 GMT', '9'.repeat(400)].flatMap((after): Row[] => [429, 503].map((code): Row => [`status-${code}-retry-after-${after.slice(0, 12).replaceAll(/\W/g, '_')}`, 'nothing', always(status(code, 'slow down', {'retry-after': after}))])),
  ...[500, 502, 504].map((code): Row => [`status-${code}-no-retry-after`, 'nothing', always(status(code, 'weather'))]),
  ['status-204', 'nothing', () => (_, response) => void response.writeHead(204).end()],
  ['status-206', 'nothing', (good) => text(206, good.slice(0, 100), {'content-range': 'bytes 0-99/5000'})],
  ['redirect-to-itself', 'nothing', () => (request, response) => void response.writeHead(302, {location: request.url!}).end()],
  ['redirect-to-login', 'nothing', () => (_, response) => void response.writeHead(302, {location: 'http://127.0.0.1:1/login?token=s3cr3t-MARK-01'}).end()],
  ['redirect-to-nowhere', 'nothing', () => (_, response) => void response.writeHead(301).end()],
  ['redirect-long', 'nothing', () => (_, response) => void response.writeHead(308, {location: `/${'x'.repeat(15_000)}`}).end()],
];

const bodyFaults: Row[] = [
  ['fair', 'same', body((good) => good)],
  ['html', 'nothing', always(text(200, HTML, {'content-type': 'text/html'}))],
  ['html-as-json', 'nothing', always(text(200, HTML))],
  ['empty', 'nothing', body(() => '')],
  ['newline', 'nothing', body(() => '\n')],
  ...['null', '42', '-1', '"x"', 'true', 'false', '[]', '{}', '[null]', '[[]]', '{"a":null}', '1e999', '""'].map((one): Row => [`body-${one.replaceAll(/[^\w-]/g, (sign) => `_${sign.charCodeAt(0)}`)}`, 'nothing', body(() => one)]),
  ['wrong-kind', 'nothing', body(changed((one) => ({...one, kind: 'ConfigMap', ...('items' in one ? {items: undefined} : {metadata: {name: 'x'}}), gitVersion: undefined})))],
  ['no-kind-no-items', 'nothing', body(changed(({kind, items, gitVersion, ...rest}) => (void [kind, items, gitVersion], rest)))],
  ['wrong-version', 'open', body(changed((one) => ({...one, apiVersion: 'v99'})))],
  ['wrong-name', 'nothing', body(changed((one) => ({...one, metadata: {...(one['metadata'] as object), name: 'somebody-else'}}))), 'objects'],
  ['status-with-200', 'nothing', body(() => JSON.stringify({kind: 'Status', apiVersion: 'v1', status: 'Failure', message: 'forbidden', code: 403}))],
  ['table', 'nothing', body(() => JSON.stringify({kind: 'Table', apiVersion: 'meta.k8s.io/v1', metadata: {}, columnDefinitions: [], rows: []}))],
  ['proto-key', 'open', body((good) => good.replace('{', '{"__proto__":{"items":null,"kind":"x"},"constructor":1,'))],
  ['two-documents', 'open', body((good) => good + good)],
  ['trailing-garbage', 'open', body((good) => `${good}garbage`)],
  ['trailing-null', 'open', body((good) => `${good}\u0000\u0000`)],
  ['leading-space', 'same', body((good) => `\n\n   ${good}`)],
  ['leading-garbage', 'nothing', body((good) => `)]}'\n${good}`)],
  ['bom', 'open', body((good) => `\ufeff${good}`)],
  ['utf-16', 'nothing', (good) => (_, response) => void response.writeHead(200, JSON_TYPE).end(Buffer.from(good, 'utf16le'))],
  ['bad-utf-8', 'open', (good) => (_, response) => void response.writeHead(200, JSON_TYPE).end(Buffer.from(good.replaceAll('e', '\u00ff'), 'latin1'))],
  ['single-quotes', 'nothing', body((good) => good.replaceAll('"', "'"))],
  ['random-bytes', 'nothing', () => (_, response) => void response.writeHead(200, JSON_TYPE).end(Buffer.from(Array.from({length: 5000}, (_, at) => (at * 7919) % 251)))],
  ...[1, 2, 20, 0.3, 0.5, 0.9, 0.999].flatMap((share): Row[] => {
    const cut = (good: string): string => good.slice(0, share >= 1 ? share : Math.floor(good.length * share));
    return [
      [`cut-at-${share}`, 'nothing', body(cut)],
      [`breaks-off-at-${share}`, 'nothing', (good) => breaksOff(cut(good))],
      [`stalls-at-${share}`, 'nothing', (good) => stalls(cut(good))],
    ];
  }),
  ['last-brace-missing', 'nothing', body((good) => good.slice(0, -1))],
  ['stalls-before-the-end', 'open', (good) => stalls(good)],
  ...[10_000, 100_000, 1_000_000].flatMap((depth): Row[] => [
    [`deep-lists-${depth}`, 'nothing', body(() => '['.repeat(depth) + ']'.repeat(depth))],
    [`deep-objects-${depth}`, 'nothing', body(() => '{"a":'.repeat(depth) + '1' + '}'.repeat(depth))],
    [`deep-open-${depth}`, 'nothing', body(() => '['.repeat(depth))],
    [`deep-in-metadata-${depth}`, 'open', body((good) => good.replace('"metadata":{', `"metadata":{"deep":${'['.repeat(depth)}${']'.repeat(depth)},`))],
    [`deep-beside-${depth}`, 'open', body((good) => good.replace('{', `{"deep":${'{"a":'.repeat(depth)}1${'}'.repeat(depth)},`))],
  ]),
  ['many-keys', 'same', body((good) => good.replace('{', `{${Array.from({length: 50_000}, (_, at) => `"k${at}":${at}`).join(',')},`))],
  ['long-key', 'same', body((good) => good.replace('{', `{"${'k'.repeat(1_000_000)}":1,`))],
  ['long-number', 'open', body((good) => good.replace('{', `{"n":${'9'.repeat(500_000)},`))],
  ['much-space', 'open', body((good) => `${good.slice(0, -1)}${' '.repeat(3_000_000)}}`)],
];

function changed(change: (one: Record<string, unknown>) => unknown): (good: string) => string {
  return (good) => (isJson(good) ? JSON.stringify(change(JSON.parse(good) as Record<string, unknown>)) : good);
}

/** The items of a list changed, or the list's other parts. */
const items = (change: (items: Record<string, unknown>[]) => unknown): ((good: string) => Answer) => body(changed((one) => ({...one, items: change((one['items'] ?? []) as Record<string, unknown>[])})));
const metadata = (change: Record<string, unknown>): ((good: string) => Answer) => body(changed((one) => ({...one, metadata: {...(one['metadata'] as object), ...change}})));

const listFaults: Row[] = [
  ...['null', '"x"', '5', '{}', 'true', '{"0":{}}'].map((one): Row => [`items-${one.replaceAll(/\W/g, '_')}`, one === 'null' ? 'open' : 'nothing', body((good) => good.replace(/"items":.*$/s, `"items":${one}}`)), 'lists']),
  ['items-missing', 'nothing', body(changed(({items: _, ...rest}) => (void _, rest))), 'lists'],
  ['items-empty', 'open', items(() => []), 'lists'],
  ['items-first', 'same', body(changed(({items: list, ...rest}) => ({items: list, ...rest}))), 'lists'],
  ['items-twice', 'open', body((good) => good.replace('"items":', '"items":[],"items":')), 'lists'],
  ['items-in-items', 'open', items((list) => [{kind: 'List', items: list}]), 'lists'],
  ['no-metadata', 'open', body(changed(({metadata: _, ...rest}) => (void _, rest))), 'lists'],
  ...['null', '"x"', '[]', '5'].map((one): Row => [`metadata-${one.replaceAll(/\W/g, '_')}`, 'open', body((good) => good.replace(/"metadata":\{[^{}]*\}/, `"metadata":${one}`)), 'lists']),
  ...Object.entries(VALUES).map(([name, value]): Row => [`an-item-is-${name}`, 'open', items((list) => [value, ...list, value]), 'lists']),
  ...Object.entries(VALUES).map(([name, value]): Row => [`each-item-is-${name}`, 'open', items((list) => list.map(() => value)), 'lists']),
  ...['metadata', 'spec', 'status'].flatMap((part) => Object.entries(VALUES).map(([name, value]): Row => [`an-item-with-${part}-${name}`, 'open', items((list) => [{...list[0], [part]: value}, ...list]), 'lists'])),
  ...['name', 'namespace', 'uid', 'creationTimestamp', 'labels', 'annotations', 'ownerReferences', 'deletionTimestamp', 'resourceVersion'].flatMap((field) => Object.entries(VALUES).map(([name, value]): Row => [`metadata-${field}-${name}`, 'open', items((list) => list.map((one, at) => (at === 0 ? {...one, metadata: {...(one['metadata'] as object), [field]: value}} : one))), 'lists'])),
  ['duplicates', 'open', items((list) => [...list, ...list]), 'lists'],
  ['duplicates-1000', 'open', items((list) => (list.length === 0 ? [] : Array.from({length: 1000}, (_, at) => list[at % list.length]))), 'lists'],
  ['duplicates-other-uid', 'open', items((list) => [...list, ...list.map((one) => ({...one, metadata: {...(one['metadata'] as object), uid: 'twin'}}))]), 'lists'],
  ['without-metadata', 'open', items((list) => list.map(({metadata: _, ...rest}) => (void _, rest))), 'lists'],
  ['other-namespace', 'open', items((list) => list.map((one) => ({...one, metadata: {...(one['metadata'] as object), namespace: 'elsewhere'}}))), 'lists'],
  ['continue-same', 'open', metadata({continue: 'again'}), 'lists'],
  ['continue-number', 'open', metadata({continue: 5}), 'lists'],
  ['continue-object', 'open', metadata({continue: {a: 1}}), 'lists'],
  ['continue-null', 'open', metadata({continue: null}), 'lists'],
  ['continue-odd', 'open', metadata({continue: '\ud800&limit=0#'}), 'lists'],
  ['continue-long', 'open', metadata({continue: 'x'.repeat(30_000)}), 'lists'],
  ['continue-new', 'open', (good) => (request, response) => body(changed((one) => ({...one, metadata: {...(one['metadata'] as object), continue: `${Math.random()}`}})))(good)(request, response), 'lists'],
  ['continue-new-empty', 'open', (good) => (request, response) => body(changed((one) => ({...one, items: [], metadata: {continue: `${Math.random()}`}})))(good)(request, response), 'lists'],
  ['continue-new-items', 'open', (good) => (request, response) => body(changed((one) => ({...one, items: ((one['items'] ?? []) as Record<string, unknown>[]).map((item) => ({...item, metadata: {...(item['metadata'] as object), uid: `${Math.random()}`}})), metadata: {continue: `${Math.random()}`}})))(good)(request, response), 'lists'],
  ['endless-item', 'open', endless('{"kind":"List","metadata":{"resourceVersion":"7"},"items":[{"metadata":{"name":"', () => 'x'.repeat(65_536)), 'lists'],
  ['endless-array', 'open', endless('{"kind":"List","metadata":{"resourceVersion":"7"},"items":[{"metadata":{"name":"x","uid":"1","namespace":"demo"},"spec":{"containers":[', (at) => `{"name":"c${at}"},`.repeat(500)), 'lists'],
  ['endless-items', 'open', endless('{"kind":"List","metadata":{"resourceVersion":"7"},"items":[', (at) => `{"metadata":{"name":"n${at}","namespace":"demo","uid":"u${at}"}},`), 'lists'],
  ['endless-nulls', 'open', endless('{"kind":"List","metadata":{"resourceVersion":"7"},"items":[', () => 'null,'.repeat(5000)), 'lists'],
];

const headerFaults: Row[] = [
  ...['text/plain', 'application/octet-stream', 'application/vnd.kubernetes.protobuf', 'application/xml', 'JSON', ''].map((type): Row => [`type-${type.replaceAll(/\W/g, '_')}`, 'open', (good) => text(200, good, {'content-type': type})]),
  ['type-none', 'open', (good) => (_, response) => void response.writeHead(200).end(good)],
  ['type-charset', 'same', (good) => text(200, good, {'content-type': 'application/json;charset=utf-8'})],
  ['type-long', 'open', (good) => text(200, good, {'content-type': `text/${'x'.repeat(15_000)}`})],
  ['gzip-unasked', 'open', (good) => (_, response) => void response.writeHead(200, {...JSON_TYPE, 'content-encoding': 'gzip'}).end(gzipSync(good))],
  ['gzip-bomb', 'open', () => (_, response) => void response.writeHead(200, {...JSON_TYPE, 'content-encoding': 'gzip'}).end(BOMB())],
  ['gzip-garbage', 'open', (good) => text(200, good, {'content-encoding': 'gzip'})],
  ['encoding-br', 'open', (good) => text(200, good, {'content-encoding': 'br'})],
  ['encoding-odd', 'open', (good) => text(200, good, {'content-encoding': 'x'.repeat(5_000)})],
  ['chunked-garbage', 'nothing', says('HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n')],
  ['chunk-too-large', 'nothing', raw((socket, good) => void socket.end(`HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\nffffffffffffffff\r\n${good}`))],
  ['chunk-extension-long', 'open', raw((socket, good) => void socket.end(`HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n${Buffer.byteLength(good).toString(16)};${'x'.repeat(100_000)}\r\n${good}\r\n0\r\n\r\n`))],
  ['length-too-short', 'nothing', raw((socket, good) => void socket.end(`HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${Math.floor(good.length / 2)}\r\n\r\n${good}`))],
  ['length-too-long', 'open', raw((socket, good) => void socket.end(`HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${good.length + 5000}\r\n\r\n${good}`))],
  ['length-too-long-open', 'open', raw((socket, good) => void socket.write(`HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${good.length + 5000}\r\n\r\n${good}`))],
  ['length-negative', 'nothing', says('HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: -5\r\n\r\n')],
  ['length-huge', 'open', says('HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 99999999999999999999\r\n\r\n')],
  ['length-twice', 'open', raw((socket, good) => void socket.end(`HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 5\r\ncontent-length: ${good.length}\r\n\r\n${good}`))],
  ['length-and-chunked', 'open', raw((socket, good) => void socket.end(`HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${good.length}\r\ntransfer-encoding: chunked\r\n\r\n${good.length.toString(16)}\r\n${good}\r\n0\r\n\r\n`))],
  ['header-long', 'open', raw((socket, good) => void socket.end(`HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nx-long: ${'x'.repeat(1_000_000)}\r\n\r\n${good}`))],
  ['headers-many', 'open', raw((socket, good) => void socket.end(`HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n${'x-a: b\r\n'.repeat(10_000)}\r\n${good}`))],
  ['headers-endless', 'nothing', raw((socket) => pour(socket, 'HTTP/1.1 200 OK\r\n', 'x-a: b\r\n'.repeat(1000)))],
  ['header-endless', 'nothing', raw((socket) => pour(socket, 'HTTP/1.1 200 OK\r\nx-a: ', 'x'.repeat(65_536)))],
  ['header-no-colon', 'nothing', says('HTTP/1.1 200 OK\r\nthis is no header\r\n\r\n')],
  ['header-control', 'open', says('HTTP/1.1 200 OK\r\ncontent-type: application/json\u0007\u001b[2J\r\nx: \u0001\r\n\r\n')],
  ['reason-escapes', 'nothing', says('HTTP/1.1 503 \u001b[2Jgone\u0007\r\nretry-after: 0\r\ncontent-length: 0\r\n\r\n')],
  ['reason-long', 'nothing', raw((socket) => void socket.end(`HTTP/1.1 503 ${'x'.repeat(10_000)}\r\nretry-after: 0\r\ncontent-length: 0\r\n\r\n`))],
  ['status-line-short', 'open', raw((socket, good) => void socket.end(`HTTP/1.1 200\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(good)}\r\n\r\n${good}`))],
  ['status-000', 'nothing', says('HTTP/1.1 000 x\r\ncontent-length: 0\r\n\r\n')],
  ['status-999', 'nothing', says('HTTP/1.1 999 x\r\ncontent-length: 0\r\n\r\n')],
  ['status-99999', 'nothing', says('HTTP/1.1 99999 x\r\ncontent-length: 0\r\n\r\n')],
  ['status-text', 'nothing', says('HTTP/1.1 OK 200\r\n\r\n')],
  ['http-1.0', 'open', raw((socket, good) => void socket.end(`HTTP/1.0 200 OK\r\ncontent-type: application/json\r\n\r\n${good}`))],
  ['http-9.9', 'open', raw((socket, good) => void socket.end(`HTTP/9.9 200 OK\r\ncontent-type: application/json\r\n\r\n${good}`))],
  ['http-0.9', 'nothing', raw((socket, good) => void socket.end(good || 'hello'))],
  ['http-2-preface', 'nothing', raw((socket) => void socket.end(Buffer.from('000012040000000000000300000080000400010000000500ffffff', 'hex')))],
  ['ssh', 'nothing', raw((socket) => void socket.end('SSH-2.0-OpenSSH_9.2\r\n'))],
  ['tls-alert', 'nothing', raw((socket) => void socket.end(Buffer.from('15030100020250', 'hex')))],
  ['tls-garbage', 'nothing', raw((socket) => void socket.end(Buffer.concat([Buffer.from('160303ffff', 'hex'), Buffer.alloc(5000, 7)])))],
  ['bytes', 'nothing', raw((socket) => void socket.end(Buffer.alloc(100_000, 0)))],
  ['continue-100', 'nothing', raw((socket) => void socket.write('HTTP/1.1 100 Continue\r\n\r\n'))],
  ['continue-100-endless', 'nothing', raw((socket) => pour(socket, '', 'HTTP/1.1 100 Continue\r\n\r\n'.repeat(100)))],
  ['early-hints-endless', 'nothing', raw((socket) => pour(socket, '', 'HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n'.repeat(100)))],
  ['switching-101', 'nothing', says('HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n')],
  ['two-answers', 'open', raw((socket, good) => void socket.end(`HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(good)}\r\n\r\n${good}`.repeat(2)))],
  ['silence', 'nothing', always(silence)],
  ['silence-after-status', 'nothing', raw((socket) => void socket.write('HTTP/1.1 200 OK\r\n'))],
  ['silence-after-headers', 'nothing', () => (_, response) => void response.writeHead(200, JSON_TYPE).flushHeaders()],
  ['trickle', 'open', trickle(100)],
  ['trickle-fast', 'open', trickle(1)],
  ['trickle-of-headers', 'nothing', raw((socket) => drip(socket, 'HTTP/1.1 200 OK\r\n', 'x-a: b\r\n', 50))],
  ['hang-up', 'nothing', always(hangUp)],
  ['reset', 'nothing', raw((socket) => void socket.resetAndDestroy())],
  ['reset-after-headers', 'nothing', raw((socket) => void socket.write('HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n{"kind"', () => socket.resetAndDestroy()))],
  ['end-at-once', 'nothing', raw((socket) => void socket.end())],
  ['endless-space', 'nothing', endless('', () => ' '.repeat(65_536))],
  ['endless-text', 'nothing', endless('"', () => 'x'.repeat(65_536))],
  ['endless-number', 'nothing', endless('', () => '9'.repeat(65_536))],
  ['endless-brackets', 'nothing', endless('', () => '['.repeat(65_536))],
  ['endless-objects', 'nothing', endless('', () => '{"a":'.repeat(10_000))],
  ['endless-keys', 'nothing', endless('{', (at) => Array.from({length: 1000}, (_, more) => `"k${at}-${more}":1,`).join(''))],
  ...['Thu, 01 Jan 1970 00:00:00 GMT', 'garbage', '', 'Fri, 31 Dec 9999 23:59:59 GMT', new Date(Date.now() - 3_600_000).toUTCString(), new Date(Date.now() + 3_600_000).toUTCString(), '0', '\u00e9'].map((date, at): Row => [`date-${['1970', 'garbage', 'empty', '9999', 'hour-behind', 'hour-ahead', 'zero', 'latin'][at]}`, 'same', (good) => (_, response) => void response.writeHead(200, {...JSON_TYPE, date}).end(good)]),
];

/** A gigabyte of nothing, packed. */
let bomb: Buffer | undefined;
function BOMB(): Buffer {
  return (bomb ??= gzipSync(Buffer.alloc(64 * 1024 * 1024), {level: 9}));
}

function pour(socket: Socket, begin: string, piece: string): void {
  socket.write(begin);
  const more = (): void => {
    if (socket.destroyed) return;
    if (socket.write(piece)) setImmediate(more).unref();
    else socket.once('drain', more);
  };
  more();
}

function drip(socket: Socket, begin: string, piece: string, everyMs: number): void {
  socket.write(begin);
  const timer = setInterval(() => socket.write(piece), everyMs).unref();
  socket.on('close', () => clearInterval(timer));
}

/** Keys without which an object is another one: what is spoilt is what it says. */
const KEYS = /^(kind|apiVersion|uid|namespace|resourceVersion)$/;
const TIME_KEYS = /([tT]ime(stamp)?|At|Timestamp)$/;

const deep = (change: Parameters<typeof everywhere>[1]): ((good: string) => Answer) => (good) => text(200, isJson(good) ? JSON.stringify(everywhere(JSON.parse(good), change)) : String(change(good, '', [])));

/** A log may begin as JSON does, and is none. */
function isJson(good: string): boolean {
  try {
    return typeof JSON.parse(good) === 'object';
  } catch {
    return false; // Then it is text, and is spoilt as text.
  }
}

/** The same fault in every text, number or time of an answer. */
const valueFaults: Row[] = [
  ...Object.entries(NUMBERS).map(([name, value]): Row => [`numbers-${name}`, 'open', deep((one) => (typeof one === 'number' ? value : one)), 'texts']),
  ['numbers-as-text', 'open', deep((one) => (typeof one === 'number' ? String(one) : one)), 'texts'],
  ['numbers-as-words', 'open', deep((one) => (typeof one === 'number' ? 'many' : one)), 'texts'],
  ['booleans-as-text', 'open', deep((one) => (typeof one === 'boolean' ? String(one) : one)), 'texts'],
  ['booleans-turned', 'open', deep((one) => (typeof one === 'boolean' ? !one : one)), 'texts'],
  ...Object.entries(TEXTS).flatMap(([name, value]): Row[] => [
    [`texts-are-${name}`, 'open', deep((one, key) => (typeof one === 'string' && !KEYS.test(key) && !TIME_KEYS.test(key) ? value : one)), 'texts'],
    [`texts-with-${name}`, 'open', deep((one, key) => (typeof one === 'string' && !KEYS.test(key) && !TIME_KEYS.test(key) ? `${one.slice(0, 3)}${value}${one.slice(3)}` : one)), 'texts'],
    [`names-with-${name}`, 'open', deep((one, key) => (typeof one === 'string' && /^(name|namespace|uid|kind)$/.test(key) ? `${one}${value.slice(0, 5000)}` : one)), 'texts'],
    [`messages-are-${name}`, 'open', deep((one, key) => (typeof one === 'string' && /^(message|reason|path|image)$/.test(key) ? value : one)), 'texts'],
    [`keys-with-${name}`, 'open', deep((one, key) => (key === 'labels' || key === 'annotations' ? Object.fromEntries(Object.entries(one as object).flatMap(([label, it]) => [[label, it], [`${label}${value.slice(0, 5000)}`, it]])) : one)), 'texts'],
  ]),
  ...Object.entries(HUGE).flatMap(([name, value]): Row[] => [
    [`a-huge-message-${name}`, 'open', deep(once('message', value)), 'texts'],
    [`a-huge-path-${name}`, 'open', deep(once('path', value)), 'texts'],
    [`a-huge-name-${name}`, 'open', deep(once('name', value)), 'texts'],
    [`a-huge-line-${name}`, 'open', (good) => text(200, isJson(good) ? good : value, {'content-type': isJson(good) ? 'application/json' : 'text/plain'}), 'texts'],
  ]),
  ...Object.entries(TIMES).map(([name, value]): Row => [`times-${name}`, 'open', deep((one, key) => (typeof one === 'string' && TIME_KEYS.test(key) ? value : one)), 'texts']),
  ...Object.entries(VALUES).flatMap(([name, value]): Row[] => [
    [`maps-are-${name}`, 'open', deep((one, key) => (/^(labels|annotations|state|lastState|involvedObject|source|httpGet|securityContext)$/.test(key) ? value : one)), 'texts'],
    [`lists-are-${name}`, 'open', deep((one, key) => (Array.isArray(one) && key !== 'items' ? value : one)), 'texts'],
    [`lists-hold-${name}`, 'open', deep((one, key) => (Array.isArray(one) && key !== 'items' ? [value, ...one] : one)), 'texts'],
    [`parts-are-${name}`, 'open', deep((one, _, path) => (path.length === 3 && path[0] === 'items' ? value : one)), 'texts'],
    [`texts-become-${name}`, 'open', deep((one, key) => (typeof one === 'string' && !KEYS.test(key) ? value : one)), 'texts'],
  ]),
];

/** The first of that key gets the value; a new change for each answer, as it counts. */
function once(wanted: string, value: string): Parameters<typeof everywhere>[1] {
  return (one, key, path) => (typeof one === 'string' && key === wanted && path[0] === 'items' && path[1] === '0' ? value : one);
}

export const FAULTS: Fault[] = [...statusFaults, ...bodyFaults, ...listFaults, ...headerFaults, ...valueFaults].map(fault);
