import {lastRequests, succeeded} from '../../checks/access.ts';
import type {PodCase, ProbeCase} from '../../checks/case.ts';
import {SPAM_WINDOW_SECONDS, startBudgetSeconds} from '../../kubelet/timing.ts';
import type {EventState, ProbeFailure} from '../../model/events-report.ts';
import type {AccessLine} from '../../model/look.ts';
import type {Pod} from '../../model/pod.ts';
import type {Symptom} from '../../model/symptom.ts';
import {isMuted} from '../symptoms.ts';
import {askedText, saidOf} from './said.ts';

/** Failures within this time of a container's start, or of its proxy's, that are over belong to the start (C1, J1). */
const START_MS = 30_000;

/** How the probes of one pod failed; ways that differ in the kubelet's words only are one. */
export function failuresOf(pod: PodCase): ProbeFailure[] {
  const muted = pod.events.seen && isMuted(pod.pod, pod.events.value);
  const found = pod.symptoms.flatMap((symptom): ProbeFailure[] => {
    const probe = pod.probes.find(({container, type, init}) => container === symptom.container && type === symptom.probe && init === (symptom.init ?? false));
    if ((symptom.kind !== 'probe' && symptom.kind !== 'probe-warning') || !symptom.probe || symptom.container === undefined) return [];
    const lines = probe && lastRequests(pod, probe);
    const line = lines?.findLast((one) => !succeeded(one) && matches(one, symptom));
    const {first, last, count} = symptom;
    return [
      {
        container: symptom.container,
        probe: symptom.probe,
        declared: probe?.declared.seen ? askedText(probe.declared.value.probe.handler) : 'declared unknown',
        pods: [pod.pod.name],
        failure: symptom.failure ?? 'unclassified',
        ...(symptom.status === undefined ? {} : {status: symptom.status}),
        said: saidOf(symptom, probe, line),
        text: symptom.text,
        ...(first === undefined || last === undefined ? {} : {times: {count, atLeast: muted, first, last}}),
        ...(lines && lines.length > 0 ? {requests: {total: lines.length, failed: lines.filter((one) => !succeeded(one)).length, last: lines.at(-1)!.at}} : {}),
        state: stateOf(pod, probe, symptom, lines),
      },
    ];
  });
  return joined(found);
}

/** A line that can be of the failure that the kubelet reported; one of the status alone may be any. */
function matches({code}: AccessLine, {failure, status}: Symptom): boolean {
  if (failure === 'status') return code === status;
  return failure === 'timeout' ? code === 0 || code === 504 : failure === 'unclassified';
}

function stateOf({pod, symptoms, detection, now}: PodCase, probe: ProbeCase | undefined, symptom: Symptom, lines: AccessLine[] | undefined): EventState {
  const {state, first, last, container, probe: type, kind} = symptom;
  if (kind === 'probe-warning') return state;
  if (state !== 'over' && state !== 'maybe') return state;
  if (first === undefined || last === undefined) return state;
  const killed = symptoms.some((one) => one.kind === 'killed' && one.container === container && one.probe === type);
  if (!killed && startsOf(pod, [container, detection.sidecar?.name]).some((start) => first >= start - 1000 && last <= start + START_MS)) return 'start-up';
  if (state === 'over' && failedBetween(lines)) return 'comes-and-goes';
  const status = probe?.status?.state;
  const began = status?.kind === 'running' ? status.startedAt : undefined;
  const budgetMs = probe?.actual ? startBudgetSeconds(probe.actual) * 1000 : START_MS;
  const wasWell = began !== undefined && first > began + Math.max(START_MS, budgetMs);
  return state === 'over' && type === 'readiness' && wasWell && now - last <= SPAM_WINDOW_SECONDS * 1000 ? 'comes-and-goes' : state;
}

/** It was answered well, then not, then well again. */
function failedBetween(lines: AccessLine[] = []): boolean {
  const first = lines.findIndex(succeeded);
  return first >= 0 && lines.slice(first).some((line) => !succeeded(line)) && succeeded(lines.at(-1)!);
}

/** When containers of these names began to run, as far as the status tells: this run and the one before. */
export function startsOf({containers, initContainers}: Pod, names: (string | undefined)[]): number[] {
  return [...initContainers, ...containers]
    .filter(({name}) => names.includes(name))
    .flatMap(({state, lastState}) => [state, lastState])
    .flatMap((state) => ((state.kind === 'running' || state.kind === 'terminated') && state.startedAt !== undefined ? [state.startedAt] : []));
}

const WORST: EventState[] = ['going-on', 'comes-and-goes', 'maybe', 'starting', 'over', 'start-up'];

/** Joins equal failures, of one pod or of replicas that agree, and sorts them as the guide does: by the type of probe. */
export function joined(failures: ProbeFailure[]): ProbeFailure[] {
  const byKey = new Map<string, ProbeFailure>();
  for (const one of failures) {
    const key = JSON.stringify([one.container, one.probe, one.declared, one.failure, one.status, one.state, one.failure === 'status' ? '' : one.said]);
    const known = byKey.get(key);
    byKey.set(key, known ? together(known, one) : one);
  }
  return [...byKey.values()].sort((a, b) => WORST.indexOf(a.state) - WORST.indexOf(b.state) || (b.times?.last ?? Infinity) - (a.times?.last ?? Infinity) || (a.container < b.container ? -1 : 1));
}

function together(a: ProbeFailure, b: ProbeFailure): ProbeFailure {
  const times = a.times && b.times ? {count: a.times.count + b.times.count, atLeast: a.times.atLeast || b.times.atLeast, first: Math.min(a.times.first, b.times.first), last: Math.max(a.times.last, b.times.last)} : (a.times ?? b.times);
  const said = a.said.includes(' ') || !b.said.includes(' ') ? a.said : b.said;
  const requests = a.requests ?? b.requests;
  return {...a, said, pods: [...new Set([...a.pods, ...b.pods])].sort(), ...(times ? {times} : {}), ...(requests ? {requests} : {})};
}
