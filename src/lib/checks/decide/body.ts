import type {PodCase, ProbeCase} from '../case.ts';
import {answerText, span, type Side} from '../reading.ts';
import {ownTarget} from '../words.ts';
import {directlyToo, isGood, type Answered, type Decision} from './decision.ts';

/** The kubelet got no whole answer within its time: a time-out where no headers came, an error where a body did not end. */
export function late(_pod: PodCase, probe: ProbeCase, reading: Answered): Decision | undefined {
  const {through} = reading;
  if (through.judgement.outcome === 'error') return unwhole(probe, reading);
  return through.late || (through.by.by === 'proxy' && through.by.says === 'gave-up') ? slow(probe, reading) : undefined;
}

/** A body that is not whole: cut by its sender, or by a proxy whose time was over. What the app does directly tells which. */
function unwhole(probe: ProbeCase, reading: Answered): Decision | undefined {
  const {through, past} = reading;
  if (through.answer.kind !== 'response' || past?.answer.kind !== 'response') return undefined;
  if (isSlow(past) || through.answer.end === 'late') return slow(probe, reading);
  const early = {cause: 'short-body', why: 'answer ends early'} as const;
  if (past.answer.end === 'short') return {...early, because: `${ownTarget(probe)} answers ${past.answer.status} and then ends before its Content-Length${directlyToo(reading)}, which the kubelet counts as an error`};
  const couldBe = ['the app ends some of its answers early', 'the proxy cut it, as its own time was over', 'the app ended, or restarted, in the middle of it'];
  return {...early, because: `through the mesh the body ended early, and directly it is whole: ${answerText(past.answer)}`, couldBe, blame: 'not yet known'};
}

function isSlow({late: slowHead, answer}: Side): boolean {
  return slowHead || (answer.kind === 'response' && answer.end === 'late');
}

function slow(probe: ProbeCase, reading: Answered): Decision | undefined {
  const {past} = reading;
  const limit = probe.actual?.timeoutSeconds ?? 1;
  if (!past) return undefined;
  if (isSlow(past)) {
    const {took, seconds} = tookOf(past);
    return {
      cause: 'slow-app',
      why: `${took}, probe waits ${limit}s`,
      because: `the app is slower than its probe allows${reading.one ? '' : ', directly too'}${isFailure(past) ? `, and its late answer is ${answerText(past.answer)}` : ''}`,
      fix: seconds === undefined || isFailure(past) ? 'an endpoint that answers at once' : `timeoutSeconds: ${seconds}, or an endpoint that answers at once`,
    };
  }
  // The route's own timeout is shorter than the app needs, and than the probe allows: that is the mesh's (OSMP120).
  if (!isGood(past) || outlastsRoute(probe, past)) return undefined;
  return {cause: 'slow-proxy', why: 'slow through the mesh only', because: `directly the app answers ${answerText(past.answer)}`, couldBe: ['the proxy is starved of CPU', 'the app was slow for this one request']};
}

/** The app answered within its probe's time, and not within that of the route which leads to it. */
export function outlastsRoute({path: {end}}: ProbeCase, {answer}: Side): boolean {
  return end.at === 'target' && end.timeoutSeconds !== undefined && 'ms' in answer && answer.ms > end.timeoutSeconds * 1000;
}

/** More time would not help: what comes late is no success either. */
function isFailure({answer}: Side): boolean {
  if (answer.kind === 'grpc') return answer.code !== 0 || answer.status !== 'SERVING';
  return answer.kind === 'response' && answer.status >= 300;
}

/** How long the app took, as far as it was waited for. */
function tookOf({answer}: Side): {took: string; seconds?: number} {
  if (answer.kind === 'response' && answer.end === 'late') return {took: `body not whole after ${span(answer.ms)}`};
  if (answer.kind === 'response' || answer.kind === 'grpc') return {took: `answers after ${span(answer.ms)}`, seconds: Math.ceil(answer.ms / 1000) + 1};
  return {took: answer.kind === 'unsendable' ? 'no answer' : `no answer within ${span(answer.ms)}`};
}
