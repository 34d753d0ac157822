import {UsageError} from './base.ts';

const UNIT_MS: Record<string, number> = {ms: 1, s: 1000, m: 60_000, h: 3_600_000};

/** Milliseconds of `30s`, `2m`, `1h30m`; a bare number is seconds. @throws {UsageError} */
export function durationMs(text: string, flag: string): number {
  if (/^\d{1,12}$/.test(text)) return Number(text) * 1000;
  if (!/^(\d{1,12}(\.\d{1,12})?(ms|s|m|h)){1,4}$/.test(text)) throw new UsageError(`${flag} ${JSON.stringify(text)} is no duration: 30s, 2m or 1h are accepted`);
  return [...text.matchAll(/(?<![\d.])(\d{1,12}(?:\.\d{1,12})?)(ms|s|m|h)/g)].reduce((sum, [, count, unit]) => sum + Number(count) * UNIT_MS[unit!]!, 0);
}
