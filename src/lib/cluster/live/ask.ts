import type {Duplex} from 'node:stream';
import {malformed} from '../../kubelet/malformed.ts';
import type {Answer, Ask} from '../../model/answer.ts';
import type {Header} from '../../model/probe.ts';
import {clean, withoutControls} from '../sanitize.ts';
import type {Said} from './grpc.ts';
import {getAgain, getByHttp1} from './http1.ts';
import type {PodStream} from './pod-stream.ts';
import {looksLikeTls, startTls, tlsText} from './tls.ts';

/** What a transport hears of an answer, and how it is told that no more is wanted. */
export interface Ear {
  head(head: {protocol: 'HTTP/1.0' | 'HTTP/1.1' | 'HTTP/2'; status: number; reason: string; headers: Header[]}): void;
  body(bytes: Buffer): void;
  /** `whole` is false for a body that ended before its length. */
  end(whole: boolean): void;
  fail(error: NodeJS.ErrnoException): void;
  /** Runs once, when the answer is known. */
  onDone(release: () => void): void;
}

export type Heard =
  | {answer: Answer}
  /** The deadline came on a tunnel that does not tell the end of one stream: asked alone, it would. */
  | {unsure: Answer}
  /** The tunnel broke before the answer was known. */
  | {lost: string}
  /** The kubelet could not forward at all. */
  | {fault: string};

/** Pieces of a body that are held as they came. */
const MOST_PIECES = 1024;

/** How long a port that accepts is listened to before it counts as open. */
const SILENCE_MS = 500;
/**
 * The runtime waits a second for the other direction before it tells the end (verified-on-cluster P5): so long after the
 * deadline an end is still one that came before it.
 */
const END_LAG_MS = 1_150;

/**
 * Asks one question over a stream that was just opened, and leaves the stream closed. Ends by the answer's own length,
 * never later than its deadline; `alone` says that nothing else uses the tunnel, so that the end of the stream is told,
 * and is waited for a second longer where it makes the difference between silence and a closed connection.
 */
export function askOver(stream: PodStream, ask: Ask, alone: boolean): Promise<Heard> {
  return new Promise((done) => {
    const started = performance.now();
    const elapsed = () => Math.round((performance.now() - started) * 10) / 10;
    const releases: (() => void)[] = [];
    let head: Parameters<Ear['head']>[0] | undefined;
    const chunks: Buffer[] = [];
    let size = 0;
    let ms = 0;
    let settled = false;
    let timer: NodeJS.Timeout | undefined;
    let late = false;
    let spoken = false;

    const settle = (heard: Heard) => {
      if (settled) return;
      settled = true;
      clearTimeout(timer);
      for (const release of releases) release();
      stream.destroy();
      done(heard);
    };
    const answer = (answer: Answer) => settle({answer});
    const response = (end: 'whole' | 'cut' | 'short' | 'late'): Answer => ({kind: 'response', ...cleaned(head!), body: textOf(Buffer.concat(chunks).subarray(0, ask.maxBytes)), end, ms});
    const byDeadline = (): Answer => (head ? response('late') : spoken ? {kind: 'grpc', code: 4, message: 'context deadline exceeded', status: '', ms: ask.timeoutMs} : {kind: 'timeout', ms: ask.timeoutMs});
    const ear: Ear = {
      head(heard) {
        if (settled) return;
        if (late) return answer(byDeadline());
        head = heard;
        ms = elapsed();
      },
      body(bytes) {
        if (settled) return;
        if (late) return answer(byDeadline());
        ms = elapsed();
        if (size < ask.maxBytes) chunks.push(bytes);
        // A body in pieces of a byte would hold many times its size.
        if (chunks.length === MOST_PIECES) chunks.splice(0, MOST_PIECES, Buffer.concat(chunks));
        size += bytes.length;
        if (size > ask.maxBytes) answer(response('cut'));
      },
      end(whole) {
        if (settled) return;
        if (stream.lost !== undefined) return settle({lost: stream.lost});
        answer(response(whole && stream.failure === undefined ? 'whole' : 'short'));
      },
      fail(error) {
        if (settled) return;
        if (stream.lost !== undefined) return settle({lost: stream.lost});
        if (head) return answer(response('short'));
        if (spoken) return answer({kind: 'grpc', code: 14, message: clean(error.message), status: '', ms: elapsed()});
        settle(stream.failure === undefined ? {answer: failed(error, stream, ask, elapsed())} : kubeletSaid(stream.failure, elapsed()));
      },
      onDone: (release) => void releases.push(release),
    };
    timer = setTimeout(() => {
      if (!alone) return settle({unsure: byDeadline()});
      late = true;
      timer = setTimeout(() => answer(byDeadline()), END_LAG_MS);
    }, ask.timeoutMs);
    // Whatever a transport misses: a stream that is gone answers no more.
    stream.once('close', () => setTimeout(() => ear.fail(new Error('closed')), 50));
    const send = onTheWire(ask.send);
    if (send.kind === 'connect') return listen(stream, Math.min(SILENCE_MS, ask.timeoutMs), ear, (said) => answer({kind: 'open', said, ms: elapsed()}));
    if (send.kind === 'grpc') {
      const said = {said: (end: Said) => answer({kind: 'grpc', ...end, ms: elapsed()}), connected: () => void (spoken = true)};
      return void import('./grpc.ts').then(({checkByGrpc}) => settled || checkByGrpc(stream, send, ear, said), ear.fail);
    }
    const unwritable = unwritableIn(send.headers);
    if (unwritable !== undefined) return answer({kind: 'unsendable', text: unwritable});
    const speak = (over: Duplex, by: typeof getByHttp1) => {
      try {
        by(over, send, ear);
      } catch (error) {
        answer({kind: 'unsendable', text: clean((error as Error).message)}); // A path that node's client does not write.
      }
    };
    const {after} = send;
    if (after) speak(stream, (over, get, ear) => getAgain(over, get, ear, after.idleMs));
    else if (send.scheme === 'HTTP') speak(stream, getByHttp1);
    else {
      startTls(stream, ear, (secure) => {
        if (secure.alpnProtocol !== 'h2') speak(secure, getByHttp1);
        else import('./http2.ts').then(({getByHttp2}) => settled || speak(secure, getByHttp2), ear.fail); // Few apps speak it.
      });
    }
  });
}

