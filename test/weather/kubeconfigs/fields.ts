import {base64, kubeconfigText, type Parts} from '../../support/connection.ts';
import {HUGE, TEXTS, VALUES} from '../strange.ts';
import {MAY_WORK, parts, text, written, type Row, type Setting} from './row.ts';

/** Fields of each part; the harness writes what it does not expect into each. */
const FIELDS: Record<keyof Parts, string[]> = {
  cluster: [
    'server',
    'certificate-authority',
    'certificate-authority-data',
    'insecure-skip-tls-verify',
    'tls-server-name',
    'proxy-url',
    'disable-compression',
    'extensions',
  ],
  user: [
    'token',
    'tokenFile',
    'client-certificate',
    'client-certificate-data',
    'client-key',
    'client-key-data',
    'username',
    'password',
    'exec',
    'auth-provider',
    'as',
    'as-groups',
    'as-user-extra',
    'impersonate',
  ],
  context: ['cluster', 'user', 'namespace', 'extensions'],
};
const STRANGE: Record<string, unknown> = {...VALUES, ...TEXTS, huge: HUGE['dashes']!.slice(0, 200_000)};
const URLS = [
  'http://',
  'https://',
  'ftp://127.0.0.1',
  '127.0.0.1',
  '//127.0.0.1',
  'http://[::1',
  'http://[zz]',
  'http://127.0.0.1:99999',
  'http://127.0.0.1:0',
  'http://127.0.0.1:1',
  'http://a b',
  'http://%',
  'http://%zz@127.0.0.1:1',
  'http://%E0%A4%A:x@127.0.0.1:1',
  'http://user:s3cr3t-MARK-20@127.0.0.1:1',
  'http://127.0.0.1:1/?token=s3cr3t-MARK-21',
  'http://127.0.0.1:1/#x',
  'javascript:alert(1)',
  'file:///etc/passwd',
  'http://\u202e127.0.0.1',
  'http://xn--',
  `http://${'a'.repeat(300)}.test`,
  `http://127.0.0.1:1/${'x'.repeat(50_000)}`,
  'socks5://127.0.0.1:1',
  'socks5://user:s3cr3t-MARK-22@127.0.0.1:1',
  'unix:///tmp/x',
  'HTTP://127.0.0.1:1',
  'http:127.0.0.1:1',
  'http://127.1:1',
  'http://0x7f.1:1',
  '\u0000',
  '%',
  '%%',
  '%s%n',
];

export function fieldRows(): Row[] {
  const fields = (Object.entries(FIELDS) as [keyof Parts, string[]][]).flatMap(([part, names]) =>
    names.flatMap((field) =>
      Object.entries(STRANGE).map(([name, value]) =>
        parts(`field-${part}-${field}-${name}`, {[part]: {[field]: value}}, [1, 3]),
      ),
    ),
  );
  const wholes = (Object.keys(FIELDS) as (keyof Parts)[]).flatMap((part) =>
    Object.entries(VALUES).map(([name, value]) =>
      text(
        `${part}-is-${name}`,
        ({url}) =>
          JSON.stringify(
            withPart(JSON.parse(kubeconfigText(url)) as Record<string, Record<string, unknown>[]>, part, value),
          ),
        MAY_WORK,
      ),
    ),
  );
  const tops = ['clusters', 'users', 'contexts', 'current-context', 'apiVersion', 'kind', 'preferences'].flatMap(
    (field) =>
      Object.entries(VALUES).map(([name, value]) =>
        text(
          `top-${field}-${name}`,
          ({url}) => JSON.stringify({...(JSON.parse(kubeconfigText(url)) as object), [field]: value}),
          MAY_WORK,
        ),
      ),
  );
  const execs = [
    'command',
    'args',
    'env',
    'apiVersion',
    'installHint',
    'interactiveMode',
    'provideClusterInfo',
    'stdinUnavailable',
  ].flatMap((field) =>
    Object.entries(STRANGE).map(([name, value]) =>
      parts(
        `exec-${field}-${name}`,
        {
          user: {
            exec: {
              apiVersion: 'client.authentication.k8s.io/v1',
              command: '/bin/false',
              args: ['a'],
              interactiveMode: 'Never',
              [field]: value,
            },
          },
        },
        MAY_WORK,
      ),
    ),
  );
  const envs = Object.entries({...VALUES, ...TEXTS}).flatMap(([name, value]) => [
    parts(`exec-env-holds-${name}`, {user: {exec: {command: '/bin/false', env: [value]}}}, [3]),
    parts(
      `exec-env-value-${name}`,
      {
        user: {
          exec: {
            command: '/bin/false',
            env: [
              {name: 'A', value},
              {name: value, value: 'x'},
            ],
          },
        },
      },
      [3],
    ),
  ]);
  return [...fields, ...wholes, ...tops, ...execs, ...envs];
}

function withPart(config: Record<string, Record<string, unknown>[]>, part: keyof Parts, value: unknown): object {
  config[`${part}s`]![0]![part] = value;
  return config;
}

export function urlRows(): Row[] {
  return URLS.flatMap((url, at): Row[] => [
    parts(`server-${at}`, {cluster: {server: url}}, [3]),
    parts(`proxy-${at}`, {cluster: {'proxy-url': url}}),
    parts(
      `env-proxy-${at}`,
      {cluster: {server: 'http://api.test'}},
      [3],
      url.includes('\u0000') ? {} : {env: {HTTP_PROXY: url, http_proxy: url}},
    ),
    parts(`env-no-proxy-${at}`, {}, MAY_WORK, url.includes('\u0000') ? {} : {env: {NO_PROXY: url}}),
  ]);
}

export const FILE_ROWS: Row[] = [
  ...['certificate-authority', 'client-certificate', 'client-key', 'tokenFile'].flatMap((field): Row[] => {
    const at = (name: string, value: (setting: Setting) => string): Row =>
      parts(`file-${field}-${name}`, (setting) => ({
        [field.startsWith('certificate') ? 'cluster' : 'user']: {[field]: value(setting)},
      }));
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
  ...['certificate-authority-data', 'client-certificate-data', 'client-key-data'].flatMap((field): Row[] =>
    [
      'x',
      '%%%',
      base64('no certificate'),
      base64('-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'),
      base64('-----BEGIN CERTIFICATE-----\n'.repeat(10_000)),
    ].map((value, at) =>
      parts(`data-${field}-${at}`, {
        [field.startsWith('certificate') ? 'cluster' : 'user']: {[field]: value},
        ...(field.startsWith('certificate') ? {} : {cluster: {server: 'https://127.0.0.1:1'}}),
      }),
    ),
  ),
  ...['c', 'nothing', '', TEXTS['escape']!, TEXTS['bidi']!, '__proto__', 'x'.repeat(50_000)].map((context, at) =>
    parts(`context-${at}`, {}, [1, 3], {args: ['--context', context]}),
  ),
  ...['dev', '', TEXTS['escape']!, 'a\r\nb: c', '\u00e9', 'x'.repeat(100_000)].map((user, at) =>
    parts(`as-${at}`, {}, [1, 2, 3], {args: ['--as', user, '--as-group', user]}),
  ),
  ...['0', '1ms', '0.001ms', '-1', '1e9', '999999999h', 'soon', '', '5', '1.5s', 'Infinity'].map((time, at) =>
    parts(`timeout-${at}`, {}, [1, 2, 3], {args: ['--request-timeout', time]}),
  ),
];
