import type {Commands, PodCase, ProbeCase} from '../checks/case.ts';
import {declaredTarget} from '../mesh/call.ts';
import {mustInject} from '../mesh/inject.ts';
import {namedAfter} from '../mesh/observed.ts';
import {trace} from '../mesh/trace.ts';
import type {ClusterEvent} from '../model/event.ts';
import type {Look} from '../model/look.ts';
import {ofContainer} from '../model/lookup.ts';
import type {Namespace} from '../model/namespace.ts';
import type {Sidecar} from '../model/path.ts';
import {statusOf, type Pod, type Template} from '../model/pod.ts';
import type {ProbeType} from '../model/probe.ts';
import type {Observed} from '../model/unseen.ts';
import {lastRequests} from '../checks/access.ts';
import {answerSymptom} from './answers.ts';
import {declaredOf, workloadOf, type Owners} from './declared.ts';
import {probesOf, structureOf} from './structure.ts';
import {symptomsOf} from './symptoms.ts';

export interface CaseInput {
  pod: Pod;
  owners: Owners;
  namespace: Namespace | undefined;
  events: Observed<ClusterEvent[]>;
  now: number;
  commands: Commands;
  /** What was found inside the pod, or inside one that agrees with it. */
  look?: Observed<Look>;
}

/** Follows each probe of one pod and gathers what was seen to go wrong with it. */
export function caseOf(input: CaseInput): PodCase {
  const {pod, owners, namespace, events, now, commands, look} = input;
  const declared = declaredOf(pod, owners);
  const structure = structureOf(pod, declared);
  const {detection, meshed, profile, sidecar: promised} = structure;
  const sidecar = observedSidecar(promised, declared, look);
  const injection = mustInject({...pod, annotations: declared.seen ? {...declared.value.annotations, ...pod.annotations} : pod.annotations}, namespace);
  const paths = sidecar === promised ? structure.probes : probesOf(pod, declared, profile, sidecar);
  const probes = paths.map((probe): ProbeCase => {
    const status = statusOf(pod, probe.container, probe.init);
    const replay = look?.seen ? ofContainer(look.value.replays, probe.container).find((one) => one.probe === probe.type) : undefined;
    return {
      ...probe,
      ...(status ? {status} : {}),
      symptoms: [],
      ...(sidecar === promised || promised.unknown?.includes(probe.type) ? {} : {promised: trace(probe.call, promised, pod)}),
      ...(replay ? {replay} : {}),
    };
  });
  const workload = workloadOf(pod, owners);
  return withSymptoms({pod, workload, now, commands, namespace, owner: pod.owner && owners.byUid.get(pod.owner.uid), declared, meshed, detection, profile, sidecar, injection, probes, events, symptoms: [], structure, ...(look ? {look} : {})});
}

/** What was seen to go wrong: first by status, events and the proxy's log, then by the answers of a look, which are judged in the light of these. */
function withSymptoms(followed: PodCase): PodCase {
  const requestsOf = (container: string, type: ProbeType) => {
    const probe = followed.look && ofContainer(followed.probes, container).find((one) => one.type === type);
    return probe && lastRequests(followed, probe);
  };
  const seen = symptomsOf({pod: followed.pod, workload: followed.workload, now: followed.now, commands: followed.commands, proxy: followed.detection.sidecar?.name, requestsOf}, followed.events);
  const probes = followed.probes.map((probe) => ({...probe, symptoms: ofContainer(seen, probe.container).filter((one) => (one.init ?? false) === probe.init && one.probe === probe.type)}));
  const answers = probes.map((probe) => answerSymptom(followed, probe));
  return {...followed, probes: probes.map((probe, index) => ({...probe, symptoms: [...probe.symptoms, ...answers[index]!]})), symptoms: [...seen, ...answers.flat()]};
}

/** The proxy as Envoy itself describes it, where it was asked. */
function observedSidecar(promised: Sidecar, declared: Observed<Template>, look: Observed<Look> | undefined): Sidecar {
  if (!look?.seen || !look.value.listeners.seen) return promised;
  const whose = (type: ProbeType, port: number) =>
    (declared.seen ? declared.value.containers : []).filter((one) => one.probes[type] && declaredTarget(one, one.probes[type])?.port === port).map(({name}) => name);
  const observed: Sidecar = {...promised, listeners: namedAfter(look.value.listeners.value, promised.listeners, whose)};
  delete observed.unknown;
  return observed;
}
