import {once} from 'node:events';
import {chmodSync, closeSync, mkdirSync, openSync, symlinkSync, writeFileSync, writeSync} from 'node:fs';
import {join} from 'node:path';
import {createGzip, gzipSync} from 'node:zlib';
import {Header} from 'tar';
import {TEXTS} from '../strange.ts';
import {BOTH, madeOf, type Row} from './row.ts';

/** One file of an archive. */
interface Entry {
  path: string;
  body?: string | Buffer;
  type?: 'File' | 'SymbolicLink' | 'Link' | 'Directory' | 'CharacterDevice' | 'FIFO';
  linkpath?: string;
  /** What the head says of the length, where that is a lie. */
  size?: number;
}

function tarOf(entries: Entry[]): Buffer {
  const blocks = entries.flatMap(({path, body = '', type = 'File', linkpath, size}) => {
    const bytes = Buffer.from(body);
    const head = new Header({
      path,
      type,
      size: size ?? bytes.length,
      mode: 0o644,
      mtime: new Date(0),
      ...(linkpath === undefined ? {} : {linkpath}),
    });
    const block = Buffer.alloc(512);
    head.encode(block, 0);
    return [block, bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)];
  });
  return Buffer.concat([...blocks, Buffer.alloc(1024)]);
}

const GOOD: Entry[] = [
  {path: 'snapshot.json', body: BOTH['snapshot.json']},
  {path: 'answers.json', body: BOTH['answers.json']},
];

const archive = (
  name: string,
  entries: Entry[],
  codes: readonly number[] = [0, 1, 4],
  packed: (tar: Buffer) => Buffer = (tar) => gzipSync(tar),
): Row => ({
  name: `archive-${name}`,
  codes,
  make: (folder) => {
    writeFileSync(join(folder, 'case.tgz'), packed(tarOf(entries)));
    return join(folder, 'case.tgz');
  },
});

const file = (name: string, bytes: () => Buffer | string, codes: readonly number[] = [3]): Row => ({
  name: `file-${name}`,
  codes,
  make: (folder) => {
    writeFileSync(join(folder, 'case.tgz'), bytes());
    return join(folder, 'case.tgz');
  },
});

const folderWith = (
  name: string,
  files: Record<string, string>,
  codes: readonly number[] = [3],
  change: (folder: string) => void = () => undefined,
): Row => ({
  name: `folder-${name}`,
  codes,
  make: (folder) => {
    const made = join(folder, 'case');
    mkdirSync(made);
    for (const [path, text] of Object.entries(files)) writeFileSync(join(made, path), text);
    change(made);
    return made;
  },
});

const whole = gzipSync(tarOf(GOOD));

/** A gigabyte of zeros in an archive, made in pieces. */
const bomb = (name: string, path: string, head: Entry[], megabytes: number): Row => ({
  name: `bomb-${name}`,
  apart: true,
  codes: [0, 1, 3, 4],
  async make(folder) {
    const to = join(folder, 'case.tgz');
    const packing = createGzip({level: 1});
    const out = openSync(to, 'w');
    packing.on('data', (chunk: Buffer) => void writeSync(out, chunk));
    const zeros = Buffer.alloc(1024 * 1024);
    packing.write(tarOf(head).subarray(0, -1024));
    packing.write(tarOf([{path, size: megabytes * zeros.length}]).subarray(0, 512));
    for (let at = 0; at < megabytes; at++) if (!packing.write(zeros)) await once(packing, 'drain');
    packing.end(Buffer.alloc(1024));
    await once(packing, 'end');
    closeSync(out);
    return to;
  },
});

