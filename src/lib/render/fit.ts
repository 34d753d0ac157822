import stringWidth from 'string-width';

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

/** Makes the columns fit into a terminal: leaves out what matters least, then cuts the widest cells. */
export function fit(columns: Column[], width: number | undefined, ellipsis: string): Column[] {
  if (width === undefined) return columns;
  const measured = columns.map((column) => ({...column, width: widthOf(column)}));
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
  return kept.map(({cells}, index) => ({cells: cells.map((cell) => cutTo(cell, widths[index]!, ellipsis))}));
}

function widthOf({cells}: Column): number {
  return Math.max(...cells.map((cell) => stringWidth(cell)));
}

function totalOf(widths: number[]): number {
  return widths.reduce((sum, one) => sum + one, 0) + GAP * (widths.length - 1);
}

/** Cuts between characters as they are seen: a wide one counts two columns, a combining one none. */
function cutTo(cell: string, width: number, ellipsis: string): string {
  if (stringWidth(cell) <= width) return cell;
  let kept = '';
  for (const {segment} of new Intl.Segmenter('en', {granularity: 'grapheme'}).segment(cell)) {
    if (stringWidth(kept + segment + ellipsis) > width) break;
    kept += segment;
  }
  return kept + ellipsis;
}
