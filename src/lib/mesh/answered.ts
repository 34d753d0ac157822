import type {Answer} from '../model/answer.ts';
import type {Via} from '../model/path.ts';

/** Who made an answer, and what it means when it is no success. */
export type AnsweredBy =
  | {by: 'app'}
  | {by: 'healthcheck'; says: 'connected' | 'cannot-connect' | 'no-header' | 'other'}
  | {by: 'proxy'; says: 'cannot-connect' | 'app-closed' | 'no-http' | 'gave-up' | 'no-route' | 'tls-refused' | 'other'}
  | {by: 'nobody'};

/** Envoy's words for a request that it could not serve; they differ from release to release behind these beginnings. */
const RESETS: readonly [RegExp, 'cannot-connect' | 'app-closed' | 'no-http'][] = [
  [/reset reason: (remote )?connection failure/, 'cannot-connect'],
  [/reset reason: (connection termination|remote reset|local reset)/, 'app-closed'],
  [/reset reason: protocol error/, 'no-http'],
];

/**
 * Tells from an answer itself whether the app or the mesh gave it. `x-envoy-upstream-service-time` alone says only that
 * an upstream answered; which one, the path says (failure-cases: an app, another container, or Envoy itself).
 */
export function answeredBy(answer: Answer, via: Via): AnsweredBy {
  if (via === 'direct') return answer.kind === 'refused' ? {by: 'nobody'} : {by: 'app'};
  if (via === 'pipy') return pipy(answer);
  if (answer.kind !== 'response') return broken(answer, via);
  if (via === 'healthcheck') return healthcheck(answer);
  if (via === 'envoy-tcp') return {by: 'app'};
  if (answer.headers.some(({name}) => name.toLowerCase() === 'x-envoy-upstream-service-time')) return {by: 'app'};
  const reset = RESETS.find(([pattern]) => pattern.test(answer.body))?.[1];
  if (reset) return {by: 'proxy', says: reset};
  if (answer.status === 504) return {by: 'proxy', says: 'gave-up'};
  if (answer.status === 404) return {by: 'proxy', says: 'no-route'};
  return answer.headers.some(({name, value}) => name.toLowerCase() === 'server' && value === 'envoy') ? {by: 'proxy', says: 'other'} : {by: 'app'};
}

/** Pipy answers 502 itself for a closed port, with the reason as its words and no body; an app that closes gets no answer from it (http.cpp:673-694). */
function pipy(answer: Answer): AnsweredBy {
  if (answer.kind === 'refused') return {by: 'nobody'};
  if (answer.kind === 'closed') return {by: 'proxy', says: 'app-closed'};
  return answer.kind === 'response' && answer.status === 502 && /^connection refused$/i.test(answer.reason) && answer.body === '' ? {by: 'proxy', says: 'cannot-connect'} : {by: 'app'};
}

function healthcheck(answer: Extract<Answer, {kind: 'response'}>): AnsweredBy {
  if (answer.status >= 200 && answer.status < 300) return {by: 'healthcheck', says: 'connected'};
  if (/^Failed to establish connection to /.test(answer.body)) return {by: 'healthcheck', says: 'cannot-connect'};
  return {by: 'healthcheck', says: answer.status === 400 && /Original-Tcp-Port/i.test(answer.body) ? 'no-header' : 'other'};
}

/** No HTTP answer: behind a TCP relay a connection that ends at once is an upstream that could not be reached, or that ended it. */
function broken(answer: Exclude<Answer, {kind: 'response'}>, via: Via): AnsweredBy {
  if (answer.kind === 'refused') return {by: 'nobody'};
  if (via === 'envoy-tcp') return {by: 'app'};
  return {by: via === 'healthcheck' ? 'healthcheck' : 'proxy', says: 'other'};
}
