import type {IncomingMessage} from 'node:http';
import {ClusterError, type ClusterErrorReason} from '../cluster.ts';
import {object} from '../reduce/read.ts';
import {clean} from '../sanitize.ts';
import type {Asking} from './request.ts';

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

/** An answer that goes on longer than anything that was asked for; a second try would be as long. */
export class TooMuch extends Error {}

const REASONS: Record<number, ClusterErrorReason> = {400: 'invalid', 401: 'unauthorized', 403: 'forbidden', 404: 'not-found', 410: 'gone', 422: 'invalid', 429: 'busy'};

/** Characters of what a server says of its refusal. */
const MOST_SAID = 1000;

/** What a refusal says: a Status of the API server, or a page of something in between; a Retry where it may pass. */
export function refusalOf({statusCode: code = 0, statusMessage = '', headers}: IncomingMessage, body: string, {asked, permission}: Asking): Error {
  const error = new ClusterError(REASONS[code] ?? (code >= 500 ? 'busy' : 'bad-answer'), {
    asked,
    got: `${code} ${clean(statusMessage.slice(0, 80))}: ${saidBy(body)}`.replace(/: $/, ''),
    ...(permission !== undefined && (code === 401 || code === 403) ? {try: permission} : {}),
  });
  return code === 429 || code >= 500 ? new Retry(error, retryAfterMs(headers['retry-after'], Date.parse(headers.date ?? '') || Date.now())) : error;
}

function saidBy(body: string): string {
  try {
    const message = object(JSON.parse(body))['message'];
    return typeof message === 'string' ? clean(message.slice(0, MOST_SAID)) : '';
  } catch {
    return clean(body.slice(0, 120)); // A page of something in between.
  }
}

/** Milliseconds that the server wants to pass; undefined where it says nothing that makes sense. */
export function retryAfterMs(header: string | undefined, now: number): number | undefined {
  if (header === undefined) return undefined;
  const ms = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - now;
  return Number.isNaN(ms) ? undefined : Math.max(0, ms);
}

export function tooLate(asked: string, url: URL, timeoutMs: number, begun: boolean): ClusterError {
  const got = `${url.protocol}//${url.host} did not ${begun ? 'end its answer' : 'answer'} within ${Math.round(timeoutMs / 10) / 100}s`;
  return new ClusterError('unreachable', {asked, got, try: 'the same with a longer --request-timeout, or --request-timeout=0 for no limit'});
}

export function transportError(error: NodeJS.ErrnoException, {asked}: Asking, url: URL, begun: boolean): Error {
  const server = `${url.protocol}//${url.host}`;
  if (begun || error.code === 'ECONNRESET' || error.code === 'EPIPE') {
    return new Retry(new ClusterError('bad-answer', {asked, got: begun ? `${server} ended the answer in the middle` : `${server} ended the connection without an answer`}));
  }
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
  if (error.code === 'PROXY') return clean(error.message);
  if (/wrong version number|packet length too long|http request/.test(error.message)) return `${server} does not speak TLS: should it be http://?`;
  return words[error.code ?? ''] ?? `${server}: ${clean(error.message)}`;
}

