import type {PodCase, ProbeCase} from '../checks/case.ts';
import {lastRequests} from '../checks/access.ts';
import {isSlowTunnel, kubeletRefused} from '../checks/decide/heard.ts';
import {answerText, isBlind, isDone, readingOf, viaOf} from '../checks/reading.ts';
import {readProbeText} from '../kubelet/messages.ts';
import type {Symptom} from '../model/symptom.ts';
import {answerState} from './probe-state.ts';
import {probed} from './symptoms.ts';

/** A replay that fails is a symptom like an event of the kubelet, in the kubelet's words. */
export function answerSymptom(pod: PodCase, probe: ProbeCase): Symptom[] {
  const {actual, status, type, container} = probe;
  const reading = readingOf(pod, probe);
  const {through} = reading ?? {};
  if (!actual || status?.state.kind !== 'running' || !through || through.ok || isDone(probe) || (isBlind(probe, reading!) && !kubeletRefused(probe)) || isSlowTunnel(pod, probe, reading!)) return [];
  const {outcome, text} = through.judgement;
  const {failure, status: code} = readProbeText(text, actual.handler.kind, outcome === 'error' ? 'errored' : 'failed');
  const reported = probe.symptoms.filter(({kind, failure: seen}) => (kind === 'probe' && seen !== 'no-event') || kind === 'killed').map(({state}) => state);
  const {probes} = probed(pod.pod, container, probe.init);
  const {state, why, until} = answerState({now: pod.now, type, probe: actual, probes, status, reported, requests: lastRequests(pod, probe)});
  return [
    {
      kind: 'answer',
      state,
      why,
      ...(until === undefined ? {} : {until}),
      container,
      ...(probe.init ? {init: true} : {}),
      probe: type,
      failure,
      ...(outcome === 'error' ? {errored: true as const} : {}),
      ...(code === undefined ? {} : {status: code}),
      text,
      count: 1,
      evidence: {label: viaOf(probe) === 'direct' ? 'direct' : 'mesh', text: answerText(through.answer), source: 'live answer', command: pod.commands.self(`forward pod/${pod.pod.name} -n ${pod.pod.namespace}`)},
    },
  ];
}
