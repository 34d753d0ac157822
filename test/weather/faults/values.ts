import {text, type Answer} from '../../support/api-server.ts';
import {everywhere, HUGE, NUMBERS, TEXTS, TIMES, VALUES} from '../strange.ts';
import {isJson, type Row} from './fault.ts';

/** Keys without which an object is another one: what is spoilt is what it says. */
const KEYS = /^(kind|apiVersion|uid|namespace|resourceVersion)$/;
const TIME_KEYS = /([tT]ime(stamp)?|At|Timestamp)$/;

const deep =
  (change: Parameters<typeof everywhere>[1]): ((good: string) => Answer) =>
  (good) =>
    text(200, isJson(good) ? JSON.stringify(everywhere(JSON.parse(good), change)) : String(change(good, '', [])));

/** The first of that key gets the value; a new change for each answer, as it counts. */
function once(wanted: string, value: string): Parameters<typeof everywhere>[1] {
  return (one, key, path) =>
    typeof one === 'string' && key === wanted && path[0] === 'items' && path[1] === '0' ? value : one;
}

/** The same fault in every text, number or time of an answer. */
export const valueFaults: Row[] = [
  ...Object.entries(NUMBERS).map(([name, value]): Row => [
    `numbers-${name}`,
    'open',
    deep((one) => (typeof one === 'number' ? value : one)),
    'texts',
  ]),
  ['numbers-as-text', 'open', deep((one) => (typeof one === 'number' ? String(one) : one)), 'texts'],
  ['numbers-as-words', 'open', deep((one) => (typeof one === 'number' ? 'many' : one)), 'texts'],
  ['booleans-as-text', 'open', deep((one) => (typeof one === 'boolean' ? String(one) : one)), 'texts'],
  ['booleans-turned', 'open', deep((one) => (typeof one === 'boolean' ? !one : one)), 'texts'],
  ...Object.entries(TEXTS).flatMap(([name, value]): Row[] => [
    [
      `texts-are-${name}`,
      'open',
      deep((one, key) => (typeof one === 'string' && !KEYS.test(key) && !TIME_KEYS.test(key) ? value : one)),
      'texts',
    ],
    [
      `texts-with-${name}`,
      'open',
      deep((one, key) =>
        typeof one === 'string' && !KEYS.test(key) && !TIME_KEYS.test(key)
          ? `${one.slice(0, 3)}${value}${one.slice(3)}`
          : one,
      ),
      'texts',
    ],
    [
      `names-with-${name}`,
      'open',
      deep((one, key) =>
        typeof one === 'string' && /^(name|namespace|uid|kind)$/.test(key) ? `${one}${value.slice(0, 5000)}` : one,
      ),
      'texts',
    ],
    [
      `messages-are-${name}`,
      'open',
      deep((one, key) => (typeof one === 'string' && /^(message|reason|path|image)$/.test(key) ? value : one)),
      'texts',
    ],
    [
      `keys-with-${name}`,
      'open',
      deep((one, key) =>
        key === 'labels' || key === 'annotations'
          ? Object.fromEntries(
              Object.entries(one as object).flatMap(([label, it]) => [
                [label, it],
                [`${label}${value.slice(0, 5000)}`, it],
              ]),
            )
          : one,
      ),
      'texts',
    ],
  ]),
  ...Object.entries(HUGE).flatMap(([name, value]): Row[] => [
    [`a-huge-message-${name}`, 'open', deep(once('message', value)), 'texts'],
    [`a-huge-path-${name}`, 'open', deep(once('path', value)), 'texts'],
    [`a-huge-name-${name}`, 'open', deep(once('name', value)), 'texts'],
    [
      `a-huge-line-${name}`,
      'open',
      (good) =>
        text(200, isJson(good) ? good : value, {'content-type': isJson(good) ? 'application/json' : 'text/plain'}),
      'texts',
    ],
  ]),
  ...Object.entries(TIMES).map(([name, value]): Row => [
    `times-${name}`,
    'open',
    deep((one, key) => (typeof one === 'string' && TIME_KEYS.test(key) ? value : one)),
    'texts',
  ]),
  ...Object.entries(VALUES).flatMap(([name, value]): Row[] => [
    [
      `maps-are-${name}`,
      'open',
      deep((one, key) =>
        /^(labels|annotations|state|lastState|involvedObject|source|httpGet|securityContext)$/.test(key) ? value : one,
      ),
      'texts',
    ],
    [`lists-are-${name}`, 'open', deep((one, key) => (Array.isArray(one) && key !== 'items' ? value : one)), 'texts'],
    [
      `lists-hold-${name}`,
      'open',
      deep((one, key) => (Array.isArray(one) && key !== 'items' ? [value, ...one] : one)),
      'texts',
    ],
    [
      `parts-are-${name}`,
      'open',
      deep((one, _, path) => (path.length === 3 && path[0] === 'items' ? value : one)),
      'texts',
    ],
    [
      `texts-become-${name}`,
      'open',
      deep((one, key) => (typeof one === 'string' && !KEYS.test(key) ? value : one)),
      'texts',
    ],
  ]),
];
