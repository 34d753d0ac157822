import {ANSWERS} from './answers.ts';
import type {CatalogueEntry, Check} from './check.ts';
import {CONTAINERS} from './containers.ts';
import {CREATION} from './creation.ts';
import {ENVOY, proxyLate} from './envoy.ts';
import {FAILING} from './failing.ts';
import {POD} from './pod.ts';
import {REQUESTS} from './requests.ts';
import {REWRITING} from './rewriting.ts';
import {inWords} from '../mesh/words.ts';

/** All checks in the order in which causes are preferred: what proves a cause comes before what only names a failure. */
export const CHECKS: readonly Check[] = [...REWRITING, ...POD, ...ENVOY, ...CONTAINERS, proxyLate, ...ANSWERS, ...REQUESTS, ...FAILING];

/** Findings that no check of a pod makes: workloads without pods, and what could not be seen. */
const OTHERS: CatalogueEntry[] = [
  CREATION,
  {
    code: 'OSMP901',
    slug: 'not-seen',
    title: 'Something that was asked could not be seen',
    severity: 'info',
    blame: 'not yet known',
    cause: 'No permission, no answer, or an answer that was no answer. What depends on it is unknown, never passed.',
    fix: 'what the entry names under try',
    cases: [],
  },
];

/** The catalogue for `explain` and the documentation, by code, in OSM's own words. */
export const CATALOGUE: readonly CatalogueEntry[] = [...CHECKS, ...OTHERS].map((entry) => ({...entry, title: inWords(entry.title), cause: inWords(entry.cause), fix: inWords(entry.fix)})).sort((a, b) => (a.code < b.code ? -1 : 1));
