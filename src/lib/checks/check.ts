import {KILLED} from '../kubelet/timing.ts';
import {HEALTHCHECK_NAMES, HEALTHCHECK_PORT, isMeshProbePort} from '../mesh/names.ts';
import type {Blame, Severity} from '../model/finding.ts';
import {named, ofContainer} from '../model/lookup.ts';
import type {Evidence, Symptom} from '../model/symptom.ts';
import type {ProbeType} from '../model/probe.ts';
import type {PodCase, ProbeCase} from './case.ts';

/** What a check found: a cause, with the symptoms that it explains. */
export interface Found {
  container?: string;
  probe?: ProbeType;
  /** A few words for the WHY column of the table. */
  why: string;
  /** Where one code has several causes, the one that was found. */
  title?: string;
  /** Tells findings of one code about one container and probe apart; stable over counts and times. */
  key?: string;
  because?: string;
  couldBe?: string[];
  decides?: string;
  effect?: string;
  fix?: string;
  see?: string;
  evidence: Evidence[];
  explains?: Symptom[];
  /** Hosts that the failing command asks: where they are workloads of the same report, their trouble is a cause that remains. */
  asks?: string[];
  severity?: Severity;
  blame?: Blame;
}

/** What is said of a check without a pod, by `explain` and in the documentation. */
export interface CatalogueEntry {
  /** Public, stable, never reused. */
  code: `OSMP${number}`;
  slug: string;
  title: string;
  severity: Severity;
  blame: Blame;
  /** Why it happens, in a sentence or two. */
  cause: string;
  fix: string;
  /** Rows of the catalogue of failures that it covers, and other things that one may look up. */
  cases: readonly string[];
  links?: string[];
}

/** One thing that can be wrong. `find` answers with nothing where it is not; it must be silent on its look-alikes. */
export interface Check extends CatalogueEntry {
  /** Only names what fails: silent where another cause has explained all its symptoms that are not over. */
  namesFailure?: true;
  /** Keeps a container from running, so that its probes are not run. */
  stops?: true;
  /** No kubelet runs the pod's probes any more, whatever they said before. */
  silences?: true;
  /** About the pod and none of its probes: their verdicts are their own. */
  aside?: true;
  find(pod: PodCase): Found[];
}

/** What one check found of one pod. */
export interface Cause {
  check: Check;
  found: Found;
}

/** Asks one question of each probe of the pod. */
export function eachProbe(pod: PodCase, ask: (probe: ProbeCase) => Omit<Found, 'container' | 'probe'> | undefined): Found[] {
  return pod.probes.flatMap((probe) => {
    const found = ask(probe);
    return found ? [{container: probe.container, probe: probe.type, explains: [...probe.symptoms, ...restartsFor(pod, probe)], ...found}] : [];
  });
}

/** Ends of the container that the kubelet brought about, because this probe failed. */
export function restartsFor(pod: PodCase, {container, type, init, symptoms}: ProbeCase): Symptom[] {
  if (type === 'readiness' || !symptoms.some(({kind}) => kind === 'probe' || kind === 'killed')) return [];
  return ofContainer(pod.symptoms, container).filter((one) => one.kind === 'crashed' && (one.init ?? false) === init && !exitsItself(pod, container));
}

/** The injector added this container. */
export function isOfMesh({detection}: PodCase, name: string): boolean {
  return detection.added.includes(name);
}

/** The container of the mesh that answers on the port that this probe calls, if it is one of the mesh's. */
export function carrierOf({pod, detection}: PodCase, {call}: Pick<ProbeCase, 'call'>): string | undefined {
  if (!('port' in call) || typeof call.port !== 'number' || !isMeshProbePort(call.port)) return undefined;
  return call.port === HEALTHCHECK_PORT ? HEALTHCHECK_NAMES.find((name) => named(pod.spec.containers, name)) : detection.sidecar?.name;
}

/** Whether the container ended by itself: for memory, or with a code that no kill leaves and no kill was reported. */
export function exitsItself(pod: PodCase, name: string): boolean {
  const crash = ofContainer(pod.symptoms, name).find(({kind}) => kind === 'crashed');
  const killed = ofContainer(pod.symptoms, name).some(({kind, state}) => kind === 'killed' && state !== 'over');
  return crash?.failure === 'OOMKilled' || (!killed && crash !== undefined && !KILLED.includes(crash.status ?? 0));
}

/** True where Envoy's own configuration leads the probe elsewhere than the mesh promises; whose container it is the dump does not tell. */
export function differs({promised, path}: ProbeCase): boolean {
  const plain = (end: ProbeCase['path']['end']) => (end.at === 'target' ? [end.target.protocol, end.target.port, end.target.path] : [end.reason]).join(' ');
  return promised !== undefined && plain(promised.end) !== plain(path.end);
}

/** What to type so that the pod is made anew, by what owns it: only some kinds know a rollout. */
export function remake({pod: {name, namespace}, workload, commands}: PodCase): string {
  const {kind, name: owner} = workload;
  if (['Deployment', 'StatefulSet', 'DaemonSet'].includes(kind)) return commands.kubectl(`rollout restart ${kind.toLowerCase()}/${owner} -n ${namespace}`);
  if (kind === 'Pod') return `make the pod anew from its manifest: ${commands.kubectl(`delete pod ${name} -n ${namespace}`)}, then apply it`;
  if (kind === 'Job') return `make the Job anew from its manifest: ${commands.kubectl(`delete job ${owner} -n ${namespace}`)}, then apply it`;
  return `${commands.kubectl(`delete pod ${name} -n ${namespace}`)}, so that its ${kind} makes a new one`;
}

/** The pod's own side of a probe, as a person can read it. */
export function inPod({pod, commands}: PodCase, text: string): Evidence {
  return {label: 'pod', text, source: 'pod spec', command: commands.kubectl(`get pod ${pod.name} -n ${pod.namespace} -o yaml`)};
}

/** The owner's side of it. */
export function inTemplate({pod, workload, commands}: PodCase, text: string): Evidence {
  return {label: 'template', text, source: 'template', command: commands.kubectl(`get ${workload.kind.toLowerCase()} ${workload.name} -n ${pod.namespace} -o yaml`)};
}
