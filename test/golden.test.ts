import assert from 'node:assert/strict';
import {existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {Ajv2020} from 'ajv/dist/2020.js';
import {run} from './support/run.ts';

const FIXTURES = 'test/fixtures';
const schema = (name: string) => new Ajv2020({allErrors: true}).compile(JSON.parse(readFileSync(`schema/${name}-report.json`, 'utf8')) as object);
const COMMANDS = {
  verify: {valid: schema('verify'), more: ['--show', 'all']},
  events: {valid: schema('events'), more: ['--all']},
} as const;

/** Snapshots of a real cluster, and what is printed of each. `UPDATE=1 npm test` writes the latter anew. */
describe('recorded clusters', () => {
  for (const name of readdirSync(FIXTURES).filter((one) => existsSync(join(FIXTURES, one, 'snapshot.json')))) {
    const folder = join(FIXTURES, name);
    for (const [command, format, file] of [['verify', 'wide', 'verify.txt'], ['verify', 'json', 'verify.json'], ['events', 'table', 'events.txt']] as const) {
      it(`${name}: ${file}`, async () => {
        const {valid, more} = COMMANDS[command];
        const {stdout, stderr} = await run([command, '--from', folder, '-o', format, ...(format === 'table' ? [] : more)]);
        assert.equal(stderr, '');
        if (process.env['UPDATE']) writeFileSync(join(folder, file), stdout);
        assert.equal(stdout, readFileSync(join(folder, file), 'utf8'));
        if (format === 'json') assert.ok(valid(JSON.parse(stdout)), JSON.stringify(valid.errors));
      });
    }
    it(`${name}: events as data keep their published shape`, async () => {
      const {valid, more} = COMMANDS.events;
      const {stdout} = await run(['events', '--from', folder, '-o', 'json', ...more]);
      assert.ok(valid(JSON.parse(stdout)), JSON.stringify(valid.errors));
    });
  }
});

describe('a report as data', () => {
  const demo = ['verify', '-n', 'demo', '--from', `${FIXTURES}/demo`];
  it('is byte-identical in two runs', async () => assert.equal((await run([...demo, '-o', 'yaml'])).stdout, (await run([...demo, '-o', 'yaml'])).stdout));
  it('names the workloads with findings', async () => assert.match((await run([...demo, '-o', 'name'])).stdout, /^deploy\/two-containers$/m));
  it('goes to a file and to the screen at once', async () => {
    const file = join(mkdtempSync(join(tmpdir(), 'osm-probes-test-')), 'report.json');
    const {stdout, code} = await run([...demo, '-o', 'name', '-o', `json=${file}`]);
    assert.equal(code, 1);
    assert.doesNotMatch(stdout, /apiVersion/);
    assert.match(readFileSync(file, 'utf8'), /"VerifyReport"/);
  });
  it('colours only where asked', async () => {
    assert.doesNotMatch((await run(demo)).stdout, /\u001b/);
    assert.match((await run([...demo, '--color', 'always'])).stdout, /\u001b\[31m/);
    assert.doesNotMatch((await run(demo, {NO_COLOR: '1', FORCE_COLOR: '1'})).stdout, /\u001b/);
    assert.match((await run(demo, {FORCE_COLOR: '1'})).stdout, /\u001b\[31m/);
  });
  it('does without UTF-8 where the locale has none', async () => assert.match((await run(demo, {LANG: 'C'})).stdout, /^x {2}deploy/m));
  it('leaves out what is skipped, and fails for the rest', async () => {
    const {stdout, code} = await run([...demo, '--only', 'OSMP101']);
    assert.equal(code, 1);
    assert.deepEqual([...new Set(stdout.match(/OSMP\d+/g))].filter((one) => !stdout.includes(`left out: ${one}`)), ['OSMP101']);
  });
});
