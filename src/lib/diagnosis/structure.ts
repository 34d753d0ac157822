import type {ProbeCase} from '../checks/case.ts';
import {callOf, declaredTarget} from '../mesh/call.ts';
import {reachOf} from '../mesh/compare.ts';
import {detect, type Detection} from '../mesh/detect.ts';
import {openPorts} from '../mesh/exclusions.ts';
import {HEALTHCHECK_NAMES} from '../mesh/names.ts';
import type {Profile} from '../mesh/profiles.ts';
import {cellOf, rewrite} from '../mesh/rewrite.ts';
import {expectedSidecar} from '../mesh/sidecar.ts';
import {trace} from '../mesh/trace.ts';
import type {Call, PathEnd, Reach, Sidecar, Target} from '../model/path.ts';
import {probedContainers, type Container, type Pod, type PodSpec, type Template} from '../model/pod.ts';
import {PROBE_TYPES, type ProbeType} from '../model/probe.ts';
import type {Observed} from '../model/unseen.ts';

/** What follows from how a pod was made: the same for all replicas, whatever has become of them. */
export interface Structure {
  /** The proxy is there, or the mesh's label or volume is. */
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
  const meshed = detection.sidecar !== undefined || detection.labelled;
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
