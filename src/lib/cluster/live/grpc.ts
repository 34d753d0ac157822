import http2 from 'node:http2';
import type {Ask} from '../../model/answer.ts';
import {clean} from '../sanitize.ts';
import type {Ear} from './ask.ts';
import type {PodStream} from './pod-stream.ts';

/** What the health service answers, by number (grpc.health.v1). */
const STATUSES = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN'];
/** A health answer has two bytes; what is far longer is none. */
const MAX_BYTES = 64 * 1024;

export interface Said {
  code: number;
  message: string;
  status: string;
}

/**
 * Makes one call of grpc.health.v1.Health/Check over plaintext HTTP/2, and hands over how it ended; `connected` is called
 * once the other side has shown that it speaks HTTP/2. The end by the deadline is the caller's.
 */
export function checkByGrpc(stream: PodStream, {service, authority, userAgent}: Extract<Ask['send'], {kind: 'grpc'}>, ear: Ear, {said, connected}: {said(said: Said): void; connected(): void}): void {
  const session = http2.connect('http://pod.invalid', {createConnection: () => stream, maxSessionMemory: 16});
  session.on('error', (error) => ear.fail(error));
  session.once('remoteSettings', connected);
  const request = session.request({
    ':method': 'POST',
    ':scheme': 'http',
    ':authority': authority,
    ':path': '/grpc.health.v1.Health/Check',
    'content-type': 'application/grpc',
    'user-agent': userAgent,
    te: 'trailers',
  });
  const chunks: Buffer[] = [];
  let size = 0;
  let head: http2.IncomingHttpHeaders = {};
  let trailers: http2.IncomingHttpHeaders = {};
  request.on('response', (headers) => (head = headers));
  request.on('trailers', (headers) => (trailers = headers));
  request.on('data', (bytes: Buffer) => {
    size += bytes.length;
    if (size <= MAX_BYTES) chunks.push(bytes);
    else said({code: 8, message: `received message larger than max (${size} vs. ${MAX_BYTES})`, status: ''});
  });
  request.on('error', (error) => ear.fail(error));
  request.on('end', () => {
    if (head[':status'] !== undefined) said(ended(head, trailers, Buffer.concat(chunks)));
  });
  ear.onDone(() => {
    request.close(http2.constants.NGHTTP2_CANCEL);
    session.destroy();
  });
  request.end(framed(service));
}

/** HealthCheckRequest{service}: one flag byte, four of length, then field 1 as a string. */
function framed(service: string): Buffer {
  const name = Buffer.from(service, 'utf8');
  const message = name.length === 0 ? Buffer.alloc(0) : Buffer.concat([Buffer.of(0x0a), varint(name.length), name]);
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  for (; value > 127; value >>= 7) bytes.push((value & 127) | 128);
  return Buffer.of(...bytes, value);
}

/** gRPC's own end stands in the trailers, or where there was no answer in the headers; without it HTTP's status is what counts. */
function ended(head: http2.IncomingHttpHeaders, trailers: http2.IncomingHttpHeaders, body: Buffer): Said {
  const code = trailers['grpc-status'] ?? head['grpc-status'];
  const message = decoded(String(trailers['grpc-message'] ?? head['grpc-message'] ?? ''));
  const failed = (number: number, text: string): Said => ({code: number, message: text, status: ''});
  if (code === undefined) return failed(OF_HTTP[Number(head[':status'])] ?? 2, `unexpected HTTP status code received from server: ${head[':status']}; malformed header: missing HTTP content-type`);
  if (Number(code) !== 0) return failed(Number(code), message);
  if (body.length < 5 || body[0] !== 0 || body.length < 5 + body.readUInt32BE(1)) return failed(13, 'the answer is no gRPC message');
  const status = statusIn(body.subarray(5, 5 + body.readUInt32BE(1)));
  return status === undefined ? failed(13, 'the answer is no HealthCheckResponse') : {code: 0, message: '', status: STATUSES[status] ?? String(status)};
}

/** What grpc-go makes of an answer that is not gRPC's (internal/transport/http_util.go). */
const OF_HTTP: Record<number, number> = {400: 13, 401: 16, 403: 7, 404: 12, 429: 14, 502: 14, 503: 14, 504: 14};

/** Field 1 of HealthCheckResponse, an enum; absent is 0. Other fields are skipped; undefined where the bytes make no sense. */
function statusIn(message: Buffer): number | undefined {
  let status = 0;
  for (let at = 0; at < message.length; ) {
    const key = numberAt(message, at);
    if (!key) return undefined;
    const value = numberAt(message, key.next);
    if ((key.value & 7) !== 0 && (key.value & 7) !== 2) return undefined;
    if (!value) return undefined;
    if (key.value === 8) status = value.value;
    at = (key.value & 7) === 2 ? value.next + value.value : value.next;
  }
  return status;
}

function numberAt(bytes: Buffer, at: number): {value: number; next: number} | undefined {
  let value = 0;
  for (let shift = 0; shift < 28; shift += 7) {
    const byte = bytes[at++];
    if (byte === undefined) return undefined;
    value |= (byte & 127) << shift;
    if (byte < 128) return {value, next: at};
  }
  return undefined;
}

/** grpc-message is percent-encoded. */
function decoded(text: string): string {
  try {
    return clean(decodeURIComponent(text));
  } catch {
    return clean(text); // A message with a lone percent sign is read as it stands.
  }
}
