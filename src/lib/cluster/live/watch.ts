import http from 'node:http';
import https from 'node:https';
import {ClusterError, type Change, type RawObject, type Resource} from '../cluster.ts';
import {object} from '../reduce/read.ts';
import type {Credentials} from './credentials.ts';
import {clean} from '../sanitize.ts';
import {Retry, TooMuch} from './errors.ts';
import {ItemCutter, MOST_OBJECT} from './items.ts';
import {isNamed, withQuery} from './list.ts';
import {LONG_MS, once, pause, type Asking, type Limits} from './request.ts';

/** How long the server is asked to keep a watch open, in seconds; a little chance spreads the reconnections of many. */
const OPEN_SECONDS = {least: 60, more: 60};
/** After that time without an end the connection is dead, in milliseconds beyond what was asked for. */
const GRACE_MS = 15_000;
const PAUSE_MS = {first: 500, most: 15_000};
/** A watch that lasted so long ended by itself, and is opened again at once. */
const LASTED_MS = 5_000;

/**
 * Watches from now on until `signal` aborts. Goes on at the last version that it saw, bookmarks included, when the server
 * ends the watch or goes away; where that version has expired (410) the whole list is handed over as it is now.
 * @throws {ClusterError} 401, 403, 404, 400
 */
export async function watch(signedIn: () => Promise<Credentials>, resource: Resource, asking: Asking, limits: Limits, each: (change: Change) => void, signal: AbortSignal): Promise<void> {
  const own = withOwnConnection(await signedIn());
  try {
    await keepOpen(own, {resource, asking}, limits, each, signal);
  } finally {
    if (!own.proxied) own.agent.destroy();
  }
}

/** All other requests share one connection, which a watch would keep for itself. */
function withOwnConnection(credentials: Credentials): Credentials {
  const {proxied, url, tls} = credentials;
  if (proxied) return credentials;
  return {...credentials, agent: url.protocol === 'http:' ? new http.Agent({keepAlive: true}) : new https.Agent(tls)};
}

interface Watched {
  resource: Resource;
  asking: Asking;
}

async function keepOpen(credentials: Credentials, {resource, asking}: Watched, limits: Limits, each: (change: Change) => void, signal: AbortSignal): Promise<void> {
  const asked = {...asking, ...(asking.permission === undefined ? {} : {permission: asking.permission.replace(' list ', ' watch ')})};
  let version: string | undefined;
  let gap = false;
  let failures = 0;
  let trouble = '';
  while (!signal.aborted) {
    const began = performance.now();
    try {
      if (version === undefined) {
        version = await listed(credentials, {resource, asking: asked}, {...limits, signal}, gap ? (object) => each({type: 'ADDED', object}) : undefined);
        gap = false;
      }
      const ended = await open(credentials, {resource, asking: asked}, version, signal, each, (newer) => {
        version = newer;
        failures = 0;
      });
      if (ended === 'gone') {
        version = undefined;
        gap = true;
      }
      if (performance.now() - began >= LASTED_MS) failures = 0;
      trouble = '';
    } catch (error) {
      if (signal.aborted) return;
      const last = error instanceof Retry ? error.last : error;
      if (!(last instanceof ClusterError) || !['unreachable', 'busy', 'bad-answer', 'gone'].includes(last.reason)) throw last;
      if (last.reason === 'gone') {
        version = undefined;
        gap = true;
      }
      trouble = last.got;
    }
    if (signal.aborted) return;
    if (performance.now() - began >= LASTED_MS) continue;
    const waitMs = pauseMs(failures++, limits.firstPauseMs ?? PAUSE_MS.first);
    if (waitMs > LONG_MS && trouble !== '') limits.waiting?.(`waiting ${Math.round(waitMs / 1000)}s to watch ${asking.asked} again: ${trouble}`);
    await pause(waitMs, signal);
  }
}

/** Doubles, and never meets the others' clock. */
function pauseMs(failures: number, first: number): number {
  return Math.min(PAUSE_MS.most, first * 2 ** Math.min(failures, 10)) * (0.5 + Math.random() / 2);
}

/** The version of the list as it is now; its items where somebody wants them, else one at most is asked for. */
async function listed(credentials: Credentials, {resource, asking}: Watched, limits: Limits, each: ((object: RawObject) => void) | undefined): Promise<string> {
  const cutter = new ItemCutter((item) => isNamed(item, resource) && each?.(item));
  const path = each ? asking.path : withQuery(asking.path, {limit: '1'});
  const rest = await once(credentials, {...asking, path}, limits, {take: (chunk) => cutter.push(chunk), end: () => cutter.end()});
  const version = object(object(rest)['metadata'])['resourceVersion'];
  if (typeof version !== 'string' || version === '') throw new ClusterError('bad-answer', {asked: asking.asked, got: 'the list names no resourceVersion'});
  return version;
}

/** One watch, to its end: the server's time, or an expired version. */
async function open(credentials: Credentials, {resource, asking}: Watched, version: string, signal: AbortSignal, each: (change: Change) => void, seen: (version: string) => void): Promise<'ended' | 'gone'> {
  const seconds = Math.round(OPEN_SECONDS.least + Math.random() * OPEN_SECONDS.more);
  const path = withQuery(asking.path, {watch: 'true', allowWatchBookmarks: 'true', timeoutSeconds: String(seconds), resourceVersion: version});
  let ended: 'ended' | 'gone' = 'ended';
  const take = (line: unknown) => {
    const {type, object: told} = object(line);
    if (type === 'ERROR') {
      const {code, message} = object(told);
      if (code === 410) ended = 'gone';
      else throw new ClusterError('busy', {asked: asking.asked, got: typeof message === 'string' ? clean(message.slice(0, 1000)) : 'the watch ended with an error'});
      return;
    }
    const known = type === 'ADDED' || type === 'MODIFIED' || type === 'DELETED';
    if (!known && type !== 'BOOKMARK') throw new ClusterError('bad-answer', {asked: asking.asked, got: 'a line of the watch is no change'});
    if (known && !isNamed(told, resource)) throw new ClusterError('bad-answer', {asked: asking.asked, got: `a change of what is no ${resource}`});
    if (known) each({type, object: told as RawObject});
    const newer = object(object(told)['metadata'])['resourceVersion'];
    if (typeof newer === 'string' && newer !== '') seen(newer);
  };
  await once(credentials, {...asking, path}, {timeoutMs: seconds * 1000 + GRACE_MS, signal}, {take: linesTo((line) => take(JSON.parse(line))), end: () => undefined});
  return ended;
}

/** Cuts a stream into lines; bytes of a character may come in two pieces. */
function linesTo(take: (line: string) => void): (chunk: Buffer) => void {
  const decoder = new TextDecoder();
  let held: string[] = [];
  let size = 0;
  return (chunk) => {
    const parts = decoder.decode(chunk, {stream: true}).split('\n');
    const last = parts.pop()!;
    if (parts.length > 0) {
      parts[0] = held.join('') + parts[0]!;
      held = [];
      size = 0;
    }
    held.push(last);
    size += last.length;
    if (size > MOST_OBJECT) throw new TooMuch(`a line of the watch has more than ${MOST_OBJECT / 1024 / 1024} MiB`);
    for (const part of parts) if (part.trim() !== '') take(part);
  };
}
