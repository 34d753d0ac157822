import type {Answer, Ask} from '../model/answer.ts';
import type {EnvoyState} from '../model/look.ts';
import type {ProbeListener} from '../model/path.ts';
import type {Observed, Unseen} from '../model/unseen.ts';
import {observedListeners} from './reduce/config-dump.ts';
import {maskedLines} from './masks.ts';
import {clean} from './sanitize.ts';

export const ADMIN_PORT = 15000;
const WAIT_MS = 5000;
/** A mesh with thousands of services has dumps of many megabytes; the masked one has 12 KiB. */
const MAX_BYTES = 1024 * 1024;

/** Its state is a word. */
const READY_CHARS = 100;

const COUNTERS = [
  'control_plane\\.connected_state',
  'cluster_manager\\.cds\\.init_fetch_timeout',
  'listener_manager\\.lds\\.init_fetch_timeout',
  'cluster\\..*(liveness|readiness|startup)_cluster\\.upstream_(cx_connect_fail|cx_overflow|rq_timeout|rq_total)',
  'server\\.uptime',
];

const PATHS = ['/config_dump?mask=bootstrap.static_resources', `/stats?filter=^(${COUNTERS.join('|')})$`, '/ready'];

/** What is asked of Envoy itself: its probe listeners, the counters that tell causes apart, and whether it is up. */
export function adminAsks(): Ask[] {
  return PATHS.map((path) => ({
    port: ADMIN_PORT,
    send: {kind: 'get', scheme: 'HTTP', path, headers: [{name: 'Host', value: `localhost:${ADMIN_PORT}`}, {name: 'Connection', value: 'close'}]},
    timeoutMs: WAIT_MS,
    maxBytes: MAX_BYTES,
  }));
}

/** Whether it is one of these, of this version or another. */
export function isAdminAsk({port, send}: Ask): boolean {
  return port === ADMIN_PORT && send.kind === 'get' && /^\/(?:config_dump|stats|ready)(?:\?|$)/.test(send.path);
}

/** Whether the answer is for `readAdmin` alone, and so is wanted as it came. */
export function isReadWhole(ask: Ask): boolean {
  return isAdminAsk(ask) && ask.maxBytes === MAX_BYTES;
}

/** Reads the answers to `adminAsks`, in their order. */
export function readAdmin(pod: string, [dump, stats, ready]: Answer[]): {listeners: Observed<ProbeListener[]>; envoy: Observed<EnvoyState>} {
  return {listeners: readListeners(pod, dump), envoy: readState(pod, stats, ready)};
}

function readListeners(pod: string, dump: Answer | undefined): Observed<ProbeListener[]> {
  const asked = `Envoy's configuration in pod ${pod} (GET /config_dump on its admin port ${ADMIN_PORT})`;
  if (dump?.kind !== 'response' || dump.status !== 200) return {seen: false, why: whyOf(asked, dump)};
  try {
    const value = observedListeners(JSON.parse(dump.body));
    return value ? {seen: true, value} : {seen: false, why: {asked, got: 'an answer without a static configuration'}};
  } catch {
    return {seen: false, why: {asked, got: dump.end === 'whole' ? 'an answer that is no JSON' : 'an answer that was cut'}};
  }
}

function readState(pod: string, stats: Answer | undefined, ready: Answer | undefined): Observed<EnvoyState> {
  const asked = `Envoy's state in pod ${pod} (GET /stats and /ready on its admin port ${ADMIN_PORT})`;
  if (stats?.kind !== 'response' || stats.status !== 200) return {seen: false, why: whyOf(asked, stats)};
  const counters = Object.fromEntries([...stats.body.matchAll(/^([\w.|]+): (\d+)$/gm)].map(([, name, value]) => [name!, Number(value)]));
  return {seen: true, value: {ready: ready?.kind === 'response' ? maskedLines(clean(ready.body).slice(0, READY_CHARS)) : '', counters}};
}

function whyOf(asked: string, answer: Answer | undefined): Unseen {
  if (!answer) return {asked, got: 'no answer'};
  if (answer.kind === 'response') return {asked, got: `HTTP ${answer.status}`};
  return answer.kind === 'refused' ? {asked, got: 'connection refused: Envoy is not up', reason: 'refused'} : {asked, got: answer.kind};
}
