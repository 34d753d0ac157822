import type {Finding} from './finding.ts';
import type {Workload} from './owner.ts';
import type {ProbeType} from './probe.ts';
import type {Unseen} from './unseen.ts';

export const VERDICTS = ['fail', 'unknown', 'warn', 'pass'] as const;
export type Verdict = (typeof VERDICTS)[number];

/** One probe of the replicas of a workload that agree. Texts are for people; `verdict` and `codes` are for programs. */
export interface ProbeRow {
  workload: Workload;
  pods: string[];
  container: string;
  probe: ProbeType;
  declared: string;
  /** Port only, as `:15902`; the whole call is in `call`. */
  calls: string;
  call: string;
  reaches: string;
  verdict: Verdict;
  why: string;
  /** Of a probe that is starting: until when a failure does not matter, in milliseconds since 1970. */
  until?: number;
  /** And what has been seen of it so far; `why` has both in words. */
  soFar?: string;
  /** Codes of the findings about this probe. */
  codes: string[];
  /** Whether the mesh's part was tried on a real mesh or read in its source. */
  proof?: 'ran' | 'read';
  profile: string;
  ready: string;
  status: string;
  restarts: string;
  ageMs: number;
  node: string;
}

export interface Report {
  /** The clock by which ages are counted, milliseconds since 1970. */
  now: number;
  origin: {kind: 'live' | 'snapshot'; name: string};
  scope: string;
  rows: ProbeRow[];
  findings: Finding[];
  /** What could not be seen. */
  unseen: Unseen[];
  /** Profiles found, by title. */
  meshes: string[];
  pods: number;
  /** Pods that were looked into, of those in scope; absent where nobody looked. */
  looked?: number;
  /** Pods that were counted, not judged. */
  others: {outside: number; completed: number; terminating: number; evicted: number};
  /** Ctrl-C came before all was seen. */
  interrupted?: true;
  /** Findings that a filter hides; no verdict depends on it. */
  hidden?: {count: number; by: string; codes: string[]};
}
