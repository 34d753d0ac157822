// The one door for text from outside: of the cluster, its pods, a snapshot, a kubeconfig, a credential plugin.

/** Characters of one text that are kept; no name, message or header that a person reads is longer. */
export const MOST_TEXT = 64 * 1024;

/** What moves a terminal's cursor, or ends a line. */
const CONTROLS = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/g;

/**
 * What nobody sees, or what turns a line around, and spaces that look like the one space: a name with one of them looks
 * like another name. Written out, so that a person sees it.
 */
const HIDDEN = /[\p{Default_Ignorable_Code_Point}\p{Cf}\p{Zl}\p{Zp}]|(?! )\p{Zs}/gu;

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

/** Hidden characters written out, and halves of a character replaced. */
function shown(text: string): string {
  return text.toWellFormed().replace(HIDDEN, (sign) => `\\u{${sign.codePointAt(0)!.toString(16)}}`);
}

/** A sequence that sets a colour, which our own screens are made with. */
const COLOUR = /^\u001b\[[\d;]{0,16}m/;
const ANY_CONTROL = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/g;

/** The last net before a screen: whatever got through is written out; line ends and our own colours stay. */
export function safeScreen(text: string): string {
  return shown(text.replace(ANY_CONTROL, (sign, at: number) => (COLOUR.test(text.slice(at, at + 20)) ? sign : `\\x${sign.charCodeAt(0).toString(16).padStart(2, '0')}`)));
}

/** The same for JSON, which has escapes of its own: nothing changes but how it is written. */
export function safeJson(text: string): string {
  return text.replace(/[\u007f-\u009f]|[\p{Default_Ignorable_Code_Point}\p{Cf}\p{Zl}\p{Zp}]/gu, (sign) => [...Array(sign.length).keys()].map((at) => `\\u${sign.charCodeAt(at).toString(16).padStart(4, '0')}`).join(''));
}
