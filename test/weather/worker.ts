import {takenMemory, type Case} from './case.ts';
import {allCases} from './groups.ts';
import {catchStreams} from './inside.ts';
import {Skipped} from './skipped.ts';
import type {Failure} from './outcome.ts';

// A process that tries cases by their id, one after the other, as its parent asks.

export interface Asked {
  id: string;
}

export interface Told {
  id: string;
  ms: number;
  failures: Failure[];
  /** In MiB, of processes that were measured. */
  memoryMb: number;
  skipped?: string;
}

const cases = new Map<string, Case>(allCases().map((one) => [one.id, one]));
catchStreams();
process.on('message', ({id}: Asked) => void attempt(id));
// Nobody asks any more, in the middle of what may never end.
process.on('disconnect', () => void process.kill(process.pid, 'SIGKILL'));
process.send!({ready: true});

async function attempt(id: string): Promise<void> {
  const started = performance.now();
  const tell = (more: Pick<Told, 'failures' | 'skipped'>): void =>
    void process.send!({id, ms: performance.now() - started, memoryMb: takenMemory(), ...more} satisfies Told);
  try {
    tell({failures: await cases.get(id)!.run()});
  } catch (error) {
    if (error instanceof Skipped) tell({failures: [], skipped: error.message});
    else
      tell({
        failures: [{id, kind: 'crashed', seen: `the harness: ${error instanceof Error ? error.stack : String(error)}`}],
      });
  }
}
