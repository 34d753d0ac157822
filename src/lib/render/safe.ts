import {CONTROLS, shown} from '../model/characters.ts';

// The last net before a screen or file: nothing of what is printed moves a cursor or hides, whatever got through before.

/** What a command prints in this format. */
export function safe(format: string, text: string): string {
  return format === 'json' ? safeJson(text) : safeScreen(text);
}

/** A sequence that sets a colour, which our own screens are made with. */
const COLOUR = /^\u001b\[[\d;]{0,16}m/;

/** Text for people: what is not safe is written out; line ends and our own colours stay. */
export function safeScreen(text: string): string {
  const written = (sign: string, at: number) => (COLOUR.test(text.slice(at, at + 20)) ? sign : `\\x${sign.charCodeAt(0).toString(16).padStart(2, '0')}`);
  return shown(text.replace(CONTROLS, written));
}

const OF_JSON = /[\u007f-\u009f]|[\p{Default_Ignorable_Code_Point}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** JSON has escapes of its own: nothing changes but how it is written. */
export function safeJson(text: string): string {
  const escaped = (sign: string) => [...Array(sign.length).keys()].map((at) => `\\u${sign.charCodeAt(at).toString(16).padStart(4, '0')}`);
  return text.replace(OF_JSON, (sign) => escaped(sign).join(''));
}
