import assert from 'node:assert/strict';
import {clean, MOST_TEXT, withoutControls} from '../../src/lib/cluster/sanitize.ts';
import {safeJson, safeScreen} from '../../src/lib/render/safe.ts';

describe('a text from outside', () => {
  const rows: [sentence: string, text: string, cleaned: string][] = [
    ['that is plain stays as it is', 'GET "http://10.0.0.7:8080/": EOF', 'GET "http://10.0.0.7:8080/": EOF'],
    ['may have letters of any language', 'größer 日本 ελ 🙂', 'größer 日本 ελ 🙂'],
    ['loses what moves a cursor', 'a\u001b]0;x\u0007b\u009b2Jc\rd\be', 'a]0;xb2Jcde'],
    ['is one line', 'a\nb\n', 'a b'],
    ['shows zero width characters', 'a\u200bb\ufeff', 'a\\u{200b}b\\u{feff}'],
    ['shows what turns a line around', '\u202eabc\u2066\u061c\u200f', '\\u{202e}abc\\u{2066}\\u{61c}\\u{200f}'],
    ['shows separators of lines', 'a\u2028b\u2029', 'a\\u{2028}b\\u{2029}'],
    ['shows spaces that are not the space', 'a\u00a0b\u3000c', 'a\\u{a0}b\\u{3000}c'],
    ['shows tags and variation selectors', 'a\u{e0041}\ufe0f', 'a\\u{e0041}\\u{fe0f}'],
    ['has no half characters', 'a\ud800b\udc00', 'a\ufffdb\ufffd'],
    ['has a bound', 'x'.repeat(1_000_000), `${'x'.repeat(MOST_TEXT)}…`],
  ];
  for (const [sentence, text, cleaned] of rows) {
    it(sentence, () => assert.equal(clean(text), cleaned));
    it(`${sentence}, and twice is as good as once`, () => assert.equal(clean(cleaned.slice(0, MOST_TEXT)), cleaned.slice(0, MOST_TEXT)));
  }
  it('that is read further keeps what JSON needs', () => {
    const path = '/a\u200b"\\';
    assert.equal((JSON.parse(withoutControls(`${JSON.stringify({path})}\u0007`)) as {path: string}).path, path);
  });
});

describe('the last net before a screen', () => {
  const rows: [sentence: string, text: string, shown: string][] = [
    ['lets our colours and lines through', '\u001b[31m✗ fail\u001b[39m\nnext  line\n', '\u001b[31m✗ fail\u001b[39m\nnext  line\n'],
    ['writes out any other sequence', 'a\u001b[2Jb\u001b]52;c;eA==\u0007', 'a\\x1b[2Jb\\x1b]52;c;eA==\\x07'],
    ['writes out what is hidden', 'a\u200bb', 'a\\u{200b}b'],
  ];
  for (const [sentence, text, shown] of rows) it(sentence, () => assert.equal(safeScreen(text), shown));
  it('of JSON changes nothing but how it is written', () => {
    const value = {a: 'x\u200b\u009b\u2028\u{e0041}\u007fy', b: 'ä🙂 z'};
    const text = safeJson(JSON.stringify(value));
    assert.doesNotMatch(text, /[\u007f-\u009f\u200b\u2028\u{e0041}]/u);
    assert.deepEqual(JSON.parse(text), value);
  });
});
