import http2 from 'node:http2';
import type {Duplex} from 'node:stream';
import type {Ask} from '../../model/answer.ts';
import type {Ear} from './ask.ts';

/** Headers that HTTP/2 has no use for, and Go leaves out. */
const OF_HTTP1 = ['host', 'connection', 'proxy-connection', 'transfer-encoding', 'upgrade', 'keep-alive'];

/** Sends one GET of HTTP/2 over the TLS connection that has agreed on it; the Host header becomes `:authority`. */
export function getByHttp2(secure: Duplex, {path, headers}: Ask['send'] & {kind: 'get'}, ear: Ear): void {
  const own: http2.OutgoingHttpHeaders = {};
  for (const {name, value} of headers) {
    const key = name.toLowerCase();
    if (!OF_HTTP1.includes(key)) own[key] = key in own ? [own[key] as string | string[], value].flat() : value;
  }
  const authority = headers.find(({name}) => name.toLowerCase() === 'host')?.value ?? '';
  const session = http2.connect('https://pod.invalid', {createConnection: () => secure, maxSessionMemory: 16});
  session.on('error', (error) => ear.fail(error));
  const request = session.request({':authority': authority, ':method': 'GET', ':path': path, ':scheme': 'https', ...own}, {endStream: true});
  let status = false;
  request.on('response', (heard) => {
    status = true;
    const {':status': code, ...rest} = heard;
    ear.head({protocol: 'HTTP/2', status: Number(code), reason: '', headers: Object.entries(rest).flatMap(([name, value]) => [value ?? []].flat().map((one) => ({name, value: String(one)})))});
  });
  request.on('data', (bytes: Buffer) => ear.body(bytes));
  request.on('error', (error) => ear.fail(error));
  request.on('close', () => (status && request.rstCode === http2.constants.NGHTTP2_NO_ERROR ? ear.end(true) : ear.fail(new Error('the stream was closed without an answer'))));
  ear.onDone(() => {
    request.close(http2.constants.NGHTTP2_CANCEL);
    session.destroy();
  });
}
