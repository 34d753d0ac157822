import {chmodSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import type {Case} from '../case.ts';
import {judge, type Failure} from '../outcome.ts';
import {AFTER_SIGNAL_MS, COMMANDS, start, START_MS, withServer, type Run} from './start.ts';

const CREDENTIAL =
  '{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","status":{"token":"s3cr3t-MARK-18"}}';
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
  'token-long': {
    text: `#!/bin/sh\nprintf '{"status":{"token":"'\nhead -c 2000000 /dev/zero | tr '\\0' x\nprintf '"}}'\n`,
    codes: [1, 3],
    moreMs: 10_000,
  },
  'certificate-garbage': {
    text: `#!/bin/sh\necho '{"status":{"clientCertificateData":"x","clientKeyData":"y"}}'\n`,
    codes: [1, 3],
  },
  '200-mb': {text: '#!/bin/sh\nhead -c 200000000 /dev/zero\n', codes: [3], memoryMb: 300},
  '200-mb-of-stderr': {
    text: `#!/bin/sh\nhead -c 200000000 /dev/zero >&2\necho '${CREDENTIAL}'\n`,
    codes: [1, 3],
    memoryMb: 300,
  },
  endless: {text: '#!/bin/sh\nexec yes\n', codes: [3, 130], interruptMs: 2500, memoryMb: 300},
  'never-ends': {text: '#!/bin/sh\nexec sleep 15\n', codes: [130], interruptMs: 1200},
  'never-ends-stubborn': {
    text: "#!/bin/sh\ntrap '' TERM INT HUP\nfor one in 1 2 3 4 5 6 7 8 9 10; do sleep 1; done\n",
    codes: [130],
    interruptMs: 1200,
  },
  'ended-by-term': {text: '#!/bin/sh\nkill -TERM $$\n', codes: [3]},
  'ended-by-kill': {text: '#!/bin/sh\nkill -KILL $$\n', codes: [3]},
  'ended-by-segv': {text: '#!/bin/sh\nkill -SEGV $$\n', codes: [3]},
  'leaves-a-child': {text: `#!/bin/sh\nsleep 8 &\necho '${CREDENTIAL}'\n`, codes: [1, 3]},
  'leaves-a-child-and-fails': {text: '#!/bin/sh\nsleep 8 &\nexit 1\n', codes: [3]},
  'reads-stdin': {text: `#!/bin/sh\nread line\necho '${CREDENTIAL}'\n`, codes: [1, 3]},
};

/** Credential plugins that are not there, fail, print anything, or do not end. */
export function pluginCases(): Case[] {
  return Object.entries(PLUGINS).flatMap(([name, plugin]) =>
    ['verify', 'events'].map((command): Case => {
      const id = `leaving/plugin/${name}/${command}`;
      return {id, limitMs: 30_000, run: () => withServer(undefined, (run) => pluginRun(id, command, plugin, run))};
    }),
  );
}

async function pluginRun(
  id: string,
  command: string,
  {text, mode = 0o755, codes, interruptMs, memoryMb, moreMs = 0}: Plugin,
  run: Run,
): Promise<Failure[]> {
  const plugin = join(run.folder, 'tmp', 'plugin');
  if (text !== undefined) {
    writeFileSync(plugin, text);
    chmodSync(plugin, mode);
  }
  const exec = {
    apiVersion: 'client.authentication.k8s.io/v1',
    command: plugin,
    installHint: 'install it',
    interactiveMode: 'Never',
    env: [{name: 'SECRET', value: 's3cr3t-MARK-19'}],
  };
  const seen = await start(
    COMMANDS[command]!(run.folder),
    run,
    {
      limitMs: 12_000 + moreMs,
      running: (child) => {
        if (interruptMs === undefined) return;
        const timer = setTimeout(() => child.kill('SIGINT'), interruptMs);
        child.on('exit', () => clearTimeout(timer));
      },
    },
    {user: {exec}},
  );
  const wanted = command === 'events' ? codes.map((one) => (one === 1 ? 0 : one)) : codes;
  const failures = judge(id, seen, {
    withinMs: (interruptMs ?? START_MS) + AFTER_SIGNAL_MS + 500 + moreMs,
    codes: wanted,
    foreignStderr: true,
    secrets: ['s3cr3t-MARK'],
  });
  const fat: Failure[] =
    memoryMb !== undefined && seen.memoryMb > memoryMb
      ? [{id, kind: 'hung', seen: `${Math.round(seen.memoryMb)} MiB, at most ${memoryMb}`}]
      : [];
  return [...failures, ...fat];
}
