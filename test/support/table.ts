import assert from 'node:assert/strict';
import type {Severity} from '../../src/lib/model/finding.ts';
import type {Verdict} from '../../src/lib/model/report.ts';
import {reportOf, type Live, type Piece} from './pods.ts';

/** One sentence of a check's table: the code that it is about, and the codes that are all that may be said. */
export interface Row {
  about: string;
  /** `says OSMP102 when …`, `stays silent when …` follow from `loud`. */
  when: string;
  world: () => Piece | Piece[];
  /** All codes of the report, with severities where they matter: `OSMP102`, `OSMP205 warning`. */
  says: string[];
  /** Of the probe `container type`. */
  verdict?: Record<string, Verdict | `${Verdict}: ${string}`>;
  /** What the pods answer when they are looked into; without it nobody looks. */
  live?: Live;
}

/** The check speaks. `says` names everything that is said then, this code first. */
export function loud(about: string, when: string, world: Row['world'], {also = [], severity, ...more}: {also?: string[]; severity?: Severity} & Pick<Row, 'verdict' | 'live'> = {}): Row {
  return {about, when, world, says: [severity ? `${about} ${severity}` : about, ...also], ...more};
}

/** A look-alike: the check says nothing, nor does any other, unless `but` names what is said instead. */
export function silent(about: string, when: string, world: Row['world'], {but = [], ...more}: {but?: string[]} & Pick<Row, 'verdict' | 'live'> = {}): Row {
  return {about, when, world, says: but, ...more};
}

export const isLoud = ({about, says}: Row) => says.some((one) => one.startsWith(about));

/** Runs a table: each row's sentence is a test, and no code may be said that the row does not name. */
export function table(title: string, rows: Row[]): Row[] {
  describe(title, () => {
    for (const row of rows) {
      it(`${isLoud(row) ? `says ${row.about}` : `${row.about} stays silent`} when ${row.when}`, async () => {
        const report = await reportOf(row.world(), [], row.live);
        const said = report.findings.map(({code, severity}) => (row.says.includes(`${code} ${severity}`) ? `${code} ${severity}` : code));
        assert.deepEqual([...new Set(said)].sort(), [...row.says].sort(), `said: ${JSON.stringify(report.findings.map(({code, severity, because, couldBe}) => [code, severity, because ?? couldBe]))} rows: ${JSON.stringify(report.rows.map(({container, probe, verdict, why}) => [container, probe, verdict, why]))}`);
        for (const [probe, want] of Object.entries(row.verdict ?? {})) {
          const of = report.rows.find((one) => `${one.container} ${one.probe}` === probe);
          // Until when it is starting follows from its budget, which the rows' sentences do not name.
          assert.equal(want.includes(': ') ? `${of?.verdict}: ${of?.why.replace(/ until \d\d:\d\d:\d\dZ/, '')}` : of?.verdict, want);
        }
      });
    }
  });
  return rows;
}
