import {execute} from '@oclif/core';

/** Runs the command line of the process; `root` is the folder of package.json. Exit codes are set, not thrown. */
export async function main(root: string): Promise<void> {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    // A reader that left (`| head -1`) has seen what it wanted.
    if (error.code !== 'EPIPE') throw error;
  });
  await execute({dir: root});
}
