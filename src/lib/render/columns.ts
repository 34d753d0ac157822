import Table from 'cli-table3';

const PLAIN = {top: '', 'top-mid': '', 'top-left': '', 'top-right': '', bottom: '', 'bottom-mid': '', 'bottom-left': '', 'bottom-right': '', left: '', 'left-mid': '', mid: '', 'mid-mid': '', right: '', 'right-mid': '', middle: '  '};

/** Rows in kubectl's plain columns: no borders, two spaces between, nothing at the end of a line. */
export function columns(rows: string[][]): string[] {
  if (rows.length === 0) return [];
  const table = new Table({chars: PLAIN, style: {head: [], border: [], 'padding-left': 0, 'padding-right': 0}});
  table.push(...rows);
  return table
    .toString()
    .split('\n')
    .map((line) => line.replace(/((?:\u001b\[\d+m)*)\s+((?:\u001b\[\d+m)*)$/u, '$1$2').trimEnd());
}
