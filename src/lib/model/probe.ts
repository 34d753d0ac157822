/** The three probes of a container, in the order of the mesh's guide: startup gates the other two. */
export const PROBE_TYPES = ['startup', 'liveness', 'readiness'] as const;
export type ProbeType = (typeof PROBE_TYPES)[number];

export interface Header {
  name: string;
  value: string;
}

/** What is sent where the model holds asterisks: only who asks a pod reads it, nobody shows it. */
export interface Sent {
  path: string;
  headers: Header[];
}

/** A port as a manifest writes it: a number, or the name of one of the same container's ports. */
export type PortRef = number | string;

export interface HttpGet {
  kind: 'httpGet';
  scheme: 'HTTP' | 'HTTPS';
  /** Empty unless the owner set it; the kubelet then calls that host instead of the pod. */
  host: string;
  port: PortRef;
  /** As it may be shown, like the headers: without what looks like a secret. */
  path: string;
  headers: Header[];
  /** Path and headers as they were written, where that is not the same. */
  sent?: Sent;
}

export interface TcpSocket {
  kind: 'tcpSocket';
  host: string;
  port: PortRef;
}

export interface Exec {
  kind: 'exec';
  /** Hosts that the command's words name (of URLs and `-addr=`), the only part of a command that is kept. */
  hosts: string[];
}

export interface Grpc {
  kind: 'grpc';
  port: number;
  service: string;
}

/** A handler that this tool does not know, as a newer Kubernetes may have; judged unknown, never skipped. */
export interface UnknownHandler {
  kind: 'unknown';
  keys: string[];
}

export type Handler = HttpGet | TcpSocket | Exec | Grpc | UnknownHandler;

export interface Probe {
  type: ProbeType;
  handler: Handler;
  initialDelaySeconds: number;
  periodSeconds: number;
  timeoutSeconds: number;
  successThreshold: number;
  failureThreshold: number;
}

export type Probes = Partial<Record<ProbeType, Probe>>;
