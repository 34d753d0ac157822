import {answerShown, type Answer, type Ask} from '../../model/answer.ts';
import type {LogOptions, PodName} from '../cluster.ts';
import {isAdminAsk} from '../envoy-admin.ts';
import {maskedLines} from '../masks.ts';
import {shownAnswer, shownAsk} from '../shown.ts';
import {probesOfDump} from './envoy.ts';

/** The mesh's own, and those that a question is varied by. */
const NAMED_HEADERS = /^(original-|x-forwarded-proto$|x-envoy-original-path$)/i;

/**
 * A question to a port as a snapshot names it. Of the headers only the mesh's own are in it: the others' values are
 * redacted in the pods that the same question is later made from, and of its path what may be shown. Equal questions are
 * told apart by their order.
 */
export function askQuestion({namespace, name}: PodName, ask: Ask): string {
  return `ask pod/${name} -n ${namespace} ${whatOf(shownAsk(ask))}`;
}

function whatOf({port, send}: Ask): string {
  if (send.kind === 'grpc') return `grpc :${port} ${send.service}`.trim();
  if (send.kind === 'connect') return `connect :${port}`;
  const headers = send.headers.filter(({name}) => NAMED_HEADERS.test(name)).map(({name, value}) => `${name}: ${value}`);
  return [`get ${send.scheme.toLowerCase()}://:${port}${send.path}`, ...headers, ...(send.after ? ['once more'] : [])].join(' ');
}

export function logQuestion({namespace, name}: PodName, {container, previous}: LogOptions): string {
  return `logs pod/${name} -n ${namespace} -c ${container}${previous ? ' --previous' : ''}`;
}

/** What is read of an answer's headers, and so what is kept. */
const KEPT_HEADERS = /^(server|location|content-length|content-type|x-envoy-.*)$/i;
/** Of an app's words one line is evidence. */
const KEPT_BODY = 200;

/** A copy of an answer with what is read of it. Of the proxy's configuration that is what belongs to probes. */
export function redactAnswer(ask: Ask, answer: Answer): Answer {
  if (answer.kind === 'response' && isAdminAsk(ask)) {
    return {...answer, reason: '', headers: [], body: adminBody(ask, answer.body)};
  }
  const shown = answerShown(shownAnswer(answer));
  if (shown.kind === 'open' || shown.kind === 'not-http') return {...shown, said: firstLine(shown.said)};
  if (shown.kind !== 'response') return shown;
  return {...shown, headers: shown.headers.filter(({name}) => KEPT_HEADERS.test(name)), body: firstLine(shown.body)};
}

/** Of the proxy's counters and its state whole lines that are read. */
function adminBody({send}: Ask, body: string): string {
  const path = send.kind === 'get' ? send.path : '';
  const other = firstLine(maskedLines(body.slice(0, 2 * KEPT_BODY)));
  if (path.startsWith('/config_dump')) return probesOfDump(body) ?? other;
  if (!path.startsWith('/stats')) return other;
  return (body.match(/^[\w.|]{1,300}: \d{1,20}$/gm) ?? []).map((line) => `${line}\n`).join('');
}

/** What is masked already is cut, so that no half of a secret stands at the end. */
function firstLine(text: string): string {
  return text.split('\n', 1)[0]!.slice(0, KEPT_BODY);
}
