/** Values that no field expects, by a name for the fault's id. Numbers that JSON cannot hold are texts of it. */
export const NUMBERS: Record<string, number> = {
  '1e308': 1e308,
  '-1e308': -1e308,
  '-1': -1,
  half: 0.5,
  '2^53': 2 ** 53,
  zero: 0,
  '1e21': 1e21,
  'minus-zero': -0,
  '65536': 65_536,
};

/** Texts that are well-formed, but not what anybody writes. */
export const TEXTS: Record<string, string> = {
  empty: '',
  space: ' ',
  escape: '\u001b]0;owned\u0007\u001b[2J\u009b1m\r\u0008',
  osc52: '\u001b]52;c;c3Vkbw==\u0007',
  bidi: '\u202eevil\u2066\u061c',
  'zero-width': 'a\u200bb\u200c\u200d\u2060\ufeffc\u00ad',
  separators: 'a\u2028b\u2029c\u0085d',
  tags: 'a\u{e0041}\u{e0042}\u{e0001}',
  variation: 'a\ufe00\u{e0100}b',
  lines: 'a\nb\r\nc\u000bd',
  nul: 'a\u0000b',
  surrogate: 'a\ud800b',
  'low-surrogate': '\udc00',
  proto: '__proto__',
  constructor: 'constructor',
  prototype: 'hasOwnProperty',
  'to-string': 'toString',
  quotes: `"'\`$(id)\\`,
  backslashes: '\\'.repeat(500),
  dashes: 'a-'.repeat(10_000),
  schemes: 'a://'.repeat(5_000),
  spaces: ' '.repeat(20_000),
  words: 'password '.repeat(3_000),
  letters: 'x'.repeat(20_000),
  wide: '字'.repeat(5_000),
  combining: `a${'\u0301'.repeat(5_000)}`,
  emoji: '👩‍👩‍👧‍👦'.repeat(500),
  percent: '%',
  'percent-zz': '%zz%E0%A4%A',
  dots: '../../../../etc/passwd',
  number: '1e308',
  date: '1970-01-01T00:00:00Z',
};

/** Texts that cost much where an expression is not linear, at the size that an object may have. */
export const HUGE: Record<string, string> = {
  letters: 'x'.repeat(1_000_000),
  dashes: 'a-'.repeat(500_000),
  schemes: 'a://'.repeat(250_000),
  spaces: ' '.repeat(1_000_000),
  words: 'password='.repeat(110_000),
  quotes: '"\''.repeat(500_000),
  digits: '1'.repeat(1_000_000),
  dots: 'a.'.repeat(500_000),
  slashes: '/'.repeat(1_000_000),
  escapes: '\u001b['.repeat(500_000),
  braces: '{'.repeat(1_000_000),
  ats: '://a@'.repeat(200_000),
  wide: '字'.repeat(300_000),
};

/** What stands where a time is expected. */
export const TIMES: Record<string, unknown> = {
  garbage: 'yesterday',
  epoch: '1970-01-01T00:00:00Z',
  future: '9999-12-31T23:59:59Z',
  'an-hour-ahead': new Date(Date.now() + 3_600_000).toISOString(),
  'year-zero': '0000-00-00T00:00:00Z',
  'far-past': '-271821-04-20T00:00:00.000Z',
  beyond: '+999999-01-01T00:00:00Z',
  empty: '',
  number: 1_700_000_000,
  null: null,
  object: {},
};

/** Values of another type than the one that is there. */
export const VALUES: Record<string, unknown> = {
  null: null,
  number: 42,
  text: 'x',
  true: true,
  false: false,
  list: [],
  object: {},
  'list-of-null': [null],
  'list-of-text': ['x'],
  'object-of-null': {a: null},
  nested: [[[]]],
};

type Change = (value: unknown, key: string, path: string[]) => unknown;

/** A copy in which each value, leaves first, is what `change` makes of it. */
export function everywhere(value: unknown, change: Change, key = '', path: string[] = []): unknown {
  if (Array.isArray(value))
    return change(
      value.map((one, at) => everywhere(one, change, key, [...path, String(at)])),
      key,
      path,
    );
  if (typeof value === 'object' && value !== null)
    return change(
      Object.fromEntries(
        Object.entries(value).map(([name, one]) => [name, everywhere(one, change, name, [...path, name])]),
      ),
      key,
      path,
    );
  return change(value, key, path);
}
