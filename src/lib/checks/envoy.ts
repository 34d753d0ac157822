import type {Blame} from '../model/finding.ts';
import {isOpen, type Evidence, type Symptom} from '../model/symptom.ts';
import type {EnvoyState, Look} from '../model/look.ts';
import type {PodCase, ProbeCase} from './case.ts';
import {carrierOf, differs, eachProbe, remake, restartsFor, type Check, type Found} from './check.ts';
import {endedText} from './effects.ts';
import {viaOf} from './reading.ts';
import {endText} from './words.ts';
import {highest} from '../model/extremes.ts';

function lookOf({look}: PodCase): Look | undefined {
  return look?.seen ? look.value : undefined;
}

function stateOf(pod: PodCase): EnvoyState | undefined {
  const envoy = lookOf(pod)?.envoy;
  return envoy?.seen ? envoy.value : undefined;
}

function fromAdmin({pod, commands, detection}: PodCase, text: string, path: string): Evidence {
  return {label: detection.sidecar?.name ?? 'envoy', text, source: 'config dump', command: `${commands.kubectl(`port-forward pod/${pod.name} -n ${pod.namespace} 15000`)} & curl -s 'localhost:15000${path}'`};
}

const configDiffers: Check = {
  code: 'OSMP301',
  slug: 'envoy-differs',
  title: "Envoy's configuration leads the probe elsewhere than the mesh promises",
  severity: 'error',
  blame: 'mesh',
  cause: 'The bootstrap of the proxy is not the one that the injector makes for this template: another release, a changed Secret, a pod that was copied.',
  fix: 'make the pod anew, so that probes and bootstrap come from one injection',
  cases: ['B14', 'A11'],
  find: (pod) =>
    eachProbe(pod, (probe) => {
      const {promised, path} = probe;
      if (!promised || !differs(probe)) return undefined;
      return {
        fix: remake(pod),
        why: path.end.at === 'break' && path.end.reason === 'no-listener' ? 'Envoy has no listener for it' : `Envoy leads it to ${endText(path.end)}`,
        because: `by the rules of ${pod.profile?.seen ? pod.profile.value.title : 'the mesh'} it ends at ${endText(promised.end)}, by Envoy's configuration at ${endText(path.end)}`,
        evidence: [fromAdmin(pod, `:${'port' in probe.call ? probe.call.port : ''} ends at ${endText(path.end)}`, '/config_dump?mask=bootstrap.static_resources')],
      };
    }),
};

/** Two waits of 15 s for a first configuration are a start like any other. */
const START_MS = 35_000;

const notUp: Check = {
  code: 'OSMP302',
  slug: 'envoy-not-up',
  title: 'Envoy runs and is not up',
  severity: 'error',
  blame: 'sidecar',
  cause: 'Envoy opens no listener before the control plane has answered, or 15 s each for clusters and listeners are over.',
  fix: 'the control plane ({controller}); a startupProbe that allows 30 s',
  cases: ['C2', 'C3'],
  find: (pod) => {
    const look = lookOf(pod);
    const startedAt = proxyStartedAt(pod);
    if (startedAt === undefined) return [];
    const state = stateOf(pod);
    const silent = look !== undefined && !look.envoy.seen && look.envoy.why.reason === 'refused';
    if ((!silent && !/INITIALIZING|DRAINING/.test(state?.ready ?? '')) || answersProbes(pod)) return [];
    const away = state?.counters['control_plane.connected_state'] === 0;
    const refused = refusedByProxy(pod);
    // Such a start is like any other, until a probe is out of patience and Envoy itself says whom it waits for.
    const proven = away && refused.some(({state: now}) => now === 'going-on');
    if (pod.now - startedAt < START_MS && !proven) return [];
    return [
      {
        why: state ? `Envoy is ${state.ready}` : 'Envoy does not listen',
        because: away ? 'Envoy waits for the control plane, to which it has no connection' : state ? `Envoy says ${state.ready}` : 'its admin port refuses connections',
        evidence: [fromAdmin(pod, state ? `/ready says ${state.ready}` : 'connection refused', '/ready')],
        explains: refused,
        ...(away ? {blame: 'control plane' as const} : {}),
      },
    ];
  },
};

/** It answered on a probe port just now, whatever it says of itself: so it listens there. */
function answersProbes({probes}: PodCase): boolean {
  return probes.some((probe) => ['envoy-http', 'envoy-tcp'].includes(viaOf(probe)) && probe.replay?.through[0]?.answer.kind === 'response');
}

/** When the proxy began to run, in milliseconds since 1970; undefined where it does not. */
function proxyStartedAt({pod, detection}: PodCase): number | undefined {
  const state = pod.containers.find(({name}) => name === detection.sidecar?.name)?.state;
  return state?.kind === 'running' ? (state.startedAt ?? 0) : undefined;
}

/** Probes that found nobody at the proxy's own ports; what the healthcheck container or an app refuses is not the proxy's. */
function refusedByProxy(pod: PodCase): Symptom[] {
  const own = pod.probes.filter((probe) => carrierOf(pod, probe) === pod.detection.sidecar?.name);
  return own.flatMap(({symptoms}) => symptoms.filter(({kind, failure}) => (kind === 'probe' || kind === 'answer') && failure === 'refused'));
}

