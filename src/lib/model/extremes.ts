// Math.max and Math.min take their numbers as arguments, of which there may be some hundred thousand and no more.

/** The highest of the numbers and `least`, which is the answer where there are none. */
export function highest(numbers: Iterable<number>, least = -Infinity): number {
  let found = least;
  for (const one of numbers) if (one > found) found = one;
  return found;
}

/** The lowest of the numbers and `most`, which is the answer where there are none. */
export function lowest(numbers: Iterable<number>, most = Infinity): number {
  let found = most;
  for (const one of numbers) if (one < found) found = one;
  return found;
}
