/** Columns that a spinner and some words take. */
const LEAST_COLUMNS = 20;

/** Shows what is being done on stderr while it lasts, where somebody looks; ora is loaded only then (it costs 70 ms). `tell` changes the text. */
export async function withProgress<T>(text: string, utf8: boolean, work: (tell: (text: string) => void) => Promise<T>): Promise<T> {
  // A terminal without a size has no room for it, and its library would clear lines for ever.
  if (!process.stderr.isTTY || !(process.stderr.columns >= LEAST_COLUMNS) || process.env['TERM'] === 'dumb') return work(() => undefined);
  const {default: ora} = await import('ora');
  // The cursor stays, and stdin is left alone: else only a loop that turns could end the process by Ctrl-C.
  const spinner = ora({text, stream: process.stderr, hideCursor: false, discardStdin: false, spinner: utf8 ? 'dots' : 'line'}).start();
  try {
    return await work((now) => (spinner.text = now));
  } finally {
    spinner.stop();
  }
}
