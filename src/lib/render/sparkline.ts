import {highest} from '../model/extremes.ts';
const BARS = [...'▁▂▃▄▅▆▇█'];

/** Times as bars, as high as the limit at most; a request without an answer is an `×`. Milliseconds; at most 60 bars, the newest. */
export function sparkline(times: (number | null)[], limitMs: number): string {
  const shown = times.slice(-60);
  const top = highest(shown.map((ms) => Math.min(ms ?? 0, limitMs)), 1);
  return shown.map((ms) => (ms === null ? '×' : BARS[Math.min(BARS.length - 1, Math.floor((Math.min(ms, limitMs) / top) * (BARS.length - 1)))])).join('');
}
