import {safeScreen} from '../render/safe.ts';

/** What is said of an error that nobody foresaw; its stack only where the user asked to see more. */
export function faultText(error: unknown, verbose: boolean): string {
  const {name, message, stack} = error instanceof Error ? error : new Error(String(error));
  const first = message.split('\n', 1)[0]!.slice(0, 500);
  const where = verbose && stack !== undefined ? `${stack}\n` : '';
  return safeScreen(`error: a fault of this program itself\n  got    ${name}: ${first}\n  try    the same with -v 9, and report what it says\n${where}`);
}
