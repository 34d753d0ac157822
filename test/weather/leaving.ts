import type {ChildProcess} from 'node:child_process';
import {chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {hangUp, silence, status, type Answer} from '../support/api-server.ts';
import {kubeconfigText, type Parts} from '../support/connection.ts';
import {weatherServer, type Route, type Weather, type WeatherServer} from './api.ts';
import type {Case} from './case.ts';
import {withFolder} from './commands.ts';
import {TOKEN, world} from './http.ts';
import {invalid, judge, type Failure, type Wanted} from './outcome.ts';
import {outside, type OutsideOptions, type Process} from './outside.ts';
import {chance} from './random.ts';
import {NAMESPACE, workloadsOf} from './world.ts';

// Each run here is a process of its own: how one is told to leave, and how it leaves.

/** From a signal to the end; what is beyond the promised 200 ms is the busy machine's. */
const AFTER_SIGNAL_MS = 1000;
/** From the last byte to the end; the promise is 100 ms. */
const AFTER_LAST_MS = 400;
/** Starting a process costs this much where many run at once. */
const START_MS = 3000;
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
const CODES: Record<(typeof SIGNALS)[number], number> = {SIGINT: 130, SIGTERM: 143, SIGHUP: 129};

type Args = (folder: string) => string[];

const COMMANDS: Record<string, Args> = {
  verify: () => ['verify', '-n', NAMESPACE, '--show', 'all'],
  'verify-json': () => ['verify', '-n', NAMESPACE, '-o', 'json'],
  events: () => ['events', '-n', NAMESPACE],
  watch: () => ['events', '-n', NAMESPACE, '--watch'],
  forward: () => ['forward', '-n', NAMESPACE, 'deploy/app-503'],
  count: () => ['forward', '-n', NAMESPACE, 'deploy/app-503', '--count', '50', '--interval', '50ms'],
  keep: () => ['forward', '-n', NAMESPACE, 'deploy/app-503', '--keep', '--local-port', '0:15902'],
  'snapshot-folder': (folder) => ['snapshot', '-n', NAMESPACE, '--to', join(folder, 'case')],
  'snapshot-file': (folder) => ['snapshot', '-n', NAMESPACE, '--to', join(folder, 'case.tgz')],
};

/** What the server does meanwhile. */
const SKIES: Record<string, Weather | undefined> = {
  fair: undefined,
  'silent-version': sky('version', silence),
  'silent-pods': sky('pods', silence),
  'silent-events': sky('events', silence),
  'silent-log': sky('log', silence),
  'silent-tunnels': {...sky('portforward', silence), tunnel: () => undefined},
  'busy-pods': sky('pods', status(429, 'slow down', {'retry-after': '30'})),
  'ending-events': sky('events', hangUp),
};

function sky(route: Route, answer: Answer): Weather {
  return {route, spoil: () => answer};
}

interface Run {
  folder: string;
  server: WeatherServer;
}

/** One process against a server, with the folder it may write to. */
async function withServer<T>(weather: Weather | undefined, work: (run: Run) => Promise<T>): Promise<T> {
  return withFolder(async (folder) => {
    mkdirSync(join(folder, 'tmp'));
    const server = await weatherServer(world('ill'), weather);
    try {
      return await work({folder, server});
    } finally {
      await server.close();
    }
  });
}

function start(args: string[], {folder, server}: Run, options: OutsideOptions = {}, parts: Parts = {user: {token: TOKEN}}): Promise<Process> {
  writeFileSync(join(folder, 'config'), kubeconfigText(server.url, parts));
  return outside([...args, '--kubeconfig', join(folder, 'config')], {...options, env: {TMPDIR: join(folder, 'tmp'), ...options.env}});
}

function signalCases(): Case[] {
  const random = chance(20_261_128);
  const delays = Array.from({length: 7}, () => random.below(1500));
  return Object.entries(COMMANDS).flatMap(([command, args]) =>
    Object.entries(SKIES).flatMap(([name, weather], at) => SIGNALS.filter((signal) => signal === 'SIGINT' || at % 3 === 0).flatMap((signal) => delays.filter((_, nth) => signal === 'SIGINT' || nth < 2).map((delay): Case => {
      const id = `leaving/signal/${command}/${name}/${signal}-${delay}`;
      return {id, limitMs: 25_000, run: () => withServer(weather, (run) => signalled(id, args(run.folder), run, signal, delay))};
    }))),
  );
}

/** Sends the signal after a while; the end must follow at once, with nothing half written. */
async function signalled(id: string, args: string[], run: Run, signal: (typeof SIGNALS)[number], delayMs: number): Promise<Failure[]> {
  let sentAt: number | undefined;
  let begun = false;
  const started = performance.now();
  const seen = await start(args, run, {
    running: (child) => {
      const timer = setTimeout(() => {
        begun = run.server.asked.length > 0;
        if (child.exitCode === null && child.kill(signal)) sentAt = performance.now();
      }, delayMs);
      child.on('exit', () => clearTimeout(timer));
    },
  });
  const own = seen.killedBy === signal && (signal !== 'SIGINT' || !begun);
  const judged = own ? {...seen, killedBy: null, code: CODES[signal]} : seen;
  const ms = sentAt === undefined ? 0 : started + seen.ms - sentAt;
  return [...judge(id, {...judged, ms}, {withinMs: AFTER_SIGNAL_MS, codes: [0, 1, 3, 4, 130, CODES[signal]]}), ...halfWritten(id, run.folder, seen), ...noPartialDocument(id, args, seen)];
}

/** A snapshot is whole or not there, and nothing is left where things are packed. */
function halfWritten(id: string, folder: string, {code, killedBy}: Process): Failure[] {
  const left = [...readdirSync(join(folder, 'tmp')).map((name) => `tmp/${name}`), ...readdirSync(folder).filter((name) => !['tmp', 'config', 'case', 'case.tgz'].includes(name))];
  const failures: Failure[] = left.length > 0 && killedBy === null ? [{id, kind: 'wrong', seen: `left behind: ${left.join(', ')}`}] : [];
  const answers = join(folder, 'case/answers.json');
  const partial = (existsSync(join(folder, 'case')) && !existsSync(answers)) || (existsSync(answers) && !isJson(readFileSync(answers, 'utf8'))) || (existsSync(join(folder, 'case.tgz')) && statSync(join(folder, 'case.tgz')).size === 0);
  return partial && code !== 0 ? [...failures, {id, kind: 'wrong', seen: 'half a snapshot was left'}] : failures;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false; // That is the answer.
  }
}

