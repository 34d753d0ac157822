import type {Blame} from '../../model/finding.ts';
import type {Hop} from '../../model/look.ts';
import type {PodCase, ProbeCase} from '../case.ts';
import type {Reading, Side} from '../reading.ts';

export type LiveCause =
  | 'app-status'
  | 'port-closed'
  | 'slow-app'
  | 'bind-address'
  | 'loopback-only'
  | 'tls-app'
  | 'plaintext-app'
  | 'no-http'
  | 'odd-http'
  | 'app-closes'
  | 'connection-reuse'
  | 'redirect'
  | 'added-header'
  | 'path-as-written'
  | 'host-header'
  | 'short-body'
  | 'slow-proxy'
  | 'tls-fails'
  | 'grpc-app';

/** What a replay proves, or (with `couldBe`) what it leaves. */
export interface Decision {
  cause: LiveCause;
  why: string;
  /** Tells findings of one cause apart, however it was found; where that is needed. */
  key?: string;
  because: string;
  couldBe?: string[];
  fix?: string;
  blame?: Blame;
  /** It does not heal by waiting: what was declared or built has to change. */
  lasting?: true;
}

/** A replay that has an answer to the kubelet's own call. */
export type Answered = Reading & {through: NonNullable<Reading['through']>};

/** One question of a replay: the cause that it proves, or nothing. */
export type Decider = (pod: PodCase, probe: ProbeCase, reading: Answered) => Decision | undefined;

/** Both ways tell the same; of one connection nothing is said twice. */
export function alike({one}: Pick<Reading, 'one'>): string {
  return one ? '' : ', through the mesh and directly alike';
}

export function directlyToo({one}: Pick<Reading, 'one'>): string {
  return one ? '' : ', directly too';
}

/** Answered well, whole and in time, by the place that was asked. */
export function isGood(side: Side | undefined): boolean {
  return side?.ok === true && !(side.answer.kind === 'response' && side.answer.status >= 300);
}

/** Host of a request, as it was sent. */
export function hostOf({send}: Hop['ask']): string {
  return send.kind === 'get' ? (send.headers.find(({name}) => name === 'Host')?.value ?? '') : '';
}

/** The status of an answer, if it has one. */
export function statusOf(side: Pick<Side, 'answer'> | undefined): number | undefined {
  return side?.answer.kind === 'response' ? side.answer.status : undefined;
}

/** What remains where the app fails through the mesh, and not directly. */
export const AT_TIMES = 'the app fails now and then, and did so in this moment';
export const ELSE = 'it does so for something else that the proxy changes in the request';
