/** Does the same for each, at most `atOnce` at a time. @throws the first that fails; the others go on */
export async function together<T>(all: Iterable<T>, work: (one: T) => Promise<void>, atOnce = 8): Promise<void> {
  const left = all[Symbol.iterator]();
  const worker = async () => {
    for (let next = left.next(); !next.done; next = left.next()) await work(next.value);
  };
  await Promise.all(Array.from({length: atOnce}, worker));
}
