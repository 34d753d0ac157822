import type {Container, Pod, PodSpec} from '../model/pod.ts';
import {PROBE_TYPES, type Handler} from '../model/probe.ts';
import {BOOTSTRAP_VOLUMES, HEALTHCHECK_NAMES, HEALTHCHECK_PORT, INIT_NAMES, isMeshProbePort, PROXY_LABELS, SIDECAR_NAMES} from './names.ts';
import {profileOf, type Profile, type ProfileId} from './profiles.ts';

/** What a pod shows of the injector that made it. Pods keep what the injector of their day wrote. */
export interface Detection {
  /** Proxy container, if it is there. */
  sidecar?: Container;
  init?: Container;
  /** Names of all containers that the injector added; a user's may bear such a name in a pod that has none of its kind. */
  added: string[];
  /** The one definition of "in the mesh": the injector was here, whatever is left of its work. */
  meshed: boolean;
  /** Profiles that fit, likeliest first; more than one where the pod does not tell them apart. Empty: none fits. */
  candidates: Profile[];
  /** What decided, for people. */
  because: string;
}

/** Tells from a pod's own fields, without any image registry, which dialects of rewriting can have made it (osm-facts §3.4). */
export function detect(pod: Pod): Detection {
  const init = pod.spec.initContainers.find(({name}) => INIT_NAMES.includes(name));
  const volume = pod.spec.volumes.find((name) => BOOTSTRAP_VOLUMES.includes(name));
  const label = PROXY_LABELS.find((name) => name in pod.labels);
  const labelled = label !== undefined || volume !== undefined;
  // Other meshes and users have containers of these names too; the mesh's label, volume or init container decides.
  const named = proxyOf(pod.spec.containers.filter(({name}) => SIDECAR_NAMES.includes(name)), label, volume);
  const sidecar = labelled || init ? named : undefined;
  const meshed = labelled || init !== undefined || allHandlers(pod).some(isRewritten);
  const healthcheck = pod.spec.containers.find(({name}) => meshed && HEALTHCHECK_NAMES.includes(name));
  const added = [sidecar, healthcheck, init].flatMap((one) => one?.name ?? []);
  const found = {...(sidecar ? {sidecar} : {}), ...(init ? {init} : {}), added, meshed};
  const {ids, because} = dialects(pod, sidecar, init, label);
  return {...found, candidates: ids.map(profileOf), because};
}

/** Of two containers with the name of a proxy one is the user's: FSM's is `sidecar`, of the others the volume tells; the injector puts its own last. */
function proxyOf(named: Container[], label: string | undefined, volume: string | undefined): Container | undefined {
  const wanted = label === 'fsm-proxy-uuid' ? 'sidecar' : volume?.startsWith('envoy-') ? 'envoy' : 'sidecar';
  return named.length > 1 ? (named.findLast(({name}) => name === wanted) ?? named.at(-1)) : named[0];
}

/** The injector's label, volume or init container, or a probe that it rewrote: asked of every pod of a cluster, so by its spec once. */
export function isMeshed(pod: Pod): boolean {
  if (PROXY_LABELS.some((label) => label in pod.labels)) return true;
  const known = MESHED.get(pod.spec);
  if (known !== undefined) return known;
  const {meshed} = detect({...pod, labels: {}});
  MESHED.set(pod.spec, meshed);
  return meshed;
}

const MESHED = new WeakMap<PodSpec, boolean>();

/** A call that only the injector writes: one of the mesh's own paths on one of its ports. */
function isRewritten(handler: Handler): boolean {
  return handler.kind === 'httpGet' && isMeshProbePort(Number(handler.port)) && /^\/(osm-(liveness|readiness|startup)-probe|(osm|fsm)-healthcheck)(\/|$)/.test(handler.path);
}

function dialects(pod: Pod, sidecar: Container | undefined, init: Container | undefined, label: string | undefined): {ids: ProfileId[]; because: string} {
  if (label === 'fsm-proxy-uuid') {
    return sidecar || init ? {ids: ['fsm'], because: 'label fsm-proxy-uuid'} : {ids: ['fsm-node-level'], because: 'label fsm-proxy-uuid and no sidecar'};
  }
  if (!sidecar) return {ids: [], because: 'no sidecar'};
  if (init?.name === 'fsm-init') return {ids: ['fsm'], because: 'container fsm-init'};
  if (sidecar.name === 'sidecar') return edge(pod, sidecar, init);
  return osm(pod, sidecar, init);
}

