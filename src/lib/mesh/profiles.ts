import type {ProbeType} from '../model/probe.ts';

export type ProfileId =
  | 'osm-0.7'
  | 'osm-0.9'
  | 'osm-0.10'
  | 'osm-0.11'
  | 'osm-1.1'
  | 'osm-main'
  | 'edge-1.1'
  | 'edge-1.3.5'
  | 'edge-1.3.5-envoy'
  | 'fsm'
  | 'fsm-node-level';

/** `ran`: seen on a real mesh. `read`: read in that release's source, a verdict that rests on it says so. */
export type Proof = 'ran' | 'read';

/**
 * How one handler is rewritten. `{type}`, `{container}`, `{port}` and `{path}` stand for the probe's own.
 * What a cell does not name is kept.
 */
export interface Rewrite {
  to: 'untouched' | 'httpGet' | 'tcpSocket';
  /** `probe` is 15901–15903 by type, `healthcheck` is 15904. */
  port?: 'probe' | 'healthcheck';
  path?: string;
  scheme?: 'HTTP';
  /** Appended to the owner's headers. */
  headers?: {name: string; value: '{port}' | '{path}'}[];
  /** Port that stands for a name that no port of the container bears. */
  unresolvedPort?: number;
  proof: Proof;
  source: string;
}

/** Which container's probe the proxy serves, where several have one of the same type. */
export type Winner = 'last' | 'first' | 'each';

export interface Profile {
  id: ProfileId;
  /** As a person says it. */
  title: string;
  releases: string;
  proxy: 'envoy' | 'pipy' | 'none';
  http: Rewrite;
  https: Rewrite;
  tcp: Rewrite;
  /** What the proxy makes of the winning probe's handlers. */
  serves: {
    winner: Winner;
    proof: Proof;
    /** How 15901–15903 find the app: by Envoy's static config, by Pipy's config, or (old osm-edge) by a Service. */
    by: 'envoy-static' | 'pipy-config' | 'pipy-service';
    /** The path that the proxy's own route expects, where it has one. */
    route: string;
    /** What serves HTTPS probes, where it is not a TCP relay: the HTTP side, or (as for TCP probes) none of its own. */
    httpsAs?: 'http' | 'tcp';
    /** Seconds after which the proxy's route gives up; `probe` is the winner's own `timeoutSeconds`, Pipy waits for ever. */
    routeTimeout: 'probe' | 'none' | number;
    source: string;
  };
  /** The container on 15904, added when a winning probe needs it. */
  healthcheck?: {container: string; path: string; proof: Proof};
  /** The init container whose rules let 15901–15904 pass; older ones return 15901–15903 only. */
  bypassed: number[];
}

const PORTS_OLD = [15010, 15901, 15902, 15903];
const PORTS = [...PORTS_OLD, 15904];
const OSM_PATH = '/osm-{type}-probe';
const UNTOUCHED_TCP: Rewrite = {to: 'untouched', proof: 'read', source: 'osm@v0.8.4:pkg/injector/health_probes.go:36-101'};

const OSM_0_7: Profile = {
  id: 'osm-0.7',
  title: 'OSM 0.7–0.8',
  releases: 'v0.7.0–v0.8.4',
  proxy: 'envoy',
  http: {to: 'httpGet', port: 'probe', path: OSM_PATH, unresolvedPort: 0, proof: 'read', source: 'osm@v0.7.0:pkg/injector/health_probes.go:33-112'},
  // The path is rewritten too and the scheme stays HTTPS: TLS meets a plaintext listener (osm#2515).
  https: {to: 'httpGet', port: 'probe', path: OSM_PATH, unresolvedPort: 0, proof: 'read', source: 'osm@v0.7.0:pkg/injector/health_probes.go:33-112'},
  tcp: UNTOUCHED_TCP,
  serves: {winner: 'last', proof: 'read', by: 'envoy-static', route: OSM_PATH, httpsAs: 'http', routeTimeout: 15, source: 'osm@v0.7.0:pkg/injector/envoy_config_health_probes.go:34-139'},
  bypassed: PORTS_OLD,
};

