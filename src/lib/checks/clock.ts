/** The time of day in UTC, as reports have it: `12:04:30Z`. `at` is in milliseconds since 1970. */
export function clock(at: number): string {
  return `${new Date(at).toISOString().slice(11, 19)}Z`;
}
