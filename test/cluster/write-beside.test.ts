import assert from 'node:assert/strict';
import {chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {writeBeside} from '../../src/lib/cluster/write-beside.ts';
import {failure, folderOf} from '../support/connection.ts';

const never = new AbortController().signal;

describe('a file that is written beside and renamed', () => {
  it('is there, and nothing else', async () => {
    const folder = folderOf({});
    await writeBeside(join(folder, 'x.json'), 'hello', never);
    assert.deepEqual(readdirSync(folder), ['x.json']);
    assert.equal(readFileSync(join(folder, 'x.json'), 'utf8'), 'hello');
  });
  it('keeps the rights of the one that was there', async () => {
    const file = join(folderOf({x: 'old'}), 'x');
    chmodSync(file, 0o600);
    await writeBeside(file, 'new', never);
    assert.equal(statSync(file).mode & 0o777, 0o600);
    assert.equal(readFileSync(file, 'utf8'), 'new');
  });
  it('follows a link', async () => {
    const folder = folderOf({'real/x': 'old'});
    symlinkSync(join(folder, 'real', 'x'), join(folder, 'link'));
    await writeBeside(join(folder, 'link'), 'new', never);
    assert.equal(readFileSync(join(folder, 'real', 'x'), 'utf8'), 'new');
  });
  it('is written to as it is where it is a device', async () => writeBeside('/dev/null', 'x', never));
  it('leaves what was there when it is interrupted', async () => {
    const folder = folderOf({x: 'old'});
    const abort = new AbortController();
    function* pieces(): Generator<string> {
      yield 'new';
      abort.abort();
      yield 'more';
    }
    assert.equal((await failure(writeBeside(join(folder, 'x'), pieces(), abort.signal))).reason, 'aborted');
    assert.deepEqual(readdirSync(folder), ['x']);
    assert.equal(readFileSync(join(folder, 'x'), 'utf8'), 'old');
  });
  const rows: [sentence: string, file: (folder: string) => string, got: RegExp][] = [
    ['in a folder that is not there', (folder) => join(folder, 'no', 'x'), /^writing \S+: no such folder$/],
    ['that is a folder', (folder) => (mkdirSync(join(folder, 'dir')), join(folder, 'dir')), /: it is a folder$/],
    ['below a file', (folder) => (writeFileSync(join(folder, 'file'), ''), join(folder, 'file', 'x')), /: a part of the path is no folder$/],
    ['on a full device', () => '/dev/full', /: no space is left$/],
  ];
  for (const [sentence, file, got] of rows) {
    it(`${sentence} gets one sentence`, async () => {
      const folder = folderOf({});
      const path = file(folder);
      const before = readdirSync(folder).length;
      assert.match((await failure(writeBeside(path, 'x', never))).message, got);
      assert.equal(readdirSync(folder).length, before);
      assert.ok(existsSync(folder));
    });
  }
});
