import fs from 'node:fs';
import {syncBuiltinESMExports} from 'node:module';
import {join, resolve} from 'node:path';
import {pathToFileURL} from 'node:url';
import type {Seen} from './outcome.ts';

// The built command line inside of this process: its own start is left out, and everything after it is the same code.

export const ROOT = resolve(import.meta.dirname, '../..');

interface Catching {
  stdout: string[];
  stderr: string[];
  crashed: string[];
}

let catching: Catching | undefined;
/** What the process printed of itself, when no run was going on. */
const own = {stdout: process.stdout.write.bind(process.stdout), stderr: process.stderr.write.bind(process.stderr)};

type WriteArgs = [chunk: string | Uint8Array, encoding?: unknown, done?: () => void];

function write(to: 'stdout' | 'stderr', [chunk, encoding, done]: WriteArgs): boolean {
  const told = (typeof encoding === 'function' ? encoding : done) as (() => void) | undefined;
  if (!catching) return own[to](chunk, told);
  catching[to].push(typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString('utf8'));
  if (told) process.nextTick(told);
  return true;
}

/** Both ways to a standard stream lead to the run that is going on. */
export function catchStreams(): void {
  process.stdout.write = ((...args: WriteArgs) => write('stdout', args)) as typeof process.stdout.write;
  process.stderr.write = ((...args: WriteArgs) => write('stderr', args)) as typeof process.stderr.write;
  const written = fs.writeSync.bind(fs) as (fd: number, data: string | Uint8Array, ...rest: unknown[]) => number;
  (fs as {writeSync: unknown}).writeSync = (fd: number, data: string | Uint8Array, ...rest: unknown[]): number => {
    if (!catching || (fd !== 1 && fd !== 2)) return written(fd, data, ...rest);
    const [offset, length] = rest as [number | undefined, number | undefined];
    const piece =
      typeof data === 'string'
        ? data
        : data.subarray(offset ?? 0, length === undefined ? undefined : (offset ?? 0) + length);
    write(fd === 1 ? 'stdout' : 'stderr', [piece]);
    return typeof piece === 'string' ? Buffer.byteLength(piece) : piece.length;
  };
  syncBuiltinESMExports();
  Reflect.set(process, 'exit', (code?: number) => {
    throw new Error(`process.exit(${code}) was called`);
  });
  for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
    process.on(
      event,
      (error: unknown) =>
        void catching?.crashed.push(error instanceof Error ? (error.stack ?? error.message) : String(error)),
    );
  }
  process.on('SIGINT', () => undefined);
}

export interface InsideOptions {
  env?: Record<string, string>;
  /** Ctrl-C comes when this holds of stdout; the time is counted from then. */
  interruptWhen?: (stdout: string) => boolean;
  /** Ctrl-C comes after that time all the same, in milliseconds. */
  interruptAfterMs?: number;
}

let entry: Promise<{run(root: string): Promise<void>}> | undefined;

/** Runs the command line as `bin/run.js` does, and tells what it printed and left behind. */
export async function inside(
  args: string[],
  {env = {}, interruptWhen, interruptAfterMs}: InsideOptions = {},
): Promise<Seen> {
  entry ??= import(pathToFileURL(join(ROOT, 'dist/main.js')).href) as Promise<{run(root: string): Promise<void>}>;
  const {run: command} = await entry;
  const run: Catching = {stdout: [], stderr: [], crashed: []};
  const before = {argv: process.argv, env: {...process.env}, listeners: listeners()};
  process.argv = [process.execPath, join(ROOT, 'bin/run.js'), ...args];
  setEnv({
    PATH: before.env['PATH'] ?? '',
    HOME: '/nonexistent',
    LANG: 'C.UTF-8',
    TMPDIR: before.env['TMPDIR'] ?? '/tmp',
    ...env,
  });
  process.exitCode = undefined;
  catching = run;
  let started = performance.now();
  let interrupted = false;
  const stop =
    interruptWhen || interruptAfterMs !== undefined
      ? interrupting(run, {interruptWhen, interruptAfterMs}, () => {
          started = performance.now();
          interrupted = true;
        })
      : () => undefined;
  try {
    await command(ROOT);
  } catch (error) {
    run.crashed.push(error instanceof Error ? (error.stack ?? error.message) : String(error));
  }
  const ms = performance.now() - started;
  stop();
  catching = undefined;
  forget(before.listeners);
  process.argv = before.argv;
  setEnv(before.env);
  const code = (process.exitCode as number | undefined) ?? 0;
  process.exitCode = undefined;
  const stderr = [...run.stderr, ...run.crashed.map((one) => `\nUncaught ${one}\n`)].join('');
  return {
    code,
    killedBy: null,
    stdout: run.stdout.join(''),
    stderr,
    ms,
    interrupted,
  };
}

type Listener = (...args: unknown[]) => void;
const EMITTERS = [process, process.stdout, process.stderr] as unknown as NodeJS.EventEmitter[];

/** Who listens to the process and its streams: in a process of its own a run's listeners end with it. */
function listeners(): Map<Listener, true>[] {
  return EMITTERS.map(
    (one) =>
      new Map(
        one
          .eventNames()
          .flatMap((name) => one.rawListeners(name))
          .map((listener) => [listener as Listener, true]),
      ),
  );
}

function forget(before: Map<Listener, true>[]): void {
  for (const [at, one] of EMITTERS.entries()) {
    for (const name of one.eventNames()) {
      for (const listener of one.rawListeners(name) as Listener[])
        if (!before[at]!.has(listener)) one.off(name, listener);
    }
  }
}

function setEnv(env: Record<string, string | undefined>): void {
  for (const name of Object.keys(process.env)) if (!(name in env)) delete process.env[name];
  for (const [name, value] of Object.entries(env)) if (value !== undefined) process.env[name] = value;
}

/** Sends Ctrl-C once, when it is time. */
function interrupting(run: Catching, {interruptWhen, interruptAfterMs}: InsideOptions, sent: () => void): () => void {
  const interrupt = (): void => {
    stop();
    sent();
    process.emit('SIGINT');
  };
  const often = setInterval(() => interruptWhen?.(run.stdout.join('')) && interrupt(), 10);
  const last = interruptAfterMs === undefined ? undefined : setTimeout(interrupt, interruptAfterMs);
  const stop = (): void => {
    clearInterval(often);
    clearTimeout(last);
  };
  return stop;
}
