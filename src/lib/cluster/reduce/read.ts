import {clean} from '../sanitize.ts';

/** An object of the API that may hold anything; each reader below answers with a harmless value where it does. */
export type Raw = Record<string, unknown>;

export function object(value: unknown): Raw {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Raw) : {};
}

export function list(value: unknown): Raw[] {
  return Array.isArray(value) ? value.map(object) : [];
}

export function text(value: unknown): string {
  return typeof value === 'string' ? clean(value) : '';
}

export function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.map(text) : [];
}

/** The largest of the API's usual integers (int32). */
const MOST_INTEGER = 2 ** 31 - 1;

/** A count, a port, seconds: an integer as the API has them; undefined for a fraction, and out of range. */
export function integer(value: unknown, least = 0): number | undefined {
  return typeof value === 'number' && Number.isInteger(value) && value >= least && value <= MOST_INTEGER ? value : undefined;
}

/** The last time that four digits of a year can name. */
const LAST_TIME = Date.UTC(9999, 11, 31, 23, 59, 59);

/** Milliseconds since 1970 of an RFC 3339 time; undefined for null, for what is no time, and for Go's zero time. */
export function time(value: unknown): number | undefined {
  const ms = typeof value === 'string' && /^\d{4}-\d\d-\d\dT/.test(value) ? Date.parse(value) : NaN;
  return ms > 0 && ms <= LAST_TIME ? ms : undefined;
}

/** The string values of a map whose keys pass `keep`. */
export function strings(value: unknown, keep: (key: string) => boolean): Record<string, string> {
  const kept = Object.entries(object(value)).filter((entry): entry is [string, string] => typeof entry[1] === 'string' && keep(entry[0]));
  return Object.fromEntries(kept.map(([key, one]) => [clean(key), clean(one)]));
}

/** Leaves out keys whose value is undefined, so that models stay small and compare well; by a copy, as `delete` makes an object slow. */
export function defined<T extends object>(value: T): T {
  const kept = {} as T;
  for (const key in value) if (value[key] !== undefined) kept[key] = value[key];
  return kept;
}

/** What tells an object of a list from the others: its uid, else where it is and what it is called. */
export function identityOf(raw: Raw): string {
  const {uid, namespace, name} = object(raw.metadata);
  return typeof uid === 'string' && uid !== '' ? uid : JSON.stringify([namespace, name]);
}
