import {Chalk, type ChalkInstance} from 'chalk';
import type {Verdict} from '../model/report.ts';

/** What a renderer may know of where its text goes; it never asks the process. */
export interface Look {
  color: boolean;
  /** Columns of the terminal; undefined in a pipe, where rows stay whole. */
  columns?: number;
  utf8: boolean;
}

const SYMBOLS: Record<Verdict, [utf8: string, ascii: string]> = {pass: ['✓', '+'], warn: ['!', '!'], fail: ['✗', 'x'], unknown: ['?', '?']};

export function chalkOf({color}: Look): ChalkInstance {
  return new Chalk({level: color ? 1 : 0});
}

export function symbol(verdict: Verdict, {utf8}: Look): string {
  return SYMBOLS[verdict][utf8 ? 0 : 1];
}

export function paint(verdict: Verdict, text: string, chalk: ChalkInstance): string {
  const color = {pass: chalk.green, warn: chalk.yellow, fail: chalk.red, unknown: chalk.magenta}[verdict];
  return color(text);
}

/** The sign of what was cut. */
export function ellipsisOf({utf8}: Look): string {
  return utf8 ? '…' : '...';
}

const PLAIN: Record<string, string> = {'·': '-', '→': '->', '…': '...', '–': '-', '×': 'x'};

/** Without UTF-8 our own signs are ASCII; what the cluster said stays as it is. */
export function plain(text: string, {utf8}: Look): string {
  return utf8 ? text : text.replace(/[·→…–×]/g, (sign) => PLAIN[sign]!);
}
