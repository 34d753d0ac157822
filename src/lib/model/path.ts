import type {Header, ProbeType, Sent} from './probe.ts';

/** What the kubelet does for a probe. An empty `host` is the pod's own address. */
export type Call =
  | {kind: 'http'; scheme: 'HTTP' | 'HTTPS'; host: string; port: number; path: string; headers: Header[]; sent?: Sent}
  | {kind: 'tcp'; host: string; port: number}
  | {kind: 'grpc'; port: number; service: string}
  | {kind: 'exec'}
  /** The named port is not one of the container's: the kubelet can't even start. */
  | {kind: 'unresolved'; port: string}
  | {kind: 'unknown'; keys: string[]};

/** Where a request ends: a port of the pod and what is asked there. `containers` are those whose probe it is. */
export interface Target {
  protocol: 'http' | 'https' | 'tcp' | 'grpc' | 'exec';
  port: number;
  /** As the kubelet asks for it; of a declared target `raw` is what its owner wrote, where that is not the same. */
  path: string;
  raw?: string;
  containers: string[];
}

/** Who hands the request on: nobody, the proxy's HTTP or TCP side, or the healthcheck container. */
export type Via = 'direct' | 'envoy-http' | 'envoy-tcp' | 'healthcheck' | 'pipy';

export type BreakReason =
  | 'elsewhere' /* the call goes to another host than the pod */
  | 'no-listener' /* nothing is open on the probe port */
  | 'no-healthcheck' /* nothing is open on 15904 */
  | 'ipv4-only' /* the probe listeners bind 0.0.0.0, the pod's address is IPv6 */
  | 'tls-to-plaintext' /* TLS meets an HTTP listener */
  | 'plaintext-to-tls' /* HTTP is relayed to a TLS port */
  | 'no-route' /* the proxy has no route for that path: 404 */
  | 'ambiguous-route' /* several routes match, and which one is first is left to chance */
  | 'header-missing' /* 15904 without Original-Tcp-Port: 400 */
  | 'unresolved-port' /* a named port became 0 (or 80, 443) */
  | 'bad-path' /* a path without slash reaches the app as it is: 400 */
  | 'self-loop' /* the proxy calls itself */
  | 'no-proxy' /* the proxy is not in the pod, and something of its calls is */
  | 'redirected' /* iptables hands the request to the mTLS listener */
  | 'proxy-accepts' /* a TCP connect ends at the proxy, which accepts whatever the app does */
  | 'by-service' /* the proxy picks a Service's port, which the pod does not tell */
  | 'unknown'; /* a handler that this tool does not know */

export type PathEnd =
  | {at: 'target'; target: Target; via: Via; timeoutSeconds?: number}
  /** `meant` is where the request would have gone on to, where that is known. */
  | {at: 'break'; reason: BreakReason; port: number; meant?: Target};

export interface Path {
  call: Call;
  end: PathEnd;
}

/** Where a proxy sends what it accepts; `tls` says that a TLS server is expected there. */
export interface Endpoint {
  port: number;
  tls: boolean;
  containers: string[];
}

export interface Route {
  prefix: string;
  /** Matches the whole path only. */
  exact?: true;
  rewrite: string;
  to: Endpoint;
  timeoutSeconds: number;
}

/** What is open on one of 15901–15903. */
export interface ProbeListener {
  type: ProbeType;
  port: number;
  /** Answers plaintext HTTP by these routes. */
  routes: Route[];
  /** Relays bytes: all of them, or (OSM main) those that begin with TLS. */
  relay?: {to: Endpoint; of: 'any' | 'tls'};
  /** Pipy answers any path with this one target. */
  pipy?: {to: Endpoint; path: string} | {healthcheck: true} | {service: true};
}

/** The proxy's side of the probes: computed from a template (expected), or read from its configuration (observed). */
export interface Sidecar {
  listeners: ProbeListener[];
  /** The container on 15904, and the one path that it knows. */
  healthcheck?: {container: string; path: string} | undefined;
  /** Ports that the kubelet reaches without being redirected to the mTLS listener; `all` where nothing redirects. */
  open: number[] | 'all';
  ipv6: boolean;
  /** Nothing shows whether other ports are redirected: there are no rules to read, and this mesh knows modes without. */
  mayBeOpen?: true;
  /** Of these types neither a template nor the proxy itself tells what the probe port leads to. */
  unknown?: readonly ProbeType[];
  /** The injector was here, and its proxy is not: what is led to it ends nowhere. */
  missing?: true;
  /** The proxy's calls of 127.0.0.1 end at the pod's own address; those of the healthcheck container don't. */
  dialsPodAddress?: true;
  /** Containers that the injector adds. */
  containers: string[];
  /** Ports that the proxy container declares for probes, whether it listens there or not. */
  declaredPorts: number[];
}

/** Where a probe's path ends, compared with where its owner meant it to. */
export type Reach =
  | 'declared'
  | 'weaker' /* the right port, but less is asked of it than declared */
  | 'altered' /* the right port, but the path is sent as it is written, where the kubelet reads a URL */
  | 'other' /* another target */
  | 'stands' /* what was declared is not known; the proxy's own configuration stands for it */
  | 'shared' /* what was declared is not known; several containers are led to this one target */
  | 'broken' /* the path has a named break */
  | 'unknown';
