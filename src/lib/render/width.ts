import stringWidth from 'string-width';

/**
 * Columns that no cell exceeds: the longest name (253) fits with its kind and the number of its pods, a path of 1
 * MB does not.
 */
export const WIDEST = 340;

/**
 * Code units that one column may take: characters are joined on the screen, families and flags, but not without
 * end.
 */
const UNITS = 12;

/** What is left of a character that was cut in two. */
const HALF = /[\ud800-\udbff]$/;

const ASCII = /^[\u0020-\u007e]*$/;

/** Columns of a terminal that a text takes; ASCII, which nearly all is, needs no table of characters. */
export function widthOf(text: string): number {
  return ASCII.test(text) ? text.length : stringWidth(text);
}

/**
 * One line of at most `width` columns, cut between characters as they are seen: a wide one counts two, a combining
 * one none.
 */
export function shortened(text: string, width: number, ellipsis: string): string {
  const beginning = text.slice(0, width * UNITS).replace(HALF, '').replaceAll('\n', ' ');
  if (beginning.length === text.length && widthOf(beginning) <= width) return beginning;
  const room = width - ellipsis.length;
  if (room < 0) return ellipsis.slice(0, Math.max(0, width));
  return charactersWithin(beginning, room) + ellipsis;
}

function charactersWithin(text: string, room: number): string {
  let left = room;
  let end = 0;
  for (const {segment, index} of new Intl.Segmenter('en', {granularity: 'grapheme'}).segment(text)) {
    left -= widthOf(segment);
    if (left < 0) break;
    end = index + segment.length;
  }
  return text.slice(0, end);
}