const controlPlaneAway: Check = {
  code: 'OSMP303',
  slug: 'control-plane-away',
  title: 'Envoy has no connection to the control plane',
  severity: 'warning',
  blame: 'control plane',
  cause: 'Probe listeners are static, so probes go on without a control plane; at a start without it Envoy opens them up to 30 s late, and mesh traffic is dead or old.',
  fix: 'the pods of {controller}, and what they log',
  cases: ['C2'],
  find: (pod) => {
    const state = stateOf(pod);
    if (!state || /INITIALIZING/.test(state.ready)) return [];
    const away = state.counters['control_plane.connected_state'] === 0;
    const waited = waitedInVain(state);
    const startedAt = proxyStartedAt(pod);
    // Long after the start it is another story.
    const refused = refusedByProxy(pod).filter(({last}) => last !== undefined && startedAt !== undefined && last - startedAt <= 2 * START_MS);
    if (!away && (waited.length === 0 || refused.length === 0)) return [];
    const found: Found = {
      why: away ? 'no control plane' : 'started without a control plane',
      because: away ? 'control_plane.connected_state is 0 now' : `at its start Envoy waited in vain: ${waited.join(', ')}`,
      evidence: [fromAdmin(pod, away ? 'control_plane.connected_state: 0' : waited.map((name) => `${name}: ${state.counters[name]}`).join(', '), '/stats?filter=connected_state|init_fetch_timeout')],
      explains: waited.length > 0 ? refused : [],
      ...(away ? {} : {severity: 'info'}),
    };
    return [found];
  },
};

/** A kill for a probe that never reached the app: all that the kubelet says of it is that nobody listened at the proxy's own port. */
export const proxyLate: Check = {
  code: 'OSMP304',
  slug: 'proxy-late',
  title: 'The proxy was up too late, and the kubelet killed the app for it',
  severity: 'error',
  blame: 'sidecar',
  cause: 'Probe ports are open only once the proxy is up: up to 30 s later without a control plane. Until then the app is never reached, however well it is.',
  fix: 'a startupProbe (or failureThreshold) that allows for the proxy, and what made it late',
  cases: ['C2'],
  namesFailure: true,
  find: (pod) =>
    pod.symptoms
      .filter((one) => one.kind === 'killed' && isOpen(one))
      .flatMap((kill): Found[] => {
        const probe = pod.probes.find(({container, type}) => container === kill.container && type === kill.probe);
        const failures = probe?.symptoms.filter(({kind, failure}) => kind === 'probe' && failure !== 'no-event') ?? [];
        if (!probe || carrierOf(pod, probe) !== pod.detection.sidecar?.name || pod.detection.sidecar === undefined) return [];
        if (failures.length === 0 || !failures.every(({failure}) => failure === 'refused') || wasUp(pod, kill, failures)) return [];
        const {because, couldBe, blame} = lateness(pod, probe, failures);
        return [
          {
            ...(kill.container === undefined ? {} : {container: kill.container}),
            probe: probe.type,
            why: 'killed before the proxy was up',
            ...(because === undefined ? {couldBe} : {because}),
            ...(because === undefined ? {decides: pod.commands.kubectl(`logs ${pod.pod.name} -n ${pod.pod.namespace} -c ${pod.detection.sidecar.name} --timestamps`)} : {}),
            effect: probe.status ? endedText(probe.status) : 'killed',
            evidence: [kill.evidence, ...failures.map(({evidence}) => evidence), ...counterEvidence(pod)],
            explains: [kill, ...failures, ...restartsFor(pod, probe)],
            ...(kill.state === 'going-on' ? {} : {severity: 'warning' as const}),
            blame,
          },
        ];
      }),
};

/** The proxy had been running for longer than a start takes: what it refused then is another story. */
function wasUp(pod: PodCase, kill: Symptom, failures: Symptom[]): boolean {
  const started = proxyStartedAt(pod);
  const last = highest(failures.map((one) => one.last ?? 0), kill.last ?? 0);
  if (/INITIALIZING/.test(stateOf(pod)?.ready ?? '')) return false;
  return started !== undefined && last - started > 2 * START_MS;
}

/** Why the proxy was late, where something tells it. */
function lateness(pod: PodCase, {actual}: ProbeCase, failures: Symptom[]): {because?: string; couldBe: string[]; blame: Blame} {
  const waited = waitedInVain(stateOf(pod));
  if (waited.length > 0) return {because: `at its start {proxy} waited for the control plane in vain (${waited.join(', ')}), and its probe ports were closed until then`, couldBe: [], blame: 'control plane'};
  const started = proxyStartedAt(pod);
  // One event counts refusals of earlier starts, too: those that led to this kill are the last failureThreshold.
  const first = highest(failures.map((one) => one.last ?? 0)) - ((actual?.failureThreshold ?? 3) - 1) * (actual?.periodSeconds ?? 10) * 1000;
  if (started !== undefined && started > first) return {because: 'the proxy began to run after the probe was refused for the first time', couldBe: [], blame: 'sidecar'};
  return {couldBe: ['the proxy waited for the control plane', 'the proxy had too little CPU to start in time', 'the proxy had ended, and runs again'], blame: 'not yet known'};
}

function waitedInVain(state: EnvoyState | undefined): string[] {
  return ['cluster_manager.cds.init_fetch_timeout', 'listener_manager.lds.init_fetch_timeout'].filter((name) => (state?.counters[name] ?? 0) > 0);
}

function counterEvidence(pod: PodCase): Evidence[] {
  const state = stateOf(pod);
  const waited = waitedInVain(state);
  return waited.length === 0 ? [] : [fromAdmin(pod, waited.map((name) => `${name}: ${state!.counters[name]}`).join(', '), '/stats?filter=init_fetch_timeout')];
}

/** Checks of Envoy's own configuration and state. */
export const ENVOY: Check[] = [configDiffers, notUp, controlPlaneAway];