function edge(pod: Pod, sidecar: Container, init: Container | undefined): {ids: ProfileId[]; because: string} {
  const handlers = allHandlers(pod);
  const envoy = sidecar.args[0] === 'envoy' || /envoy/.test(sidecar.image);
  const newer = (because: string) => ({ids: [envoy ? 'edge-1.3.5-envoy' : 'edge-1.3.5'] as ProfileId[], because});
  const older = (because: string) => ({ids: [envoy ? 'osm-1.1' : 'edge-1.1'] as ProfileId[], because});
  if (handlers.some((one) => one.kind === 'httpGet' && one.headers.some(({name}) => /^original-http-/i.test(name)))) return newer('headers Original-Http-*');
  if (handlers.some((one) => one.kind === 'httpGet' && /^\/osm-(liveness|readiness|startup)-probe$/.test(one.path))) return older('path /osm-…-probe in a pod of osm-edge');
  const tag = /:v?(\d+)\.(\d+)\.(\d+)/.exec(init?.image ?? '');
  if (tag) {
    const [major, minor, patch] = tag.slice(1).map(Number) as [number, number, number];
    return (major - 1 || minor - 3 || patch - 5) >= 0 ? newer(`image ${init!.image}`) : older(`image ${init!.image}`);
  }
  return {ids: envoy ? ['osm-1.1', 'edge-1.3.5-envoy'] : ['edge-1.3.5', 'edge-1.1'], because: 'container sidecar'};
}

function osm(pod: Pod, sidecar: Container, init: Container | undefined): {ids: ProfileId[]; because: string} {
  const handlers = allHandlers(pod);
  const rules = init?.args.join('\n') ?? '';
  if (handlers.some((one) => one.kind === 'httpGet' && /^\/osm-(liveness|readiness|startup)-probe\/./.test(one.path) && isMeshProbePort(Number(one.port)))) {
    return {ids: ['osm-main'], because: 'path /osm-…-probe/CONTAINER'};
  }
  if (rules.includes(`--dport ${HEALTHCHECK_PORT} -j RETURN`)) return {ids: ['osm-1.1'], because: `osm-init returns ${HEALTHCHECK_PORT}`};
  if (handlers.some((one) => one.kind === 'httpGet' && one.port === HEALTHCHECK_PORT)) return {ids: ['osm-1.1'], because: `a probe on ${HEALTHCHECK_PORT}`};
  if (rules.includes('iptables-restore --noflush')) return {ids: ['osm-0.11'], because: 'osm-init as of 1.0'};
  return beforeOne(handlers, sidecar, init, rules);
}

function beforeOne(handlers: Handler[], sidecar: Container, init: Container | undefined, rules: string): {ids: ProfileId[]; because: string} {
  const tag = /:v0\.(\d+)\.\d+/.exec(init?.image ?? '')?.[1];
  if (tag !== undefined) {
    const minor = Number(tag);
    const id: ProfileId = minor <= 8 ? 'osm-0.7' : minor === 9 ? 'osm-0.9' : minor === 10 ? 'osm-0.10' : 'osm-0.11';
    return {ids: [id], because: `image ${init!.image}`};
  }
  if (!/-N (OSM_)?PROXY_INBOUND/.test(rules) && !sidecar.args.includes('--bootstrap-version') && !sidecar.args.includes('--service-node')) {
    // No rules to read (Windows, CNI, a changed init): the present dialect is likeliest, older ones are not excluded.
    return {ids: ['osm-1.1', 'osm-0.11'], because: 'container envoy'};
  }
  const atProbePort = (kind: Handler['kind']) => handlers.some((one) => one.kind === kind && 'port' in one && isMeshProbePort(Number(one.port)));
  const osmPathOverTls = handlers.some((one) => one.kind === 'httpGet' && one.scheme === 'HTTPS' && /^\/osm-.*-probe$/.test(one.path));
  if (osmPathOverTls) return {ids: ['osm-0.7'], because: 'an HTTPS probe with the path of the mesh'};
  if (sidecar.args.includes('--service-node')) {
    return atProbePort('tcpSocket') ? {ids: ['osm-0.9'], because: 'tcpSocket on a probe port'} : {ids: ['osm-0.9', 'osm-0.7'], because: 'envoy --service-node'};
  }
  if (sidecar.imagePullPolicy === 'Always') return {ids: ['osm-0.10'], because: 'envoy is pulled always'};
  return {ids: ['osm-0.11', 'osm-0.10'], because: 'osm-init before 1.0'};
}

function allHandlers(pod: Pod): Handler[] {
  return pod.spec.containers.flatMap(({probes}) => PROBE_TYPES.flatMap((type) => (probes[type] ? [probes[type].handler] : [])));
}
