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

/** The same for rows without colour, of which there may be thousands: the last cell of a row needs no width. */
export function aligned(rows: string[][]): string[] {
  const widths = rows.reduce<number[]>((widest, row) => {
    for (const [at, cell] of row.slice(0, -1).entries()) widest[at] = Math.max(widest[at] ?? 0, cell.length);
    return widest;
  }, []);
  return rows.map((row) => row.map((cell, at) => (at === row.length - 1 ? cell : cell.padEnd(widths[at]!))).join('  ').trimEnd());
}
