import {clean} from '../sanitize.ts';
import {ClusterError, RESOURCES, type RawObject, type Resource} from '../cluster.ts';
import {identityOf, object} from '../reduce/read.ts';
import type {Credentials} from './credentials.ts';
import {TooMuch} from './errors.ts';
import {ItemCutter} from './items.ts';
import {send, type Asking, type Limits} from './request.ts';

/** Objects in one answer of an old server, as many as kubectl asks for. */
const PAGE = 500;
/** Pages of one list; a server that wants more of them goes round in circles. */
const MOST_PAGES = 2000;
/** Pages that bring less than was asked for and are not the last: a server fills them. */
const MOST_SHORT = 100;
/** Objects of one list: twice as many as the largest clusters have pods, and more events than etcd keeps for an hour. */
const MOST_ITEMS: Partial<Record<Resource, number>> = {events: 2_000_000};
const MOST_OTHERS = 300_000;
/** How often a list begins anew whose page token has expired. */
const RESTARTS = 2;

export interface Listing {
  resource: Resource;
  asking: Asking;
  /** In pages, as an old server wants it. */
  paged: boolean;
  each(item: RawObject): void;
  /** All pages together may take what one request may. */
  atOnce: boolean;
}

/**
 * Follows `continue` to the end, and hands each object over once: a page token that expired (410) starts the list anew.
 * @throws {ClusterError} `partial` where something in it was no such object; `bad-answer` for a list that does not end
 */
export async function list(credentials: Credentials, {resource, asking, paged, each, atOnce}: Listing, limits: Limits): Promise<void> {
  const items = new Items(resource, each);
  const started = performance.now();
  const left = (): Limits => (atOnce && limits.timeoutMs > 0 ? {...limits, timeoutMs: Math.max(1, limits.timeoutMs - (performance.now() - started))} : limits);
  for (let restarts = 0; ; restarts++) {
    items.round = restarts;
    try {
      await pages(credentials, {asking, paged, items}, left);
      break;
    } catch (error) {
      if (!(error instanceof ClusterError) || error.reason !== 'gone' || restarts === RESTARTS) throw error;
    }
  }
  if (items.odd > 0) {
    const {kind} = RESOURCES[resource];
    throw new ClusterError('partial', {asked: asking.asked, got: `${items.odd} of its items ${items.odd === 1 ? 'is' : 'are'} no ${kind} with a name`});
  }
}

async function pages(credentials: Credentials, {asking, paged, items}: {asking: Asking; paged: boolean; items: Items}, limits: () => Limits): Promise<void> {
  const endless = (got: string) => new ClusterError('bad-answer', {asked: asking.asked, got: `the list does not end: ${got}`});
  const seen = new Set<string>();
  let token = '';
  let short = 0;
  do {
    const before = items.news;
    const path = withQuery(asking.path, {...(paged ? {limit: String(PAGE)} : {}), ...(token ? {continue: token} : {})});
    token = await page(credentials, {...asking, path}, items, limits());
    if (token !== '' && seen.has(token)) throw endless('its page token comes again');
    if (token !== '' && items.news === before) throw endless('a page brings nothing new');
    seen.add(token);
    if (items.news - before < PAGE) short++;
    if (short > MOST_SHORT) throw endless(`${short} of its pages are shorter than was asked for`);
    if (seen.size > MOST_PAGES) throw endless(`it has more than ${MOST_PAGES} pages`);
  } while (token !== '');
}

/** One answer; its token for the next, empty at the end. */
async function page(credentials: Credentials, asking: Asking, items: Items, limits: Limits): Promise<string> {
  const rest = object(
    await send(credentials, asking, limits, () => {
      const cutter = new ItemCutter((item) => items.take(item), {whole: items.resource === 'meshconfigs'});
      return {
        take: (chunk) => cutter.push(chunk),
        end: () => {
          items.odd += cutter.odd;
          return cutter.end();
        },
      };
    }),
  );
  const {kind} = RESOURCES[items.resource];
  const isList = (rest['kind'] === `${kind}List` || rest['kind'] === 'List') && typeof rest['metadata'] === 'object';
  if (!isList || !(Array.isArray(rest['items']) || rest['items'] === null)) {
    throw new ClusterError('bad-answer', {asked: asking.asked, got: `no list of ${items.resource} came back, but kind ${kindText(rest)}`});
  }
  const token = object(rest['metadata'])['continue'] ?? '';
  if (typeof token !== 'string') throw new ClusterError('bad-answer', {asked: asking.asked, got: "the list's page token is no text"});
  return token;
}

/** What came instead of what was asked for. */
export function kindText(found: unknown): string {
  return clean(JSON.stringify(object(found)['kind'] ?? null).slice(0, 80));
}

/** The objects of one list as they come: those that are no such objects are counted, and those that came before left out. */
class Items {
  readonly resource: Resource;
  odd = 0;
  /** How often the list has begun anew. */
  round = 0;
  /** Objects that no page of the same round had before. */
  news = 0;
  readonly #each: (item: RawObject) => void;
  /** By identity the round that had it last. */
  readonly #handed = new Map<string, number>();

  constructor(resource: Resource, each: (item: RawObject) => void) {
    this.resource = resource;
    this.#each = each;
  }

  take(item: RawObject): void {
    if (!isNamed(item, this.resource)) {
      this.odd++;
      return;
    }
    const id = identityOf(item);
    const last = this.#handed.get(id);
    if (last === this.round) return;
    this.#handed.set(id, this.round);
    this.news++;
    if (last !== undefined) return;
    const most = MOST_ITEMS[this.resource] ?? MOST_OTHERS;
    if (this.#handed.size > most) throw new TooMuch(`the list does not end: it has more than ${most} items`);
    this.#each(item);
  }
}

/** An object that has a name; its kind, which lists leave out, is the one that was asked for. */
export function isNamed(item: unknown, resource: Resource): boolean {
  const {kind, metadata} = object(item);
  const {name} = object(metadata);
  return typeof name === 'string' && name !== '' && (kind === undefined || kind === RESOURCES[resource].kind);
}

/** Whether what came back is the object that was asked for. */
export function isObject(found: unknown, resource: Resource, namespace: string | undefined, name: string): boolean {
  const {path, kind} = RESOURCES[resource];
  const {kind: its, apiVersion, metadata} = object(found);
  const {name: called, namespace: within} = object(metadata);
  const version = path.replace(/^\/apis?\//, '');
  return its === kind && (apiVersion === undefined || apiVersion === version) && called === name && (within ?? namespace) === namespace;
}

export function withQuery(path: string, query: Record<string, string>): string {
  const text = new URLSearchParams(query).toString();
  return text === '' ? path : `${path}${path.includes('?') ? '&' : '?'}${text}`;
}
