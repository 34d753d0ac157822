import type {CatalogueEntry} from '../checks/check.ts';
import {columns} from './columns.ts';

export function catalogueList(entries: readonly CatalogueEntry[]): string {
  return `${columns([['CODE', 'SEVERITY', 'FAULT', 'TITLE'], ...entries.map(({code, severity, blame, title}) => [code, severity, blame, title])]).join('\n')}\n`;
}

export function catalogueEntry({code, slug, title, severity, blame, cause, fix, cases, links}: CatalogueEntry): string {
  const lines = [`${code} ${slug}`, `  ${title}`, '', `  severity  ${severity}`, `  fault     ${blame}`, `  why       ${cause}`, ...(fix ? [`  fix       ${fix}`] : [])];
  return `${[...lines, ...(cases.length > 0 ? [`  covers    ${cases.join(', ')}`] : []), ...(links ?? []).map((link) => `  see       ${link}`)].join('\n')}\n`;
}
