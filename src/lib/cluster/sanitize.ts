const UNSAFE = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** Text of the cluster, without what could move a terminal's cursor or turn its line around; line ends become spaces. */
export function clean(text: string): string {
  return PLAIN.test(text) ? text : text.replace(UNSAFE, '').replaceAll('\n', ' ').trim();
}

/** The same for text whose lines matter, as osm-init's rules. */
export function cleanLines(text: string): string {
  return text.split('\n').map(clean).join('\n');
}

/** Nearly all text is plain: one look spares the copies. */
const PLAIN = /^[\u0020-\u007e]*$/;
