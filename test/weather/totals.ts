import {groupOf} from './case.ts';
import {FAILURE_KINDS, type Failure, type FailureKind} from './outcome.ts';

export interface Tried {
  id: string;
  ms: number;
  failures: Failure[];
  /** In MiB, of processes that were measured. */
  memoryMb?: number;
  /** Why it was not tried, where it could not be. */
  skipped?: string;
}

/** The table of totals: a row for each group, and one for all. Of one fault each kind of failure counts once. */
export function totalsTable(tried: Tried[]): string {
  const groups = [...new Set(tried.map(({id}) => groupOf(id)))];
  const rows = [
    ...groups.map((group) =>
      row(
        group,
        tried.filter(({id}) => groupOf(id) === group),
      ),
    ),
    row('all', tried),
  ];
  const head = ['group', 'tried', ...FAILURE_KINDS, 'slowest', 'memory'];
  const widths = head.map((title, at) => Math.max(title.length, ...rows.map((cells) => cells[at]!.length)));
  const line = (cells: string[]): string =>
    cells.map((cell, at) => (at === 0 ? cell.padEnd(widths[at]!) : cell.padStart(widths[at]!))).join('  ');
  return [head, ...rows].map(line).join('\n');
}

function row(group: string, tried: Tried[]): string[] {
  const done = tried.filter(({skipped}) => skipped === undefined);
  const count = (kind: FailureKind): string =>
    String(done.filter(({failures}) => failures.some((one) => one.kind === kind)).length);
  return [
    group,
    String(done.length),
    ...FAILURE_KINDS.map(count),
    `${(Math.max(0, ...done.map(({ms}) => ms)) / 1000).toFixed(1)}s`,
    `${Math.round(Math.max(0, ...done.map(({memoryMb = 0}) => memoryMb)))} MiB`,
  ];
}

/** The failures, a line each, so that one can be repeated by its id. */
export function failureLines(tried: Tried[]): string[] {
  return tried.flatMap(({failures}) => failures.map(({kind, id, seen}) => `${kind.padEnd(7)}  ${id}  ${seen}`));
}

/** The slowest and the fattest, to be shown beside the totals. */
export function worstLines(tried: Tried[], count = 5): string[] {
  const slow = [...tried].sort((a, b) => b.ms - a.ms).slice(0, count);
  const fat = [...tried].sort((a, b) => (b.memoryMb ?? 0) - (a.memoryMb ?? 0)).slice(0, count);
  return [
    ...slow.map(({id, ms}) => `slow     ${id}  ${(ms / 1000).toFixed(1)}s`),
    ...fat
      .filter(({memoryMb = 0}) => memoryMb > 0)
      .map(({id, memoryMb}) => `memory   ${id}  ${Math.round(memoryMb!)} MiB`),
  ];
}
