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

export function number(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

/** Milliseconds since 1970 of an RFC 3339 time; undefined for null and for what is no time. */
export function time(value: unknown): number | undefined {
  const ms = typeof value === 'string' ? Date.parse(value) : NaN;
  return Number.isNaN(ms) ? undefined : ms;
}

/** The string values of a map whose keys pass `keep`. */
export function strings(value: unknown, keep: (key: string) => boolean): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const [key, one] of Object.entries(object(value))) if (typeof one === 'string' && keep(key)) kept[clean(key)] = clean(one);
  return kept;
}

/** Leaves out keys whose value is undefined, so that models stay small and compare well; by a copy, as `delete` makes an object slow. */
export function defined<T extends object>(value: T): T {
  const kept = {} as T;
  for (const key in value) if (value[key] !== undefined) kept[key] = value[key];
  return kept;
}
