import type {ProbeCase} from '../checks/case.ts';
import {callOf, declaredTarget} from '../mesh/call.ts';
import {reachOf} from '../mesh/compare.ts';
import {detect, type Detection} from '../mesh/detect.ts';
import {dialsPodAddress, openPorts} from '../mesh/exclusions.ts';
import {HEALTHCHECK_NAMES, isMeshProbePort} from '../mesh/names.ts';
import type {Profile} from '../mesh/profiles.ts';
import {declaredInPod, rewrite} from '../mesh/rewrite.ts';
import {expectedSidecar} from '../mesh/sidecar.ts';
import {trace} from '../mesh/trace.ts';
import {named} from '../model/lookup.ts';
import type {Call, PathEnd, Reach, Sidecar, Target} from '../model/path.ts';
import {probedContainers, type Container, type Pod, type PodSpec, type Template} from '../model/pod.ts';
import {PROBE_TYPES, type Handler, type ProbeType} from '../model/probe.ts';
import type {Observed} from '../model/unseen.ts';

/** What follows from how a pod was made: the same for all replicas, whatever has become of them. */
export interface Structure {
  /** The injector was here, whatever is left of its work. */
  meshed: boolean;
  detection: Detection;
  profile: Observed<Profile> | undefined;
  /** As the template makes us expect it. */
  sidecar: Sidecar;
  probes: Followed[];
}

export type Followed = Omit<ProbeCase, 'symptoms' | 'status'>;

const KNOWN = new WeakMap<PodSpec, WeakMap<Template, Map<string, Structure>>>();

/** Follows each probe of a pod through the mesh, once for all pods of one spec and template. */
export function structureOf(pod: Pod, declared: Observed<Template>): Structure {
  if (!declared.seen) return follow(pod, declared);
  const ofSpec = KNOWN.get(pod.spec) ?? new WeakMap<Template, Map<string, Structure>>();
  KNOWN.set(pod.spec, ofSpec);
  const alike = ofSpec.get(declared.value) ?? new Map<string, Structure>();
  ofSpec.set(declared.value, alike);
  const key = variant(pod);
  const known = alike.get(key) ?? follow(pod, declared);
  alike.set(key, known);
  return known;
}

/** What else a path depends on: the labels that tell the mesh, and the pod's address where a probe names a host or it is IPv6. */
function variant({labels, podIP = '', spec}: Pod): string {
  const named = probedContainers(spec).some(({container}) => PROBE_TYPES.some((type) => hostOf(container, type) !== ''));
  return [...Object.keys(labels).sort(), named || podIP.includes(':') ? podIP : ''].join(' ');
}

function hostOf({probes}: Container, type: ProbeType): string {
  const handler = probes[type]?.handler;
  return handler && 'host' in handler ? handler.host : '';
}

function follow(pod: Pod, declared: Observed<Template>): Structure {
  const detection = detect(pod);
  const {meshed} = detection;
  const profile = meshed ? agreedProfile(detection, declared, pod) : undefined;
  const sidecar = sidecarOf(profile, declared, detection, pod);
  return {meshed, detection, profile, sidecar, probes: probesOf(pod, declared, profile, sidecar)};
}

/** A sidecar of nothing: what a pod outside the mesh has in the kubelet's way. */
const NO_SIDECAR: Sidecar = {listeners: [], open: 'all', ipv6: true, containers: [], declaredPorts: []};

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
  if (detection.meshed && !detection.sidecar && !(profile?.seen && profile.value.proxy === 'none')) return {...NO_SIDECAR, open: openPorts(detection.init) ?? 'all', missing: true};
  if (!profile?.seen) return NO_SIDECAR;
  const {proxy, healthcheck} = profile.value;
  // Never is a promise computed from a pod that is rewritten already.
  const expected = expectedSidecar(profile.value, declared.seen ? declared.value : {containers: []});
  const unknown = proxy === 'none' ? [] : PROBE_TYPES.filter((type) => !declared.seen || isDecidedByAdded(pod, declared.value, profile.value, type));
  const container = pod.spec.containers.find(({name}) => HEALTHCHECK_NAMES.includes(name))?.name;
  return {
    ...expected,
    listeners: expected.listeners.filter(({type}) => !unknown.includes(type)),
    healthcheck: container === undefined ? undefined : {container, path: healthcheck?.path ?? '/osm-healthcheck'},
    open: expected.open === 'all' ? 'all' : (openPorts(detection.init) ?? expected.open),
    ...(proxy !== 'none' && !detection.init ? {mayBeOpen: true as const} : {}),
    ...(unknown.length === 0 ? {} : {unknown}),
    ...(dialsPodAddress(detection.init) ? {dialsPodAddress: true as const} : {}),
  };
}

