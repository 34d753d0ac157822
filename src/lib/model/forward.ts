import type {Answer, Ask} from './answer.ts';
import type {Workload} from './owner.ts';
import type {ProbeType} from './probe.ts';
import type {Report, Verdict} from './report.ts';
import type {Unseen} from './unseen.ts';

/** One side of a replayed probe: the request that was sent, what came back, and what the kubelet would make of it. */
export interface ReplayedSide {
  /** `GET :15902/osm-readiness-probe`. */
  request: string;
  ask: Ask;
  answer: Answer;
  /** The answer in a few words without its time: `503`, `refused`. */
  text: string;
  /** From the open stream to the end of the answer, in milliseconds; absent where there is none. */
  ms?: number;
  ok: boolean;
  /** After `timeoutSeconds`. */
  late: boolean;
  /** Who answered. */
  by: string;
  /** What the kubelet's event says after "probe failed: "; empty for a success. */
  kubelet: string;
}

/** A side that can't be replayed over a tunnel, and what the rules say of it. */
export interface MissingSide {
  missing: string;
}

/** What several rounds gave. Milliseconds; a request without an answer counts as failed and has no time. */
export interface Rounds {
  count: number;
  failed: number;
  /** How often a success followed a failure, or a failure a success. */
  turns: number;
  min?: number;
  median?: number;
  max?: number;
  /** In order; null where no answer came. */
  times: (number | null)[];
}

export interface ReplayedProbe {
  container: string;
  probe: ProbeType;
  timeoutSeconds: number;
  declared: string;
  /** As the kubelet would judge what came through the mesh; `warn` passes, though not for the right reason. */
  verdict: Verdict;
  through: ReplayedSide | MissingSide;
  past: ReplayedSide | MissingSide;
  /** The mesh is not on the probe's way: both sides are one connection. */
  one?: true;
  /** One sentence about the pair. */
  means: string;
  /** What remains possible, where the pair leaves it open. */
  couldBe?: string[];
  fix?: string;
  /** What else one has to know: the kubelet does not ask it yet, or any more. */
  note?: string;
  rounds?: {through?: Rounds; past?: Rounds};
}

export interface ForwardedPod {
  workload: Workload;
  pod: string;
  ready: string;
  status: string;
  /** Since when the Ready condition is as it is, in milliseconds since 1970. */
  since?: number;
  /** Pods of the workload that were not asked. */
  others: number;
  profile: string;
  /** What opening the tunnel took, in milliseconds. */
  setupMs: number;
  probes: ReplayedProbe[];
}

export interface ForwardReport extends Pick<Report, 'now' | 'origin' | 'scope' | 'unseen'> {
  pods: ForwardedPod[];
  /** Targets outside the mesh, finished or going: nothing of them is replayed. */
  notAsked: Report['others'];
  /** Ctrl-C came before the last round. */
  interrupted?: true;
  unseen: Unseen[];
}
