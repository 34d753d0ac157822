import type {ProbeType} from '../model/probe.ts';

/** Ports on which the mesh answers probes (osm v1.2.4 pkg/constants/constants.go; osm-edge and FSM use the same). */
export const PROBE_PORTS: Record<ProbeType, number> = {liveness: 15901, readiness: 15902, startup: 15903};
export const HEALTHCHECK_PORT = 15904;
/** Envoy's scrape listener: osm-init leaves it alone, so the kubelet can reach it. */
export const METRICS_PORT = 15010;
/** Ports that the sidecar binds; an app that listens there collides with it. */
export const RESERVED_PORTS = [15000, 15001, 15003, METRICS_PORT, ...Object.values(PROBE_PORTS), HEALTHCHECK_PORT];
/** The user that the proxy runs as: iptables lets its traffic pass, so an app must not run as it. */
export const PROXY_UID = 1500;

export const TCP_HEADER = 'Original-Tcp-Port';

export const SIDECAR_NAMES = ['envoy', 'sidecar'];
export const INIT_NAMES = ['osm-init', 'fsm-init'];
export const HEALTHCHECK_NAMES = ['osm-healthcheck', 'fsm-healthcheck'];
export const BOOTSTRAP_VOLUMES = ['envoy-bootstrap-config-volume', 'sidecar-bootstrap-config-volume'];
export const PROXY_LABELS = ['osm-proxy-uuid', 'fsm-proxy-uuid'];
/** Prefixes of the mesh's labels and annotations; others are not kept. */
export const MESH_PREFIXES = ['openservicemesh.io/', 'flomesh.io/'];

/** True for the port numbers on which the mesh answers probes. */
export function isMeshProbePort(port: number): boolean {
  return port === HEALTHCHECK_PORT || Object.values(PROBE_PORTS).includes(port);
}

/** The probe type that a port of the proxy is for. */
export function probeTypeOf(port: number): ProbeType | undefined {
  return (Object.keys(PROBE_PORTS) as ProbeType[]).find((type) => PROBE_PORTS[type] === port);
}
