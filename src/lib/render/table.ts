import {workloadName} from '../diagnosis/declared.ts';
import type {Finding} from '../model/finding.ts';
import {VERDICTS, type ProbeRow, type Report, type Verdict} from '../model/report.ts';
import type {Evidence} from '../model/symptom.ts';
import {age} from './age.ts';
import {counted, labelled, othersText, unseenLines} from './blocks.ts';
import {columns} from './columns.ts';
import {fit, type Column} from './fit.ts';
import {chalkOf, ellipsisOf, paint, plain, symbol, type Look} from './style.ts';

export interface TableOptions {
  wide: boolean;
  /** Shows passing rows though others don't pass. */
  all: boolean;
  /** `kubectl osm-probes`, as the user called it. */
  program: string;
}

/** The screen: the table finds what is wrong, the findings explain it, the last line sums up. */
export function table(report: Report, look: Look, options: TableOptions): string {
  const bad = report.rows.some(({verdict}) => verdict !== 'pass');
  const shown = bad && !options.all ? report.rows.filter(({verdict}) => verdict !== 'pass') : report.rows;
  const hidden = report.rows.length - shown.length;
  const spread = new Set(report.rows.map(({workload}) => workload.namespace)).size > 1;
  const blocks = [
    [...rowsOf(shown, look, {...options, spread}), ...(hidden > 0 ? [`   ${probes(report.rows.filter(({verdict}) => verdict === 'pass'))} pass (--show all)`] : [])],
    ...report.findings.map((finding) => findingLines(finding, report.now, look)),
    ...report.unseen.map((unseen) => unseenLines(unseen, look)),
    [summary(report)],
  ];
  return `${blocks
    .filter((block) => block.length > 0)
    .map((block) => plain(block.join('\n'), look))
    .join('\n\n')}\n`;
}

/** The table of probes. In a pipe rows are whole; a terminal that is too narrow loses REACHES, CALLS and DECLARED, of wide those behind WHY before. */
function rowsOf(rows: ProbeRow[], look: Look, {wide, spread}: TableOptions & {spread: boolean}): string[] {
  if (rows.length === 0) return [];
  const column = (head: string, cell: (row: ProbeRow) => string, more: Omit<Column, 'cells'> = {}): Column => ({cells: [head, ...rows.map((row) => plain(cell(row), look))], ...more});
  const right: [head: string, cell: (row: ProbeRow) => string][] = [
    ['PODS', ({pods}) => String(pods.length)],
    ['READY', ({ready}) => ready],
    ['STATUS', ({status}) => status],
    ['RESTARTS', ({restarts}) => restarts],
    ['AGE', ({ageMs}) => age(ageMs)],
    ['NODE', ({node}) => node],
    ['PROFILE', ({profile, proof}) => profile + (proof === 'read' ? ' (read in source)' : '')],
  ];
  const all = [
    column('', ({verdict}) => symbol(verdict, look)),
    ...(spread ? [column('NAMESPACE', ({workload}) => workload.namespace, {cut: true})] : []),
    column('WORKLOAD', ({workload, pods}) => workloadName(workload) + (pods.length > 1 ? ` (${pods.length} pods)` : ''), {cut: true}),
    column('CONTAINER', ({container}) => container, {cut: true}),
    column('PROBE', ({probe}) => probe),
    column('DECLARED', ({declared}) => declared, {drop: 1}),
    column(wide ? 'CALL' : 'CALLS', (row) => (wide ? row.call : row.calls), {drop: 2}),
    column('REACHES', ({reaches}) => reaches, {drop: 3}),
    column('VERDICT', ({verdict}) => verdict),
    ...(rows.some(({why}) => why !== '') ? [column('WHY', ({why}) => why, {cut: true})] : []),
    ...(wide ? right.map(([head, cell], index) => column(head, cell, {drop: 10 + index})) : []),
  ];
  const shown = fit(all, look.columns, ellipsisOf(look));
  const chalk = chalkOf(look);
  const lines = ['', ...rows].map((_, line) => shown.map(({cells}) => (line > 0 && ['', 'VERDICT'].includes(cells[0]!) ? paint(rows[line - 1]!.verdict, cells[line]!, chalk) : cells[line]!)));
  return columns(lines, ellipsisOf(look));
}

const MARKS = {error: 'fail', warning: 'warn', info: 'pass'} as const satisfies Record<Finding['severity'], Verdict>;

function findingLines(finding: Finding, now: number, look: Look): string[] {
  const {code, severity, blame, workload, pods, podState, container, probe} = finding;
  const mark = severity === 'info' ? '·' : symbol(MARKS[severity], look);
  const where = [`${workloadName(workload)} -n ${workload.namespace} (${counted(pods.length, 'pod')}, ${podState})`, ...(container ? [`container ${container}`] : []), ...(probe ? [probe] : [])];
  return [
    `${paint(MARKS[severity], `${mark} ${code} ${severity}`, chalkOf(look))} · fault: ${blame} · ${finding.title}`,
    `  ${where.join(', ')}`,
    ...labelled([
      ...finding.evidence.map((one): [string, string] => [one.label, evidenceText(one, now)]),
      ['because', finding.evidence.some(({text}) => text === finding.because) ? undefined : finding.because],
      ['could be', finding.couldBe?.join(', or ')],
      ['effect', finding.effect],
      ...finding.consequences.map((text): [string, string] => ['also', text]),
      ['fix', finding.fix],
      ['decides', finding.decides],
      ['see', finding.see ?? (finding.decides ? undefined : finding.evidence[0]?.command)],
    ]),
  ];
}

/** The kubelet writes few events, so the count is a lower bound and an old one proves nothing. */
function evidenceText({text, times}: Evidence, now: number): string {
  if (!times) return text;
  const since = times.count > 1 ? `, at least ${times.count} times since ${age(now - times.first)}` : '';
  return `${text}${since}, last ${age(now - times.last)} ago`;
}

function summary({rows, pods, meshes, others, findings, looked, hidden, interrupted}: Report): string {
  const counts = VERDICTS.toReversed()
    .map((verdict) => [probes(rows.filter((row) => row.verdict === verdict)), verdict] as const)
    .filter(([count]) => count > 0)
    .map(([count, verdict]) => `${count} ${verdict}`);
  const aside = othersText(others);
  const total = probes(rows);
  const alone = rows.length === 0 && findings.length === 0 ? 'nothing in scope' : `${counted(total, 'probe')} in ${counted(pods, 'pod')}${counts.length > 0 ? `: ${counts.join(', ')}` : ''}`;
  return [alone, ...meshes, ...(looked ? [`looked into ${counted(looked, 'pod')}`] : []), ...(hidden ? [`${counted(hidden.count, 'finding')} hidden by ${hidden.by}`] : []), ...(aside === '' ? [] : [`not judged: ${aside}`]), ...(interrupted ? ['interrupted: incomplete'] : [])].join(' · ');
}

/** Probes behind rows: a row stands for one in each of its pods. */
function probes(rows: ProbeRow[]): number {
  return rows.reduce((sum, {pods}) => sum + Math.max(1, pods.length), 0);
}