/**
 * Another webhook came before the injector, which then rewrote a probe that no template holds and, where that one wins,
 * serves it: what it was the pod no longer tells.
 */
function isDecidedByAdded({spec}: Pod, template: Template, {serves}: Profile, type: ProbeType): boolean {
  const rewritten = spec.containers.filter(({probes}) => probes[type] && isOnMeshPort(probes[type].handler));
  const added = rewritten.filter(({name}) => named(template.containers, name)?.probes[type] === undefined);
  const winner = serves.winner === 'first' ? rewritten[0] : rewritten.at(-1);
  return added.length > 0 && (serves.winner === 'each' || added.includes(winner!));
}

function isOnMeshPort(handler: Handler): boolean {
  return 'port' in handler && isMeshProbePort(Number(handler.port));
}

/** Follows each probe through this sidecar, computed or observed. */
export function probesOf(pod: Pod, declared: Observed<Template>, profile: Observed<Profile> | undefined, sidecar: Sidecar): Followed[] {
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
      const judged = !unjudged || call.kind === 'exec' || sidecar.missing === true;
      const why = {asked: `the declared ${type} probe of container ${container.name}`, got: declared.seen ? 'its template does not hold it, and it is rewritten already' : declared.why.got};
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
          reach: !judged ? 'unknown' : source ? reachWith(path.end, target) : standing(path.end, type, call, pod, (other) => declaredProbe(declared, profile, other, type, false)),
        },
      ];
    }),
  );
}

/**
 * What the owner declared. A probe that only the pod has was added by another webhook: it declares itself, unless it is
 * rewritten already. Without a template, so do handlers that are never rewritten; the others are lost.
 */
function declaredProbe(declared: Observed<Template>, profile: Observed<Profile> | undefined, container: Container, type: ProbeType, init: boolean) {
  const actual = container.probes[type];
  if (declared.seen) {
    const owner = named(init ? declared.value.initContainers : declared.value.containers, container.name);
    const probe = owner?.probes[type];
    if (owner && probe) return {container: owner, probe};
  }
  if (!actual) return undefined;
  if (profile?.seen && !init && profile.value.proxy !== 'none' && isOnMeshPort(actual.handler)) {
    const probe = declaredInPod(profile.value, actual);
    return probe && {container, probe};
  }
  if (declared.seen) return {container, probe: actual};
  return profile !== undefined && !profile.seen && actual.handler.kind !== 'exec' ? undefined : {container, probe: actual};
}

/** A named port that no port of the container bears has no declared target, and its break is proof enough. */
function reachWith(end: PathEnd, target: Target | undefined): Reach {
  if (!target && end.at === 'break' && end.reason === 'unresolved-port') return 'broken';
  if (!target && end.at === 'target') return 'other';
  return reachOf(end, target);
}

/** Where nobody knows what was declared: the proxy's own configuration stands for it, if one container alone is led there; one that is known to want another target is not meant. */
function standing(end: PathEnd, type: ProbeType, call: Call, {spec}: Pod, sourceOf: (container: Container) => ReturnType<typeof declaredProbe>): Reach {
  if (end.at === 'break') return end.reason === 'unknown' || end.reason === 'by-service' ? 'unknown' : 'broken';
  const alike = probedContainers(spec).filter(({container, init}) => {
    if (init || !container.probes[type] || JSON.stringify(callOf(container, container.probes[type])) !== JSON.stringify(call)) return false;
    const source = sourceOf(container);
    return source === undefined || reachWith(end, declaredTarget(source.container, source.probe)) !== 'other';
  });
  return alike.length > 1 ? 'shared' : 'stands';
}
