/** A small source of chance that gives the same numbers for the same seed (mulberry32). */
export interface Chance {
  /** From 0 up to, but not, 1. */
  next(): number;
  /** From 0 up to, but not, `count`. */
  below(count: number): number;
  pick<T>(of: readonly T[]): T;
}

export function chance(seed: number): Chance {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (count: number): number => Math.floor(next() * count);
  return {next, below, pick: (of) => of[below(of.length)]!};
}

/** A number that stays the same for a text, to choose a sample that does not change from run to run (FNV-1a). */
export function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(text)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash;
}
