import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import {ANSWERS} from '../../src/lib/checks/answers.ts';
import {CONTAINERS} from '../../src/lib/checks/containers.ts';
import {ENVOY, proxyLate} from '../../src/lib/checks/envoy.ts';
import {FAILING} from '../../src/lib/checks/failing.ts';
import {CATALOGUE, CHECKS} from '../../src/lib/checks/index.ts';
import {POD} from '../../src/lib/checks/pod.ts';
import {REQUESTS} from '../../src/lib/checks/requests.ts';
import {REWRITING} from '../../src/lib/checks/rewriting.ts';
import {isLoud, type Row} from '../support/table.ts';
import {ROWS as answers} from './answers.test.ts';
import {ROWS as containers} from './containers.test.ts';
import {ROWS as creation} from './creation.test.ts';
import {ROWS as failing} from './failing.test.ts';
import {ROWS as inside} from './inside.test.ts';
import {ROWS as pods} from './pod.test.ts';
import {ROWS as rewriting} from './rewriting.test.ts';

const rows: Row[] = [...rewriting, ...containers, ...failing, ...creation, ...answers, ...inside, ...pods];
const DOCS = readFileSync('docs/checks.md', 'utf8');
const OUT_OF_REACH = readFileSync('docs/out-of-reach.md', 'utf8');

/** Rows of the catalogue of causes that the checks were written from, by letter; A–E and how many. */
const CAUSES = Object.entries({A: 15, B: 17, C: 18, D: 13, E: 17}).flatMap(([letter, count]) => Array.from({length: count}, (_, index) => `${letter}${index + 1}`));
/** Situations that need no check: healthy, and told apart from a fault by silent rows. */
const LOOK_ALIKES = ['C1', 'C14', 'C15', 'E16', 'E17'];

describe('the registry of checks', () => {
  it('has unique codes and slugs', () => {
    for (const key of ['code', 'slug'] as const) assert.equal(new Set(CATALOGUE.map((one) => one[key])).size, CATALOGUE.length, key);
  });
  it('gives each file its ranges', () => {
    const ranges = {rewriting: [REWRITING, /^OSMP1/], envoy: [[...ENVOY, proxyLate], /^OSMP3/], pod: [POD, /^OSMP6/], answers: [[...ANSWERS, ...REQUESTS], /^OSMP4/], containers: [CONTAINERS, /^OSMP(2|510|6)/], failing: [FAILING, /^OSMP5/]} as const;
    for (const [checks, range] of Object.values(ranges)) for (const {code} of checks) assert.match(code, range);
    assert.equal(Object.values(ranges).reduce((sum, [checks]) => sum + checks.length, 0), CHECKS.length);
  });
  it('asks what proves a cause before what only names a failure', () => assert.ok(CHECKS.findIndex((one) => FAILING.includes(one)) > CHECKS.findIndex((one) => one === REWRITING.at(-1))));
  for (const {code, title, cause, fix, blame, cases} of CATALOGUE) {
    it(`${code} has a title, a cause, a fix and whose fault it is`, () => {
      for (const text of [title, cause, fix, blame]) assert.notEqual(text.trim(), '');
      assert.doesNotMatch(title, /\.$/);
      assert.equal(new Set(cases).size, cases.length);
    });
    it(`${code} is in docs/checks.md`, () => assert.ok(DOCS.includes(`## ${code} `)));
    if (code !== 'OSMP901') {
      it(`${code} has a loud row and a silent one`, () => {
        const mine = rows.filter(({about}) => about === code);
        assert.ok(mine.some(isLoud), 'loud');
        assert.ok(mine.some((row) => !isLoud(row)), 'silent');
      });
    }
  }
  it('has no row about a code that is not there', () => assert.deepEqual(rows.filter(({about}) => !CATALOGUE.some(({code}) => code === about)), []));
});

describe('the catalogue of causes', () => {
  const covered = new Set(CATALOGUE.flatMap(({cases}) => cases));
  const outOfReach = [...OUT_OF_REACH.matchAll(/^\| ([A-E]\d+)/gm)].map((match) => match[1]!);
  for (const cause of CAUSES) {
    it(`${cause} belongs to a check, to what lists cannot tell, or to what is healthy`, () =>
      assert.equal([covered.has(cause), outOfReach.includes(cause), LOOK_ALIKES.includes(cause)].filter(Boolean).length, 1));
  }
  it('has no cause that is not in it', () => assert.deepEqual([...covered, ...outOfReach].filter((one) => /^[A-E]\d+$/.test(one) && !CAUSES.includes(one)), []));
});