const OSM_0_9: Profile = {
  ...OSM_0_7,
  id: 'osm-0.9',
  title: 'OSM 0.9',
  releases: 'v0.9.0–v0.9.2',
  http: {...OSM_0_7.http, source: 'osm@v0.9.2:pkg/injector/health_probes.go:36-101'},
  https: {to: 'httpGet', port: 'probe', unresolvedPort: 0, proof: 'read', source: 'osm@v0.9.2:pkg/injector/health_probes.go:36-101'},
  serves: {winner: 'last', proof: 'read', by: 'envoy-static', route: OSM_PATH, routeTimeout: 15, source: 'osm@v0.9.2:pkg/injector/envoy_config_health_probes.go'},
  // The connect ends at Envoy's TCP proxy, which accepts whatever the app does (osm#4434).
  tcp: {to: 'tcpSocket', port: 'probe', unresolvedPort: 0, proof: 'read', source: 'osm@v0.9.2:pkg/injector/health_probes.go:36-101'},
};

const OSM_0_10: Profile = {...OSM_0_9, id: 'osm-0.10', title: 'OSM 0.10', releases: 'v0.10.0'};

const OSM_0_11: Profile = {
  ...OSM_0_9,
  id: 'osm-0.11',
  title: 'OSM 0.11–1.0',
  releases: 'v0.11.0–v1.0.0',
  serves: {...OSM_0_9.serves, routeTimeout: 'probe', source: 'osm@v0.11.1:pkg/injector/envoy_config_health_probes.go:205-230'},
};

const OSM_1_1: Profile = {
  id: 'osm-1.1',
  title: 'OSM 1.1–1.2',
  releases: 'v1.1.0–v1.2.4 (and 1.2.5–1.2.11 of Microsoft, whose source was not read)',
  proxy: 'envoy',
  http: {to: 'httpGet', port: 'probe', path: OSM_PATH, unresolvedPort: 0, proof: 'ran', source: 'osm@v1.2.4:pkg/injector/health_probes.go:17-119'},
  https: {to: 'httpGet', port: 'probe', unresolvedPort: 0, proof: 'ran', source: 'osm@v1.2.4:pkg/injector/health_probes.go:17-119'},
  tcp: {
    to: 'httpGet',
    port: 'healthcheck',
    path: '/osm-healthcheck',
    scheme: 'HTTP',
    headers: [{name: 'Original-Tcp-Port', value: '{port}'}],
    unresolvedPort: 0,
    proof: 'ran',
    source: 'osm@v1.2.4:pkg/injector/health_probes.go:77-90',
  },
  serves: {winner: 'last', proof: 'ran', by: 'envoy-static', route: OSM_PATH, routeTimeout: 'probe', source: 'osm@v1.2.4:pkg/envoy/bootstrap/config.go:348-370'},
  healthcheck: {container: 'osm-healthcheck', path: '/osm-healthcheck', proof: 'ran'},
  bypassed: PORTS,
};

const OSM_MAIN: Profile = {
  ...OSM_1_1,
  id: 'osm-main',
  title: 'OSM main (unreleased)',
  releases: 'branch main since 2022-09-21, in no release',
  http: {...OSM_1_1.http, path: '/osm-{type}-probe/{container}', proof: 'read', source: 'osm@main:pkg/injector/health_probes.go:17-123'},
  https: {...OSM_1_1.https, proof: 'read', source: 'osm@main:pkg/injector/health_probes.go:17-123'},
  tcp: {...OSM_1_1.tcp, proof: 'read', source: 'osm@main:pkg/injector/health_probes.go:17-123'},
  serves: {winner: 'each', proof: 'read', by: 'envoy-static', route: `${OSM_PATH}/{container}`, routeTimeout: 1, source: 'osm@main:pkg/envoy/bootstrap/envoy_config_health_probes.go:89-106'},
  healthcheck: {container: 'osm-healthcheck', path: '/osm-healthcheck', proof: 'read'},
};

const EDGE_1_1: Profile = {
  ...OSM_1_1,
  id: 'edge-1.1',
  title: 'osm-edge 1.1–1.3.4',
  releases: 'v1.1.0–v1.3.4',
  proxy: 'pipy',
  http: {...OSM_1_1.http, proof: 'read', source: 'edge@v1.1.0:pkg/injector/health_probes.go'},
  https: {...OSM_1_1.https, proof: 'read', source: 'edge@v1.1.0:pkg/injector/health_probes.go'},
  tcp: {...OSM_1_1.tcp, proof: 'read', source: 'edge@v1.1.0:pkg/injector/health_probes.go'},
  serves: {winner: 'first', proof: 'read', by: 'pipy-service', route: OSM_PATH, routeTimeout: 'none', source: 'edge@v1.2.3:codebase/main.js:45-118'},
  healthcheck: {container: 'osm-healthcheck', path: '/osm-healthcheck', proof: 'read'},
};

