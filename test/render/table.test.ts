import assert from 'node:assert/strict';
import stringWidth from 'string-width';
import type {ProbeRow, Report} from '../../src/lib/model/report.ts';
import {aligned, columns} from '../../src/lib/render/columns.ts';
import {fit} from '../../src/lib/render/fit.ts';
import {table} from '../../src/lib/render/table.ts';
import {shortened, WIDEST} from '../../src/lib/render/width.ts';

const ROW: ProbeRow = {
  workload: {kind: 'Deployment', name: 'cart', namespace: 'shop'},
  pods: ['cart-1'],
  container: 'app',
  probe: 'readiness',
  declared: 'HTTP :8080/ready',
  calls: ':15902',
  call: 'HTTP :15902/osm-readiness-probe',
  reaches: 'exporter :9113/metrics',
  verdict: 'pass',
  why: '',
  codes: [],
  proof: 'read',
  profile: 'OSM 1.1–1.2',
  ready: '2/2',
  status: 'Running',
  restarts: '0',
  ageMs: 60_000,
  node: 'node1',
};
const row = (more: Partial<ProbeRow> = {}): ProbeRow => ({...ROW, ...more});
const FAIL = row({verdict: 'fail', why: 'no listener: the readiness probe of exporter decides', workload: {...ROW.workload, name: 'checkout-and-payment-service'}, container: 'checkout-and-payment'});
const report = (...rows: ProbeRow[]): Report => ({now: 0, origin: {kind: 'snapshot', name: 't'}, scope: '', rows, findings: [], unseen: [], meshes: ['OSM 1.1–1.2'], pods: rows.length, others: {outside: 2, completed: 0, terminating: 1, evicted: 0}});

interface Options {
  columns?: number;
  wide?: boolean;
  all?: boolean;
  utf8?: boolean;
  color?: boolean;
}

function lines(rows: ProbeRow[], {columns, wide = false, all = false, utf8 = true, color = false}: Options = {}): string[] {
  return table(report(...rows), {color, utf8, ...(columns === undefined ? {} : {columns})}, {wide, all, program: 'kubectl osm-probes'}).trimEnd().split('\n');
}

/** The lines of the table: those in front of the first empty one. */
const grid = (all: string[]) => all.slice(0, all.indexOf(''));
const heads = (...args: Parameters<typeof lines>) => grid(lines(...args))[0]!.trim().split(/ {2,}/);

