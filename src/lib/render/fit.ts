import {shortened, widthOf, WIDEST} from './width.ts';

/** A column of a table: cells from top to bottom, the first is the head. */
export interface Column {
  cells: string[];
  /** The higher, the earlier it is left out where the terminal is narrow; absent for what is never left out. */
  drop?: number;
  /** Cells may be cut. */
  cut?: true;
}

const GAP = 2;
/** A cut column keeps this much, so that its beginning can be read. */
const SHORTEST = 6;

/**
 * Makes the columns fit into a terminal: leaves out what matters least, then cuts the widest cells.
 * A width that is unknown, or that no terminal has, leaves them as they are; no cell is wider than `WIDEST` anywhere.
 */
export function fit(columns: Column[], width: number | undefined, ellipsis: string): Column[] {
  const bounded = columns.map((column) => ({...column, cells: cutTo(column.cells, WIDEST, ellipsis)}));
  if (width === undefined || !(width >= 1)) return bounded;
  const measured = bounded.map((column) => ({...column, width: widestOf(column.cells)}));
  const dropping = measured.filter(({drop}) => drop !== undefined).sort((a, b) => b.drop! - a.drop!);
  let kept = measured;
  for (const least of dropping) {
    if (totalOf(kept.map((one) => one.width)) <= width) break;
    kept = kept.filter((one) => one !== least);
  }
  const widths = kept.map((one) => one.width);
  while (totalOf(widths) > width) {
    const widest = widths.reduce((best, one, index) => (kept[index]!.cut && one > (best < 0 ? SHORTEST : widths[best]!) ? index : best), -1);
    if (widest < 0) break;
    widths[widest]!--;
  }
  return kept.map(({cells}, index) => ({cells: cutTo(cells, widths[index]!, ellipsis)}));
}

function widestOf(cells: string[]): number {
  return cells.reduce((widest, cell) => Math.max(widest, widthOf(cell)), 0);
}

function totalOf(widths: number[]): number {
  return widths.reduce((sum, one) => sum + one, 0) + GAP * (widths.length - 1);
}

function cutTo(cells: string[], width: number, ellipsis: string): string[] {
  return cells.map((cell) => shortened(cell, width, ellipsis));
}
