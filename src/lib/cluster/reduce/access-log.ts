import {OWN_REQUEST_ID} from '../../model/answer.ts';
import type {AccessLine} from '../../model/look.ts';
import {jsonLine} from './json-line.ts';
import {maskedLines} from '../masks.ts';
import {shownHost, shownPath} from '../shown.ts';
import {text, time} from './read.ts';

const PROBE_CLUSTER = /(^|_)(liveness|readiness|startup)_cluster$/;
const KUBELET = /^kube-probe\//;

/**
 * A line of Envoy's access log that speaks of a probe; undefined for all others. HTTP lines name the caller; lines of TCP
 * listeners (HTTPS probes) tell only which of the probes' clusters they went to (osm-facts §2.3).
 */
export function accessLineOf(line: string): AccessLine | undefined {
  const fields = jsonLine(line);
  if (!fields) return undefined;
  const at = time(fields.start_time);
  const userAgent = text(fields.user_agent);
  const envoyCluster = text(fields.upstream_cluster);
  if (at === undefined || fields.request_id === OWN_REQUEST_ID || !(KUBELET.test(userAgent) || (fields.method === undefined && PROBE_CLUSTER.test(envoyCluster)))) return undefined;
  const flags = text(fields.response_flags);
  const upstreamMs = count(fields.upstream_service_time);
  return {
    at,
    path: shownPath(text(fields.path)),
    code: count(fields.response_code) ?? 0,
    flags: flags === '' || flags === '-' ? [] : flags.split(','),
    details: maskedLines(text(fields.response_code_details)),
    upstream: text(fields.upstream_host),
    envoyCluster,
    durationMs: count(fields.duration) ?? 0,
    ...(upstreamMs === undefined ? {} : {upstreamMs}),
    userAgent,
    ...(count(fields.bytes_sent) === undefined ? {} : {bytesSent: count(fields.bytes_sent)!}),
    ...(text(fields.authority) === '' ? {} : {authority: shownHost(text(fields.authority))}),
  };
}

/** Envoy writes some numbers as text, depending on the release. */
function count(value: unknown): number | undefined {
  const read = typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : value;
  return typeof read === 'number' && Number.isSafeInteger(read) && read >= 0 ? read : undefined;
}
