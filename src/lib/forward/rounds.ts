import type {Side} from '../checks/reading.ts';
import type {Rounds} from '../model/forward.ts';

/** What several answers to one request say together: how many failed, how often that turned, and how long they took. */
export function roundsOf(sides: Side[]): Rounds {
  const times = sides.map(timeOf);
  const sorted = times.filter((ms) => ms !== null).sort((a, b) => a - b);
  return {
    count: sides.length,
    failed: sides.filter(({ok}) => !ok).length,
    turns: sides.filter(({ok}, index) => index > 0 && sides[index - 1]!.ok !== ok).length,
    ...(sorted.length > 0 ? {min: sorted[0]!, median: median(sorted), max: sorted.at(-1)!} : {}),
    times,
  };
}

/** Milliseconds until the answer; null where none came. */
function timeOf({answer}: Side): number | null {
  return answer.kind === 'response' || answer.kind === 'grpc' || answer.kind === 'open' ? answer.ms : null;
}

function median(sorted: number[]): number {
  const middle = sorted.length >> 1;
  const value = sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
  return Math.round(value * 10) / 10;
}
