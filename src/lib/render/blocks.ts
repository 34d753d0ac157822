import type {Report} from '../model/report.ts';
import type {Unseen} from '../model/unseen.ts';
import {chalkOf, paint, symbol, type Look} from './style.ts';
import {highest} from '../model/extremes.ts';

/** Lines under a heading: what each is, then what it says. A line that says nothing is left out. */
export function labelled(lines: [label: string, text: string | undefined][]): string[] {
  const said = lines.filter((line): line is [string, string] => line[1] !== undefined && line[1] !== '');
  const width = highest(said.map(([label]) => label.length), 8);
  return said.map(([label, text]) => `    ${label.padEnd(width)}  ${text}`);
}

/** A question that got no usable answer, in the same words on each screen. */
export function unseenLines({asked, got, tells, try: attempt}: Unseen, look: Look): string[] {
  return [`${paint('unknown', symbol('unknown', look), chalkOf(look))} OSMP901 not seen`, ...labelled([['asked', asked], ['got', got], ['tells', tells], ['try', attempt]])];
}

/** `1 pod`, `3 pods`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** Pods that were left aside, for the last line: `2 outside the mesh, 1 completed`; empty where there are none. */
export function othersText(others: Report['others']): string {
  return Object.entries(others)
    .filter(([, count]) => count > 0)
    .map(([why, count]) => `${count} ${why === 'outside' ? 'outside the mesh' : why}`)
    .join(', ');
}
