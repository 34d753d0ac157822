import type {Answer, Ask} from './answer.ts';
import type {ProbeListener} from './path.ts';
import type {ProbeType} from './probe.ts';
import type {Observed, Unseen} from './unseen.ts';

export interface Hop {
  ask: Ask;
  answer: Answer;
}

/** Why the kubelet's way ends at a redirect that it would meet. */
export type Stop =
  | 'other-host' /* counts as success */
  | 'closed-port' /* a port that the mesh redirects: the kubelet is reset or refused, whatever a tunnel says */
  | 'too-many'
  | 'bad-location'; /* one that no client can follow: `to` says why */

/** The same request with one thing changed, asked only where it decides between two causes. */
export type Variant =
  | 'mesh-host' /* past the mesh, with the Host that the mesh's call has */
  | 'other-host' /* with a Host that is no address */
  | 'forwarded-proto' /* with the header that the proxy adds */
  | 'proxy-headers' /* with all others that the proxy adds */
  | 'mesh-path' /* with the path as the proxy sends it */
  | 'reused' /* as the second request of one connection */
  | 'tls'
  | 'plaintext';

/** One probe, sent as the kubelet sends it. */
export interface Replay {
  container: string;
  probe: ProbeType;
  /** Through the mesh; redirects that the kubelet follows are further hops. Empty where a tunnel can't make the call. */
  through: Hop[];
  stopped?: {why: Stop; to: string};
  /** Straight to the declared port, over the pod's loopback; absent where the kubelet's own call is no other. */
  past?: Hop;
  variants: Partial<Record<Variant, Hop>>;
}

/** One line of Envoy's access log about a probe. `at` is milliseconds since 1970. */
export interface AccessLine {
  at: number;
  /** Empty on TCP listeners. */
  path: string;
  /** 0 where the caller left before there was an answer. */
  code: number;
  flags: string[];
  details: string;
  upstream: string;
  envoyCluster: string;
  durationMs: number;
  upstreamMs?: number;
  userAgent: string;
  /** Of the body, to the caller. */
  bytesSent?: number;
  /** The Host of the request; absent on TCP listeners. */
  authority?: string;
}

/** Envoy's own state, by its admin port. */
export interface EnvoyState {
  /** `LIVE`, `PRE_INITIALIZING`, `INITIALIZING`, `DRAINING`. */
  ready: string;
  counters: Record<string, number>;
}

/** The last lines of a container that crashed, or that says why its probes fail. */
export interface LogLines {
  container: string;
  previous: boolean;
  lines: string[];
}

/** What a running app's log says of the port that its probe asks: where it listens, and that it wants TLS. */
export interface PortWords {
  container: string;
  port: number;
  lines: string[];
}

/** What was found by looking into one pod. */
export interface Look {
  pod: string;
  at: number;
  /** What opening the tunnel took: no latency of the pod's. */
  setupMs: number;
  listeners: Observed<ProbeListener[]>;
  envoy: Observed<EnvoyState>;
  /** Oldest first; of the kubelet's own probes only. */
  accessLog: Observed<AccessLine[]>;
  logs: LogLines[];
  /** Of apps that could not be reached; absent in old looks. */
  portWords?: PortWords[];
  replays: Replay[];
  /** What was asked in vain, though something else was seen. */
  missed: Unseen[];
}
