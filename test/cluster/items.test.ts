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
  return {items, rest: cutter.end() as Record<string, unknown>};
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
  it('leaves managedFields out, wherever the bytes are split', () =>
    fc.assert(
      fc.property(fc.array(fc.record({managedFields: fc.array(fc.dictionary(fc.string(), json)), name: fc.string(), after: json}), {maxLength: 4}), fc.array(fc.integer({min: 1, max: 60}), {minLength: 1, maxLength: 5}), (all, sizes) => {
        const {items} = cut(JSON.stringify({metadata: {}, items: all.map((metadata) => ({metadata, spec: {x: [1]}}))}), sizes);
        const left = items as {metadata: {managedFields: unknown}; spec: unknown}[];
        for (const [index, {metadata}] of left.entries()) assert.ok(metadata.managedFields === 0 || JSON.stringify(metadata.managedFields) === JSON.stringify(all[index]!.managedFields));
        const plain = JSON.parse(JSON.stringify(all)) as typeof all;
        assert.deepEqual(left.map(({metadata, spec}) => [{...metadata, managedFields: 0}, spec]), plain.map((metadata) => [{...metadata, managedFields: 0}, {x: [1]}]));
      }),
    ));
  it('leaves them out where a chunk holds them whole', () => assert.deepEqual(cut('{"items":[{"metadata":{"managedFields":[{"a":"]"}],"name":"x"}}],"metadata":{}}', [500]).items, [{metadata: {managedFields: 0, name: 'x'}}]));
  it('reads a list that someone indented', () => assert.deepEqual(cut(JSON.stringify({metadata: {}, items: [{a: [1, {b: '}]"\\'}]}]}, null, 2), [3]).items, [{a: [1, {b: '}]"\\'}]}]));
  it('reads items that are null', () => assert.deepEqual(cut('{"items":null,"metadata":{}}', [5]), {items: [], rest: {items: null, metadata: {}}}));
  it('tells a list that stops in the middle', () => assert.throws(() => cut('{"metadata":{},"items":[{"a":1},{"b":', [7]), SyntaxError));
});
