import type {Answer} from '../../support/api-server.ts';
import {VALUES} from '../strange.ts';
import {body, changed, endless, type Row} from './fault.ts';

/** The items of a list changed, or the list's other parts. */
const items = (change: (items: Record<string, unknown>[]) => unknown): ((good: string) => Answer) =>
  body(changed((one) => ({...one, items: change((one['items'] ?? []) as Record<string, unknown>[])})));
const metadata = (change: Record<string, unknown>): ((good: string) => Answer) =>
  body(changed((one) => ({...one, metadata: {...(one['metadata'] as object), ...change}})));

/** The beginning of a list. */
const LIST = '{"kind":"List","metadata":{"resourceVersion":"7"},"items":[';

/** Lists that are none, that hold what they should not, or that do not end. */
export const listFaults: Row[] = [
  ...['null', '"x"', '5', '{}', 'true', '{"0":{}}'].map((one): Row => [
    `items-${one.replaceAll(/\W/g, '_')}`,
    one === 'null' ? 'open' : 'nothing',
    body((good) => good.replace(/"items":.*$/s, `"items":${one}}`)),
    'lists',
  ]),
  ['items-missing', 'nothing', body(changed(({items: _, ...rest}) => (void _, rest))), 'lists'],
  ['items-empty', 'open', items(() => []), 'lists'],
  ['items-first', 'same', body(changed(({items: list, ...rest}) => ({items: list, ...rest}))), 'lists'],
  ['items-twice', 'open', body((good) => good.replace('"items":', '"items":[],"items":')), 'lists'],
  ['items-in-items', 'open', items((list) => [{kind: 'List', items: list}]), 'lists'],
  ['no-metadata', 'open', body(changed(({metadata: _, ...rest}) => (void _, rest))), 'lists'],
  ...['null', '"x"', '[]', '5'].map((one): Row => [
    `metadata-${one.replaceAll(/\W/g, '_')}`,
    'open',
    body((good) => good.replace(/"metadata":\{[^{}]*\}/, `"metadata":${one}`)),
    'lists',
  ]),
  ...Object.entries(VALUES).map(([name, value]): Row => [
    `an-item-is-${name}`,
    'open',
    items((list) => [value, ...list, value]),
    'lists',
  ]),
  ...Object.entries(VALUES).map(([name, value]): Row => [
    `each-item-is-${name}`,
    'open',
    items((list) => list.map(() => value)),
    'lists',
  ]),
  ...['metadata', 'spec', 'status'].flatMap((part) =>
    Object.entries(VALUES).map(([name, value]): Row => [
      `an-item-with-${part}-${name}`,
      'open',
      items((list) => [{...list[0], [part]: value}, ...list]),
      'lists',
    ]),
  ),
  ...[
    'name',
    'namespace',
    'uid',
    'creationTimestamp',
    'labels',
    'annotations',
    'ownerReferences',
    'deletionTimestamp',
    'resourceVersion',
  ].flatMap((field) =>
    Object.entries(VALUES).map(([name, value]): Row => [
      `metadata-${field}-${name}`,
      'open',
      items((list) =>
        list.map((one, at) => (at === 0 ? {...one, metadata: {...(one['metadata'] as object), [field]: value}} : one)),
      ),
      'lists',
    ]),
  ),
  ['duplicates', 'open', items((list) => [...list, ...list]), 'lists'],
  [
    'duplicates-1000',
    'open',
    items((list) => (list.length === 0 ? [] : Array.from({length: 1000}, (_, at) => list[at % list.length]))),
    'lists',
  ],
  [
    'duplicates-other-uid',
    'open',
    items((list) => [
      ...list,
      ...list.map((one) => ({...one, metadata: {...(one['metadata'] as object), uid: 'twin'}})),
    ]),
    'lists',
  ],
  ['without-metadata', 'open', items((list) => list.map(({metadata: _, ...rest}) => (void _, rest))), 'lists'],
  [
    'other-namespace',
    'open',
    items((list) => list.map((one) => ({...one, metadata: {...(one['metadata'] as object), namespace: 'elsewhere'}}))),
    'lists',
  ],
  ['continue-same', 'open', metadata({continue: 'again'}), 'lists'],
  ['continue-number', 'open', metadata({continue: 5}), 'lists'],
  ['continue-object', 'open', metadata({continue: {a: 1}}), 'lists'],
  ['continue-null', 'open', metadata({continue: null}), 'lists'],
  ['continue-odd', 'open', metadata({continue: '\ud800&limit=0#'}), 'lists'],
  ['continue-long', 'open', metadata({continue: 'x'.repeat(30_000)}), 'lists'],
  [
    'continue-new',
    'open',
    (good) => (request, response) =>
      body(changed((one) => ({...one, metadata: {...(one['metadata'] as object), continue: `${Math.random()}`}})))(
        good,
      )(request, response),
    'lists',
  ],
  [
    'continue-new-empty',
    'open',
    (good) => (request, response) =>
      body(changed((one) => ({...one, items: [], metadata: {continue: `${Math.random()}`}})))(good)(request, response),
    'lists',
  ],
  [
    'continue-new-items',
    'open',
    (good) => (request, response) =>
      body(
        changed((one) => ({
          ...one,
          items: ((one['items'] ?? []) as Record<string, unknown>[]).map((item) => ({
            ...item,
            metadata: {...(item['metadata'] as object), uid: `${Math.random()}`},
          })),
          metadata: {continue: `${Math.random()}`},
        })),
      )(good)(request, response),
    'lists',
  ],
  ['endless-item', 'open', endless(`${LIST}{"metadata":{"name":"`, () => 'x'.repeat(65_536)), 'lists'],
  [
    'endless-array',
    'open',
    endless(`${LIST}{"metadata":{"name":"x","uid":"1","namespace":"demo"},"spec":{"containers":[`, (at) =>
      `{"name":"c${at}"},`.repeat(500),
    ),
    'lists',
  ],
  [
    'endless-items',
    'open',
    endless(`${LIST}`, (at) => `{"metadata":{"name":"n${at}","namespace":"demo","uid":"u${at}"}},`),
    'lists',
  ],
  ['endless-nulls', 'open', endless(`${LIST}`, () => 'null,'.repeat(5000)), 'lists'],
];
