// A pod may list thousands of containers, and as many symptoms: what asks for each of them in turn asks an index,
// which is made once for a list. Lists of the model are never changed once they are made.

type Index = Map<string | undefined, object[]>;

const NAMES = new WeakMap<object, Index>();
const CONTAINERS = new WeakMap<object, Index>();

/** Lists that are shorter are read through. */
const SHORT = 16;

/** The first that bears this name. */
export function named<T extends {name: string}>(list: readonly T[], name: string | undefined): T | undefined {
  if (list.length < SHORT) return list.find((one) => one.name === name);
  return indexOf(NAMES, list, (one) => one.name).get(name)?.[0] as T | undefined;
}

/** All that are about this container, in their order. */
export function ofContainer<T extends {container?: string}>(list: readonly T[], container: string | undefined): T[] {
  if (list.length < SHORT) return list.filter((one) => one.container === container);
  return (indexOf(CONTAINERS, list, (one) => one.container).get(container) ?? []) as T[];
}

type KeyOf<T> = (one: T) => string | undefined;

function indexOf<T extends object>(known: WeakMap<object, Index>, list: readonly T[], keyOf: KeyOf<T>): Index {
  const index = known.get(list) ?? groupedBy(list, keyOf);
  known.set(list, index);
  return index;
}

/** Entries by key, in their order. */
export function groupedBy<K, T>(list: Iterable<T>, keyOf: (one: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const one of list) {
    const key = keyOf(one);
    const group = groups.get(key);
    if (group) group.push(one);
    else groups.set(key, [one]);
  }
  return groups;
}
