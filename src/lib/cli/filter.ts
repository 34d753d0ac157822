import {CATALOGUE} from '../checks/index.ts';
import type {Report} from '../model/report.ts';
import {UsageError} from './base.ts';

/** Hides findings that the user does not ask for, and says how many. Verdicts and counts stay as they are. */
export function filterReport(report: Report, {only, skip}: {only?: string[] | undefined; skip?: string[] | undefined}): Report {
  if (!only && !skip) return report;
  for (const code of [...(only ?? []), ...(skip ?? [])]) {
    if (!CATALOGUE.some((entry) => entry.code === code)) throw new UsageError(`${JSON.stringify(code)} is no code: see explain`);
  }
  const wanted = (code: string) => (!only || only.includes(code)) && !skip?.includes(code);
  const hidden = report.findings.filter(({code}) => !wanted(code));
  const by = [...(only ? ['--only'] : []), ...(skip ? ['--skip'] : [])].join(' and ');
  return {...report, findings: report.findings.filter(({code}) => wanted(code)), ...(hidden.length > 0 ? {hidden: {count: hidden.length, by, codes: [...new Set(hidden.map(({code}) => code))].sort()}} : {})};
}
