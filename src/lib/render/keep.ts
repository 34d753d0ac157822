import type {KeepEvent, Line} from '../model/keep.ts';
import {highest} from '../model/extremes.ts';

/** What is said of an event: lines to paste, and notes that are none. */
export function keptText(event: KeepEvent): {lines: string; notes: string} {
  switch (event.event) {
    case 'ready':
      return {lines: `forwarding pod/${event.pod}${event.follows ? `, follows ${event.follows}` : ''} (Ctrl-C ends)\n${pasteable(event.curl)}`, notes: toSet(event.curl)};
    case 'moving':
      return {lines: '', notes: `pod/${event.from}: ${event.why}; waiting for the next one\n`};
    case 'moved':
      return {lines: `forwarding pod/${event.to}\n${pasteable(event.curl)}`, notes: `moved from pod/${event.from} to pod/${event.to}: the Host is another\n${toSet(event.curl)}`};
    case 'refused':
    case 'lost':
      return {lines: '', notes: `:${event.port} ${event.event}: ${event.text}\n`};
    case 'connection':
    case 'ended':
      return {lines: '', notes: ''};
  }
}

/** What to do before the lines are pasted, where something of them is not shown. */
function toSet(lines: Line[]): string {
  const names = [...new Set(lines.flatMap(({set = []}) => set))];
  return names.length === 0 ? '' : `set first, to what the probe sends (it is not shown): ${names.join(', ')}\n`;
}

function pasteable(lines: Line[]): string {
  const width = highest(lines.map((line) => line.for.length), 0);
  return lines.map((line) => `  ${line.for.padEnd(width)}  ${line.command}\n`).join('');
}
