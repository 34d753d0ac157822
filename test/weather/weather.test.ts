import assert from 'node:assert/strict';
import {groupOf, type Case} from './case.ts';
import {allCases} from './groups.ts';
import {tryAll} from './pool.ts';
import {hashOf} from './random.ts';
import {failureLines} from './totals.ts';

/** Of each group so many; `npm run weather` tries all of them. */
const SMOKE: Record<string, number> = {http: 150};

/** Those with the smallest hashes: the same from run to run, and from all corners of the table. */
function sample(cases: Case[], count: number): Case[] {
  return [...cases].sort((a, b) => hashOf(a.id) - hashOf(b.id)).slice(0, count);
}

describe('bad weather', () => {
  const groups = new Map<string, Case[]>();
  for (const one of allCases()) groups.set(groupOf(one.id), [...(groups.get(groupOf(one.id)) ?? []), one]);
  for (const [group, cases] of groups) {
    const chosen = sample(cases, SMOKE[group] ?? 20);
    it(`${group}: ${chosen.length} faults take nothing away`, async () => assert.deepEqual(failureLines(await tryAll(chosen, {workers: 2})), [])).timeout(60_000);
  }
});
