import type {Workload} from './owner.ts';

/** Something that changed while somebody watched. */
export interface Happening {
  /** Milliseconds since 1970, as the cluster has it. */
  at: number;
  workload: Workload;
  pod: string;
  /** `probe`, `starting`, `runtime`: the guide's order; `status` is of the pod itself. */
  about: 'probe' | 'starting' | 'runtime' | 'status';
  text: string;
  count?: number;
}
