import http from 'node:http';
import https from 'node:https';
import {clean} from '../sanitize.ts';
import {ClusterError} from '../cluster.ts';
import type {Credentials} from './credentials.ts';
import {refusalOf, Retry, TooMuch, tooLate, transportError} from './errors.ts';

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
  /** For one question, all its tries together, in milliseconds; 0 for none. */
  timeoutMs: number;
  signal: AbortSignal;
  /** How long nothing may come, in milliseconds; absent for as long as all may take. */
  quietMs?: number;
  /** Before the second try, in milliseconds; it doubles with each. */
  firstPauseMs?: number;
  /** Is told of each request when it has its answer, for `-v`. */
  told?: (line: string) => void;
  /** Is told of what is waited for longer than two seconds. */
  waiting?: (line: string) => void;
  /** Is told the `Date` of each answer. */
  dated?: (date: string | undefined) => void;
}

const TRIES = 4;
const FIRST_PAUSE_MS = 400;
/** A wait that is said. */
export const LONG_MS = 2000;
/** A wish to wait that nobody fulfils who has no limit of his own, in milliseconds. */
const NEVER_MS = 5 * 60_000;
/** Bytes of a refusal that are read; what comes after tells nothing more. */
const MOST_REFUSAL = 64 * 1024;

/** Takes a body in pieces; `take` and `end` throw a SyntaxError for what is no JSON, and TooMuch for what has no end. */
export interface Taking<T> {
  take(chunk: Buffer): void;
  end(): T;
}

/**
 * Sends one GET, hands the body over in pieces and answers with what `end` makes of them. Tries again, with growing pauses
 * or as long as `Retry-After` says, on 429, 5xx, broken connections and JSON that is cut, as long as there is time;
 * `begin` is called for each attempt. Never tries again after a time-out.
 * @throws {ClusterError} for each answer that is neither 200 nor 204 or is not what is accepted, and for none within the time
 */
export function send<T>(credentials: Credentials, asking: Asking, limits: Limits, begin: () => Taking<T>): Promise<T> {
  return patiently(asking.asked, limits, (timeoutMs) => once(credentials, asking, {...limits, timeoutMs}, begin()));
}

/**
 * Tries up to four times, as long as what fails is a Retry and there is time; each try is given what is left of it.
 * @throws the last failure, as a ClusterError
 */
export async function patiently<T>(asked: string, limits: Limits, attemptOnce: (timeoutMs: number) => Promise<T>): Promise<T> {
  const started = performance.now();
  const left = () => (limits.timeoutMs === 0 ? NEVER_MS : limits.timeoutMs - (performance.now() - started));
  for (let attempt = 1; ; attempt++) {
    try {
      return await attemptOnce(limits.timeoutMs === 0 ? 0 : Math.max(1, left()));
    } catch (error) {
      if (!(error instanceof Retry)) throw error;
      const waitMs = error.waitMs ?? (limits.firstPauseMs ?? FIRST_PAUSE_MS) * 2 ** (attempt - 1) * (0.5 + Math.random() / 2);
      if (attempt === TRIES || waitMs >= left()) throw givenUp(error, attempt, waitMs >= left());
      if (waitMs > LONG_MS) limits.waiting?.(`waiting ${Math.round(waitMs / 1000)}s to ask again for ${asked}: ${error.last.got}`);
      await pause(waitMs, limits.signal);
    }
  }
}

function givenUp({last: {reason, asked, got, try: attempted}, waitMs = 0}: Retry, times: number, late: boolean): ClusterError {
  const wish = late && waitMs > LONG_MS ? `; the server wants ${Math.round(waitMs / 1000)}s to pass before it is asked again` : '';
  return new ClusterError(reason, {asked, got: `${got}${times > 1 ? ` (asked ${times} times)` : ''}${wish}`, try: attempted});
}

