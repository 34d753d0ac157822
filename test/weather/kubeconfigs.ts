import {mkdirSync, symlinkSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {stringify} from 'yaml';
import {base64, kubeconfigText, type Parts} from '../support/connection.ts';
import {weatherServer} from './api.ts';
import type {Case} from './case.ts';
import {withFolder} from './commands.ts';
import {world} from './http.ts';
import {inside} from './inside.ts';
import {mutate} from './mutate.ts';
import {judge, type Failure} from './outcome.ts';
import {chance, hashOf, type Chance} from './random.ts';
import {HUGE, TEXTS, VALUES} from './strange.ts';
import {NAMESPACE} from './world.ts';

/** Seeds of mutated kubeconfigs. */
const SEEDS = 400;
const WITHIN_MS = 4000;

interface Setting {
  folder: string;
  url: string;
}

interface Row {
  name: string;
  /** Writes it, and answers with its path. */
  make(setting: Setting): string;
  codes: readonly number[];
  env?: Record<string, string>;
  args?: string[];
}

const MAY_WORK = [1, 3] as const;

function written({folder}: Setting, content: string | Buffer, name = 'config'): string {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
}

const text = (name: string, content: string | ((setting: Setting) => string | Buffer), codes: readonly number[] = [3]): Row => ({
  name: `text-${name}`,
  codes,
  make: (setting) => written(setting, typeof content === 'string' ? content : content(setting)),
});

const parts = (name: string, of: Parts | ((setting: Setting) => Parts), codes: readonly number[] = MAY_WORK, more: Pick<Row, 'env' | 'args'> = {}): Row => ({
  name,
  codes,
  make: (setting) => written(setting, kubeconfigText(setting.url, typeof of === 'function' ? of(setting) : of)),
  ...more,
});

const alias = (levels: number): string => `a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n${Array.from({length: levels}, (_, at) => `a${at + 1}: &a${at + 1} [${Array.from({length: 10}, () => `*a${at}`).join(',')}]`).join('\n')}\n`;

const TEXT_ROWS: Row[] = [
  text('empty', ''),
  text('space', '   \n\n'),
  text('comment', '# nothing\n'),
  ...['null', '42', 'x', '[]', '{}', 'true', '- a\n- b', '!!binary aGVsbG8=', '!!js/function "x"', '!!set {a}', '!!timestamp 2020-01-01', '2020-01-01', '&a *a', '*nothing', '---\n---\n', 'a: 1\na: 2', '? [a, b]\n: c', '<<: 5', '%YAML 9.9\n---\na: 1', '\t- tab', '{', '"', "'", 'a: b: c', '|', '>-\n x', '@at', '`tick'].map((one, at) => text(`yaml-${at}`, one)),
  text('bom', ({url}) => `\ufeff${kubeconfigText(url)}`, MAY_WORK),
  text('utf-16', ({url}) => Buffer.from(kubeconfigText(url), 'utf16le')),
  text('binary', Buffer.from(Array.from({length: 100_000}, (_, at) => (at * 7919) % 251)).toString('latin1')),
  text('zeros', '\u0000'.repeat(100_000)),
  text('two-documents', ({url}) => `${stringify(JSON.parse(kubeconfigText(url)))}---\na: b\n`, MAY_WORK),
  text('bomb', ({url}) => `${alias(9)}${stringify(JSON.parse(kubeconfigText(url)))}`, MAY_WORK),
  text('bomb-in-use', `${alias(9)}clusters: *a9\ncontexts: *a9\ncurrent-context: x\n`),
  text('cycle', 'clusters: &c\n- name: k\n  cluster: *c\ncurrent-context: x\ncontexts: *c\n'),
  text('cycle-in-user', ({url}) => `clusters: [{name: k, cluster: {server: '${url}'}}]\ncurrent-context: c\ncontexts: [{name: c, context: {cluster: k, user: u}}]\nusers: [{name: u, user: &u {exec: *u}}]\n`, MAY_WORK),
  text('deep', `${'['.repeat(20_000)}${']'.repeat(20_000)}`),
  text('deep-maps', `${'{a: '.repeat(5_000)}1${'}'.repeat(5_000)}`),
  text('deep-blocks', Array.from({length: 2000}, (_, at) => `${' '.repeat(at)}a:`).join('\n')),
  text('long-line', `a: ${'x'.repeat(5_000_000)}`),
  text('many-contexts', ({url}) => JSON.stringify({...(JSON.parse(kubeconfigText(url)) as object), contexts: Array.from({length: 20_000}, (_, at) => ({name: `n${at}`, context: {cluster: 'k'}}))})),
  text('long-names', ({url}) => kubeconfigText(url).replaceAll('"c"', `"${'c'.repeat(100_000)}"`), MAY_WORK),
  text('escapes', `${TEXTS['escape']}: [`),
  text('merge-keys', ({url}) => `x: &x {server: '${url}'}\nclusters: [{name: k, cluster: {<<: *x}}]\ncurrent-context: c\ncontexts: [{name: c, context: {cluster: k}}]\n`, MAY_WORK),
  text('proto', ({url}) => kubeconfigText(url).replace('{', '{"__proto__":{"clusters":[]},"constructor":{"prototype":1},'), MAY_WORK),
];

const PATH_ROWS: Row[] = [
  {name: 'path-missing', codes: [3], make: ({folder}) => join(folder, 'none')},
  {name: 'path-empty', codes: [2, 3], make: () => ''},
  {name: 'path-folder', codes: [3], make: ({folder}) => folder},
  {name: 'path-null', codes: [3], make: () => '/dev/null'},
  {name: 'path-below-a-file', codes: [3], make: (setting) => `${written(setting, '')}/config`},
  {name: 'path-loop', codes: [3], make: ({folder}) => (symlinkSync('loop', join(folder, 'loop')), join(folder, 'loop'))},
  {name: 'path-escapes', codes: [3], make: ({folder}) => join(folder, `a${TEXTS['escape']}${TEXTS['bidi']}`)},
  {name: 'path-long', codes: [3], make: ({folder}) => join(folder, 'x'.repeat(5000))},
  {name: 'path-nul', codes: [2, 3], make: ({folder}) => join(folder, '\u0001')},
];

/** Fields of each part; the harness writes what it does not expect into each. */
const FIELDS: Record<keyof Parts, string[]> = {
  cluster: ['server', 'certificate-authority', 'certificate-authority-data', 'insecure-skip-tls-verify', 'tls-server-name', 'proxy-url', 'disable-compression', 'extensions'],
  user: ['token', 'tokenFile', 'client-certificate', 'client-certificate-data', 'client-key', 'client-key-data', 'username', 'password', 'exec', 'auth-provider', 'as', 'as-groups', 'as-user-extra', 'impersonate'],
  context: ['cluster', 'user', 'namespace', 'extensions'],
};
const STRANGE: Record<string, unknown> = {...VALUES, ...TEXTS, huge: HUGE['dashes']!.slice(0, 200_000)};
const URLS = ['http://', 'https://', 'ftp://127.0.0.1', '127.0.0.1', '//127.0.0.1', 'http://[::1', 'http://[zz]', 'http://127.0.0.1:99999', 'http://127.0.0.1:0', 'http://127.0.0.1:1', 'http://a b', 'http://%', 'http://%zz@127.0.0.1:1', 'http://%E0%A4%A:x@127.0.0.1:1', 'http://user:s3cr3t-MARK-20@127.0.0.1:1', 'http://127.0.0.1:1/?token=s3cr3t-MARK-21', 'http://127.0.0.1:1/#x', 'javascript:alert(1)', 'file:///etc/passwd', 'http://\u202e127.0.0.1', 'http://xn--', `http://${'a'.repeat(300)}.test`, `http://127.0.0.1:1/${'x'.repeat(50_000)}`, 'socks5://127.0.0.1:1', 'socks5://user:s3cr3t-MARK-22@127.0.0.1:1', 'unix:///tmp/x', 'HTTP://127.0.0.1:1', 'http:127.0.0.1:1', 'http://127.1:1', 'http://0x7f.1:1', '\u0000', '%', '%%', '%s%n'];

function fieldRows(): Row[] {
  const fields = (Object.entries(FIELDS) as [keyof Parts, string[]][]).flatMap(([part, names]) => names.flatMap((field) => Object.entries(STRANGE).map(([name, value]) => parts(`field-${part}-${field}-${name}`, {[part]: {[field]: value}}, [1, 3]))));
  const wholes = (Object.keys(FIELDS) as (keyof Parts)[]).flatMap((part) => Object.entries(VALUES).map(([name, value]) => text(`${part}-is-${name}`, ({url}) => JSON.stringify(withPart(JSON.parse(kubeconfigText(url)) as Record<string, Record<string, unknown>[]>, part, value)), MAY_WORK)));
  const tops = ['clusters', 'users', 'contexts', 'current-context', 'apiVersion', 'kind', 'preferences'].flatMap((field) => Object.entries(VALUES).map(([name, value]) => text(`top-${field}-${name}`, ({url}) => JSON.stringify({...(JSON.parse(kubeconfigText(url)) as object), [field]: value}), MAY_WORK)));
  const execs = ['command', 'args', 'env', 'apiVersion', 'installHint', 'interactiveMode', 'provideClusterInfo', 'stdinUnavailable'].flatMap((field) => Object.entries(STRANGE).map(([name, value]) => parts(`exec-${field}-${name}`, {user: {exec: {apiVersion: 'client.authentication.k8s.io/v1', command: '/bin/false', args: ['a'], interactiveMode: 'Never', [field]: value}}}, MAY_WORK)));
  const envs = Object.entries({...VALUES, ...TEXTS}).flatMap(([name, value]) => [parts(`exec-env-holds-${name}`, {user: {exec: {command: '/bin/false', env: [value]}}}, [3]), parts(`exec-env-value-${name}`, {user: {exec: {command: '/bin/false', env: [{name: 'A', value}, {name: value, value: 'x'}]}}}, [3])]);
  return [...fields, ...wholes, ...tops, ...execs, ...envs];
}

function withPart(config: Record<string, Record<string, unknown>[]>, part: keyof Parts, value: unknown): object {
  config[`${part}s`]![0]![part] = value;
  return config;
}

function urlRows(): Row[] {
  return URLS.flatMap((url, at): Row[] => [
    parts(`server-${at}`, {cluster: {server: url}}, [3]),
    parts(`proxy-${at}`, {cluster: {'proxy-url': url}}),
    parts(`env-proxy-${at}`, {cluster: {server: 'http://api.test'}}, [3], url.includes('\u0000') ? {} : {env: {HTTP_PROXY: url, http_proxy: url}}),
    parts(`env-no-proxy-${at}`, {}, MAY_WORK, url.includes('\u0000') ? {} : {env: {NO_PROXY: url}}),
  ]);
}

const FILE_ROWS: Row[] = [
  ...['certificate-authority', 'client-certificate', 'client-key', 'tokenFile'].flatMap((field): Row[] => {
    const at = (name: string, value: (setting: Setting) => string): Row => parts(`file-${field}-${name}`, (setting) => ({[field.startsWith('certificate') ? 'cluster' : 'user']: {[field]: value(setting)}}));
    return [
      at('missing', () => '/nonexistent'),
      at('folder', ({folder}) => folder),
      at('empty', (setting) => written(setting, '', 'empty')),
      at('binary', (setting) => written(setting, Buffer.from([0, 1, 2, 255, 254, 10, 13, 200]), 'binary')),
      at('big', (setting) => written(setting, 'x'.repeat(20_000_000), 'big')),
      at('zero', () => '/dev/null'),
      at('escapes', (setting) => written(setting, `${TEXTS['escape']}\r\nx: y`, 'escapes')),
      at('proc', () => '/proc/self/environ'),
    ];
  }),
  ...['certificate-authority-data', 'client-certificate-data', 'client-key-data'].flatMap((field): Row[] => ['x', '%%%', base64('no certificate'), base64('-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'), base64('-----BEGIN CERTIFICATE-----\n'.repeat(10_000))].map((value, at) => parts(`data-${field}-${at}`, {[field.startsWith('certificate') ? 'cluster' : 'user']: {[field]: value}, ...(field.startsWith('certificate') ? {} : {cluster: {server: 'https://127.0.0.1:1'}})}))),
  ...['c', 'nothing', '', TEXTS['escape']!, TEXTS['bidi']!, '__proto__', 'x'.repeat(50_000)].map((context, at) => parts(`context-${at}`, {}, [1, 3], {args: ['--context', context]})),
  ...['dev', '', TEXTS['escape']!, 'a\r\nb: c', '\u00e9', 'x'.repeat(100_000)].map((user, at) => parts(`as-${at}`, {}, [1, 2, 3], {args: ['--as', user, '--as-group', user]})),
  ...['0', '1ms', '0.001ms', '-1', '1e9', '999999999h', 'soon', '', '5', '1.5s', 'Infinity'].map((time, at) => parts(`timeout-${at}`, {}, [1, 2, 3], {args: ['--request-timeout', time]})),
];

export function kubeconfigCases(): Case[] {
  const rows = [...TEXT_ROWS, ...PATH_ROWS, ...FILE_ROWS, ...urlRows(), ...fieldRows()].map(kubeconfigCase);
  return [...rows, ...Array.from({length: SEEDS}, (_, at) => seeded(at + 1))];
}

function kubeconfigCase({name, make, codes, env = {}, args}: Row): Case {
  const id = `kubeconfigs/${name}`;
  return {id, limitMs: 15_000, run: () => tried(id, make, codes, env, args)};
}

function seeded(seed: number): Case {
  const id = `kubeconfigs/seed/${seed}`;
  const random = chance(hashOf(id));
  return {id, limitMs: 15_000, run: () => tried(id, (setting) => written(setting, mutated(setting, random)), MAY_WORK, {}, undefined)};
}

/** One with all that it may hold, with some of it changed. */
function mutated({url}: Setting, random: Chance): string {
  const user = random.pick([{token: 'x'}, {username: 'u', password: 'p'}, {exec: {apiVersion: 'client.authentication.k8s.io/v1', command: '/bin/false', args: ['a'], env: [{name: 'A', value: 'b'}]}}, {'client-certificate-data': base64('x'), 'client-key-data': base64('y')}]);
  const config = JSON.parse(kubeconfigText(url, {user, cluster: random.pick([{}, {'proxy-url': 'http://127.0.0.1:1'}, {'tls-server-name': 'x', 'insecure-skip-tls-verify': true}]), context: {namespace: NAMESPACE}})) as unknown;
  mutate(config, random, 1 + random.below(3));
  return random.below(2) === 0 ? JSON.stringify(config) : stringify(config);
}

async function tried(id: string, make: Row['make'], codes: readonly number[], env: Record<string, string>, args: string[] | undefined): Promise<Failure[]> {
  return withFolder(async (folder) => {
    mkdirSync(join(folder, 'tmp'));
    const server = await weatherServer(world('well'));
    try {
      const kubeconfig = make({folder, url: server.url});
      const timeout = args?.includes('--request-timeout') ? [] : ['--request-timeout', '500ms'];
      const seen = await inside(['verify', '-n', NAMESPACE, '--live', 'never', '--kubeconfig', kubeconfig, ...timeout, ...(args ?? [])], {env: {TMPDIR: join(folder, 'tmp'), ...env}});
      // The world is well: what works ends with 0.
      return judge(id, seen, {withinMs: WITHIN_MS, codes: codes.map((one) => (one === 1 ? 0 : one)), secrets: ['s3cr3t-MARK']});
    } finally {
      await server.close();
    }
  });
}
