import type {Case} from './case.ts';
import {httpCases} from './http.ts';

/** All faults, group by group; with `deep` every combination of the HTTP part. */
export function allCases(deep = true): Case[] {
  return [...httpCases(deep)];
}
