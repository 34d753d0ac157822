import type {ClusterEvent} from '../../model/event.ts';
import type {Times} from '../../model/events-report.ts';
import {highest, lowest} from '../../model/extremes.ts';

/** Of several events about one thing: all their counts. Undefined without events. */
export function timesOf(events: ClusterEvent[], atLeast: boolean): Times | undefined {
  if (events.length === 0) return undefined;
  return {count: events.reduce((sum, {count}) => sum + count, 0), atLeast, first: lowest(events.map(({first}) => first)), last: highest(events.map(({last}) => last))};
}

/** Of two that are told as one; of which only one is known, that one's. */
export function together(a: Times | undefined, b: Times | undefined): Times | undefined {
  if (!a || !b) return a ?? b;
  return {count: a.count + b.count, atLeast: a.atLeast || b.atLeast, first: Math.min(a.first, b.first), last: Math.max(a.last, b.last)};
}
