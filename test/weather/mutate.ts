import type {Chance} from './random.ts';
import {HUGE, NUMBERS, TEXTS, TIMES, VALUES} from './strange.ts';

type Tree = Record<string, unknown>;

/** Where something is: the object or list that holds it, and its key there. */
interface Place {
  holder: Tree;
  key: string;
}

/** Of so many texts one is huge: each costs time where it is carried from screen to screen. */
const HUGE_ONES = 40;

/** Changes some places of `root`, in itself. */
export function mutate(root: unknown, chance: Chance, changes = 1 + chance.below(4)): void {
  for (let at = 0; at < changes; at++) {
    const place = anywhere(root, chance);
    if (place) chance.pick(WAYS)(place, root, chance);
  }
}

type Way = (place: Place, root: unknown, chance: Chance) => void;

const WAYS: Way[] = [
  ({holder, key}, _, chance) => set(holder, key, structuredClone(chance.pick(Object.values(VALUES)))),
  ({holder, key}, _, chance) =>
    set(holder, key, typeof holder[key] === 'number' ? chance.pick(Object.values(NUMBERS)) : textOf(chance)),
  ({holder, key}, _, chance) =>
    set(holder, key, typeof holder[key] === 'string' ? `${holder[key].slice(0, 4)}${textOf(chance)}` : textOf(chance)),
  ({holder, key}, _, chance) => set(holder, key, structuredClone(chance.pick(Object.values(TIMES)))),
  ({holder, key}) => (Array.isArray(holder) ? void holder.splice(Number(key), 1) : void delete holder[key]),
  ({holder, key}) =>
    Array.isArray(holder)
      ? void holder.push(structuredClone(holder[Number(key)]))
      : set(holder, `${key}2`, structuredClone(holder[key])),
  ({holder, key}, root, chance) => {
    const other = anywhere(root, chance);
    if (other) set(holder, key, structuredClone(other.holder[other.key]));
  },
  ({holder, key}) => set(holder, key, [holder[key], holder[key]]),
  ({holder, key}) => set(holder, key, {[key]: holder[key]}),
  ({holder}, _, chance) =>
    set(
      holder,
      chance.pick(['__proto__', 'constructor', 'toString', 'length', '', 'hasOwnProperty']),
      structuredClone(chance.pick(Object.values(VALUES))),
    ),
  ({holder, key}) =>
    Array.isArray(holder) && holder.length < 200
      ? void holder.push(...Array.from({length: 100}, () => structuredClone(holder[Number(key)])))
      : undefined,
  ({holder, key}, _, chance) => rename(holder, key, textOf(chance)),
];

function textOf(chance: Chance): string {
  return chance.below(HUGE_ONES) === 0 ? chance.pick(Object.values(HUGE)) : chance.pick(Object.values(TEXTS));
}

/** Also a key that an object inherits, as JSON.parse sets it. */
function set(holder: Tree, key: string, value: unknown): void {
  if (Array.isArray(holder) && !/^\d+$/.test(key)) return;
  Object.defineProperty(holder, key, {value, enumerable: true, configurable: true, writable: true});
}

function rename(holder: Tree, key: string, to: string): void {
  if (Array.isArray(holder)) return;
  const value = holder[key];
  delete holder[key];
  set(holder, to.slice(0, 1000), value);
}

/** A random walk into the tree; undefined where there is nothing to walk into. */
function anywhere(root: unknown, chance: Chance): Place | undefined {
  let place: Place | undefined;
  for (let here = root; typeof here === 'object' && here !== null;) {
    const keys = Object.keys(here);
    if (keys.length === 0) break;
    const key = chance.pick(keys);
    place = {holder: here as Tree, key};
    if (chance.below(8) === 0) break;
    here = (here as Tree)[key];
  }
  return place;
}
