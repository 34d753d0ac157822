import assert from 'node:assert/strict';
import {attacksOn, textOf, type Attack} from './support/attacks.ts';
import {expressionsOf, sourcesIn, type Expression} from './support/expressions.ts';

// Whoever may create a pod, write a log line or send a snapshot chooses the texts that our regular expressions read:
// none may take more than its share of time for any of them. Every expression under src/ is tried with texts made of
// itself (support/attacks.ts). All of these are measured at 10 KB, which takes microseconds where it is linear; only
// what takes noticeably longer is measured at 100 KB, and of each expression the slowest text at 1 MB. Short texts
// come first, as an exponential one would not come back from 10 KB.

/** Sizes at which an exponential expression is slow already and still comes back. */
const SHORT = [16, 20, 24, 28, 32, 64, 256];
const SIZES = {small: 10_000, large: 100_000, huge: 1_000_000};
/** Milliseconds for the short texts; for 10 KB to be looked at closer; and what is allowed whatever the growth. */
const [STUCK, NOTICED, ALLOWED] = [50, 0.4, 100];
/**
 * Ten times the text may take ten times as long, and twice that for caches and garbage; squared it takes a hundred
 * times.
 */
const NOISE = 2;
/** Nothing but the expression itself makes it so many times slower than is allowed: it need not be measured again. */
const BEYOND = 3;

describe('regular expressions', () => {
  let count = 0;
  for (const file of sourcesIn('src')) {
    it(`of ${file} take time that grows with the text, not faster`, async () => {
      const expressions = await expressionsOf(file);
      count += expressions.length;
      assert.deepEqual(expressions.flatMap((one) => faultsOf(one)), []);
    }).timeout(120_000);
  }
  it('are found', () => assert.ok(count > 200, `${count}`));
  for (const slow of [/^(a+)+$/, /(\w+\s?)+:/, /\s+$/, /task .* not found/]) {
    it(`are known to be too slow where they are: ${slow}`, () => {
      const faults = faultsOf({place: 'here', regex: slow, splits: false}, {small: 4000, large: 40_000, huge: 40_000});
      assert.equal(faults.length, 1);
    });
  }
});

/** At most one fault: the first text that shows it. */
function faultsOf({place, regex, splits}: Expression, {small, large, huge} = SIZES): string[] {
  const took = (attack: Attack, size: number, enough: number) => least(regex, splits, textOf(attack, size), enough);
  const fault = (attack: Attack, words: string) => [`${place} ${regex} ${words} for ${JSON.stringify(attack)}`];
  const grows = (from: number, to: number, before: number, after: number) =>
    `takes ${before.toFixed(1)} ms for ${from / 1000} KB, ${after.toFixed()} ms for ${to / 1000} KB`;
  let slowest: {attack: Attack; ms: number} | undefined;
  for (const attack of attacksOn(regex)) {
    const stuck = SHORT.find((size) => took(attack, size, STUCK) > STUCK);
    if (stuck !== undefined) return fault(attack, `does not end at ${stuck} characters`);
    const first = took(attack, small, NOTICED);
    if (first < NOTICED) continue;
    const most = mostOf(first, large / small);
    const second = took(attack, large, most);
    if (second > most) return fault(attack, grows(small, large, first, second));
    if (!slowest || second > slowest.ms) slowest = {attack, ms: second};
  }
  if (!slowest) return [];
  const {attack, ms} = slowest;
  const last = took(attack, huge, mostOf(ms, huge / large));
  return last > mostOf(ms, huge / large) ? fault(attack, grows(large, huge, ms, last)) : [];
}

/** Milliseconds for a text that is `times` as long as one that took `ms`. */
function mostOf(ms: number, times: number): number {
  return Math.max(ALLOWED, ms * times * NOISE);
}

/**
 * Milliseconds of our own time, the least of up to three runs, so that a busy machine accuses nobody; the first
 * that is good enough ends it.
 */
function least(regex: RegExp, splits: boolean, text: string, enough: number): number {
  let ms = Infinity;
  for (let run = 0; run < 3 && ms > enough && !(run > 0 && ms > BEYOND * enough); run++) {
    const started = process.cpuUsage();
    search(regex, splits, text);
    ms = Math.min(ms, process.cpuUsage(started).user / 1000);
  }
  return ms;
}

function search(regex: RegExp, splits: boolean, text: string): void {
  if (splits) text.split(regex);
  else if (regex.global) text.replace(regex, '');
  else regex.test(text);
}
