import {UsageError} from './base.ts';

const UNIT_MS: Record<string, number> = {ms: 1, s: 1000, m: 60_000, h: 3_600_000};

/** A timer takes no more: some 24 days. */
const MOST_MS = 2 ** 31 - 1;

/** Milliseconds of `30s`, `2m`, `1h30m`; a bare number is seconds. @throws {UsageError} */
export function durationMs(text: string, flag: string): number {
  if (/^\d{1,12}$/.test(text)) return Math.min(MOST_MS, Number(text) * 1000);
  if (!/^(\d{1,12}(\.\d{1,12})?(ms|s|m|h)){1,4}$/.test(text)) throw new UsageError(`${flag} ${JSON.stringify(text)} is no duration: 30s, 2m or 1h are accepted`);
  const sum = [...text.matchAll(/(?<![\d.])(\d{1,12}(?:\.\d{1,12})?)(ms|s|m|h)/g)].reduce((before, [, count, unit]) => before + Number(count) * UNIT_MS[unit!]!, 0);
  return Math.min(MOST_MS, sum);
}
