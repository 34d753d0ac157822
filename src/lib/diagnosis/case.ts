import type {Commands, PodCase, ProbeCase} from '../checks/case.ts';
import {callOf, declaredTarget} from '../mesh/call.ts';
import {reachOf} from '../mesh/compare.ts';
import {detect, type Detection} from '../mesh/detect.ts';
import {namedAfter} from '../mesh/observed.ts';
import {openPorts} from '../mesh/exclusions.ts';
import {mustInject} from '../mesh/inject.ts';
import {HEALTHCHECK_NAMES} from '../mesh/names.ts';
import type {Profile} from '../mesh/profiles.ts';
import {cellOf, rewrite} from '../mesh/rewrite.ts';
import {expectedSidecar} from '../mesh/sidecar.ts';
import {trace} from '../mesh/trace.ts';
import type {ClusterEvent} from '../model/event.ts';
import type {Look} from '../model/look.ts';
import type {Namespace} from '../model/namespace.ts';
import type {Call, PathEnd, Reach, Sidecar, Target} from '../model/path.ts';
import {probedContainers, type Container, type Pod, type Template} from '../model/pod.ts';
import {PROBE_TYPES, type ProbeType} from '../model/probe.ts';
import type {Symptom} from '../model/symptom.ts';
import type {Observed} from '../model/unseen.ts';
import {answerSymptom, settled} from './answers.ts';
import {declaredOf, workloadOf, type Owners} from './declared.ts';
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

/** A sidecar of nothing: what a pod outside the mesh has in the kubelet's way. */
const NO_SIDECAR: Sidecar = {listeners: [], open: 'all', ipv6: true, containers: [], declaredPorts: []};

/** Follows each probe of one pod and gathers what was seen to go wrong with it. */
export function caseOf(input: CaseInput): PodCase {
  const {pod, owners, namespace, events, now, commands, look} = input;
  const declared = declaredOf(pod, owners);
  const detection = detect(pod);
  const meshed = detection.sidecar !== undefined || detection.labelled;
  const profile = meshed ? agreedProfile(detection, declared, pod) : undefined;
  const promised = sidecarOf(profile, declared, detection, pod);
  const sidecar = observedSidecar(promised, declared, look);
  const injection = mustInject({...pod, annotations: declared.seen ? {...declared.value.annotations, ...pod.annotations} : pod.annotations}, namespace);
  const context = {pod, workload: workloadOf(pod, owners), now, commands};
  const symptoms = symptomsOf(context, events);
  const probes = probesOf(pod, declared, profile, sidecar).map((probe): ProbeCase => {
    const replay = look?.seen ? look.value.replays.find((one) => one.container === probe.container && one.probe === probe.type) : undefined;
    return {
      ...probe,
      symptoms: symptoms.filter((one) => (one.init ?? false) === probe.init && one.container === probe.container && one.probe === probe.type),
      ...(sidecar === promised ? {} : {promised: trace(probe.call, promised, pod)}),
      ...(replay ? {replay} : {}),
    };
  });
  const followed: PodCase = {...context, namespace, declared, meshed, detection, profile, sidecar, injection, probes, events, symptoms, ...(look ? {look} : {})};
  return look?.seen ? withAnswers(followed) : followed;
}

/** The answers of a look are symptoms too, and some of what the kubelet reported is over by them. */
function withAnswers(pod: PodCase): PodCase {
  const replaced = new Map<Symptom, Symptom>();
  const probes = pod.probes.map((probe) => {
    const told = settled(pod, probe);
    for (const [index, symptom] of probe.symptoms.entries()) replaced.set(symptom, told[index]!);
    return {...probe, symptoms: [...told, ...answerSymptom(pod, probe)]};
  });
  const symptoms = [...pod.symptoms.map((one) => replaced.get(one) ?? one), ...probes.flatMap(({symptoms: all}) => all.filter(({kind}) => kind === 'answer'))];
  return {...pod, probes, symptoms};
}

/** The proxy as Envoy itself describes it, where it was asked. */
function observedSidecar(promised: Sidecar, declared: Observed<Template>, look: Observed<Look> | undefined): Sidecar {
  if (!look?.seen || !look.value.listeners.seen) return promised;
  const whose = (type: ProbeType, port: number) =>
    (declared.seen ? declared.value.containers : []).filter((one) => one.probes[type] && declaredTarget(one, one.probes[type])?.port === port).map(({name}) => name);
  return {...promised, listeners: namedAfter(look.value.listeners.value, promised.listeners, whose)};
}

