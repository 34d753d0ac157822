import {fork, type ChildProcess} from 'node:child_process';
import {join} from 'node:path';
import type {Case} from './case.ts';
import type {Tried} from './totals.ts';
import type {Told} from './worker.ts';

export interface PoolOptions {
  workers: number;
  /** Every bound of time is so many times as long, where other things run at once. */
  patience?: number;
  told?: (tried: Tried, done: number) => void;
  /** Ends it after the cases that are going on. */
  signal?: AbortSignal;
}

/** A worker is started anew after so many cases: what one leaves behind must not slow down the next for ever. */
const CASES_OF_A_WORKER = 400;

/** Tries all cases in several processes; one that does not answer in time has hung, and its process is killed. */
export async function tryAll(cases: Case[], {workers, patience = 1, told, signal}: PoolOptions): Promise<Tried[]> {
  const waiting = [...cases];
  const tried = new Map<string, Tried>();
  const work = async (): Promise<void> => {
    let worker: ChildProcess | undefined;
    let used = 0;
    for (let one = waiting.shift(); one && !signal?.aborted; one = waiting.shift()) {
      if (worker && (used >= CASES_OF_A_WORKER || !worker.connected)) {
        worker.kill('SIGKILL');
        worker = undefined;
      }
      if (!worker) {
        worker = await started(patience);
        used = 0;
      }
      used++;
      const result = await ask(worker, {...one, limitMs: one.limitMs * patience});
      if (!worker.connected || worker.killed) worker = undefined;
      tried.set(one.id, result);
      told?.(result, tried.size);
    }
    worker?.kill('SIGKILL');
  };
  await Promise.all(Array.from({length: Math.min(workers, cases.length)}, work));
  return cases.flatMap(({id}) => tried.get(id) ?? []);
}

/** A worker that is ready; without the coverage of the tests that started it, which would cost more than the work. */
function started(patience: number): Promise<ChildProcess> {
  return new Promise((done, fail) => {
    const worker = fork(join(import.meta.dirname, 'worker.ts'), {
      execArgv: ['--import', 'tsx', '--max-old-space-size=1024'],
      env: {
        PATH: process.env['PATH'],
        HOME: process.env['HOME'],
        TMPDIR: process.env['TMPDIR'] ?? '/tmp',
        NODE_V8_COVERAGE: '',
        WEATHER_PATIENCE: String(patience),
      },
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    worker.once('message', () => done(worker)).once('error', fail);
  });
}

/** One case; a worker that ends or does not answer says that too. */
function ask(worker: ChildProcess, {id, limitMs}: Case): Promise<Tried> {
  return new Promise((done) => {
    const since = performance.now();
    const end = (result: Tried): void => {
      clearTimeout(limit);
      worker.off('message', heard).off('exit', ended);
      done(result);
    };
    const heard = (told: Told): void => {
      if (told.id === id) end(told);
    };
    const ended = (code: number | null, signal: NodeJS.Signals | null): void =>
      end({
        id,
        ms: performance.now() - since,
        failures: [{id, kind: 'crashed', seen: `the process ended with ${signal ?? code}`}],
      });
    const limit = setTimeout(() => {
      worker.off('exit', ended).kill('SIGKILL');
      end({id, ms: limitMs, failures: [{id, kind: 'hung', seen: `no end within ${limitMs} ms`}]});
    }, limitMs);
    worker.on('message', heard).on('exit', ended).send({id});
  });
}
