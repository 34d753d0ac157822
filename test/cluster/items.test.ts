import assert from 'node:assert/strict';
import fc from 'fast-check';
import {ItemCutter} from '../../src/lib/cluster/live/items.ts';

function cut(text: string, sizes: number[]): {items: unknown[]; rest: Record<string, unknown>} {
  const items: unknown[] = [];
  const cutter = new ItemCutter((item) => items.push(item));
  const bytes = Buffer.from(text);
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const size = sizes[turn % sizes.length]!;
    cutter.push(bytes.subarray(at, at + size));
    at += size;
  }
  return {items, rest: cutter.end()};
}

describe('cutting items out of a list as it arrives', () => {
  const json = fc.jsonValue({maxDepth: 4});
  const objects = fc.array(fc.dictionary(fc.string({unit: 'grapheme'}), json), {maxLength: 6});
  it('finds what JSON.parse finds, wherever the bytes are split', () =>
    fc.assert(
      fc.property(objects, fc.array(fc.integer({min: 1, max: 40}), {minLength: 1, maxLength: 5}), fc.boolean(), (items, sizes, metadataFirst) => {
        const metadata = {resourceVersion: '7', continue: 'to"k[en'};
        const list = metadataFirst ? {kind: 'PodList', metadata, items} : {items, metadata, kind: 'PodList'};
        const plain = JSON.parse(JSON.stringify(list)) as typeof list;
        assert.deepEqual(cut(JSON.stringify(list), sizes), {items: plain.items, rest: {...plain, items: []}});
      }),
    ));
  it('reads a list that someone indented', () => assert.deepEqual(cut(JSON.stringify({metadata: {}, items: [{a: [1, {b: '}]"\\'}]}]}, null, 2), [3]).items, [{a: [1, {b: '}]"\\'}]}]));
  it('reads items that are null', () => assert.deepEqual(cut('{"items":null,"metadata":{}}', [5]), {items: [], rest: {items: null, metadata: {}}}));
  it('tells a list that stops in the middle', () => assert.throws(() => cut('{"metadata":{},"items":[{"a":1},{"b":', [7]), SyntaxError));
});
