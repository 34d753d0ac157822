import type {Blame, Severity} from '../model/finding.ts';
import type {Evidence, Symptom} from '../model/symptom.ts';
import type {ProbeType} from '../model/probe.ts';
import type {PodCase, ProbeCase} from './case.ts';

/** What a check found: a cause, with the symptoms that it explains. */
export interface Found {
  container?: string;
  probe?: ProbeType;
  /** A few words for the WHY column of the table. */
  why: string;
  because?: string;
  couldBe?: string[];
  decides?: string;
  effect?: string;
  fix?: string;
  see?: string;
  evidence: Evidence[];
  explains?: Symptom[];
  severity?: Severity;
  blame?: Blame;
}

/** One thing that can be wrong. `find` answers with nothing where it is not; it must be silent on its look-alikes. */
export interface Check {
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
  cases: string[];
  links?: string[];
  /** Only names what fails: silent where another cause has explained all its symptoms that are not over. */
  namesFailure?: true;
  find(pod: PodCase): Found[];
}

/** Asks one question of each probe of the pod. */
export function eachProbe(pod: PodCase, ask: (probe: ProbeCase) => Omit<Found, 'container' | 'probe'> | undefined): Found[] {
  return pod.probes.flatMap((probe) => {
    const found = ask(probe);
    return found ? [{container: probe.container, probe: probe.type, explains: probe.symptoms, ...found}] : [];
  });
}

/** The pod's own side of a probe, as a person can read it. */
export function inPod({pod, commands}: PodCase, text: string): Evidence {
  return {label: 'pod', text, source: 'pod spec', command: commands.kubectl(`get pod ${pod.name} -n ${pod.namespace} -o yaml`)};
}

/** The owner's side of it. */
export function inTemplate({pod, workload, commands}: PodCase, text: string): Evidence {
  return {label: 'template', text, source: 'template', command: commands.kubectl(`get ${workload.kind.toLowerCase()} ${workload.name} -n ${pod.namespace} -o yaml`)};
}
