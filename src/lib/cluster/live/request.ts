import http from 'node:http';
import https from 'node:https';
import {clean} from '../sanitize.ts';
import {ClusterError} from '../cluster.ts';
import type {Credentials} from './credentials.ts';
import {refusalOf, Retry, tooLate, transportError} from './errors.ts';

export interface Asking {
  /** Path and query, `/api/v1/pods?limit=500`. */
  path: string;
  /** In words, for errors: `pods in namespace shop`. */
  asked: string;
  /** A command that shows a refusal to a person. */
  permission?: string;
  /** What is accepted instead of JSON. */
  accept?: string;
}

export interface Limits {
  /** For the whole of one attempt, in milliseconds; 0 for none. */
  timeoutMs: number;
  signal: AbortSignal;
  /** Before the second try, in milliseconds; it doubles with each. */
  firstPauseMs?: number;
  /** Is told of each request when it has its answer, for `-v`. */
  told?: (line: string) => void;
}

const TRIES = 4;
const FIRST_PAUSE_MS = 400;

/** Takes a body in pieces; `take` and `end` throw a SyntaxError for what is no JSON. */
export interface Taking<T> {
  take(chunk: Buffer): void;
  end(): T;
}

/**
 * Sends one GET, hands the body over in pieces and answers with what `end` makes of them. Tries again, with growing pauses
 * or as long as `Retry-After` says, on 429, 5xx, broken connections and JSON that is cut; `begin` is called for each
 * attempt. Never tries again after a time-out: that would be four times what the user allowed.
 * @throws {ClusterError} for each answer that is neither 200 nor 204 or is not what is accepted, and for none within the time
 */
export function send<T>(credentials: Credentials, asking: Asking, limits: Limits, begin: () => Taking<T>): Promise<T> {
  return patiently(limits, () => once(credentials, asking, limits, begin()));
}

/** Tries up to four times, as long as what fails is a Retry. @throws the last failure, as a ClusterError */
export async function patiently<T>(limits: Limits, attemptOnce: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await attemptOnce();
    } catch (error) {
      if (!(error instanceof Retry)) throw error;
      const {reason, asked, got, try: attempted} = error.last;
      if (attempt === TRIES) throw new ClusterError(reason, {asked, got: `${got} (asked ${TRIES} times)`, ...(attempted === undefined ? {} : {try: attempted})});
      await pause(error.waitMs ?? (limits.firstPauseMs ?? FIRST_PAUSE_MS) * 2 ** (attempt - 1) * (0.5 + Math.random() / 2), limits.signal);
    }
  }
}

/** One attempt, without a second. @throws {Retry} for what may pass, else a ClusterError */
export function once<T>(credentials: Credentials, asking: Asking, {timeoutMs, signal, told}: Limits, taking: Taking<T>): Promise<T> {
  const {url, agent, headers} = credentials;
  const plain = url.protocol === 'http:';
  const {asked} = asking;
  return new Promise((done, fail) => {
    let begun = false;
    const started = performance.now();
    const leave = (error: unknown) => {
      clearTimeout(deadline);
      signal.removeEventListener('abort', abort);
      if (error !== undefined) fail(error);
    };
    /** Leaves first: a request that has no socket yet, behind a silent proxy, would tell nobody of its end. */
    const cut = (error: ClusterError) => {
      leave(error);
      request.destroy();
    };
    const abort = () => cut(new ClusterError('aborted', {asked, got: 'interrupted'}));
    const broken = (error: NodeJS.ErrnoException) => leave(transportError(error, asking, url, begun));
    /** A SyntaxError is the server's, and may pass; any other is our own. */
    const guarded = (work: () => void) => {
      try {
        work();
      } catch (error) {
        request.destroy();
        leave(error instanceof SyntaxError ? new Retry(new ClusterError('bad-answer', {asked, got: 'the answer is no JSON, or stopped in the middle'})) : error);
      }
    };
    const request = (plain ? http : https).request(
      {host: url.hostname.replace(/^\[|\]$/g, ''), port: url.port || (plain ? 80 : 443), path: url.pathname.replace(/\/$/, '') + asking.path, agent, headers: {...headers, accept: asking.accept ?? 'application/json', 'accept-encoding': 'identity'}},
      (response) => {
        begun = true;
        told?.(`GET ${url.origin}${url.pathname.replace(/\/$/, '')}${asking.path} ${response.statusCode} in ${Math.round(performance.now() - started)} ms`);
        response.on('error', broken);
        if (response.statusCode !== 200 && response.statusCode !== 204) return refused(response, asking, leave);
        const {'content-encoding': encoding = 'identity', 'content-type': type = 'application/json'} = response.headers;
        if (encoding !== 'identity') {
          request.destroy();
          return leave(new ClusterError('bad-answer', {asked, got: `the answer is in ${clean(encoding)}, which was not asked for`}));
        }
        if (asking.accept === undefined && !/json/i.test(type)) return beginning(response, (body) => leave(new ClusterError('bad-answer', {asked, got: `no JSON came back, but ${clean(type)}: ${clean(body).slice(0, 120)}`})));
        response.on('data', (chunk: Buffer) => guarded(() => taking.take(chunk)));
        response.on('end', () =>
          guarded(() => {
            done(taking.end());
            leave(undefined);
          }),
        );
      },
    );
    const deadline = timeoutMs > 0 ? setTimeout(() => cut(tooLate(asked, url, timeoutMs, begun)), timeoutMs) : undefined;
    request.on('error', broken);
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, {once: true});
    request.end();
  });
}

/** The first 64 KiB of a body as text; the rest is read and forgotten, so that the connection can be used again. */
function beginning(response: http.IncomingMessage, use: (body: string) => void): void {
  let body = '';
  response.setEncoding('utf8').on('data', (text: string) => {
    if (body.length < 65_536) body += text;
  });
  response.on('end', () => use(body));
}

/** Reads a refusal to its end, and leaves with what it says. */
export function refused(response: http.IncomingMessage, asking: Asking, leave: (error: Error) => void): void {
  beginning(response, (body) => leave(refusalOf(response, body, asking)));
}

/** Waits, or until the signal aborts. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((done) => {
    const timer = setTimeout(end, ms);
    function end(): void {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      done();
    }
    signal.addEventListener('abort', end, {once: true});
  });
}
