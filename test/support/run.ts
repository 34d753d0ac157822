import {spawn} from 'node:child_process';

export interface Ran {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Runs the built command line as a user would, without the tester's own kubeconfig and colours. */
export function run(args: string[], env: NodeJS.ProcessEnv = {}): Promise<Ran> {
  return new Promise((done, fail) => {
    const child = spawn(process.execPath, ['bin/run.js', ...args], {
      env: {PATH: process.env['PATH'], HOME: '/nonexistent', LANG: 'C.UTF-8', ...env},
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.on('error', fail).on('close', (code) => done({code, stdout, stderr}));
  });
}
