import assert from 'node:assert/strict';
import {json} from '../src/lib/render/json.ts';
import {renderEvents} from '../src/lib/render/events.ts';
import {table} from '../src/lib/render/table.ts';
import {LONG, MANY, PODS, type Big} from './support/big.ts';
import {toldOf} from './support/events.ts';
import {reportOf, type Piece} from './support/pods.ts';

// Whoever may create a pod chooses how long its texts are, and how many of a kind it has: an object may have 1.5 MB.
// Work over it grows with it, and not faster: each world is judged, told and printed at two sizes, of which one is
// ten times the other. Squared work would take a hundred times as long.

/** How much longer ten times as much may take: caches and garbage have their share. */
const GROWTH = 30;
/** Milliseconds that are allowed whatever the growth. */
const ALLOWED = 500;

/** Milliseconds of our own time for all that is done with a world. */
async function taken(world: Piece[]): Promise<number> {
  const look = {color: false, utf8: true};
  const started = process.cpuUsage();
  const report = await reportOf(world);
  table(report, look, {wide: true, all: true, program: 'probes'});
  table(report, {...look, columns: 100}, {wide: false, all: true, program: 'probes'});
  json(report);
  renderEvents('wide', await toldOf(world, {all: true}), look);
  return process.cpuUsage(started).user / 1000;
}

describe('work over', () => {
  const sets: [cases: Big[], size: number][] = [[LONG, 100_000], [MANY, 400], [PODS, 100]];
  for (const [cases, size] of sets) {
    for (const [what, worldOf] of cases) {
      it(`${10 * size} of ${what} takes time that grows with it, not faster`, async () => {
        const small = await taken(worldOf(size));
        const large = await taken(worldOf(10 * size));
        const said = `${small.toFixed()} ms for ${size}, ${large.toFixed()} ms for ${10 * size}`;
        assert.ok(large <= Math.max(ALLOWED, GROWTH * small), said);
      }).timeout(60_000);
    }
  }
});
