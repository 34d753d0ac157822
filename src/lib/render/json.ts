import {stringify} from 'yaml';
import {workloadName} from '../diagnosis/declared.ts';
import {VERDICTS, type Report} from '../model/report.ts';

/** The report for programs; its shape is published in schema/verify-report.json and only grows within v1. */
export function document(report: Report): object {
  const {now, origin, scope, rows, findings, unseen, meshes, pods, others, looked, hidden, interrupted} = report;
  return {
    apiVersion: 'osm-probes/v1',
    kind: 'VerifyReport',
    time: new Date(now).toISOString(),
    origin,
    scope,
    summary: {
      pods,
      probes: Object.fromEntries(VERDICTS.map((verdict) => [verdict, rows.filter((row) => row.verdict === verdict).reduce((sum, row) => sum + Math.max(1, row.pods.length), 0)])),
      ...(looked === undefined ? {} : {lookedInto: looked}),
      notJudged: others,
      meshes,
      ...(hidden ? {hidden} : {}),
    },
    probes: rows.map(({ageMs, ...row}) => ({...row, ageSeconds: Math.max(0, Math.floor(ageMs / 1000))})),
    findings,
    unseen,
    ...(interrupted ? {interrupted} : {}),
  };
}

export function json(report: Report): string {
  return `${JSON.stringify(document(report), null, 2)}\n`;
}

export function yaml(report: Report): string {
  return stringify(JSON.parse(json(report)), {lineWidth: 0});
}

/** Workloads with findings, one a line, as `kubectl get -o name` writes them. */
export function name(report: Report): string {
  const lines = report.findings.filter(({severity}) => severity !== 'info').map(({workload}) => workloadName(workload));
  return [...new Set(lines)].map((line) => `${line}\n`).join('');
}
