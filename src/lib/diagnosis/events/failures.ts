import {failed, lastRequests, succeeded} from '../../checks/access.ts';
import type {PodCase, ProbeCase} from '../../checks/case.ts';
import {SPAM_WINDOW_SECONDS, startBudgetSeconds} from '../../kubelet/timing.ts';
import {inWords, wordsOf} from '../../mesh/words.ts';
import type {EventState, ProbeFailure} from '../../model/events-report.ts';
import type {AccessLine} from '../../model/look.ts';
import {named, ofContainer} from '../../model/lookup.ts';
import type {Pod} from '../../model/pod.ts';
import type {Symptom} from '../../model/symptom.ts';
import {isMuted} from '../symptoms.ts';
import {askedText, saidOf} from './said.ts';
import {together} from './times.ts';

/** Failures within this time of a container's start, or of its proxy's, that are over belong to the start (C1, J1). */
const START_MS = 30_000;

/** How the probes of one pod failed; ways that differ in the kubelet's words only are one. */
export function failuresOf(pod: PodCase): ProbeFailure[] {
  const muted = pod.events.seen && isMuted(pod.pod, pod.events.value);
  const found = pod.symptoms.flatMap((symptom): ProbeFailure[] => {
    const probe = ofContainer(pod.probes, symptom.container).find(({type, init}) => type === symptom.probe && init === (symptom.init ?? false));
    if ((symptom.kind !== 'probe' && symptom.kind !== 'probe-warning') || !symptom.probe || symptom.container === undefined) return [];
    const lines = probe && lastRequests(pod, probe);
    const line = lines?.findLast((one) => failed(one, probe!) && matches(one, symptom));
    const {first, last, count} = symptom;
    return [
      {
        container: symptom.container,
        probe: symptom.probe,
        declared: probe?.declared.seen ? askedText(probe.declared.value.probe.handler) : 'declared unknown',
        pods: [pod.pod.name],
        failure: symptom.failure ?? 'unclassified',
        ...(symptom.status === undefined ? {} : {status: symptom.status}),
        said: inWords(saidOf(symptom, probe, line), wordsOf(pod.profile?.seen ? pod.profile.value : undefined)),
        text: symptom.text,
        ...(first === undefined || last === undefined ? {} : {times: {count, atLeast: muted, first, last}}),
        ...(lines && lines.length > 0 ? {requests: {total: lines.length, failed: lines.filter((one) => failed(one, probe!)).length, last: lines.at(-1)!.at}} : {}),
        state: stateOf(pod, probe, symptom, lines ?? []),
      },
    ];
  });
  return joined(found);
}

/** A line that can be of the failure that the kubelet reported; one of the status alone may be any. */
function matches({code}: AccessLine, {failure, status}: Symptom): boolean {
  if (failure === 'status') return code === status;
  return failure === 'timeout' ? code === 0 || code === 504 : failure === 'no-event';
}

function stateOf(pod: PodCase, probe: ProbeCase | undefined, symptom: Symptom, lines: AccessLine[]): EventState {
  const {state, first, last, kind} = symptom;
  if (kind === 'probe-warning' || first === undefined || last === undefined) return state;
  if (isStart(pod, symptom)) return 'start-up';
  const status = probe?.status?.state;
  if (status && status.kind !== 'running') return 'not-asked';
  if (state === 'maybe' && kind === 'probe' && probe?.status?.ready === true && symptom.count > 1) return 'comes-and-goes';
  return state === 'over' && status !== undefined && (failedBetween(lines, probe!) || failedAgain(pod, probe!, symptom)) ? 'comes-and-goes' : state;
}

/** It failed within seconds of a start; it is over, or fails in another way since. One that was killed for it has no such excuse. */
function isStart({pod, symptoms, detection}: PodCase, symptom: Symptom): boolean {
  const {state, container, probe, first = 0, last = 0} = symptom;
  if (!startsOf(pod, [container, detection.sidecar?.name]).some((start) => first >= start - 1000 && last <= start + START_MS)) return false;
  const same = ofContainer(symptoms, container).filter((one) => one.probe === probe);
  const later = same.some((one) => one.kind === 'probe' && (one.last ?? 0) > last + 1000);
  const killed = same.some((one) => one.kind === 'killed' && Math.abs((one.first ?? 0) - last) <= START_MS);
  return later || (!killed && (state === 'over' || state === 'maybe'));
}

/** Envoy's log has failures after a success, of a probe that is well by the pod's status; a single failure is none of that. */
function failedBetween(lines: AccessLine[], probe: ProbeCase): boolean {
  const first = lines.findIndex((line) => succeeded(line, probe));
  return first >= 0 && lines.slice(first).filter((line) => failed(line, probe)).length > 1;
}

/** A readiness probe that is well now, failed a moment ago, was well before (it began after its start budget), and turned the pod not Ready in between. */
function failedAgain({now, pod}: PodCase, {type, status, actual}: ProbeCase, {first = 0, last = 0, count}: Symptom): boolean {
  if (type !== 'readiness' || status?.state.kind !== 'running' || !actual || count < actual.failureThreshold) return false;
  const budgetMs = Math.max(START_MS, startBudgetSeconds(actual) * 1000);
  const readySince = pod.conditions.find(({type: of, status: holds}) => of === 'Ready' && holds === 'True')?.since ?? 0;
  return first > (status.state.startedAt ?? 0) + budgetMs && readySince > first && now - last <= SPAM_WINDOW_SECONDS * 1000;
}

/** When containers of these names began to run, as far as the status tells: this run and the one before. */
export function startsOf({containers, initContainers}: Pod, names: (string | undefined)[]): number[] {
  return [...new Set(names)]
    .flatMap((name) => [named(initContainers, name), named(containers, name)])
    .filter((status) => status !== undefined)
    .flatMap(({state, lastState}) => [state, lastState])
    .flatMap((state) => ((state.kind === 'running' || state.kind === 'terminated') && state.startedAt !== undefined ? [state.startedAt] : []));
}

const WORST: EventState[] = ['going-on', 'comes-and-goes', 'maybe', 'unheard', 'not-asked', 'starting', 'over', 'start-up'];

/** Joins equal failures, of one pod or of replicas that agree, and sorts them as the guide does: by the type of probe. */
export function joined(failures: ProbeFailure[]): ProbeFailure[] {
  const byKey = new Map<string, ProbeFailure>();
  for (const one of failures) {
    const key = JSON.stringify([one.container, one.probe, one.declared, one.failure, one.status, one.state, one.failure === 'status' ? '' : one.said]);
    const known = byKey.get(key);
    byKey.set(key, known ? merged(known, one) : one);
  }
  return [...byKey.values()].sort((a, b) => WORST.indexOf(a.state) - WORST.indexOf(b.state) || (b.times?.last ?? Infinity) - (a.times?.last ?? Infinity) || (a.container < b.container ? -1 : 1));
}

function merged(a: ProbeFailure, b: ProbeFailure): ProbeFailure {
  const times = together(a.times, b.times);
  const said = a.said.includes(' ') || !b.said.includes(' ') ? a.said : b.said;
  const requests = a.requests ?? b.requests;
  return {...a, said, pods: [...new Set([...a.pods, ...b.pods])].sort(), ...(times ? {times} : {}), ...(requests ? {requests} : {})};
}
