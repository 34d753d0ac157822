import Table from 'cli-table3';
import {shortened, widthOf, WIDEST} from './width.ts';

const GAP = '  ';
const PLAIN = {
  ...{top: '', 'top-mid': '', 'top-left': '', 'top-right': '', bottom: '', 'bottom-mid': '', 'bottom-left': ''},
  ...{'bottom-right': '', left: '', 'left-mid': '', mid: '', 'mid-mid': '', right: '', 'right-mid': '', middle: GAP},
};
/** Rows that the library is given at once: its work grows faster than their number. */
const AT_ONCE = 100;

/**
 * Rows in kubectl's plain columns: no borders, two spaces between, nothing at the end of a line; each row is one
 * line, and has as many cells as the others.
 */
export function columns(rows: string[][], ellipsis = '…'): string[] {
  const short = rows.map((row) => row.map((cell) => shortened(cell, WIDEST, ellipsis)));
  const colWidths = widestOf(short.map((row) => row.slice(0, -1).map(widthOf)), 1);
  if (colWidths.length === 0) return short.map((row) => row.join('').trimEnd());
  const lines: string[] = [];
  for (let at = 0; at < short.length; at += AT_ONCE) {
    const table = new Table({chars: PLAIN, style: {head: [], border: [], 'padding-left': 0, 'padding-right': 0}, colWidths});
    const some = short.slice(at, at + AT_ONCE);
    for (const one of some.map((row) => row.slice(0, -1))) table.push(one);
    for (const [line, before] of table.toString().split('\n').entries()) lines.push(`${before}${GAP}${some[line]!.at(-1)}`.trimEnd());
  }
  return lines;
}

/** The same for rows that end with a text, which widens nothing and stays whole. */
export function aligned(rows: string[][], ellipsis = '…'): string[] {
  const before = (row: string[]) => row.slice(0, -1).map((cell) => shortened(cell, WIDEST, ellipsis));
  return padded(rows.map((row) => [...before(row), ...row.slice(-1)]));
}

/** All cells but the last of a row are as wide as the widest of their column. */
function padded(rows: string[][]): string[] {
  const widths = rows.map((row) => row.slice(0, -1).map(widthOf));
  const widest = widestOf(widths, 0);
  return rows.map((row, line) => {
    const before = row.slice(0, -1).map((cell, at) => cell + ' '.repeat(widest[at]! - widths[line]![at]!));
    return [...before, ...row.slice(-1)].join(GAP).trimEnd();
  });
}

/** Of each column the widest, `least` where all are empty. */
function widestOf(rows: number[][], least: number): number[] {
  const widest: number[] = [];
  for (const row of rows) for (const [at, width] of row.entries()) widest[at] = Math.max(widest[at] ?? least, width);
  return widest;
}
