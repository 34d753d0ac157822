import assert from 'node:assert/strict';
import {run} from '../support/run.ts';

interface Document {
  probes: {workload: {name: string}; container: string; probe: string; verdict: string; why: string; codes: string[]}[];
  findings: {code: string}[];
  summary: {probes: object; hidden?: {count: number; by: string; codes: string[]}};
}

const reportOf = async (fixture: string, ...more: string[]) => {
  const {stdout, code} = await run(['verify', '--from', `test/fixtures/${fixture}`, '-o', 'json', ...more]);
  return {document: JSON.parse(stdout) as Document, code};
};

describe('a filter', () => {
  for (const fixture of ['demo', 'zoo', 'history']) {
    it(`changes no verdict and no count of ${fixture}`, async () => {
      const {document: all} = await reportOf(fixture);
      const codes = [...new Set(all.findings.map(({code}) => code))];
      for (const filter of [['--skip', codes.join(',')], ['--only', codes[0]!], ['--skip', codes.at(-1)!, '--only', codes[0]!]]) {
        const {document} = await reportOf(fixture, ...filter);
        assert.deepEqual(document.probes, all.probes, filter.join(' '));
        assert.deepEqual(document.summary.probes, all.summary.probes);
        assert.equal(document.findings.length + (document.summary.hidden?.count ?? 0), all.findings.length);
      }
    });
  }
  it('is said in the last line, with how many findings it hides', async () => assert.match((await run(['verify', '--from', 'test/fixtures/demo', '-n', 'demo', '--skip', 'OSMP401'])).stdout, / · [1-9] findings? hidden by --skip$/m));
  it('is said beside names, too', async () => assert.match((await run(['verify', '--from', 'test/fixtures/demo', '-n', 'demo', '--only', 'OSMP507', '-o', 'name'])).stderr, /^\d+ findings hidden by --only/));
  it('moves the exit code to what is left', async () => {
    const {document} = await reportOf('demo');
    const codes = [...new Set(document.findings.map(({code}) => code))].join(',');
    assert.deepEqual([(await reportOf('demo', '--allow-unknown')).code, (await reportOf('demo', '--allow-unknown', '--skip', codes)).code], [1, 0]);
  });
});