function noPartialDocument(id: string, args: string[], {stdout}: Process): Failure[] {
  const why = args.includes('json') && stdout !== '' ? invalid(stdout, 'verify') : undefined;
  return why === undefined ? [] : [{id, kind: 'wrong', seen: why}];
}

/** Ctrl-C once the lists are read: what is known is printed. */
function knownCases(): Case[] {
  const rows: [name: string, args: Args, waits: Route, holds: string[]][] = [
    ['verify', COMMANDS['verify']!, 'portforward', workloadsOf('ill')],
    ['verify-json', COMMANDS['verify-json']!, 'portforward', ['"name": "app-503"']],
    ['verify-events', COMMANDS['verify']!, 'events', []],
    ['events', COMMANDS['events']!, 'log', ['deploy/app-503']],
    ['count', COMMANDS['count']!, 'portforward', []],
  ];
  return rows.map(([name, args, waits, holds]): Case => {
    const id = `leaving/known/${name}`;
    return {
      id,
      limitMs: 25_000,
      run: () =>
        withServer(SKIES[waits === 'portforward' ? 'silent-tunnels' : `silent-${waits}`], async (run) => {
          let sentAt = 0;
          const started = performance.now();
          const struck = async (child: ChildProcess): Promise<void> => {
            while (run.server.struck() === 0 && child.exitCode === null) await new Promise((next) => setTimeout(next, 10));
            await new Promise((next) => setTimeout(next, 100));
            sentAt = performance.now();
            child.kill('SIGINT');
          };
          const seen = await start(args(run.folder), run, {running: (child) => void struck(child)});
          return judge(id, {...seen, ms: started + seen.ms - sentAt}, {withinMs: AFTER_SIGNAL_MS, codes: [130], holds, ...(name === 'verify-json' ? {json: 'verify' as const} : {})});
        }),
    };
  });
}

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

/** Where the streams lead, as a shell says it; `hidden` where Node opens something else in their place, and nobody can know. */
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

function streamCases(): Case[] {
  const shells = Object.entries(PRINTERS).flatMap(([printer, {args, code}]) =>
    Object.entries(STREAMS).map(([name, {shell, stdout, hidden}]): Case => {
      const id = `leaving/streams/${name}/${printer}`;
      // Little fits into what is left of a disk; what is said on stderr needs no stdout.
      const fits = stdout || code === 2 || code === 3 || (name === 'stdout-short' && printer === 'version');
      return {id, limitMs: 25_000, run: () => printed(id, args, {shell}, {withinMs: START_MS, codes: streamCodes(code, fits, hidden === true || name === 'stdout-short' || name.startsWith('stderr'))}, name === 'stdout-short')};
    }),
  );
  const readers = Object.entries(PRINTERS).flatMap(([printer, {args, code}]): Case[] => [
    {id: `leaving/reader/leaves/${printer}`, limitMs: 25_000, run: () => printed(`leaving/reader/leaves/${printer}`, args, {running: (child) => void child.stdout!.destroy()}, {withinMs: START_MS, codes: [code]})},
    {id: `leaving/reader/leaves-in-the-middle/${printer}`, limitMs: 25_000, run: () => printed(`leaving/reader/leaves-in-the-middle/${printer}`, args, {running: (child) => void child.stdout!.once('data', () => child.stdout!.destroy())}, {withinMs: START_MS, codes: [code]})},
    {id: `leaving/reader/is-slow/${printer}`, limitMs: 25_000, run: () => slowly(`leaving/reader/is-slow/${printer}`, args, code)},
    {id: `leaving/reader/fair/${printer}`, limitMs: 25_000, run: () => fairly(`leaving/reader/fair/${printer}`, args, code)},
  ]);
  return [...shells, ...readers];
}

