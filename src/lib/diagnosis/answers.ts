import type {PodCase, ProbeCase} from '../checks/case.ts';
import {lastRequests, succeeded} from '../checks/access.ts';
import {answerText, isDone, readingOf, type Reading} from '../checks/reading.ts';
import {startBudgetSeconds} from '../kubelet/timing.ts';
import {readProbeText} from '../kubelet/messages.ts';
import type {Symptom} from '../model/symptom.ts';

/** A replay that fails is a symptom like an event of the kubelet, in the kubelet's words. */
export function answerSymptom(pod: PodCase, probe: ProbeCase): Symptom[] {
  const reading = readingOf(pod, probe);
  const {through} = reading ?? {};
  if (!through || through.ok || isDone(probe)) return [];
  const {failure, status} = readProbeText(through.judgement.text);
  return [
    {
      kind: 'answer',
      state: young(pod, probe) ? 'starting' : isLate(through) && unreported(probe) ? 'maybe' : 'going-on',
      container: probe.container,
      probe: probe.type,
      failure,
      ...(status === undefined ? {} : {status}),
      text: through.judgement.text,
      count: 1,
      evidence: {label: 'mesh', text: answerText(through.answer), source: 'live answer', command: pod.commands.self(`forward pod/${pod.pod.name} -n ${pod.pod.namespace}`)},
    },
  ];
}

/**
 * The kubelet does not ask it yet, or a failure does not count yet; only of a readiness probe the status shows that it has
 * succeeded. A probe that failed in the run before has no such excuse.
 */
function young({now}: PodCase, {actual, status, type, symptoms}: ProbeCase): boolean {
  if (symptoms.some(({state}) => state === 'going-on' || state === 'maybe')) return false;
  if (!actual || status?.state.kind !== 'running' || (type === 'readiness' && status.ready)) return false;
  if (type !== 'startup' && status.started === false) return true;
  return now - (status.state.startedAt ?? 0) < startBudgetSeconds(actual) * 1000;
}

/** The kubelet's time is over, or the proxy's own, which is the same. */
function isLate({late, by}: NonNullable<Reading['through']>): boolean {
  return late || (by.by === 'proxy' && by.says === 'gave-up');
}

/** The kubelet has nothing to say against the probe: one late answer alone may be a moment's. */
function unreported({status, symptoms}: ProbeCase): boolean {
  return status?.ready === true && symptoms.every(({state}) => state === 'over');
}

/**
 * What the kubelet reported is over where the container is ready, the request is answered now, and the kubelet's own last
 * requests were: silence proves nothing, an answer does.
 */
export function settled(pod: PodCase, probe: ProbeCase): Symptom[] {
  const reading = readingOf(pod, probe);
  const calm = reading?.through?.ok === true && probe.status?.ready === true && (lastRequests(pod, probe) ?? []).slice(-3).every(succeeded);
  return calm ? probe.symptoms.map((one) => (one.kind === 'probe' ? {...one, state: 'over' as const} : one)) : probe.symptoms;
}
