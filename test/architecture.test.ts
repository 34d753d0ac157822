import assert from 'node:assert/strict';
import {readdirSync, readFileSync} from 'node:fs';
import {dirname, join, relative} from 'node:path';

const ROOT = 'src/lib';

/** Rooms and what each may import: other rooms, and packages. The table of CONTRIBUTING. */
const ROOMS: Record<string, {rooms: string[]; packages: string[]; pure: boolean}> = {
  model: {rooms: [], packages: [], pure: true},
  mesh: {rooms: ['model', 'kubelet'], packages: [], pure: true},
  kubelet: {rooms: ['model'], packages: [], pure: true},
  checks: {rooms: ['model', 'mesh', 'kubelet'], packages: [], pure: true},
  diagnosis: {rooms: ['model', 'mesh', 'kubelet', 'checks'], packages: ['node:crypto'], pure: true},
  cluster: {rooms: ['model', 'mesh', 'kubelet'], packages: ['*'], pure: false},
  render: {rooms: ['model', 'checks', 'diagnosis'], packages: ['chalk', 'cli-table3', 'string-width', 'yaml'], pure: true},
  '.': {rooms: ['model', 'mesh', 'kubelet', 'checks', 'diagnosis', 'render', 'cluster'], packages: [], pure: false},
  cli: {rooms: ['model', 'checks', 'render', 'cluster', '.'], packages: ['*'], pure: false},
};
/** Use cases of several files; together with the files beside the rooms they are one room. */
const USE_CASES = ['events', 'forward', 'look'];
const IMPURE = /\bprocess\.|\bDate\.now\(|new Date\(\)|\bMath\.random\(|\bsetTimeout\(|\bconsole\./;

function roomOf(file: string): string {
  const path = relative(ROOT, file);
  const first = path.includes('/') ? path.split('/')[0]! : '.';
  return USE_CASES.includes(first) ? '.' : first;
}

describe('the rooms', () => {
  const files = readdirSync(ROOT, {recursive: true, encoding: 'utf8'}).filter((name) => name.endsWith('.ts')).map((name) => join(ROOT, name)).sort();
  it('are all there', () => assert.deepEqual([...new Set(files.map(roomOf))].sort(), Object.keys(ROOMS).sort()));
  for (const file of files) {
    const room = roomOf(file);
    const source = readFileSync(file, 'utf8');
    it(`${relative(ROOT, file)} imports what ${room} may import`, () => {
      for (const [, from] of source.matchAll(/(?:from|import\()\s*'([^']+)'/g)) {
        if (from!.startsWith('.')) {
          const other = roomOf(join(dirname(file), from!));
          assert.ok(other === room || ROOMS[room]!.rooms.includes(other), `${file} imports ${from}`);
          if (room === '.' && other === 'cluster') assert.match(from!, /cluster\/(cluster|observe|envoy-admin|soon)\.ts$/, 'use cases know the interface only');
        } else assert.ok(ROOMS[room]!.packages.some((one) => one === '*' || one === from), `${file} imports ${from}`);
      }
    });
    if (ROOMS[room]!.pure) it(`${relative(ROOT, file)} is pure`, () => assert.doesNotMatch(source.replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, ''), IMPURE));
  }
});
