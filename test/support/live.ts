import type {Answer, Ask} from '../../src/lib/model/answer.ts';
import type {ProbeType} from '../../src/lib/model/probe.ts';
import {PROBE_PORTS} from '../../src/lib/mesh/names.ts';
import {ago, type Live} from './pods.ts';

// Answers as a pod gives them to one who looks inside.

const UST = {name: 'x-envoy-upstream-service-time', value: '1'};
const ENVOY = {name: 'server', value: 'envoy'};

function response(status: number, {headers = [] as {name: string; value: string}[], body = '', ms = 4, end = 'whole' as 'whole' | 'short' | 'late'} = {}): Answer {
  return {kind: 'response', protocol: 'HTTP/1.1', status, reason: '', headers, body, end, ms};
}

/** Straight from the app. */
export const app = (status: number, more: Parameters<typeof response>[1] = {}) => response(status, more);
/** The app's answer, passed on by Envoy. */
export const passedOn = (status: number, more: Parameters<typeof response>[1] = {}) => response(status, {...more, headers: [ENVOY, UST, ...(more.headers ?? [])]});
/** Envoy's own. */
export const envoy = (status: number, body = '', ms = 4) => response(status, {headers: [ENVOY], body, ms});
export const CANNOT_CONNECT = envoy(503, 'upstream connect error or disconnect/reset before headers. reset reason: remote connection failure, transport failure reason: delayed connect error: Connection refused');
export const APP_CLOSED = envoy(503, 'upstream connect error or disconnect/reset before headers. reset reason: connection termination');
export const NO_HTTP = envoy(502, 'upstream connect error or disconnect/reset before headers. reset reason: protocol error');
export const GAVE_UP = envoy(504, 'upstream request timeout', 1000);
export const NO_CONNECTION = response(404, {body: 'Failed to establish connection to 127.0.0.1:9000'});
export const refused: Answer = {kind: 'refused', text: 'connection refused', ms: 3};
export const closed: Answer = {kind: 'closed', reset: false, text: 'EOF', ms: 1004};
/** The same, told later than any probe waits. */
export const SLOW_END: Answer = {kind: 'closed', reset: false, text: 'EOF', ms: 2010};
export const open: Answer = {kind: 'open', said: '', ms: 500};
export const silence: Answer = {kind: 'timeout', ms: 5000};
export const plaintext: Answer = {kind: 'tls', plaintext: true, text: 'http: server gave HTTP response to HTTPS client', ms: 3};
/** The health service of a gRPC app. */
export const serving = (status: 'SERVING' | 'NOT_SERVING'): Answer => ({kind: 'grpc', code: 0, message: '', status, ms: 4});
export const alert: Answer = {kind: 'tls', plaintext: false, text: 'remote error: tls: certificate required', ms: 3};
export const banner: Answer = {kind: 'not-http', said: '220 mail.example.org', text: 'malformed HTTP response "220 mail.example.org"', ms: 3};
export const redirect = (to: string) => passedOn(302, {headers: [{name: 'location', value: to}]});

interface Served {
  type?: ProbeType;
  port: number;
  path?: string;
  timeout?: string;
  relay?: boolean;
}

/** Envoy's configuration with one probe listener. */
export function dump(...served: Served[]): string {
  const listeners = served.map(({type = 'readiness', path = '/ok', timeout = '1s', relay}) => ({
    name: `${type}_listener`,
    address: {socket_address: {address: '0.0.0.0', port_value: PROBE_PORTS[type]}},
    filter_chains: [{filters: [{typed_config: relay ? {'@type': 'x/envoy.TcpProxy', cluster: `${type}_cluster`} : {'@type': 'x/envoy.HttpConnectionManager', route_config: {virtual_hosts: [{routes: [{match: {prefix: `/osm-${type}-probe`}, route: {cluster: `${type}_cluster`, prefix_rewrite: path, timeout}}]}]}}}]}],
  }));
  const clusters = served.map(({type = 'readiness', port}) => ({name: `${type}_cluster`, load_assignment: {endpoints: [{lb_endpoints: [{endpoint: {address: {socket_address: {address: '127.0.0.1', port_value: port}}}}]}]}}));
  return JSON.stringify({configs: [{bootstrap: {static_resources: {listeners, clusters}}}]});
}

interface Inside {
  /** By port; where TLS, another Host, the header of the proxy or a kept connection get another answer, `8443 HTTPS`, `8080 host=10.0.0.7:15902`, `8080 proto=http`, `8080 again`, `15902 /login`. */
  says: Record<string, Answer>;
  dump?: string;
  counters?: Record<string, number>;
  ready?: string;
  admin?: Answer;
  /** Lines of Envoy's access log. */
  log?: string[];
}

/** A pod that answers so. Envoy is up, connected, and has one readiness listener to :8080 unless told otherwise. */
export function inside({says, dump: config = dump({port: 8080}), counters = {'control_plane.connected_state': 1}, ready = 'LIVE', admin, log = []}: Inside): Live {
  return {
    answer(ask) {
      if (ask.port === 15000) return admin ?? response(200, {body: adminBody(ask, config, counters, ready)});
      const {send} = ask;
      const keys = send.kind === 'get' ? [`${ask.port} ${send.path}`, `${ask.port} host=${send.headers.find(({name}) => name === 'Host')?.value}`, ...(send.headers.some(({name}) => name === 'X-Forwarded-Proto') ? [`${ask.port} proto=http`] : []), ...(send.after ? [`${ask.port} again`] : []), ...(send.scheme === 'HTTPS' ? [`${ask.port} HTTPS`] : []), String(ask.port)] : [String(ask.port)];
      return says[keys.find((key) => key in says) ?? ''] ?? refused;
    },
    log: ({container}) => (container === 'envoy' ? log : []),
  };
}

function adminBody({send}: Ask, config: string, counters: Record<string, number>, ready: string): string {
  const path = send.kind === 'get' ? send.path : '';
  if (path.startsWith('/config_dump')) return config;
  return path.startsWith('/stats') ? Object.entries(counters).map(([name, value]) => `${name}: ${value}\n`).join('') : `${ready}\n`;
}

/** A line of Envoy's access log about the kubelet's probe. */
export function line(secondsAgo: number, code: number, flags = '-', more: {details?: string; duration?: number; type?: ProbeType} = {}): string {
  const {details = flags === '-' ? 'via_upstream' : 'x', duration = 3, type = 'readiness'} = more;
  return JSON.stringify({start_time: ago(secondsAgo), method: 'GET', path: `/osm-${type}-probe`, response_code: code, response_code_details: details, response_flags: flags, duration, upstream_cluster: `${type}_cluster`, upstream_host: '127.0.0.1:8080', user_agent: 'kube-probe/1.32'});
}
