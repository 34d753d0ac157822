import type {PodCase, ProbeCase} from '../case.ts';
import {answerText, span, type Side} from '../reading.ts';
import {ownTarget} from '../words.ts';
import {directlyToo, type Answered, type Decision} from './decision.ts';

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
  if (isSlow(past)) return slow(probe, reading);
  if (past.answer.end !== 'short') return undefined;
  return {cause: 'short-body', why: 'answer ends early', because: `${ownTarget(probe)} answers ${past.answer.status} and then ends before its Content-Length${directlyToo(reading)}, which the kubelet counts as an error`};
}

function isSlow({late: slowHead, answer}: Side): boolean {
  return slowHead || (answer.kind === 'response' && answer.end === 'late');
}

function slow(probe: ProbeCase, reading: Answered): Decision | undefined {
  const {through, past} = reading;
  const limit = probe.actual?.timeoutSeconds ?? 1;
  if (!past) return undefined;
  if (isSlow(past)) {
    const {took, seconds} = tookOf(past);
    return {
      cause: 'slow-app',
      why: `${took}, probe waits ${limit}s`,
      because: `the app is slower than its probe allows${reading.one ? '' : ', directly too'}`,
      fix: seconds === undefined ? 'an endpoint that answers at once' : `timeoutSeconds: ${seconds}, or an endpoint that answers at once`,
    };
  }
  if (!past.ok || through.answer.kind !== 'timeout') return undefined;
  return {cause: 'slow-proxy', why: 'slow through the mesh only', because: `directly the app answers ${answerText(past.answer)}`, couldBe: ['the proxy is starved of CPU', 'the app was slow for this one request']};
}

/** How long the app took, as far as it was waited for. */
function tookOf({answer}: Side): {took: string; seconds?: number} {
  if (answer.kind === 'response' && answer.end === 'late') return {took: `body not whole after ${span(answer.ms)}`};
  if (answer.kind === 'response') return {took: `answers after ${span(answer.ms)}`, seconds: Math.ceil(answer.ms / 1000) + 1};
  return {took: answer.kind === 'unsendable' ? 'no answer' : `no answer within ${span(answer.ms)}`};
}
