import {stringify} from 'yaml';
import type {ForwardReport} from '../model/forward.ts';
import type {Report} from '../model/report.ts';
import {forwardDocument} from './forward-json.ts';
import {forwardTable} from './forward.ts';
import {json, name, yaml} from './json.ts';
import type {Look} from './style.ts';
import {table, type TableOptions} from './table.ts';

export const FORMATS = ['table', 'wide', 'json', 'yaml', 'name'] as const;
export type Format = (typeof FORMATS)[number];

/** One pure function per format. */
export function render(format: Format, report: Report, look: Look, options: Omit<TableOptions, 'wide'>): string {
  switch (format) {
    case 'table':
    case 'wide':
      return table(report, look, {...options, wide: format === 'wide'});
    case 'json':
      return json(report);
    case 'yaml':
      return yaml(report);
    case 'name':
      return name(report);
  }
}

export const FORWARD_FORMATS = ['table', 'wide', 'json', 'yaml'] as const;

/** A replay in one of its formats. */
export function renderForward(format: (typeof FORWARD_FORMATS)[number], report: ForwardReport, look: Look): string {
  if (format === 'json') return `${JSON.stringify(forwardDocument(report), null, 2)}\n`;
  if (format === 'yaml') return stringify(JSON.parse(JSON.stringify(forwardDocument(report))), {lineWidth: 0});
  return forwardTable(report, look, {wide: format === 'wide'});
}
