// The one door for text from outside: of the cluster, its pods, a snapshot, a kubeconfig, a credential plugin.
import {CONTROLS, shown} from '../model/characters.ts';

/** Characters of one text that are kept; no name, message or header that a person reads is longer. */
export const MOST_TEXT = 64 * 1024;

/** Nearly all text is plain: one look spares the copies. */
const PLAIN = /^[\u0020-\u007e]*$/;

/** Text from outside in one line, of bounded length, without control characters; hidden ones are written as `\u{200b}`. */
export function clean(text: string): string {
  const some = text.length > MOST_TEXT ? `${text.slice(0, MOST_TEXT)}…` : text;
  return PLAIN.test(some) ? some : shown(some.replace(CONTROLS, '')).replaceAll('\n', ' ').trim();
}

/** The same for text whose lines matter, as osm-init's rules; each line is bounded. */
export function cleanLines(text: string): string {
  return text.split('\n').map(clean).join('\n');
}

/**
 * Text that is read further before anybody sees it, as JSON or by its lines: without control characters but line ends.
 * What is taken from it goes through `clean`.
 */
export function withoutControls(text: string): string {
  return text.replace(CONTROLS, '').toWellFormed();
}