/** Archives and folders that lie, climb, explode or are none. */
export const ARCHIVES: Row[] = [
  archive('good', GOOD),
  archive('climbing', [
    ...GOOD,
    {path: '../../osm-weather-escaped', body: 'x'},
    {path: 'a/../../osm-weather-escaped', body: 'x'},
  ]),
  archive('absolute', [...GOOD, {path: '/tmp/osm-weather-escaped', body: 'x'}]),
  archive('climbing-name', [{path: '../snapshot.json', body: '{}'}, ...GOOD]),
  archive('symlink', [{path: 'snapshot.json', type: 'SymbolicLink', linkpath: '/etc/passwd'}, GOOD[1]!], [3]),
  archive(
    'symlink-both',
    GOOD.map(({path}) => ({path, type: 'SymbolicLink', linkpath: '/dev/zero'})),
    [3],
  ),
  archive(
    'symlink-then-file',
    [{path: 'snapshot.json', type: 'SymbolicLink', linkpath: '/tmp/osm-weather-escaped'}, ...GOOD],
    [0, 1, 3, 4],
  ),
  archive('hardlink', [{path: 'answers.json', type: 'Link', linkpath: '/etc/passwd'}, GOOD[0]!], [3]),
  archive(
    'directory',
    GOOD.map(({path}) => ({path, type: 'Directory'})),
    [3],
  ),
  archive(
    'device',
    GOOD.map(({path}) => ({path, type: 'CharacterDevice'})),
    [3],
  ),
  archive(
    'fifo',
    GOOD.map(({path}) => ({path, type: 'FIFO'})),
    [3],
  ),
  archive('twice', [...GOOD, ...GOOD]),
  archive('second-is-bad', [...GOOD, {path: 'answers.json', body: 'null'}], [0, 1, 3, 4]),
  archive(
    'dot-slash',
    GOOD.map((one) => ({...one, path: `./${one.path}`})),
    [0, 1, 3, 4],
  ),
  archive(
    'in-a-folder',
    GOOD.map((one) => ({...one, path: `case/${one.path}`})),
    [0, 1, 3, 4],
  ),
  archive('only-head', [GOOD[0]!], [3]),
  archive('only-answers', [GOOD[1]!], [3]),
  archive('nothing', [], [3]),
  archive('many-files', [...GOOD, ...Array.from({length: 20_000}, (_, at) => ({path: `f${at}`}))]),
  archive('long-names', [...GOOD, {path: `${'d/'.repeat(60)}f`, body: 'x'}]),
  archive('escapes-in-names', [{path: `${TEXTS['escape']}x`, body: 'x'}, GOOD[1]!], [3]),
  archive('length-lies', [GOOD[0]!, {...GOOD[1]!, size: 50_000_000}], [3]),
  archive('length-zero', [GOOD[0]!, {...GOOD[1]!, size: 0}], [3]),
  archive('plain-tar', GOOD, [0, 1, 3, 4], (tar) => tar),
  archive('packed-twice', GOOD, [3], (tar) => gzipSync(gzipSync(tar))),
  archive('trailing-garbage', GOOD, [0, 1, 3, 4], (tar) => Buffer.concat([gzipSync(tar), Buffer.from('garbage')])),
  ...[0, 1, 10, 200, Math.floor(whole.length / 2), whole.length - 1].map((length) =>
    file(
      `cut-at-${length === whole.length - 1 ? 'the-end' : length}`,
      () => whole.subarray(0, length),
      length === whole.length - 1 ? [0, 1, 3, 4] : [3],
    ),
  ),
  file('text', () => 'no archive\n'),
  file('json', () => BOTH['answers.json']),
  file('zeros', () => Buffer.alloc(100_000)),
  file('random', () => Buffer.from(Array.from({length: 50_000}, (_, at) => (at * 7919) % 251))),
  file('gzip-of-text', () => gzipSync('hello')),
  file('bad-checksum', () => Buffer.concat([whole.subarray(0, -8), Buffer.alloc(8, 9)]), [0, 1, 3, 4]),
  bomb('answers', 'answers.json', [GOOD[0]!], 1024),
  bomb('head', 'snapshot.json', [], 1024),
  bomb('beside', 'other.bin', GOOD, 1024),
  bomb('beside-first', 'other.bin', [], 1024),
  {
    name: 'bomb-many',
    apart: true,
    codes: [0, 1, 3, 4],
    make: (folder) => {
      const zeros = tarOf([{path: 'answers.json', body: Buffer.alloc(64 * 1024 * 1024)}]).subarray(0, -1024);
      const packed = gzipSync(zeros);
      writeFileSync(
        join(folder, 'case.tgz'),
        Buffer.concat([
          gzipSync(tarOf([GOOD[0]!]).subarray(0, -1024)),
          ...Array.from({length: 16}, () => packed),
          gzipSync(Buffer.alloc(1024)),
        ]),
      );
      return join(folder, 'case.tgz');
    },
  },
  {
    name: 'big-json',
    apart: true,
    codes: [0, 1, 3, 4],
    make: (folder) =>
      madeOf(folder, {...BOTH, 'answers.json': `[${'{"question":"x","lines":["a"]},'.repeat(1_000_000)}null]`}),
  },
  {
    name: 'big-space',
    apart: true,
    codes: [0, 1, 3, 4],
    make: (folder) => madeOf(folder, {...BOTH, 'answers.json': `[${' '.repeat(200_000_000)}]`}),
  },
  folderWith('good', BOTH, [0, 1, 4]),
  folderWith('empty', {}),
  folderWith('no-answers', {'snapshot.json': BOTH['snapshot.json']}),
  folderWith('no-head', {'answers.json': BOTH['answers.json']}),
  folderWith('unreadable', BOTH, [0, 1, 3, 4], (made) => chmodSync(join(made, 'answers.json'), 0)),
  folderWith('folder-as-file', {'snapshot.json': BOTH['snapshot.json']}, [3], (made) =>
    mkdirSync(join(made, 'answers.json')),
  ),
  folderWith('link-to-itself', {'snapshot.json': BOTH['snapshot.json']}, [3], (made) =>
    symlinkSync('answers.json', join(made, 'answers.json')),
  ),
  ...[
    '',
    'null',
    '42',
    '"x"',
    '[]',
    'true',
    '{',
    '{}',
    'NaN',
    '\ufeff{}',
    '{"kind":"Snapshot"}',
    '{"kind":"Snapshot","recordedAt":5}',
    '{"kind":"Snapshot","recordedAt":null}',
    '{"kind":"Snapshot","recordedAt":"yesterday"}',
    `${'['.repeat(100_000)}`,
  ].map((text, at) => folderWith(`head-${at}`, {...BOTH, 'snapshot.json': text})),
  ...[
    '',
    'null',
    '42',
    '"x"',
    'true',
    '{',
    '{}',
    '[',
    'NaN',
    '[null]',
    '[42]',
    '["x"]',
    '[[]]',
    '[{}]',
    `${'['.repeat(100_000)}${']'.repeat(100_000)}`,
  ].map((text, at) => folderWith(`answers-${at}`, {...BOTH, 'answers.json': text})),
  folderWith('answers-none', {...BOTH, 'answers.json': '[]'}, [3, 4]),
  {name: 'path-missing', codes: [3], make: (folder) => join(folder, 'nothing')},
  {name: 'path-empty', codes: [2, 3], make: () => ''},
  {name: 'path-null', codes: [2, 3], make: () => '/dev/null'},
  {name: 'path-escapes', codes: [3], make: (folder) => join(folder, `a${TEXTS['escape']}${TEXTS['bidi']}`)},
  {name: 'path-long', codes: [3], make: (folder) => join(folder, 'x'.repeat(5000))},
  {
    name: 'path-below-a-file',
    codes: [3],
    make: (folder) => (writeFileSync(join(folder, 'f'), ''), join(folder, 'f', 'case')),
  },
];
