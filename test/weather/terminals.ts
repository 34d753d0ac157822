import {spawnSync} from 'node:child_process';
import {writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {silence} from '../support/api-server.ts';
import {kubeconfigText} from '../support/connection.ts';
import {weatherServer, type Weather} from './api.ts';
import type {Case} from './case.ts';
import {withFolder} from './commands.ts';
import {world} from './http.ts';
import {ROOT} from './inside.ts';
import {judge, type Failure} from './outcome.ts';
import {command} from './outside.ts';
import {hashOf} from './random.ts';
import {Skipped} from './skipped.ts';
import {NAMESPACE} from './world.ts';

// A terminal may say anything of its size and of what it is.

const SCRIPT = join(import.meta.dirname, 'terminal.py');
const SIZES = ['0', 'none', '1', '2', '3', '5', '10', '20', '40', '80', '200', '1000', '10000', '65535'];
/** A spinner draws ten times a second; so much is a flood. */
const FLOOD_BYTES = 300_000;
const WITHIN_MS = 6000;
const AFTER_CTRL_C_MS = 1000;

const KINDS: Record<string, Record<string, string>> = {
  xterm: {TERM: 'xterm'},
  dumb: {TERM: 'dumb'},
  'no-term': {},
  'empty-term': {TERM: ''},
  'odd-term': {TERM: '\u001b[2J'},
  ci: {TERM: 'xterm', CI: 'true'},
  colours: {TERM: 'xterm-256color', FORCE_COLOR: '3'},
  'no-colours': {TERM: 'xterm', NO_COLOR: '1', FORCE_COLOR: '1'},
  'columns-0': {TERM: 'xterm', COLUMNS: '0', LINES: '0'},
  'columns-odd': {TERM: 'xterm', COLUMNS: '-5', LINES: 'x'},
};
const LOCALES: Record<string, string>[] = [{LANG: 'C.UTF-8'}, {LANG: 'C'}, {LANG: ''}, {LANG: 'C.UTF-8', LC_ALL: 'C'}];

interface Line {
  args: string[];
  codes: readonly number[];
  /** Asks a server, which does this. */
  live?: Weather | 'fair';
  /** Where there is room for it, the report holds it. */
  holds?: string[];
}

const DEMO = ['--from', 'test/fixtures/demo'];
const TUNNELS: Weather = {route: 'portforward', spoil: () => silence, tunnel: () => undefined};

const LINES: Record<string, Line> = {
  verify: {args: ['verify', ...DEMO], codes: [1], holds: ['OSMP401']},
  wide: {args: ['verify', ...DEMO, '-o', 'wide', '--show', 'all'], codes: [1], holds: ['OSMP401']},
  events: {args: ['events', ...DEMO, '--all'], codes: [0], holds: ['app-503']},
  forward: {
    args: ['forward', 'deploy/app-503', '-n', NAMESPACE, '--from', 'test/forward/demo'],
    codes: [1],
    holds: ['app-503'],
  },
  explain: {args: ['explain', 'OSMP101'], codes: [0], holds: ['OSMP101']},
  help: {args: ['verify', '--help'], codes: [0]},
  usage: {args: ['verify', '--nonsense'], codes: [2]},
  missing: {args: ['verify', '--from', '/nonexistent'], codes: [3]},
  live: {args: ['verify', '-n', NAMESPACE], codes: [1], live: 'fair', holds: ['OSMP401']},
  'live-slow': {
    args: ['verify', '-n', NAMESPACE, '--request-timeout', '1s'],
    codes: [1],
    live: {route: 'events', spoil: () => silence},
  },
  'live-forward': {
    args: ['forward', '-n', NAMESPACE, 'deploy/app-503', '--count', '3', '--interval', '100ms'],
    codes: [1],
    live: 'fair',
  },
};

const INTERRUPTED: Record<string, Line> = {
  watch: {args: ['events', '-n', NAMESPACE, '--watch'], codes: [0, 130], live: 'fair'},
  count: {
    args: ['forward', '-n', NAMESPACE, 'deploy/app-503', '--count', '500', '--interval', '100ms'],
    codes: [130],
    live: 'fair',
  },
  keep: {
    args: ['forward', '-n', NAMESPACE, 'deploy/app-503', '--keep', '--local-port', '0:15902'],
    codes: [0, 130],
    live: 'fair',
  },
  tunnels: {args: ['verify', '-n', NAMESPACE], codes: [130], live: TUNNELS},
  lists: {args: ['verify', '-n', NAMESPACE], codes: [130], live: {route: 'pods', spoil: () => silence}},
};

/** All sizes on an xterm, the other terminals at some of them; locales in turn. */
export function terminalCases(): Case[] {
  const kinds = Object.entries(KINDS);
  const all = kinds.flatMap(([kind, env], nth) =>
    SIZES.filter((_, at) => nth === 0 || (at + nth) % 3 === 0).flatMap((size) =>
      Object.entries(LINES).map(([name, line]) =>
        terminalCase(`terminals/${name}/${kind}/${size}`, size, env, line, 'never'),
      ),
    ),
  );
  const interrupted = Object.entries(INTERRUPTED).flatMap(([name, line]) =>
    ['0', 'none', '1', '80', '10000'].map((size) =>
      terminalCase(`terminals/ctrl-c-${name}/xterm/${size}`, size, KINDS['xterm']!, line, '2000'),
    ),
  );
  return [...all, ...interrupted];
}

let python: boolean | undefined;

function terminalCase(id: string, size: string, env: Record<string, string>, line: Line, interrupt: string): Case {
  return {
    id,
    limitMs: 30_000,
    run: async () => {
      python ??= spawnSync('python3', ['-c', 'import pty']).status === 0;
      if (!python) throw new Skipped('there is no python3 with a pty module');
      return withFolder((folder) =>
        onTerminal(id, size, {...LOCALES[hashOf(id) % LOCALES.length], ...env}, line, interrupt, folder),
      );
    },
  };
}

async function onTerminal(
  id: string,
  size: string,
  env: Record<string, string>,
  {args, codes, live, holds = []}: Line,
  interrupt: string,
  folder: string,
): Promise<Failure[]> {
  const server = live === undefined ? undefined : await weatherServer(world('ill'), live === 'fair' ? undefined : live);
  if (server) writeFileSync(join(folder, 'config'), kubeconfigText(server.url));
  try {
    const more = server ? ['--kubeconfig', join(folder, 'config')] : [];
    const seen = await command(
      ['python3', SCRIPT, size, interrupt, process.execPath, join(ROOT, 'bin/run.js'), ...args, ...more],
      {env, limitMs: 20_000},
    );
    const leavingMs = Number(seen.stderr.trim());
    const ms = interrupt === 'never' ? seen.ms : leavingMs;
    if (seen.stderr.includes('Traceback')) throw new Error(seen.stderr);
    const hung = seen.code === 125;
    const roomy = Number(size) >= 80;
    const bytes = Buffer.byteLength(seen.stdout);
    const failures = hung
      ? [{id, kind: 'hung' as const, seen: `no end; ${bytes} bytes were written`}]
      : judge(
          id,
          {...seen, stderr: '', ms},
          {
            withinMs: interrupt === 'never' ? WITHIN_MS : AFTER_CTRL_C_MS,
            codes,
            terminal: true,
            holds: roomy ? holds : [],
          },
        );
    if (!hung && bytes > FLOOD_BYTES) failures.push({id, kind: 'wrong', seen: `${bytes} bytes were written`});
    if (seen.stdout.includes('\u001b]')) failures.push({id, kind: 'wrong', seen: 'it sets the title of the window'});
    return failures;
  } finally {
    await server?.close();
  }
}
