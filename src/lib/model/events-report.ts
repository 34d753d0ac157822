import type {AccessLine, LogLines} from './look.ts';
import type {Workload} from './owner.ts';
import type {ProbeType} from './probe.ts';
import type {Report} from './report.ts';
import type {SymptomState} from './symptom.ts';
import type {Observed} from './unseen.ts';

/**
 * A symptom's state, with what a history knows besides. `start-up`: within seconds of a start, and over: no fault.
 * `comes-and-goes`: over at this moment, and so it was before it failed the last time. `not-asked`: it failed, and its
 * container does not run now.
 */
export type EventState = SymptomState | 'start-up' | 'comes-and-goes' | 'not-asked';

/** How often and when, in milliseconds since 1970; none of them where only the status tells. */
export interface Times {
  count: number;
  /** The kubelet wrote fewer events than there were failures. */
  atLeast: boolean;
  first: number;
  last: number;
}

/** One way in which one probe failed, in the pods that agree. */
export interface ProbeFailure {
  container: string;
  probe: ProbeType;
  /** `GET :8080/ready`, as the owner declared it. */
  declared: string;
  pods: string[];
  /** The class of the failure: `status`, `refused`, `timeout`, … */
  failure: string;
  /** The HTTP status, where that is what failed. */
  status?: number;
  /** In words about the declared probe. */
  said: string;
  /** The kubelet's own words, of the first pod. */
  text: string;
  times?: Times;
  /** What Envoy's log says of the kubelet's last requests. */
  requests?: {total: number; failed: number; last: number};
  state: EventState;
}

/** What kept a pod from being made or started, or what ended a container. */
export interface Trouble {
  /** Absent for what concerns the whole pod, or no pod at all. */
  container?: string;
  pods: string[];
  reason: string;
  text: string;
  times?: Times;
  state: EventState;
  /** What was seen right before it. */
  before?: string;
}

export interface Mark {
  /** Milliseconds since 1970. */
  at: number;
  text: string;
}

/** Lines of a container that failed. */
export interface Words extends LogLines {
  pod: string;
}

/** One event of `--all`. */
export interface EventRow {
  last: number;
  first: number;
  count: number;
  type: string;
  reason: string;
  object: string;
  container?: string;
  message: string;
}

export interface PodLine {
  name: string;
  ready: string;
  status: string;
  restarts: string;
  ageMs: number;
}

/** What happened to one workload, in the guide's order. */
export interface WorkloadEvents {
  workload: Workload;
  pods: PodLine[];
  rewriting: {state: 'as-expected' | 'wrong' | 'unknown' | 'not-in-the-mesh'; text: string; command: string};
  probes: ProbeFailure[];
  starting: Trouble[];
  runtime: Trouble[];
  marks: Mark[];
  words: Words[];
  /** Why counts and times say less than happened. */
  notes: string[];
  /** Nothing of it is a fault: what there is belongs to a start, and is over. */
  quiet: boolean;
  /** Something happened that was not asked for, by `--since` or `--probe`. */
  leftOut?: true;
  /** All events of its pods, oldest first; only where they were asked for. */
  rows?: EventRow[];
}

export interface EventsReport extends Pick<Report, 'now' | 'origin' | 'scope' | 'unseen' | 'pods' | 'others' | 'interrupted'> {
  workloads: WorkloadEvents[];
  /** Events read of the pods in scope and of controllers that were refused pods. */
  events: number;
}

/** What was found in the logs of one pod. */
export interface Told {
  /** Oldest first; absent where nobody looked. */
  accessLog?: Observed<AccessLine[]>;
  words: Words[];
}