describe('the table of probes', () => {
  const whole = ['WORKLOAD', 'CONTAINER', 'PROBE', 'DECLARED', 'CALLS', 'REACHES', 'VERDICT', 'WHY'];
  it('is whole in a pipe', () => assert.deepEqual(heads([FAIL]), whole));
  it('is whole where it fits', () => assert.deepEqual(heads([FAIL], {columns: 200}), whole));
  const without = (...gone: string[]) => whole.filter((head) => !gone.includes(head));
  const full = Math.max(...grid(lines([FAIL])).map((line) => stringWidth(line)));
  const narrower = full - 'exporter :9113/metrics  '.length;
  const narrow = narrower - ':15902  '.length;
  for (const [columns, kept] of [[full, whole], [full - 1, without('REACHES')], [narrower, without('REACHES')], [narrower - 1, without('REACHES', 'CALLS')], [narrow, without('REACHES', 'CALLS')], [narrow - 1, without('REACHES', 'CALLS', 'DECLARED')], [80, without('REACHES', 'CALLS', 'DECLARED')], [60, without('REACHES', 'CALLS', 'DECLARED')]] as const) {
    it(`at ${columns} columns has ${kept.join(', ')}`, () => assert.deepEqual(heads([FAIL], {columns}), kept));
  }
  it('of wide, loses PROFILE first and DECLARED last', () => {
    const width = Math.max(...grid(lines([FAIL], {wide: true})).map((line) => stringWidth(line)));
    const all = heads([FAIL], {wide: true});
    assert.deepEqual(heads([FAIL], {wide: true, columns: width}), all);
    assert.deepEqual(heads([FAIL], {wide: true, columns: width - 1}), all.slice(0, -1));
    assert.deepEqual(heads([FAIL], {wide: true, columns: 60}), without('REACHES', 'CALLS', 'DECLARED'));
  });
  it('drops nothing that a short row has room for', () => assert.deepEqual(heads([row()], {columns: 100}), without('WHY')));

  const wideChars = row({...FAIL, workload: {...ROW.workload, name: '購物車服務購物車服務購物車'}, why: '連接埠沒有監聽器：由最後一個容器決定 👩‍👩‍👧 é'});
  for (const columns of [50, 60, 80, 100, 120]) {
    for (const color of [false, true]) {
      it(`fits into ${columns} columns${color ? ' in colour' : ''}, with wide characters too`, () => {
        for (const line of grid(lines([FAIL, wideChars], {columns, color}))) assert.ok(stringWidth(line) <= columns, `${stringWidth(line)}: ${line}`);
      });
    }
    it(`at ${columns} columns says the verdict and begins to say why`, () => assert.match(grid(lines([FAIL], {columns}))[1]!, /fail {2,}no l/));
  }
  it('cuts with a sign, and with ASCII where there is no other', () => {
    assert.match(grid(lines([FAIL], {columns: 60}))[1]!, /…/);
    assert.doesNotMatch(lines([FAIL, row({reaches: '–'})], {columns: 60, utf8: false, all: true}).join('\n'), /[^\x20-\x7e\n]/);
  });
  it('aligns its columns', () => {
    const [head, first, second] = grid(lines([FAIL, row({verdict: 'warn', why: 'x'})]));
    const at = (line: string, word: string) => line.indexOf(word);
    assert.deepEqual([at(first!, 'readiness'), at(second!, 'readiness')], [at(head!, 'PROBE'), at(head!, 'PROBE')]);
    assert.deepEqual([at(first!, 'fail'), at(second!, 'warn')], [at(head!, 'VERDICT'), at(head!, 'VERDICT')]);
  });
  it('has nothing at the end of a line', () => {
    for (const options of [{}, {columns: 80}, {wide: true}, {all: true}, {utf8: false}]) for (const line of lines([FAIL, row()], options)) assert.equal(line, line.trimEnd());
  });
  it('colours the sign and the verdict only', () => assert.equal(grid(lines([FAIL], {color: true, columns: 60}))[1]!.match(/\u001b\[31m/g)?.length, 2));

  it('folds what passes once something does not', () => {
    const shown = lines([FAIL, row({pods: ['a', 'b']})]);
    assert.equal(shown.filter((line) => line.includes('deploy/cart')).length, 0);
    assert.ok(shown.includes('   2 pass (--show all)'));
  });
  it('unfolds it where asked', () => {
    const shown = lines([FAIL, row({pods: ['a', 'b']})], {all: true});
    assert.equal(shown.filter((line) => line.includes('deploy/cart (2 pods)')).length, 1);
    assert.doesNotMatch(shown.join('\n'), /--show all/);
  });
  it('shows all where all pass', () => assert.equal(lines([row()]).filter((line) => line.includes('deploy/cart')).length, 1));
  it('names the namespace where there are several', () => assert.deepEqual([heads([row()])[0], heads([row(), row({workload: {...ROW.workload, namespace: 'pay'}})])[0]], ['WORKLOAD', 'NAMESPACE']));
  it('ends with one line that sums up', () => {
    for (const options of [{}, {columns: 60}, {wide: true}]) assert.equal(lines([FAIL, row({pods: ['a', 'b']})], options).at(-1), '3 probes in 2 pods: 2 pass, 1 fail · OSM 1.1–1.2 · not judged: 2 outside the mesh, 1 terminating');
    assert.match(lines([]).at(-1)!, /^nothing in scope/);
  });
});

describe('fitting columns', () => {
  it('cuts the widest first', () => assert.deepEqual(fit([{cells: ['a'.repeat(30)], cut: true}, {cells: ['b'.repeat(12)], cut: true}], 30, '…').map(({cells}) => stringWidth(cells[0]!)), [16, 12]));
  it('leaves what may not be cut, and a beginning of the rest, on the narrowest terminal', () => assert.deepEqual(fit([{cells: ['keep this whole']}, {cells: ['cut this'.repeat(3)], cut: true}], 5, '…').map(({cells}) => cells[0]!), ['keep this whole', 'cut t…']));
  it('never splits what is one character on the screen', () => assert.equal(fit([{cells: ['👩‍👩‍👧é購物車服務購物車'], cut: true}], 9, '…')[0]!.cells[0]!.endsWith('…'), true));
});

describe('columns', () => {
  const long = row({declared: `HTTP :8080/${'a'.repeat(100_000)}`});
  it('do not grow with one long cell, in a pipe neither', () => {
    for (const line of grid(lines([FAIL, long], {all: true}))) assert.ok(stringWidth(line) < 2 * WIDEST, `${stringWidth(line)}`);
  });
  it('cut it with a sign', () => assert.match(grid(lines([FAIL, long], {all: true})).join('\n'), /aaa… /));
  it('cut it with ASCII where there is no other', () => assert.match(grid(lines([FAIL, long], {all: true, utf8: false})).join('\n'), /aaa\.\.\. /));
  it('never cut the longest name that Kubernetes allows', () => {
    const name = 'n'.repeat(253);
    const many = row({workload: {kind: 'K'.repeat(63), name, namespace: 'shop'}, pods: Array.from({length: 10_000}, (_, index) => `p${index}`)});
    assert.ok(grid(lines([many]))[1]!.includes(`${name} (10000 pods)`));
  });
  it('keep one line for a row whose cells have several', () => assert.deepEqual(columns([['a\nb', 'c\nd'], ['e', 'f']]), ['a b  c d', 'e    f']));
  it('leave a text at the end of a row whole', () => assert.equal(aligned([['a', 'b'.repeat(1000)]])[0]!.length, 1003));
  for (const [text, width, cut] of [
    ['abc', 3, 'abc'],
    ['abcd', 3, 'ab…'],
    ['abcd', 1, '…'],
    ['abcd', 0, ''],
    ['abcd', -1, ''],
    ['車車', 3, '車…'],
    ['e\u0301'.repeat(3), 3, 'e\u0301'.repeat(3)],
    [`a${'\u0301'.repeat(1_000_000)}`, 3, `a${'\u0301'.repeat(35)}…`],
    [`a${'\u0301'.repeat(34)}👩b`, 3, `a${'\u0301'.repeat(34)}…`],
  ] as const) {
    it(`of ${width} show ${JSON.stringify(text.slice(0, 8))} as ${JSON.stringify(cut)}`, () => assert.equal(shortened(text, width, '…'), cut));
  }
  for (const width of [NaN, -1, 0, 1, 2, 10, 10_000, Infinity]) {
    it(`fit into a terminal of ${width} columns, or are left as they are`, () => {
      const shown = lines([FAIL, long, row()], {columns: width, all: true});
      assert.ok(shown.length > 3);
      for (const line of shown) assert.ok(stringWidth(line) <= Math.max(width === Infinity ? 0 : width || 0, 3 * WIDEST));
    });
  }
  it('take time that grows with their number', () => {
    const timeOf = (count: number) => {
      const rows = Array.from({length: count}, (_, index) => row({...FAIL, workload: {...ROW.workload, name: `cart-${index}`}}));
      const started = process.cpuUsage();
      lines(rows, {wide: true});
      return process.cpuUsage(started).user;
    };
    timeOf(200);
    assert.ok(timeOf(4000) < 20 * Math.max(timeOf(400), 10_000));
  });
});
