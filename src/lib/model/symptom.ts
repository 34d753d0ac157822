import type {ProbeType} from './probe.ts';

/** Where a fact was read, and the command with which a person can see it without this tool. */
export interface Evidence {
  /** One word in front of the line: `kubelet`, `status`, `template`, `pod`, `event`. */
  label: string;
  text: string;
  source: 'template' | 'pod spec' | 'pod status' | 'event' | 'owner' | 'namespace' | 'live answer' | 'config dump' | 'log';
  command: string;
  /** How often and when, in milliseconds since 1970; `count` is a lower bound. */
  times?: {count: number; first: number; last: number};
}

/**
 * `going-on`: seen now, or as late as it can be seen. `maybe`: seen lately, and it may come again. `unheard`: seen once,
 * and since then nobody could have told. `over`: something later shows that it ended. `starting`: within the start budget.
 */
export type SymptomState = 'going-on' | 'maybe' | 'unheard' | 'over' | 'starting';

/** It is not known to have ended: a finding must name it. */
export function isOpen({state}: Pick<Symptom, 'state'>): boolean {
  return state === 'going-on' || state === 'maybe' || state === 'unheard';
}

/** Something that was seen to go wrong. A finding explains it, or it is printed as unexplained. */
export interface Symptom {
  kind:
    | 'probe' /* a probe fails, by the kubelet's events or by the status alone */
    | 'answer' /* a live answer that is no success */
    | 'probe-warning' /* the kubelet followed no redirect and counts it as success */
    | 'killed' /* the kubelet killed a container because of a probe */
    | 'crashed' /* a container ended by itself and was, or will be, restarted */
    | 'waiting' /* a container can't start */
    | 'hook' /* a lifecycle hook failed */
    | 'unscheduled'
    | 'mount'
    | 'sandbox'
    | 'refused' /* the API server refused to create the pod */
    | 'not-ready'; /* the pod is not Ready and nothing else says why */
  state: SymptomState;
  /** Of a probe: which rule decided its state, in words. */
  why?: string;
  /** Until when it may go on without mattering, in milliseconds since 1970; where it is `starting`. */
  until?: number;
  container?: string;
  init?: boolean;
  probe?: ProbeType;
  /** The failure's class of the kubelet's wording, a container's waiting reason, … */
  failure?: string;
  /** The kubelet got no result: it does not count towards `failureThreshold`. */
  errored?: true;
  /** HTTP status of a failed probe. */
  status?: number;
  /** The pod-side port and path that the kubelet's text names, where it does. */
  url?: string;
  /** The raw text, cleaned; stable over counts, times and source ports. */
  text: string;
  /** A lower bound. */
  count: number;
  first?: number;
  last?: number;
  evidence: Evidence;
}
