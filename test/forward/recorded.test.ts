import assert from 'node:assert/strict';
import {readFileSync, writeFileSync} from 'node:fs';
import {Ajv2020} from 'ajv/dist/2020.js';
import {run} from '../support/run.ts';

const DEMO = 'test/forward/demo';
const FROM = ['forward', '--from', DEMO, '-n', 'demo'];
const ALL = ['app-503', 'bookstore', 'slow', 'tcp-closed', 'two-containers', 'exec-only', 'pending', 'https', 'http-and-tcp'].map((name) => `deploy/${name}`);

describe('forward of a recording', () => {
  const valid = new Ajv2020({allErrors: true}).compile(JSON.parse(readFileSync('schema/forward-report.json', 'utf8')) as object);
  for (const [format, file] of [['table', 'forward.txt'], ['json', 'forward.json']] as const) {
    it(`prints ${file}`, async () => {
      const {stdout, stderr, code} = await run([...FROM, ...ALL, '-o', format]);
      assert.equal(stderr, '');
      assert.equal(code, 1);
      if (process.env['UPDATE']) writeFileSync(`${DEMO}/${file}`, stdout);
      assert.equal(stdout, readFileSync(`${DEMO}/${file}`, 'utf8'));
      if (format === 'json') assert.ok(valid(JSON.parse(stdout)), JSON.stringify(valid.errors));
    });
  }

  const rows: [sentence: string, args: string[], code: number, says: RegExp][] = [
    ['all probes pass', ['deploy/bookstore'], 0, /3 probes in 1 pod: 3 pass/],
    ['one fails', ['deploy/app-503'], 1, /means {5}the app itself answers 503, through the mesh and directly alike/],
    ['a failing one wins over one that is not asked', ['deploy/app-503', 'deploy/exec-only'], 1, /1 unknown, 1 fail/],
    ['exec is not run', ['deploy/exec-only'], 4, /exec: not run from here/],
    ['nothing runs', ['deploy/pending'], 4, /the pod does not run: Pending/],
    ['answers that were not recorded are unknown', ['deploy/wrong-path'], 4, /not recorded: the snapshot holds no answers of this pod/],
    ['a probe that is answered by another container passes, with a warning', ['deploy/two-containers', '--container', 'first'], 0, /the mesh asks last :8090\/last, not what was declared/],
    ['one type of probe', ['deploy/bookstore', '--probe', 'startup', '--probe', 'liveness'], 0, /2 probes in 1 pod: 2 pass/],
    ['a type that nobody has', ['deploy/app-503', '--probe', 'startup'], 4, /0 probes in 1 pod/],
    ['headers with -o wide', ['deploy/app-503', '-o', 'wide'], 1, /> Host: 10\.[\d.]+:15902\n {6}> User-Agent: kube-probe\/1\.32/],
    ['a workload that is not there', ['deploy/nosuch'], 3, /deploy\/nosuch/],
    ['a container that is not there', ['deploy/app-503', '--container', 'x'], 3, /the containers are app, envoy/],
    ['no target', [], 2, /needs a target/],
    ['a recording asked again', ['deploy/app-503', '--count', '3'], 2, /cannot be asked again/],
    ['a recording kept open', ['deploy/app-503', '--keep'], 2, /--keep needs a cluster/],
    ['no count', ['deploy/app-503', '--count', '0'], 2, /is no count/],
    ['an interval of nothing', ['deploy/app-503', '--interval', '1s'], 2, /snapshot cannot be asked|needs --count/],
    ['no type', ['deploy/app-503', '--probe', 'health'], 2, /--probe=health/],
    ['no local port', ['deploy/app-503', '--keep', '--local-port', 'x'], 2, /--keep needs a cluster|is no LOCAL:REMOTE/],
    ['a local port without --keep', ['deploy/app-503', '--local-port', '1:2'], 2, /--keep/],
  ];
  for (const [sentence, args, code, says] of rows) {
    it(`${sentence}: ${code}`, async () => {
      const ran = await run([...FROM, ...args]);
      assert.match(ran.stdout + ran.stderr, says);
      assert.equal(ran.code, code, ran.stderr);
      assert.doesNotMatch(ran.stderr, /\n\s+at /, 'no stack');
    });
  }

  it('does without UTF-8 where the locale has none', async () => {
    const {stdout} = await run([...FROM, ...ALL], {LANG: 'C'});
    assert.doesNotMatch(stdout.replaceAll('–', '-'), /[^\u0000-\u007f]/);
  });
});
