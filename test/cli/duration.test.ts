import assert from 'node:assert/strict';
import {UsageError} from '../../src/lib/cli/base.ts';
import {durationMs} from '../../src/lib/cli/duration.ts';

describe('a duration', () => {
  for (const [text, ms] of [['30s', 30_000], ['2m', 120_000], ['1h30m', 5_400_000], ['0.5s', 500], ['7', 7000], ['0', 0], ['999999999h', 2 ** 31 - 1], ['999999999999', 2 ** 31 - 1]] as const) {
    it(`${text} is ${ms} ms`, () => assert.equal(durationMs(text, '--x'), ms));
  }
  for (const text of ['', '-5', '5d', '1h-1m', 's', '1'.repeat(100_000)]) {
    it(`${JSON.stringify(text.slice(0, 10))} is none`, () => assert.throws(() => durationMs(text, '--x'), UsageError));
  }
});
