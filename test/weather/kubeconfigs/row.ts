import {writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {kubeconfigText, type Parts} from '../../support/connection.ts';

export interface Setting {
  folder: string;
  url: string;
}

export interface Row {
  name: string;
  /** Writes it, and answers with its path. */
  make(setting: Setting): string;
  codes: readonly number[];
  env?: Record<string, string>;
  args?: string[];
}

export const MAY_WORK = [1, 3] as const;

export function written({folder}: Setting, content: string | Buffer, name = 'config'): string {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
}

export const text = (
  name: string,
  content: string | ((setting: Setting) => string | Buffer),
  codes: readonly number[] = [3],
): Row => ({
  name: `text-${name}`,
  codes,
  make: (setting) => written(setting, typeof content === 'string' ? content : content(setting)),
});

export const parts = (
  name: string,
  of: Parts | ((setting: Setting) => Parts),
  codes: readonly number[] = MAY_WORK,
  more: Pick<Row, 'env' | 'args'> = {},
): Row => ({
  name,
  codes,
  make: (setting) => written(setting, kubeconfigText(setting.url, typeof of === 'function' ? of(setting) : of)),
  ...more,
});
