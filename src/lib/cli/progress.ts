/** Shows what is being done on stderr while it lasts, where somebody looks; ora is loaded only then (it costs 70 ms). `tell` changes the text. */
export async function withProgress<T>(text: string, work: (tell: (text: string) => void) => Promise<T>): Promise<T> {
  if (!process.stderr.isTTY || process.env['TERM'] === 'dumb') return work(() => undefined);
  const {default: ora} = await import('ora');
  const spinner = ora({text, stream: process.stderr}).start();
  try {
    return await work((now) => (spinner.text = now));
  } finally {
    spinner.stop();
  }
}
