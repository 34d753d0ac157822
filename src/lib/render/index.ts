import type {Report} from '../model/report.ts';
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
