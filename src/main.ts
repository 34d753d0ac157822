import {execute} from '@oclif/core';
import {EXIT} from './lib/cli/exit.ts';
import {faultText} from './lib/cli/fault.ts';
import {brokenText, ownOutput, writeAll, type Broken} from './lib/cli/output.ts';

/**
 * Runs the command line of the process; `root` is the folder of package.json. When the command is done the process ends,
 * whatever timer, socket or child is left; what could not be written makes the exit code 3.
 */
export async function main(root: string): Promise<void> {
  const lost: Broken[] = [];
  ownOutput((how) => {
    lost.push(how);
    process.emit('SIGINT'); // Nobody reads: what is still open is ended, as by Ctrl-C.
  });
  process.removeAllListeners('warning'); // Node's advice about itself is not for those who ask about a mesh.
  process.on('SIGXFSZ', () => undefined); // Then the write itself fails, and is told.
  process.on('uncaughtException', (error) => {
    process.stderr.write(faultText(error, false));
    process.exit(EXIT.unreadable);
  });
  process.on('exit', () => {
    if (lost.length > 0) process.exitCode = EXIT.unreadable;
    sayLost(lost);
  });
  await run(root);
  process.exit();
}

/** Runs the command line and sets the exit code, but ends nothing. */
export async function run(root: string): Promise<void> {
  await execute({dir: root});
}

/** On stderr, unless that is what broke. */
function sayLost(lost: Broken[]): void {
  if (lost.length === 0 || lost.some(({stream}) => stream === 'stderr')) return;
  try {
    writeAll(2, Buffer.from(brokenText(lost[0]!)));
  } catch {
    return; // Nobody is left to tell; the exit code does.
  }
}
