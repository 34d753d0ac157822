import {symlinkSync} from 'node:fs';
import {join} from 'node:path';
import {stringify} from 'yaml';
import {kubeconfigText} from '../../support/connection.ts';
import {TEXTS} from '../strange.ts';
import {MAY_WORK, text, written, type Row} from './row.ts';

/** Lists of ten lists of ten, so many levels deep. */
const alias = (levels: number): string => {
  const level = (at: number): string =>
    `a${at}: &a${at} [${Array(10)
      .fill(at === 0 ? 'x' : `*a${at - 1}`)
      .join(',')}]\n`;
  return Array.from({length: levels + 1}, (_, at) => level(at)).join('');
};

const CONTEXT = (entry: string): string => `current-context: c\ncontexts: [{name: c, context: {${entry}}}]\n`;

/** Files that are no kubeconfig, or a strange one. */
export const TEXT_ROWS: Row[] = [
  text('empty', ''),
  text('space', '   \n\n'),
  text('comment', '# nothing\n'),
  ...[
    'null',
    '42',
    'x',
    '[]',
    '{}',
    'true',
    '- a\n- b',
    '!!binary aGVsbG8=',
    '!!js/function "x"',
    '!!set {a}',
    '!!timestamp 2020-01-01',
    '2020-01-01',
    '&a *a',
    '*nothing',
    '---\n---\n',
    'a: 1\na: 2',
    '? [a, b]\n: c',
    '<<: 5',
    '%YAML 9.9\n---\na: 1',
    '\t- tab',
    '{',
    '"',
    "'",
    'a: b: c',
    '|',
    '>-\n x',
    '@at',
    '`tick',
  ].map((one, at) => text(`yaml-${at}`, one)),
  text('bom', ({url}) => `\ufeff${kubeconfigText(url)}`, MAY_WORK),
  text('utf-16', ({url}) => Buffer.from(kubeconfigText(url), 'utf16le')),
  text('binary', Buffer.from(Array.from({length: 100_000}, (_, at) => (at * 7919) % 251)).toString('latin1')),
  text('zeros', '\u0000'.repeat(100_000)),
  text('two-documents', ({url}) => `${stringify(JSON.parse(kubeconfigText(url)))}---\na: b\n`, MAY_WORK),
  text('bomb', ({url}) => `${alias(9)}${stringify(JSON.parse(kubeconfigText(url)))}`, MAY_WORK),
  text('bomb-in-use', `${alias(9)}clusters: *a9\ncontexts: *a9\ncurrent-context: x\n`),
  text('cycle', 'clusters: &c\n- name: k\n  cluster: *c\ncurrent-context: x\ncontexts: *c\n'),
  text(
    'cycle-in-user',
    ({url}) =>
      `clusters: [{name: k, cluster: {server: '${url}'}}]\n` +
      `${CONTEXT('cluster: k, user: u')}users: [{name: u, user: &u {exec: *u}}]\n`,
    MAY_WORK,
  ),
  text('deep', `${'['.repeat(20_000)}${']'.repeat(20_000)}`),
  text('deep-maps', `${'{a: '.repeat(5_000)}1${'}'.repeat(5_000)}`),
  text('deep-blocks', Array.from({length: 2000}, (_, at) => `${' '.repeat(at)}a:`).join('\n')),
  text('long-line', `a: ${'x'.repeat(5_000_000)}`),
  text('many-contexts', ({url}) =>
    JSON.stringify({
      ...(JSON.parse(kubeconfigText(url)) as object),
      contexts: Array.from({length: 20_000}, (_, at) => ({name: `n${at}`, context: {cluster: 'k'}})),
    }),
  ),
  text('long-names', ({url}) => kubeconfigText(url).replaceAll('"c"', `"${'c'.repeat(100_000)}"`), MAY_WORK),
  text('escapes', `${TEXTS['escape']}: [`),
  text(
    'merge-keys',
    ({url}) => `x: &x {server: '${url}'}\nclusters: [{name: k, cluster: {<<: *x}}]\n${CONTEXT('cluster: k')}`,
    MAY_WORK,
  ),
  text(
    'proto',
    ({url}) => kubeconfigText(url).replace('{', '{"__proto__":{"clusters":[]},"constructor":{"prototype":1},'),
    MAY_WORK,
  ),
];

/** Paths that lead to none. */
export const PATH_ROWS: Row[] = [
  {name: 'path-missing', codes: [3], make: ({folder}) => join(folder, 'none')},
  {name: 'path-empty', codes: [2, 3], make: () => ''},
  {name: 'path-folder', codes: [3], make: ({folder}) => folder},
  {name: 'path-null', codes: [3], make: () => '/dev/null'},
  {name: 'path-below-a-file', codes: [3], make: (setting) => `${written(setting, '')}/config`},
  {
    name: 'path-loop',
    codes: [3],
    make: ({folder}) => (symlinkSync('loop', join(folder, 'loop')), join(folder, 'loop')),
  },
  {name: 'path-escapes', codes: [3], make: ({folder}) => join(folder, `a${TEXTS['escape']}${TEXTS['bidi']}`)},
  {name: 'path-long', codes: [3], make: ({folder}) => join(folder, 'x'.repeat(5000))},
  {name: 'path-nul', codes: [2, 3], make: ({folder}) => join(folder, '\u0001')},
];
