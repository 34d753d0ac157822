import assert from 'node:assert/strict';
import {mkdtempSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {run} from '../support/run.ts';

const DEMO = ['verify', '--from', 'test/fixtures/demo'];

describe('bad input gets one sentence and its exit code', () => {
  const rows: [what: string, args: string[], code: number, says: RegExp][] = [
    ['a failing probe', [...DEMO, 'deploy/app-503', '-n', 'demo'], 1, /OSMP401/],
    ['a healthy workload', [...DEMO, 'deploy/bookstore', '-n', 'demo'], 0, /3 probes in 1 pod: 3 pass/],
    ['never failing', [...DEMO, 'deploy/app-503', '-n', 'demo', '--fail-on', 'never'], 0, /OSMP401/],
    ['a missing workload', [...DEMO, 'deploy/nosuch', '-n', 'demo'], 3, /deploy\/nosuch/],
    ['a name without kind', [...DEMO, 'bookstore', '-n', 'demo'], 3, /bookstore/],
    ['an unknown namespace', [...DEMO, '-n', 'nosuch'], 3, /nosuch/],
    ['a kind that has no pods', [...DEMO, 'svc/x'], 2, /is no target/],
    ['a namespace that is none', [...DEMO, '-n', 'Not_One'], 2, /is no namespace/],
    ['a target over all namespaces', [...DEMO, '-A', 'deploy/x'], 2, /across all namespaces/],
    ['an unknown format', [...DEMO, '-o', 'xml'], 2, /is no format/],
    ['a format without its file', [...DEMO, '-o', 'json='], 2, /is no format/],
    ['an unknown flag', [...DEMO, '--nosuch'], 2, /--nosuch/],
    ['an unknown code', [...DEMO, '-n', 'demo', '--only', 'OSMP999'], 2, /is no code/],
    ['a duration that is none', ['verify', '--request-timeout', 'soon'], 2, /is no duration/],
    ['no snapshot', ['verify', '--from', '/nonexistent'], 3, /no such file/],
    ['a file that is no snapshot', ['verify', '--from', 'package.json'], 3, /no snapshot/],
    ['no kubeconfig', ['verify', '--kubeconfig', '/nonexistent'], 3, /no such file/],
    ['a dead server', ['verify', '--kubeconfig', kubeconfig('https://127.0.0.1:1')], 3, /refuses connections/],
    ['a context that is not there', ['verify', '--kubeconfig', kubeconfig('https://127.0.0.1:1'), '--context', 'x'], 3, /the kubeconfig has c/],
    ['explain', ['explain', 'OSMP101'], 0, /shared-target/],
    ['explain of nothing', ['explain', 'OSMP000'], 2, /is no code/],
  ];
  for (const [what, args, code, says] of rows) {
    it(`${what}: ${code}`, async () => {
      const ran = await run(args);
      assert.match(ran.stdout + ran.stderr, says);
      assert.equal(ran.code, code, ran.stderr);
      assert.doesNotMatch(ran.stderr, /\n\s+at /, 'no stack');
    });
  }
});

function kubeconfig(server: string): string {
  const file = join(mkdtempSync(join(tmpdir(), 'osm-probes-test-')), 'config');
  writeFileSync(file, JSON.stringify({'current-context': 'c', clusters: [{name: 'k', cluster: {server}}], users: [], contexts: [{name: 'c', context: {cluster: 'k'}}]}));
  return file;
}
