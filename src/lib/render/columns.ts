import {shortened, widthOf, WIDEST} from './width.ts';

const GAP = '  ';

/**
 * Rows in kubectl's plain columns: no borders, two spaces between, nothing at the end of a line; each row is one
 * line.
 */
export function columns(rows: string[][], ellipsis = '…'): string[] {
  return padded(rows.map((row) => row.map((cell) => shortened(cell, WIDEST, ellipsis))), 1);
}

/** The same for rows that end with a text, which widens nothing and stays whole. */
export function aligned(rows: string[][], ellipsis = '…'): string[] {
  const before = (row: string[]) => row.slice(0, -1).map((cell) => shortened(cell, WIDEST, ellipsis));
  return padded(rows.map((row) => [...before(row), ...row.slice(-1)]), 0);
}

/** All cells but the last of a row are as wide as the widest of their column, `least` where all of these are empty. */
function padded(rows: string[][], least: number): string[] {
  const measured = rows.map((row) => row.slice(0, -1).map((cell) => ({cell, width: widthOf(cell)})));
  const widest: number[] = [];
  for (const row of measured) {
    for (const [at, {width}] of row.entries()) widest[at] = Math.max(widest[at] ?? least, width);
  }
  return measured.map((row, line) => {
    const before = row.map(({cell, width}, at) => cell + ' '.repeat(widest[at]! - width));
    return [...before, ...rows[line]!.slice(-1)].join(GAP).trimEnd();
  });
}
