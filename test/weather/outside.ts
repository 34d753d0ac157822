import {spawn, type ChildProcess, type SpawnOptions} from 'node:child_process';
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {noteMemory} from './case.ts';
import {ROOT} from './inside.ts';
import type {Seen} from './outcome.ts';

/** What a process of its own did, beside what it printed. */
export interface Process extends Seen {
  /** From the last byte of output to the end. */
  afterLastMs: number;
  /** The most memory that it held, in MiB; 0 where the machine does not tell. */
  memoryMb: number;
}

export interface OutsideOptions {
  env?: Record<string, string>;
  /** Killed, and hung, after that time. */
  limitMs?: number;
  /** The command line in a shell's words, `$@` for it: `exec "$@" >/dev/full`. */
  shell?: string;
  /** Is given the process as soon as it runs. */
  running?: (child: ChildProcess, printed: () => string) => void;
  /** Nobody keeps more of a stream than that, in bytes. */
  keepBytes?: number;
}

/** Runs the built command line as a user does. */
export async function outside(args: string[], options: OutsideOptions = {}): Promise<Process> {
  return command([process.execPath, join(ROOT, 'bin/run.js'), ...args], options);
}

/** Runs any command line with the same care. */
export function command(
  argv: string[],
  {env = {}, limitMs = 15_000, shell, running, keepBytes = 4_000_000}: OutsideOptions = {},
): Promise<Process> {
  const how: SpawnOptions = {
    env: {PATH: process.env['PATH'] ?? '', HOME: '/nonexistent', LANG: 'C.UTF-8', NODE_V8_COVERAGE: '', ...env},
    stdio: ['ignore', 'pipe', 'pipe'],
    cwd: ROOT,
  };
  const child =
    shell === undefined ? spawn(argv[0]!, argv.slice(1), how) : spawn('/bin/sh', ['-c', shell, 'sh', ...argv], how);
  const started = performance.now();
  let last = started;
  let memoryMb = 0;
  const printed = {stdout: '', stderr: ''};
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream]!.setEncoding('utf8').on('data', (text: string) => {
      last = performance.now();
      if (printed[stream].length < keepBytes) printed[stream] += text;
    });
    child[stream]!.on('error', () => undefined);
  }
  running?.(child, () => printed.stdout + printed.stderr);
  const measuring = setInterval(() => (memoryMb = Math.max(memoryMb, memoryOf(child.pid))), 25);
  let hung = false;
  const limit = setTimeout(() => {
    hung = true;
    child.kill('SIGKILL');
    // What it started may hold its streams open.
    child.stdout!.destroy();
    child.stderr!.destroy();
  }, limitMs);
  return new Promise((done, fail) => {
    let exitedAt = 0;
    child.on('error', fail).on('exit', () => (exitedAt = performance.now()));
    child.on('close', (code, killedBy) => {
      clearInterval(measuring);
      clearTimeout(limit);
      noteMemory(memoryMb);
      const ms = hung ? limitMs : exitedAt - started;
      done({
        code,
        killedBy,
        ...(hung ? {endless: true} : {}),
        ...printed,
        ms,
        afterLastMs: Math.max(0, exitedAt - last),
        memoryMb,
      });
    });
  });
}

/** The most that a process held so far; of a shell's child too, where the shell runs it in its place. */
function memoryOf(pid: number | undefined): number {
  try {
    return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024;
  } catch {
    return 0; // It has ended, or this machine has no such file.
  }
}
