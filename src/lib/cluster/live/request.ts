import http from 'node:http';
import https from 'node:https';
import {clean} from '../sanitize.ts';
import {ClusterError, type ClusterErrorReason} from '../cluster.ts';
import type {Credentials} from './credentials.ts';

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
}

const TRIES = 4;
const FIRST_PAUSE_MS = 400;
const REASONS: Record<number, ClusterErrorReason> = {400: 'invalid', 401: 'unauthorized', 403: 'forbidden', 404: 'not-found', 410: 'gone', 422: 'invalid', 429: 'busy'};

/**
 * Sends one GET and hands the body over in pieces. Tries again, with growing pauses or as long as `Retry-After` says, on 429,
 * 5xx and broken connections, as long as `begin` can start afresh: it is called for each attempt.
 * @throws {ClusterError} for each answer that is neither 200 nor 204, and for none within the time
 */
export function send(credentials: Credentials, asking: Asking, limits: Limits, begin: () => (chunk: Buffer) => void): Promise<void> {
  return patiently(limits, () => once(credentials, asking, limits, begin()));
}

/** Tries up to four times, as long as what fails is a Retry. @throws the last failure, as a ClusterError */
export async function patiently<T>(limits: Limits, attemptOnce: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await attemptOnce();
    } catch (error) {
      if (!(error instanceof Retry) || attempt === TRIES || limits.signal.aborted) throw error instanceof Retry ? error.last : error;
      await pause(error.waitMs ?? (limits.firstPauseMs ?? FIRST_PAUSE_MS) * 2 ** (attempt - 1) * (0.5 + Math.random() / 2), limits.signal);
    }
  }
}

/** A failure that may pass. */
export class Retry extends Error {
  readonly last: ClusterError;
  readonly waitMs: number | undefined;
  constructor(last: ClusterError, waitMs?: number) {
    super(last.message);
    this.last = last;
    this.waitMs = waitMs;
  }
}

/** One attempt, without a second. @throws {Retry} for what may pass, else a ClusterError */
export function once(credentials: Credentials, asking: Asking, {timeoutMs, signal}: Limits, take: (chunk: Buffer) => void): Promise<void> {
  const {url, agent, headers} = credentials;
  const plain = url.protocol === 'http:';
  return new Promise((done, fail) => {
    const settle = (error?: Error) => {
      clearTimeout(deadline);
      signal.removeEventListener('abort', abort);
      if (error) fail(error);
      else done();
    };
    const broken = (error: NodeJS.ErrnoException) => settle(transportError(error, asking, url, timeoutMs, signal));
    const abort = () => {
      broken(new Error('aborted'));
      // Without an error: where the answer has come already, the socket is the agent's again, and nobody would hear it.
      request.destroy();
    };
    const request = (plain ? http : https).request(
      {host: url.hostname.replace(/^\[|\]$/g, ''), port: url.port || (plain ? 80 : 443), path: url.pathname.replace(/\/$/, '') + asking.path, agent, headers: {...headers, accept: asking.accept ?? 'application/json'}},
      (response) => {
        response.on('error', broken).on('aborted', () => broken(Object.assign(new Error('the answer stopped in the middle'), {code: 'TRUNCATED'})));
        if (response.statusCode === 200 || response.statusCode === 204) {
          response.on('data', (chunk: Buffer) => {
            try {
              take(chunk);
            } catch {
              response.destroy();
              settle(new Retry(new ClusterError('bad-answer', {asked: asking.asked, got: `${url.host} answered with something that is no JSON list`})));
            }
          });
          response.on('end', () => settle());
        } else refused(response, asking, settle);
      },
    );
    const deadline = timeoutMs > 0 ? setTimeout(() => request.destroy(new Error('timeout')), timeoutMs) : undefined;
    request.on('error', broken);
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, {once: true});
    request.end();
  });
}

