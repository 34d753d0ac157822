/** Shows what is being done on stderr while it lasts, where somebody looks; ora is loaded only then (it costs 70 ms). */
export async function withProgress<T>(text: string, work: () => Promise<T>): Promise<T> {
  if (!process.stderr.isTTY || process.env['TERM'] === 'dumb') return work();
  const {default: ora} = await import('ora');
  const spinner = ora({text, stream: process.stderr}).start();
  try {
    return await work();
  } finally {
    spinner.stop();
  }
}
