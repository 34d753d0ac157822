import type {PodCase, ProbeCase} from '../checks/case.ts';
import {lastRequests, succeeded} from '../checks/access.ts';
import {answerText, readingOf} from '../checks/reading.ts';
import {startBudgetSeconds} from '../kubelet/timing.ts';
import {readProbeText} from '../kubelet/messages.ts';
import type {Symptom} from '../model/symptom.ts';

/** A replay that fails is a symptom like an event of the kubelet, in the kubelet's words. */
export function answerSymptom(pod: PodCase, probe: ProbeCase): Symptom[] {
  const reading = readingOf(pod, probe);
  const {through} = reading ?? {};
  if (!through || through.ok) return [];
  const {failure, status} = readProbeText(through.judgement.text);
  return [
    {
      kind: 'answer',
      state: young(pod, probe) ? 'starting' : 'going-on',
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

function young({now}: PodCase, {actual, status}: ProbeCase): boolean {
  if (!actual || status?.state.kind !== 'running' || status.ready) return false;
  return now - (status.state.startedAt ?? 0) < startBudgetSeconds(actual) * 1000;
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
