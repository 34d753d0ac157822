import assert from 'node:assert/strict';
import {ServerClock} from '../../src/lib/cluster/live/clock.ts';

describe("the server's clock", () => {
  const local = Date.parse('2026-11-28T12:00:00.500Z');
  const rows: [sentence: string, dates: (string | undefined)[], now: string, said: RegExp | undefined][] = [
    ['is this machine’s before the first answer', [], '2026-11-28T12:00:00.500Z', undefined],
    ['is this machine’s where they agree to the second', ['Sat, 28 Nov 2026 12:00:01 GMT'], '2026-11-28T12:00:00.500Z', undefined],
    ['counts where they differ', ['Sat, 28 Nov 2026 12:00:04 GMT'], '2026-11-28T12:00:04.500Z', undefined],
    ['is said where this machine is behind', ['Sat, 28 Nov 2026 13:00:00 GMT'], '2026-11-28T13:00:00.500Z', /is 60m behind the server's/],
    ['is said where this machine is ahead', ['Sat, 28 Nov 2026 11:59:30 GMT'], '2026-11-28T11:59:30.500Z', /is 30s ahead of the server's/],
    ['is told once', ['Sat, 28 Nov 2026 13:00:00 GMT', 'Sat, 28 Nov 2026 14:00:00 GMT'], '2026-11-28T13:00:00.500Z', /60m/],
    ['is told by the first answer that has a date', [undefined, 'soon', 'Sat, 28 Nov 2026 13:00:00 GMT'], '2026-11-28T13:00:00.500Z', /60m/],
    ['is no time before 1970', ['Thu, 01 Jan 1960 00:00:00 GMT'], '2026-11-28T12:00:00.500Z', undefined],
  ];
  for (const [sentence, dates, now, said] of rows) {
    it(sentence, () => {
      const lines: string[] = [];
      const clock = new ServerClock((line) => lines.push(line), () => local);
      for (const date of dates) clock.heard(date);
      assert.equal(new Date(clock.now()).toISOString(), now);
      assert.equal(lines.length, said ? 1 : 0);
      if (said) assert.match(lines[0]!, said);
    });
  }
});