/** What fits, or what nobody can know of, keeps its exit code; of a stream that is full 3 tells. */
function streamCodes(code: number, fits: boolean, either: boolean): number[] {
  if (either) return [code, 3];
  return fits ? [code] : [3];
}

async function printed(id: string, args: string[], options: OutsideOptions, wanted: Wanted, short = false): Promise<Failure[]> {
  return withFolder(async (folder) => {
    const seen = await outside(args, {...options, env: {TMPDIR: folder, NODE_V8_COVERAGE: ''}});
    const failures = judge(id, seen, wanted);
    if (!short || seen.code === 3) return failures;
    const out = readFileSync(join(folder, 'out'), 'utf8');
    // 512 bytes may be written: an answer that is longer was cut, and its exit code must say so.
    return out.length >= 512 ? [...failures, {id, kind: 'wrong', seen: `the output was cut, and the exit code is ${seen.code}`}] : failures;
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
  const lost: Failure[] = seen.stdout === whole.stdout ? [] : [{id, kind: 'lost', seen: `${seen.stdout.length} of ${whole.stdout.length} characters came`}];
  return [...judge(id, seen, {withinMs: START_MS + 800, codes: [code]}), ...lost];
}

/** Nothing is wrong: the process ends with its last line. */
async function fairly(id: string, args: string[], code: number): Promise<Failure[]> {
  const seen = await outside(args);
  return [...judge(id, seen, {withinMs: START_MS, codes: [code]}), ...lateAfterLast(id, seen)];
}

function lateAfterLast(id: string, {afterLastMs, endless}: Process): Failure[] {
  return !endless && afterLastMs > AFTER_LAST_MS ? [{id, kind: 'hung', seen: `${Math.round(afterLastMs)} ms from the last line to the end`}] : [];
}

/** The end of a process that talked to a server, in each kind of weather. */
function endCases(): Case[] {
  return Object.entries(COMMANDS).filter(([command]) => command !== 'watch' && command !== 'keep').flatMap(([command, args]) =>
    Object.keys(SKIES).map((name): Case => {
      const id = `leaving/end/${command}/${name}`;
      return {
        id,
        limitMs: 25_000,
        run: () =>
          withServer(SKIES[name], async (run) => {
            const seen = await start([...args(run.folder), '--request-timeout', '1s'], run);
            return [...judge(id, seen, {withinMs: 1000 + 3000 + START_MS + (command === 'count' ? 3000 : 0)}), ...lateAfterLast(id, seen), ...halfWritten(id, run.folder, seen)];
          }),
      };
    }),
  );
}

const CREDENTIAL = '{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","status":{"token":"s3cr3t-MARK-18"}}';
interface Plugin {
  /** Its text; absent where there is no such program. */
  text?: string;
  mode?: number;
  codes: readonly number[];
  /** Ctrl-C comes after that time, in milliseconds. */
  interruptMs?: number;
  memoryMb?: number;
  /** Beside what any run may take. */
  moreMs?: number;
}

const PLUGINS: Record<string, Plugin> = {
  good: {text: `#!/bin/sh\necho '${CREDENTIAL}'\n`, codes: [1]},
  missing: {codes: [3]},
  'not-executable': {text: '#!/bin/sh\n', mode: 0o644, codes: [3]},
  'no-interpreter': {text: '#!/nonexistent/interpreter\n', codes: [3]},
  'no-program': {text: '\u0000\u0001\u0002', codes: [3]},
  empty: {text: '', codes: [3]},
  'exits-1': {text: '#!/bin/sh\necho oh no >&2\nexit 1\n', codes: [3]},
  'exits-255': {text: '#!/bin/sh\nexit 255\n', codes: [3]},
  silent: {text: '#!/bin/sh\n', codes: [3]},
  garbage: {text: '#!/bin/sh\necho garbage\n', codes: [3]},
  escapes: {text: "#!/bin/sh\nprintf '\\033]0;owned\\007\\033[2J'\n", codes: [3]},
  null: {text: '#!/bin/sh\necho null\n', codes: [3]},
  number: {text: '#!/bin/sh\necho 42\n', codes: [3]},
  list: {text: "#!/bin/sh\necho '[]'\n", codes: [3]},
  'status-null': {text: `#!/bin/sh\necho '{"status":null}'\n`, codes: [3]},
  'status-text': {text: `#!/bin/sh\necho '{"status":"x"}'\n`, codes: [3]},
  'token-number': {text: `#!/bin/sh\necho '{"status":{"token":5}}'\n`, codes: [3]},
  'token-lines': {text: `#!/bin/sh\necho '{"status":{"token":"a\\nb: c"}}'\n`, codes: [1, 3]},
  'token-odd': {text: `#!/bin/sh\necho '{"status":{"token":"\\ud800\\u0000é"}}'\n`, codes: [1, 3]},
  'token-long': {text: `#!/bin/sh\nprintf '{"status":{"token":"'\nhead -c 2000000 /dev/zero | tr '\\0' x\nprintf '"}}'\n`, codes: [1, 3], moreMs: 10_000},
  'certificate-garbage': {text: `#!/bin/sh\necho '{"status":{"clientCertificateData":"x","clientKeyData":"y"}}'\n`, codes: [1, 3]},
  '200-mb': {text: '#!/bin/sh\nhead -c 200000000 /dev/zero\n', codes: [3], memoryMb: 300},
  '200-mb-of-stderr': {text: `#!/bin/sh\nhead -c 200000000 /dev/zero >&2\necho '${CREDENTIAL}'\n`, codes: [1, 3], memoryMb: 300},
  endless: {text: '#!/bin/sh\nexec yes\n', codes: [3, 130], interruptMs: 2500, memoryMb: 300},
  'never-ends': {text: '#!/bin/sh\nexec sleep 15\n', codes: [130], interruptMs: 1200},
  'never-ends-stubborn': {text: "#!/bin/sh\ntrap '' TERM INT HUP\nfor one in 1 2 3 4 5 6 7 8 9 10; do sleep 1; done\n", codes: [130], interruptMs: 1200},
  'ended-by-term': {text: '#!/bin/sh\nkill -TERM $$\n', codes: [3]},
  'ended-by-kill': {text: '#!/bin/sh\nkill -KILL $$\n', codes: [3]},
  'ended-by-segv': {text: '#!/bin/sh\nkill -SEGV $$\n', codes: [3]},
  'leaves-a-child': {text: `#!/bin/sh\nsleep 8 &\necho '${CREDENTIAL}'\n`, codes: [1, 3]},
  'leaves-a-child-and-fails': {text: '#!/bin/sh\nsleep 8 &\nexit 1\n', codes: [3]},
  'reads-stdin': {text: `#!/bin/sh\nread line\necho '${CREDENTIAL}'\n`, codes: [1, 3]},
};

function pluginCases(): Case[] {
  return Object.entries(PLUGINS).flatMap(([name, plugin]) =>
    ['verify', 'events'].map((command): Case => {
      const id = `leaving/plugin/${name}/${command}`;
      return {id, limitMs: 30_000, run: () => withServer(undefined, (run) => pluginRun(id, command, plugin, run))};
    }),
  );
}

async function pluginRun(id: string, command: string, {text, mode = 0o755, codes, interruptMs, memoryMb, moreMs = 0}: Plugin, run: Run): Promise<Failure[]> {
  const plugin = join(run.folder, 'tmp', 'plugin');
  if (text !== undefined) {
    writeFileSync(plugin, text);
    chmodSync(plugin, mode);
  }
  const exec = {apiVersion: 'client.authentication.k8s.io/v1', command: plugin, installHint: 'install it', interactiveMode: 'Never', env: [{name: 'SECRET', value: 's3cr3t-MARK-19'}]};
  const seen = await start(COMMANDS[command]!(run.folder), run, {
    limitMs: 12_000 + moreMs,
    running: (child) => {
      if (interruptMs === undefined) return;
      const timer = setTimeout(() => child.kill('SIGINT'), interruptMs);
      child.on('exit', () => clearTimeout(timer));
    },
  }, {user: {exec}});
  const wanted = command === 'events' ? codes.map((one) => (one === 1 ? 0 : one)) : codes;
  const failures = judge(id, seen, {withinMs: (interruptMs ?? START_MS) + AFTER_SIGNAL_MS + 500 + moreMs, codes: wanted, foreignStderr: true, secrets: ['s3cr3t-MARK']});
  const fat: Failure[] = memoryMb !== undefined && seen.memoryMb > memoryMb ? [{id, kind: 'hung', seen: `${Math.round(seen.memoryMb)} MiB, at most ${memoryMb}`}] : [];
  return [...failures, ...fat];
}

export function leavingCases(): Case[] {
  return [...signalCases(), ...knownCases(), ...streamCases(), ...endCases(), ...pluginCases()];
}
