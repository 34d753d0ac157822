/** Does the same for each, at most `atOnce` at a time. @throws the first that fails; the others go on */
export async function together<T>(all: Iterable<T>, work: (one: T) => Promise<void>, atOnce = 8): Promise<void> {
  const left = all[Symbol.iterator]();
  const worker = async () => {
    for (let next = left.next(); !next.done; next = left.next()) await work(next.value);
  };
  await Promise.all(Array.from({length: atOnce}, worker));
}

/** How long is computed in one go, in milliseconds: as long as Ctrl-C may wait. */
const SLICE_MS = 50;

/** All of them, computed in slices, between which others have their turn: signals, timers, answers. */
export async function inSlices<T>(all: Iterable<T>): Promise<T[]> {
  const found: T[] = [];
  let since = performance.now();
  for (const one of all) {
    found.push(one);
    if (performance.now() - since < SLICE_MS) continue;
    await new Promise((done) => setImmediate(done));
    since = performance.now();
  }
  return found;
}
