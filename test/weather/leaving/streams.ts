import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import type {Case} from '../case.ts';
import {withFolder} from '../commands.ts';
import {judge, type Failure, type Wanted} from '../outcome.ts';
import {outside, type OutsideOptions} from '../outside.ts';
import {NAMESPACE} from '../world.ts';
import {lateAfterLast, START_MS} from './start.ts';

const DEMO = ['--from', 'test/fixtures/demo'];
/** Commands that need no server, with the exit code that they have. */
const PRINTERS: Record<string, {args: string[]; code: number}> = {
  verify: {args: ['verify', ...DEMO], code: 1},
  json: {args: ['verify', ...DEMO, '-o', 'json'], code: 1},
  'never-fails': {args: ['verify', ...DEMO, '--fail-on', 'never', '--allow-unknown'], code: 0},
  events: {args: ['events', ...DEMO], code: 0},
  forward: {args: ['forward', 'deploy/bookstore', '-n', NAMESPACE, '--from', 'test/forward/demo'], code: 0},
  explain: {args: ['explain'], code: 0},
  'explain-one': {args: ['explain', 'OSMP101'], code: 0},
  help: {args: ['--help'], code: 0},
  version: {args: ['--version'], code: 0},
  'error-usage': {args: ['verify', '--nonsense'], code: 2},
  'error-file': {args: ['verify', '--from', '/nonexistent'], code: 3},
};

/** Where the streams lead, as a shell says it; `hidden` where Node opens something else in their place. */
const STREAMS: Record<string, {shell: string; stdout: boolean; hidden?: true}> = {
  'stdout-full': {shell: 'exec "$@" >/dev/full', stdout: false},
  'stdout-closed': {shell: 'exec "$@" >&-', stdout: false, hidden: true},
  'stderr-full': {shell: 'exec "$@" 2>/dev/full', stdout: true},
  'stderr-closed': {shell: 'exec "$@" 2>&-', stdout: true},
  'both-full': {shell: 'exec "$@" >/dev/full 2>/dev/full', stdout: false},
  'both-closed': {shell: 'exec "$@" >&- 2>&-', stdout: false, hidden: true},
  'stdin-closed': {shell: 'exec "$@" <&-', stdout: true},
  'all-closed': {shell: 'exec "$@" <&- >&- 2>&-', stdout: false, hidden: true},
  'stdout-null': {shell: 'exec "$@" >/dev/null', stdout: true},
  'stdout-read-only': {shell: 'exec "$@" >&- 1</dev/null', stdout: false},
  'stdout-short': {shell: 'ulimit -f 1; exec "$@" >"$TMPDIR/out"', stdout: false},
  'stdout-directory': {shell: 'exec "$@" 1<"$TMPDIR"', stdout: false, hidden: true},
};

/** Where stdout and stderr are full, closed, short, slow or left. */
export function streamCases(): Case[] {
  const shells = Object.entries(PRINTERS).flatMap(([printer, {args, code}]) =>
    Object.entries(STREAMS).map(([name, {shell, stdout, hidden}]): Case => {
      const id = `leaving/streams/${name}/${printer}`;
      // Little fits into what is left of a disk; what is said on stderr needs no stdout.
      const fits = stdout || code === 2 || code === 3 || (name === 'stdout-short' && printer === 'version');
      return {
        id,
        limitMs: 25_000,
        run: () =>
          printed(
            id,
            args,
            {shell},
            {
              withinMs: START_MS,
              codes: streamCodes(code, fits, hidden === true || name === 'stdout-short' || name.startsWith('stderr')),
            },
            name === 'stdout-short',
          ),
      };
    }),
  );
  const readers = Object.entries(PRINTERS).flatMap(([printer, {args, code}]): Case[] => [
    {
      id: `leaving/reader/leaves/${printer}`,
      limitMs: 25_000,
      run: () =>
        printed(
          `leaving/reader/leaves/${printer}`,
          args,
          {running: (child) => void child.stdout!.destroy()},
          {withinMs: START_MS, codes: [3]},
        ),
    },
    {
      id: `leaving/reader/leaves-in-the-middle/${printer}`,
      limitMs: 25_000,
      run: () =>
        printed(
          `leaving/reader/leaves-in-the-middle/${printer}`,
          args,
          {running: (child) => void child.stdout!.once('data', () => child.stdout!.destroy())},
          {withinMs: START_MS, codes: [code, 3]},
        ),
    },
    {
      id: `leaving/reader/is-slow/${printer}`,
      limitMs: 25_000,
      run: () => slowly(`leaving/reader/is-slow/${printer}`, args, code),
    },
    {
      id: `leaving/reader/fair/${printer}`,
      limitMs: 25_000,
      run: () => fairly(`leaving/reader/fair/${printer}`, args, code),
    },
  ]);
  return [...shells, ...readers];
}

/** What fits, or what nobody can know of, keeps its exit code; of a stream that is full 3 tells. */
function streamCodes(code: number, fits: boolean, either: boolean): number[] {
  if (either) return [code, 3];
  return fits ? [code] : [3];
}

async function printed(
  id: string,
  args: string[],
  options: OutsideOptions,
  wanted: Wanted,
  short = false,
): Promise<Failure[]> {
  return withFolder(async (folder) => {
    const seen = await outside(args, {...options, env: {TMPDIR: folder, NODE_V8_COVERAGE: ''}});
    const failures = judge(id, seen, wanted);
    if (!short || seen.code === 3) return failures;
    const out = readFileSync(join(folder, 'out'), 'utf8');
    // 512 bytes may be written: an answer that is longer was cut, and its exit code must say so.
    return out.length >= 512
      ? [...failures, {id, kind: 'wrong', seen: `the output was cut, and the exit code is ${seen.code}`}]
      : failures;
  });
}

/** Reads nothing for a while; all of it comes all the same. */
async function slowly(id: string, args: string[], code: number): Promise<Failure[]> {
  const whole = await outside(args);
  const seen = await outside(args, {
    running: (child) => {
      child.stdout!.pause();
      setTimeout(() => child.stdout!.resume(), 800).unref();
    },
  });
  const lost: Failure[] =
    seen.stdout === whole.stdout
      ? []
      : [{id, kind: 'lost', seen: `${seen.stdout.length} of ${whole.stdout.length} characters came`}];
  return [...judge(id, seen, {withinMs: START_MS + 800, codes: [code]}), ...lost];
}

/** Nothing is wrong: the process ends with its last line. */
async function fairly(id: string, args: string[], code: number): Promise<Failure[]> {
  const seen = await outside(args);
  return [...judge(id, seen, {withinMs: START_MS, codes: [code]}), ...lateAfterLast(id, seen)];
}
