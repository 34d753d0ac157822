// Characters that no text from outside may bring to a screen or file as they are.

/** What moves a terminal's cursor, or ends a line; a line end of our own stays. */
export const CONTROLS = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/g;

/**
 * What nobody sees, or what turns a line around, and spaces that look like the one space: a name with one of them looks
 * like another name.
 */
const HIDDEN = /[\p{Default_Ignorable_Code_Point}\p{Cf}\p{Zl}\p{Zp}]|(?! )\p{Zs}/gu;

/** A text whose hidden characters a person sees, as `\u{200b}`; halves of a character are replaced. */
export function shown(text: string): string {
  return text.toWellFormed().replace(HIDDEN, (sign) => `\\u{${sign.codePointAt(0)!.toString(16)}}`);
}
