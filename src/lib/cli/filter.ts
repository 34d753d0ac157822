import {CATALOGUE} from '../checks/index.ts';
import type {Report} from '../model/report.ts';
import {UsageError} from './base.ts';

/** Leaves out findings that the user does not ask for. A row that only they made fail or warn passes; its path stays. */
export function filterReport(report: Report, {only, skip}: {only?: string[] | undefined; skip?: string[] | undefined}): Report {
  if (!only && !skip) return report;
  for (const code of [...(only ?? []), ...(skip ?? [])]) {
    if (!CATALOGUE.some((entry) => entry.code === code)) throw new UsageError(`${JSON.stringify(code)} is no code: see explain`);
  }
  const wanted = (code: string) => (!only || only.includes(code)) && !skip?.includes(code);
  return {
    ...report,
    findings: report.findings.filter(({code}) => wanted(code)),
    rows: report.rows.map((row) => (row.codes.length > 0 && (row.verdict === 'fail' || row.verdict === 'warn') && !row.codes.some(wanted) ? {...row, verdict: 'pass', why: `left out: ${row.codes.join(', ')}`} : row)),
  };
}
