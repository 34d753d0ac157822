import type {ClusterError} from '../cluster/cluster.ts';
import {SEVERITIES} from '../model/finding.ts';
import type {EventsReport} from '../model/events-report.ts';
import type {ForwardReport} from '../model/forward.ts';
import type {Report} from '../model/report.ts';

/** Exit codes, the same in every format (README). */
export const EXIT = {ok: 0, findings: 1, usage: 2, unreadable: 3, incomplete: 4, interrupted: 130} as const;

export interface Policy {
  failOn: 'error' | 'warning' | 'never';
  allowUnknown: boolean;
}

/** What a report means for a script: findings win over what is unknown, and an empty scope is never green. */
export function exitCodeOf(report: Report, {failOn, allowUnknown}: Policy): number {
  if (report.interrupted) return EXIT.interrupted;
  const limit = failOn === 'never' ? -1 : SEVERITIES.indexOf(failOn);
  if (report.findings.some(({severity}) => SEVERITIES.indexOf(severity) <= limit)) return EXIT.findings;
  // A row fails whatever is hidden; what it is counted for is what is left of its findings.
  const hidden = report.hidden?.codes ?? [];
  if (failOn !== 'never' && report.rows.some(({verdict, codes}) => verdict === 'fail' && !codes.some((code) => hidden.includes(code)))) return EXIT.findings;
  const empty = report.rows.length === 0 && report.pods === 0;
  if (empty) return EXIT.incomplete;
  const unknown = report.unseen.some(({optional}) => !optional) || report.rows.some(({verdict}) => verdict === 'unknown');
  return unknown && !allowUnknown ? EXIT.incomplete : EXIT.ok;
}

export function exitCodeOfError({reason}: ClusterError): number {
  return reason === 'aborted' ? EXIT.interrupted : EXIT.unreadable;
}

/** The probes' result: one that fails wins over one that is unknown, and nothing to replay is never green. */
export function exitCodeOfForward({pods, unseen, interrupted}: ForwardReport): number {
  const probes = pods.flatMap((pod) => pod.probes);
  if (interrupted) return EXIT.interrupted;
  if (probes.some(({verdict}) => verdict === 'fail')) return EXIT.findings;
  const incomplete = probes.length === 0 || probes.some(({verdict}) => verdict === 'unknown') || unseen.some(({optional}) => !optional);
  return incomplete ? EXIT.incomplete : EXIT.ok;
}

/** What happened could be told, or not all of it. */
export function exitCodeOfEvents({workloads, unseen, interrupted}: EventsReport): number {
  if (interrupted) return EXIT.interrupted;
  return workloads.length === 0 || unseen.some(({optional}) => !optional) ? EXIT.incomplete : EXIT.ok;
}
