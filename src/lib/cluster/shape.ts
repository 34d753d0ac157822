/** What a value of a stranger's file has to be; a field that is absent or null is as good as none, unless it is needed. */
export type Shape =
  | 'text'
  | 'number'
  | 'boolean'
  | 'map'
  | 'anything'
  | {list: Shape}
  | {mapOf: Shape}
  | {oneOf: readonly string[]}
  | {fields: Record<string, Shape>; needed?: readonly string[]}
  /** A map whose other fields depend on the text of one. */
  | {by: string; kinds: Record<string, Shape>};

const WORDS = {text: 'text', number: 'number', boolean: 'true or false', map: 'map'} as const;

/** What is wrong with a value, with the way to it: `exec.args is no list`; undefined where nothing is. */
export function misfit(value: unknown, shape: Shape, at = ''): string | undefined {
  if (shape === 'anything') return undefined;
  if (typeof shape === 'string') return isOf(value, shape) ? undefined : `${at || 'it'} is no ${WORDS[shape]}`;
  if ('list' in shape) return Array.isArray(value) ? first(value.entries(), (one, index) => misfit(one, shape.list, `${at}[${index}]`)) : `${at || 'it'} is no list`;
  if ('oneOf' in shape) return typeof value === 'string' && shape.oneOf.includes(value) ? undefined : `${at || 'it'} is none of ${shape.oneOf.join(', ')}`;
  if (!isOf(value, 'map')) return `${at || 'it'} is no map`;
  const map = value as Record<string, unknown>;
  if ('mapOf' in shape) return first(Object.entries(map), (one, key) => misfit(one, shape.mapOf, within(at, String(key))));
  if ('by' in shape) return misfitByKind(map, shape, at);
  const missing = shape.needed?.find((key) => (map[key] ?? null) === null);
  if (missing !== undefined) return `${within(at, missing)} is missing`;
  return first(Object.entries(shape.fields), (of, key) => ((map[key] ?? null) === null ? undefined : misfit(map[key], of, within(at, String(key)))));
}

function misfitByKind(map: Record<string, unknown>, {by, kinds}: Extract<Shape, {by: string}>, at: string): string | undefined {
  return misfit(map[by], {oneOf: Object.keys(kinds)}, within(at, by)) ?? misfit(map, kinds[map[by] as string]!, at);
}

function isOf(value: unknown, shape: keyof typeof WORDS): boolean {
  if (shape === 'text') return typeof value === 'string';
  if (shape === 'number') return typeof value === 'number' && Number.isFinite(value);
  return shape === 'boolean' ? typeof value === 'boolean' : typeof value === 'object' && value !== null && !Array.isArray(value);
}

function first<K, V>(entries: Iterable<[K, V]>, wrong: (value: V, key: K) => string | undefined): string | undefined {
  for (const [key, value] of entries) {
    const found = wrong(value, key);
    if (found !== undefined) return found;
  }
  return undefined;
}

function within(at: string, key: string): string {
  return at === '' ? key : `${at}.${key}`;
}