/** One attempt, without a second. @throws {Retry} for what may pass, else a ClusterError */
export function once<T>(credentials: Credentials, asking: Asking, limits: Limits, taking: Taking<T>): Promise<T> {
  const {timeoutMs, signal} = limits;
  const {url, agent, headers} = credentials;
  const plain = url.protocol === 'http:';
  const {asked} = asking;
  return new Promise((done, fail) => {
    let begun = false;
    const started = performance.now();
    const leave = (error: unknown) => {
      clearTimeout(deadline);
      clearTimeout(long);
      clearTimeout(quiet);
      signal.removeEventListener('abort', abort);
      if (error !== undefined) fail(error);
    };
    /** Leaves first: a request that has no socket yet, behind a silent proxy, would tell nobody of its end. */
    const cut = (error: unknown) => {
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
        cut(unusable(error, asked));
      }
    };
    const request = (plain ? http : https).request(
      {host: url.hostname.replace(/^\[|\]$/g, ''), port: url.port || (plain ? 80 : 443), path: url.pathname.replace(/\/$/, '') + asking.path, agent, headers: {...headers, accept: asking.accept ?? 'application/json', 'accept-encoding': 'identity'}},
      (response) => {
        begun = true;
        quiet?.refresh();
        clearTimeout(long);
        limits.dated?.(response.headers.date);
        limits.told?.(`GET ${url.origin}${url.pathname.replace(/\/$/, '')}${asking.path} ${response.statusCode} in ${Math.round(performance.now() - started)} ms`);
        response.on('error', broken);
        if (response.statusCode !== 200 && response.statusCode !== 204) return refused(response, asking, leave);
        const {'content-encoding': encoding = 'identity', 'content-type': type = 'application/json'} = response.headers;
        if (encoding !== 'identity') return cut(new ClusterError('bad-answer', {asked, got: `the answer is in ${clean(encoding).slice(0, 40)}, which was not asked for`}));
        if (asking.accept === undefined && !/json/i.test(type)) return beginning(response, (body) => leave(new ClusterError('bad-answer', {asked, got: `no JSON came back, but ${clean(type).slice(0, 80)}: ${clean(body.slice(0, 120))}`})));
        response.on('data', (chunk: Buffer) => {
          quiet?.refresh();
          guarded(() => taking.take(chunk));
        });
        response.on('end', () =>
          guarded(() => {
            done(taking.end());
            leave(undefined);
          }),
        );
      },
    );
    const long = limits.waiting && setTimeout(() => limits.waiting?.(`waiting for ${asked}`), LONG_MS);
    const quiet = limits.quietMs ? setTimeout(() => cut(tooLate(asked, url, limits.quietMs!, begun)), limits.quietMs) : undefined;
    const deadline = timeoutMs > 0 ? setTimeout(() => cut(tooLate(asked, url, timeoutMs, begun)), timeoutMs) : undefined;
    request.on('error', broken);
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, {once: true});
    request.end();
  });
}

function unusable(error: unknown, asked: string): unknown {
  if (error instanceof SyntaxError) return new Retry(new ClusterError('bad-answer', {asked, got: 'the answer is no JSON, or stopped in the middle'}));
  return error instanceof TooMuch ? new ClusterError('bad-answer', {asked, got: error.message}) : error;
}

/** The first 64 KiB of a body as text. A longer one is not read to its end, which may never come. */
function beginning(response: http.IncomingMessage, use: (body: string) => void): void {
  let body = '';
  response.setEncoding('utf8').on('data', (text: string) => {
    body += text;
    if (body.length < MOST_REFUSAL) return;
    response.destroy();
    use(body);
  });
  response.on('end', () => use(body));
}

/** Reads a refusal, and leaves with what it says; once the whole of it is read the connection can be used again. */
export function refused(response: http.IncomingMessage, asking: Asking, leave: (error: Error) => void): void {
  beginning(response, (body) => leave(refusalOf(response, body, asking)));
}

/** Takes a body that is one document; of more than `most` bytes it is none that was asked for. */
export function document(most: number): Taking<unknown> {
  const chunks: Buffer[] = [];
  let size = 0;
  return {
    take(chunk) {
      size += chunk.length;
      if (size > most) throw new TooMuch(`the answer has more than ${most / 1024 / 1024} MiB`);
      chunks.push(chunk);
    },
    end: () => JSON.parse(Buffer.concat(chunks).toString('utf8')) as unknown,
  };
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
    if (signal.aborted) end();
  });
}
