import type {Workload} from './owner.ts';
import type {ProbeType} from './probe.ts';
import type {Evidence} from './symptom.ts';

export const SEVERITIES = ['error', 'warning', 'info'] as const;
export type Severity = (typeof SEVERITIES)[number];

export type Blame = 'app' | 'spec' | 'mesh' | 'sidecar' | 'control plane' | 'network' | 'policy' | 'node' | 'not yet known';

/** A cause, or (with `couldBe`) what fails and the causes that remain. */
export interface Finding {
  code: string;
  slug: string;
  title: string;
  severity: Severity;
  blame: Blame;
  workload: Workload;
  /** Names of the pods that agree; the first is the one whose evidence is shown. */
  pods: string[];
  /** `READY 1/2, 3 restarts`, of the first pod. */
  podState: string;
  container?: string;
  probe?: ProbeType;
  evidence: Evidence[];
  because?: string;
  couldBe?: string[];
  decides?: string;
  effect?: string;
  fix?: string;
  see?: string;
  /** Other symptoms that hang under this cause. */
  consequences: string[];
  /** Does not depend on pod names, counts or times. */
  fingerprint: string;
}
