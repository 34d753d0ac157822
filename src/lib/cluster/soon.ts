/** How long is waited for one thing before the next is asked for beside it, in milliseconds; a part of the time for one request, where that is short. */
const SOON_MS = 2000;
const PART = 1 / 8;

/**
 * What `pending` brings, if it comes soon; undefined where others should be asked for meanwhile. It goes on, and its
 * failure is the one who awaits it to its end, if there is one, to hear of.
 * @throws what `pending` rejects with, if it does so soon
 */
export async function soon<T>(pending: Promise<T>, timeoutMs: number): Promise<T | undefined> {
  pending.catch(() => undefined); // Whoever awaits it to its end hears of it.
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((done) => {
    timer = setTimeout(() => done(undefined), timeoutMs > 0 ? Math.min(SOON_MS, timeoutMs * PART) : SOON_MS);
  });
  try {
    return await Promise.race([pending, late]);
  } finally {
    clearTimeout(timer);
  }
}
