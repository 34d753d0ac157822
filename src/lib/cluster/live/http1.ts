import http from 'node:http';
import type {Duplex} from 'node:stream';
import {endsConnection, type Ask} from '../../model/answer.ts';
import type {Ear} from './ask.ts';

/** What Go's client allows for the headers of an answer, in bytes. */
const MAX_HEADERS = 10 * 1024 * 1024;

/** Sends one GET of HTTP/1.1 over the stream, with the headers as given and none besides, and hands over what comes. */
export function getByHttp1(stream: Duplex, {path, headers}: Ask['send'] & {kind: 'get'}, ear: Ear): void {
  const closing = headers.some(({name}) => name.toLowerCase() === 'connection');
  const request = http.request({
    createConnection: () => stream,
    setHost: false,
    path: wire(path),
    // A list is written as it is, but for a Connection header that node adds if there is none, and this can't be forbidden.
    headers: closing ? headers.flatMap(({name, value}) => [name, wire(value)]) : {},
    // The answer is judged, not handed on: what Go's client or Envoy let pass must not fail here.
    insecureHTTPParser: true,
    maxHeaderSize: MAX_HEADERS,
  });
  if (!closing) {
    for (const {name, value} of headers) request.appendHeader(name, wire(value));
    request.removeHeader('connection');
  }
  request.on('response', (response) => hear(response, ear));
  request.on('upgrade', (response) => {
    hear(response, ear);
    ear.end(true);
  });
  request.on('error', (error) => ear.fail(error));
  ear.onDone(() => request.destroy());
  request.end();
}

/**
 * Sends the same GET twice over one connection, the second one `idleMs` after the first was answered, as a proxy does that
 * keeps its connection; hands over the second answer. An app that closes in between has given none.
 */
export function getAgain(stream: Duplex, send: Ask['send'] & {kind: 'get'}, ear: Ear, idleMs: number): void {
  const agent = new OneConnection(stream);
  const ask = () => http.request({agent, setHost: false, path: wire(send.path), headers: send.headers.flatMap(({name, value}) => [name, wire(value)]), insecureHTTPParser: true, maxHeaderSize: MAX_HEADERS});
  const first = ask();
  let second: http.ClientRequest | undefined;
  let timer: NodeJS.Timeout | undefined;
  ear.onDone(() => {
    clearTimeout(timer);
    first.destroy();
    second?.destroy();
    agent.destroy();
  });
  first.on('error', (error) => ear.fail(error));
  first.on('response', (response) => {
    // An app that announces that it closes is asked once: nobody keeps such a connection.
    if (endsConnection(`HTTP/${response.httpVersion}`, [response.headers.connection ?? ''])) return hear(response, ear);
    response.resume();
    response.on('end', () => {
      timer = setTimeout(() => {
        if (stream.destroyed || stream.readableEnded) return ear.fail(new Error('EOF'));
        second = ask();
        second.on('response', (answer) => hear(answer, ear));
        second.on('error', (error) => ear.fail(error));
        second.end();
      }, idleMs);
    });
  });
  first.end();
}

/** An agent that has one connection, and makes no other. */
class OneConnection extends http.Agent {
  readonly #stream: Duplex;

  constructor(stream: Duplex) {
    super({keepAlive: true, maxSockets: 1});
    this.#stream = stream;
  }

  override createConnection(): Duplex {
    return this.#stream;
  }

  /** A stream of the tunnel has no socket's options, and needs none. */
  override keepSocketAlive(): boolean {
    return true;
  }

  override reuseSocket(): void {}
}

function hear(response: http.IncomingMessage, ear: Ear): void {
  ear.head({protocol: response.httpVersion === '1.0' ? 'HTTP/1.0' : 'HTTP/1.1', status: response.statusCode ?? 0, reason: response.statusMessage ?? '', headers: paired(response.rawHeaders)});
  response.on('data', (bytes: Buffer) => ear.body(bytes));
  response.on('end', () => ear.end(response.complete));
  response.on('error', (error) => ear.fail(error));
}

/** Bytes of UTF-8, as Go writes them, one character each, as node:http takes them. */
function wire(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

function paired(raw: string[]): {name: string; value: string}[] {
  return raw.flatMap((name, index) => (index % 2 === 0 ? [{name, value: raw[index + 1] ?? ''}] : []));
}
