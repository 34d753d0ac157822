import assert from 'node:assert/strict';
import {groupOf} from './case.ts';
import {smokeCases} from './groups.ts';
import {tryAll} from './pool.ts';
import {failureLines, type Tried} from './totals.ts';

/** A few hundred faults of the many that `npm run weather` throws; the same from run to run. */
describe('bad weather', function () {
  this.timeout(180_000);
  const cases = smokeCases();
  let tried: Tried[] = [];
  before(async () => {
    tried = await tryAll(cases, {workers: 4, patience: 3});
  });
  for (const group of new Set(cases.map(({id}) => groupOf(id)))) {
    it(`${group} takes nothing away`, () =>
      assert.deepEqual(failureLines(tried.filter(({id}) => groupOf(id) === group)), []));
  }
});