/** Of several profiles that fit, the first, provided that all lead each probe to the same end; else unknown. */
function agreedProfile(detection: Detection, declared: Observed<Template>, pod: Pod): Observed<Profile> {
  const [first, ...others] = detection.candidates;
  const asked = `the release that injected pod ${pod.namespace}/${pod.name}`;
  if (!first) return {seen: false, why: {asked, got: `the pod does not tell (${detection.because})`}};
  if (others.length === 0 || !declared.seen) return {seen: true, value: first};
  const ends = (profile: Profile) => {
    const sidecar = sidecarOf({seen: true, value: profile}, declared, detection, pod);
    return JSON.stringify(probesOf(pod, declared, {seen: true, value: profile}, sidecar).map(({path, reach}) => [path.end, reach]));
  };
  const want = ends(first);
  if (others.every((profile) => ends(profile) === want)) return {seen: true, value: first};
  return {seen: false, why: {asked, got: `${[first, ...others].map(({title}) => title).join(' or ')}: the pod does not tell, and they differ for its probes`}};
}

/** The proxy as the template makes us expect it, with what the pod itself shows: osm-init's rules, the healthcheck container. */
function sidecarOf(profile: Observed<Profile> | undefined, declared: Observed<Template>, detection: Detection, pod: Pod): Sidecar {
  if (!profile?.seen) return NO_SIDECAR;
  if (profile.value.proxy !== 'none' && !detection.sidecar) return NO_SIDECAR;
  const expected = expectedSidecar(profile.value, declared.seen ? declared.value : pod.spec);
  const container = pod.spec.containers.find(({name}) => HEALTHCHECK_NAMES.includes(name))?.name;
  return {
    ...expected,
    healthcheck: container === undefined ? undefined : {container, path: profile.value.healthcheck?.path ?? '/osm-healthcheck'},
    open: expected.open === 'all' ? 'all' : (openPorts(detection.init) ?? expected.open),
  };
}

type Followed = Omit<ProbeCase, 'symptoms'>;

function probesOf(pod: Pod, declared: Observed<Template>, profile: Observed<Profile> | undefined, sidecar: Sidecar): Followed[] {
  const expected = declared.seen && profile?.seen ? rewrite(profile.value, declared.value) : undefined;
  const unjudged = profile !== undefined && !profile.seen;
  return probedContainers(pod.spec).flatMap(({container, init}) =>
    PROBE_TYPES.flatMap((type): Followed[] => {
      const actual = container.probes[type];
      const source = declaredProbe(declared, profile, container, type, init);
      if (!actual && !source) return [];
      const target = source && declaredTarget(source.container, source.probe);
      const wanted = init ? undefined : expected?.get(container.name)?.[type];
      const call: Call = actual ? callOf(container, actual) : {kind: 'unknown', keys: []};
      const path = trace(call, sidecar, pod);
      const status = (init ? pod.initContainers : pod.containers).find(({name}) => name === container.name);
      const why = {asked: `the declared ${type} probe of container ${container.name}`, got: declared.seen ? 'its template does not hold it' : declared.why.got};
      return [
        {
          container: container.name,
          type,
          init,
          declared: source ? {seen: true, value: source} : {seen: false, why},
          ...(target ? {target} : {}),
          ...(actual ? {actual} : {}),
          call,
          ...(wanted ? {expectedCall: callOf(container, wanted)} : {}),
          path,
          reach: unjudged ? 'unknown' : reachWith(path.end, target, source !== undefined),
          ...(status ? {status} : {}),
        },
      ];
    }),
  );
}

/**
 * What the owner declared. A probe that only the pod has was added by another webhook: it declares itself. Without a
 * template, so do handlers that are never rewritten; the others are lost.
 */
function declaredProbe(declared: Observed<Template>, profile: Observed<Profile> | undefined, container: Container, type: ProbeType, init: boolean) {
  const actual = container.probes[type];
  if (declared.seen) {
    const owner = (init ? declared.value.initContainers : declared.value.containers).find(({name}) => name === container.name);
    const probe = owner?.probes[type];
    if (owner && probe) return {container: owner, probe};
    return actual && {container, probe: actual};
  }
  if (!actual) return undefined;
  const rewritten = !init && profile?.seen === true && profile.value.proxy !== 'none' && cellOf(profile.value, actual.handler) !== undefined;
  return rewritten || (profile !== undefined && !profile.seen) ? undefined : {container, probe: actual};
}

/** A named port that no port of the container bears has no declared target, and its break is proof enough. */
function reachWith(end: PathEnd, target: Target | undefined, known: boolean): Reach {
  if (!target && known && end.at === 'break' && end.reason === 'unresolved-port') return 'broken';
  if (!target && known && end.at === 'target') return 'other';
  return reachOf(end, target);
}