/** Reads at most 64 KiB of a refusal: a Status of the API server, or a page of something in between. */
export function refused(response: http.IncomingMessage, asking: Asking, settle: (error: Error) => void): void {
  let body = '';
  response.setEncoding('utf8').on('data', (text: string) => {
    if (body.length < 65_536) body += text;
  });
  response.on('end', () => {
    const code = response.statusCode ?? 0;
    const error = new ClusterError(REASONS[code] ?? (code >= 500 ? 'busy' : 'bad-answer'), {
      asked: asking.asked,
      got: `${code} ${response.statusMessage ?? ''}: ${saidBy(body)}`.replace(/: $/, ''),
      ...(asking.permission !== undefined && (code === 401 || code === 403) ? {try: asking.permission} : {}),
    });
    settle(code === 429 || code >= 500 ? new Retry(error, retryAfterMs(response.headers['retry-after'])) : error);
  });
}

function saidBy(body: string): string {
  try {
    return clean(String((JSON.parse(body) as {message?: unknown}).message ?? ''));
  } catch {
    return clean(body).slice(0, 120);
  }
}

/** Bounded by half a minute: a longer wish is for programs that have time. */
function retryAfterMs(header: string | undefined): number | undefined {
  if (header === undefined) return undefined;
  const ms = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - Date.now();
  return Number.isNaN(ms) ? undefined : Math.min(30_000, Math.max(0, ms));
}

export function transportError(error: NodeJS.ErrnoException, {asked}: Asking, url: URL, timeoutMs: number, signal: AbortSignal): Error {
  if (signal.aborted) return new ClusterError('aborted', {asked, got: 'interrupted'});
  const server = `${url.protocol}//${url.host}`;
  if (error.message === 'timeout') return new ClusterError('unreachable', {asked, got: `${server} did not answer within ${timeoutMs / 1000}s`});
  if (error.code === 'TRUNCATED' || error.code === 'ECONNRESET') return new Retry(new ClusterError('bad-answer', {asked, got: `${server} ended the answer in the middle`}));
  return new ClusterError('unreachable', {asked, got: wordsOf(error, url, server)}, {cause: error});
}

const UNKNOWN_CA = 'shows a certificate that no known CA has signed: is certificate-authority set?';

/** Codes of Node's and OpenSSL's, as a person says them. */
function wordsOf(error: NodeJS.ErrnoException & {cert?: {subjectaltname?: string}}, url: URL, server: string): string {
  const words: Record<string, string> = {
    ECONNREFUSED: `${server} refuses connections: is that the right host and port?`,
    ENOTFOUND: `the name ${url.hostname} is not known`,
    EAI_AGAIN: `the name ${url.hostname} can't be looked up`,
    ETIMEDOUT: `${server} does not answer`,
    DEPTH_ZERO_SELF_SIGNED_CERT: `${server} ${UNKNOWN_CA}`,
    SELF_SIGNED_CERT_IN_CHAIN: `${server} ${UNKNOWN_CA}`,
    UNABLE_TO_VERIFY_LEAF_SIGNATURE: `${server} ${UNKNOWN_CA}`,
    UNABLE_TO_GET_ISSUER_CERT: `${server} ${UNKNOWN_CA}`,
    UNABLE_TO_GET_ISSUER_CERT_LOCALLY: `${server} ${UNKNOWN_CA}`,
    CERT_HAS_EXPIRED: `${server} shows a certificate that has expired`,
    CERT_NOT_YET_VALID: `${server} shows a certificate that is not valid yet: is the clock right?`,
    ERR_TLS_CERT_ALTNAME_INVALID: `${server} shows a certificate for another name (${clean(error.cert?.subjectaltname ?? 'it has none')}): is tls-server-name set?`,
  };
  if (/wrong version number|packet length too long|http request/.test(error.message)) return `${server} does not speak TLS: should it be http://?`;
  return words[error.code ?? ''] ?? `${server}: ${clean(error.message)}`;
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