/** A question without asterisks. */
function onTheWire(send: Ask['send']): Ask['send'] {
  return send.kind === 'get' && send.sent ? {...send, ...send.sent} : send;
}

/** What Go says of a header that it does not write. */
function unwritableIn(headers: Header[]): string | undefined {
  for (const {name, value} of headers) {
    if (!/^[\w!#$%&'*+.^`|~-]+$/.test(name)) return `net/http: invalid header field name ${JSON.stringify(name)}`;
    if (/[\u0000-\u0008\u000a-\u001f\u007f]/.test(value)) return `net/http: invalid header field value for ${JSON.stringify(name)}`;
  }
  return undefined;
}

function listen(stream: PodStream, silenceMs: number, ear: Ear, open: (said: string) => void): void {
  const silence = setTimeout(() => open(''), silenceMs);
  ear.onDone(() => clearTimeout(silence));
  stream.on('data', (bytes: Buffer) => open(saidIn(bytes)));
  stream.on('end', () => ear.fail(new Error('EOF')));
}

/** What the kubelet says of the connection inside the pod is an answer, as long as there was something to connect to. */
function kubeletSaid(text: string, ms: number): Heard {
  if (/reset by peer|broken pipe|(read|write) tcp/i.test(text)) return {answer: {kind: 'closed', reset: true, text, ms}};
  if (/refused|failed to connect|dial tcp/i.test(text)) return {answer: {kind: 'refused', text, ms}};
  return {fault: text};
}

function failed(error: NodeJS.ErrnoException, {head}: PodStream, {send}: Ask, ms: number): Answer {
  const https = send.kind === 'get' && send.scheme === 'HTTPS';
  if (https && head.length > 0 && !looksLikeTls(head)) return {kind: 'tls', plaintext: true, text: head.subarray(0, 5).toString('latin1') === 'HTTP/' ? 'http: server gave HTTP response to HTTPS client' : 'tls: first record does not look like a TLS handshake', ms};
  const code = error.code ?? '';
  if (code.startsWith('ERR_SSL') || code === 'EPROTO') return {kind: 'tls', plaintext: false, text: tlsText(error), ms};
  if (code === 'HPE_HEADER_OVERFLOW') return {kind: 'not-http', said: saidIn(head), text: 'net/http: server response headers exceeded 10485760 bytes; aborted', ms};
  const bytes = https ? ((error as {rawPacket?: Buffer}).rawPacket ?? Buffer.alloc(0)) : head;
  const begun = bytes.length > 0;
  if (begun && !/^HTTP\/1\.[01] \d{3}/.test(bytes.toString('latin1'))) return {kind: 'not-http', said: saidIn(bytes), text: malformed(bytes.toString('latin1')), ms};
  if (code.startsWith('HPE_')) return {kind: 'not-http', said: saidIn(bytes), text: clean(error.message), ms};
  const streamError = /NGHTTP2_(\w+)/.exec(error.message)?.[1];
  return {kind: 'closed', reset: false, text: streamError ? `stream error: stream ID 1; ${streamError}; received from peer` : begun ? 'unexpected EOF' : 'EOF', ms};
}

function saidIn(bytes: Buffer): string {
  return clean(bytes.subarray(0, 200).toString('utf8'));
}

/** Without a character that was cut in two at its end. */
function textOf(bytes: Buffer): string {
  return withoutControls(new TextDecoder().decode(bytes, {stream: true}));
}

function cleaned<T extends {reason: string; headers: Header[]}>(head: T): T {
  return {...head, reason: clean(head.reason), headers: head.headers.map(({name, value}) => ({name: clean(name), value: clean(value)}))};
}
