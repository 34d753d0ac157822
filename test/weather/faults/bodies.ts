import {breaksOff, stalls, text} from '../../support/api-server.ts';
import {always, body, changed, HTML, JSON_TYPE, type Row} from './fault.ts';

/** Bodies that are not what was asked for, or no JSON. */
export const bodyFaults: Row[] = [
  ['fair', 'same', body((good) => good)],
  ['html', 'nothing', always(text(200, HTML, {'content-type': 'text/html'}))],
  ['html-as-json', 'nothing', always(text(200, HTML))],
  ['empty', 'nothing', body(() => '')],
  ['newline', 'nothing', body(() => '\n')],
  ...['null', '42', '-1', '"x"', 'true', 'false', '[]', '{}', '[null]', '[[]]', '{"a":null}', '1e999', '""'].map(
    (one): Row => [`body-${one.replaceAll(/[^\w-]/g, (sign) => `_${sign.charCodeAt(0)}`)}`, 'nothing', body(() => one)],
  ),
  [
    'wrong-kind',
    'nothing',
    body(
      changed((one) => ({
        ...one,
        kind: 'ConfigMap',
        ...('items' in one ? {items: undefined} : {metadata: {name: 'x'}}),
        gitVersion: undefined,
      })),
    ),
  ],
  [
    'no-kind-no-items',
    'nothing',
    body(changed(({kind, items, gitVersion, ...rest}) => (void [kind, items, gitVersion], rest))),
  ],
  ['wrong-version', 'open', body(changed((one) => ({...one, apiVersion: 'v99'})))],
  [
    'wrong-name',
    'nothing',
    body(changed((one) => ({...one, metadata: {...(one['metadata'] as object), name: 'somebody-else'}}))),
    'objects',
  ],
  [
    'status-with-200',
    'nothing',
    body(() => JSON.stringify({kind: 'Status', apiVersion: 'v1', status: 'Failure', message: 'forbidden', code: 403})),
  ],
  [
    'table',
    'nothing',
    body(() =>
      JSON.stringify({kind: 'Table', apiVersion: 'meta.k8s.io/v1', metadata: {}, columnDefinitions: [], rows: []}),
    ),
  ],
  ['proto-key', 'open', body((good) => good.replace('{', '{"__proto__":{"items":null,"kind":"x"},"constructor":1,'))],
  ['two-documents', 'open', body((good) => good + good)],
  ['trailing-garbage', 'open', body((good) => `${good}garbage`)],
  ['trailing-null', 'open', body((good) => `${good}\u0000\u0000`)],
  ['leading-space', 'same', body((good) => `\n\n   ${good}`)],
  ['leading-garbage', 'nothing', body((good) => `)]}'\n${good}`)],
  ['bom', 'open', body((good) => `\ufeff${good}`)],
  [
    'utf-16',
    'nothing',
    (good) => (_, response) => void response.writeHead(200, JSON_TYPE).end(Buffer.from(good, 'utf16le')),
  ],
  [
    'bad-utf-8',
    'open',
    (good) => (_, response) =>
      void response.writeHead(200, JSON_TYPE).end(Buffer.from(good.replaceAll('e', '\u00ff'), 'latin1')),
  ],
  ['single-quotes', 'nothing', body((good) => good.replaceAll('"', "'"))],
  [
    'random-bytes',
    'nothing',
    () => (_, response) =>
      void response
        .writeHead(200, JSON_TYPE)
        .end(Buffer.from(Array.from({length: 5000}, (_, at) => (at * 7919) % 251))),
  ],
  ...[1, 2, 20, 0.3, 0.5, 0.9, 0.999].flatMap((share): Row[] => {
    const cut = (good: string): string => good.slice(0, share >= 1 ? share : Math.floor(good.length * share));
    return [
      [`cut-at-${share}`, 'nothing', body(cut)],
      [`breaks-off-at-${share}`, 'nothing', (good) => breaksOff(cut(good))],
      [`stalls-at-${share}`, 'nothing', (good) => stalls(cut(good))],
    ];
  }),
  ['last-brace-missing', 'nothing', body((good) => good.slice(0, -1))],
  ['stalls-before-the-end', 'open', (good) => stalls(good)],
  ...[10_000, 100_000, 1_000_000].flatMap((depth): Row[] => [
    [`deep-lists-${depth}`, 'nothing', body(() => '['.repeat(depth) + ']'.repeat(depth))],
    [`deep-objects-${depth}`, 'nothing', body(() => '{"a":'.repeat(depth) + '1' + '}'.repeat(depth))],
    [`deep-open-${depth}`, 'nothing', body(() => '['.repeat(depth))],
    [
      `deep-in-metadata-${depth}`,
      'open',
      body((good) => good.replace('"metadata":{', `"metadata":{"deep":${'['.repeat(depth)}${']'.repeat(depth)},`)),
    ],
    [
      `deep-beside-${depth}`,
      'open',
      body((good) => good.replace('{', `{"deep":${'{"a":'.repeat(depth)}1${'}'.repeat(depth)},`)),
    ],
  ]),
  [
    'many-keys',
    'same',
    body((good) => good.replace('{', `{${Array.from({length: 50_000}, (_, at) => `"k${at}":${at}`).join(',')},`)),
  ],
  ['long-key', 'same', body((good) => good.replace('{', `{"${'k'.repeat(1_000_000)}":1,`))],
  ['long-number', 'open', body((good) => good.replace('{', `{"n":${'9'.repeat(500_000)},`))],
  ['much-space', 'open', body((good) => `${good.slice(0, -1)}${' '.repeat(3_000_000)}}`)],
];
