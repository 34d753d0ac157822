import {spawn} from 'node:child_process';

export interface Ran {
  code: number | null;
  /** Set where the process was killed: it did not leave by itself. */
  killedBy: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

export interface Running {
  ended: Promise<Ran>;
  kill(signal: NodeJS.Signals): void;
  /** Nobody reads stdout any more, as after `head -1`. */
  closeStdoutAtOnce(): void;
}

/** Starts the built command line as a user would, without the tester's own kubeconfig and colours. */
export function start(args: string[], env: NodeJS.ProcessEnv = {}): Running {
  const child = spawn(process.execPath, ['bin/run.js', ...args], {
    env: {PATH: process.env['PATH'], HOME: '/nonexistent', LANG: 'C.UTF-8', ...env},
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  return {
    ended: new Promise((done, fail) => void child.on('error', fail).on('close', (code, killedBy) => done({code, killedBy, stdout, stderr}))),
    kill: (signal) => void child.kill(signal),
    closeStdoutAtOnce: () => void child.stdout.destroy(),
  };
}

export function run(args: string[], env: NodeJS.ProcessEnv = {}): Promise<Ran> {
  return start(args, env).ended;
}