function flomesh(path: string, source: string): Pick<Profile, 'http' | 'https' | 'tcp'> {
  return {
    http: {
      to: 'httpGet',
      port: 'probe',
      path,
      headers: [
        {name: 'Original-Http-Port', value: '{port}'},
        {name: 'Original-Http-Path', value: '{path}'},
      ],
      unresolvedPort: 80,
      proof: 'read',
      source,
    },
    // Only a TCP connect is tested: the app's answer is never read.
    https: {to: 'httpGet', port: 'probe', path, scheme: 'HTTP', headers: [{name: 'Original-Tcp-Port', value: '{port}'}], unresolvedPort: 443, proof: 'read', source},
    tcp: {to: 'httpGet', port: 'healthcheck', path, scheme: 'HTTP', headers: [{name: 'Original-Tcp-Port', value: '{port}'}], unresolvedPort: 0, proof: 'read', source},
  };
}

const EDGE_1_3_5: Profile = {
  ...EDGE_1_1,
  ...flomesh('/osm-healthcheck', 'edge@v1.3.9:pkg/injector/health_probes.go'),
  id: 'edge-1.3.5',
  title: 'osm-edge 1.3.5+',
  releases: 'v1.3.5–v1.3.9',
  serves: {winner: 'first', proof: 'read', by: 'pipy-config', route: '/', httpsAs: 'tcp', routeTimeout: 'none', source: 'edge@v1.3.9: codebase/probes.js'},
};

/** The injector writes `/osm-healthcheck`, Envoy's route still expects `/osm-{type}-probe`. */
const EDGE_1_3_5_ENVOY: Profile = {
  ...EDGE_1_3_5,
  id: 'edge-1.3.5-envoy',
  title: 'osm-edge 1.3.5+ with Envoy',
  releases: 'v1.3.5–v1.3.9 with sidecarClass: envoy',
  proxy: 'envoy',
  serves: {winner: 'last', proof: 'read', by: 'envoy-static', route: OSM_PATH, httpsAs: 'tcp', routeTimeout: 'probe', source: 'edge@v1.3.9:pkg/sidecar/providers/envoy/driver/sidecar.go:68'},
};

const FSM: Profile = {
  ...EDGE_1_3_5,
  ...flomesh('/fsm-healthcheck', 'fsm@main:pkg/injector/health_probes.go:18-138'),
  id: 'fsm',
  title: 'FSM',
  releases: 'v1.0.0–v1.5.1, release/v1.6, v1.7',
  serves: {winner: 'first', proof: 'read', by: 'pipy-config', route: '/', httpsAs: 'tcp', routeTimeout: 'none', source: 'fsm@main:pkg/sidecar/v1/providers/pipy/repo/codebase/probes.js:40-42'},
  healthcheck: {container: 'fsm-healthcheck', path: '/fsm-healthcheck', proof: 'read'},
};

const KEPT: Rewrite = {to: 'untouched', proof: 'read', source: 'fsm@v1.5.0: trafficInterceptionMode NodeLevel'};

const FSM_NODE_LEVEL: Profile = {
  id: 'fsm-node-level',
  title: 'FSM NodeLevel',
  releases: 'v1.5.0 and later with trafficInterceptionMode: NodeLevel',
  proxy: 'none',
  http: KEPT,
  https: KEPT,
  tcp: KEPT,
  serves: {winner: 'each', proof: 'read', by: 'envoy-static', route: '/', routeTimeout: 'none', source: KEPT.source},
  bypassed: [],
};

/** The dialects of rewriting, oldest first (osm-facts §0). A new release that rewrites otherwise is a new row. */
export const PROFILES: readonly Profile[] = [OSM_0_7, OSM_0_9, OSM_0_10, OSM_0_11, OSM_1_1, OSM_MAIN, EDGE_1_1, EDGE_1_3_5, EDGE_1_3_5_ENVOY, FSM, FSM_NODE_LEVEL];

/** The profile of that id. */
export function profileOf(id: ProfileId): Profile {
  return PROFILES.find((profile) => profile.id === id)!;
}

/** Fills a cell's path: `/osm-{type}-probe/{container}` → `/osm-readiness-probe/web`. */
export function pathOf(template: string, type: ProbeType, container: string): string {
  return template.replace('{type}', type).replace('{container}', container);
}
