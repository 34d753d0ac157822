import {readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';

const BASE = 'test/forward/demo';
const read = (name: string): string => readFileSync(join(BASE, name), 'utf8');

type Make = (folder: string) => string | Promise<string>;

/** A snapshot that is not as it should be. */
export interface Row {
  name: string;
  /** Writes it, and answers with its path. */
  make: Make;
  codes: readonly number[];
  /** In a process of its own, whose memory is measured. */
  apart?: boolean;
}

/** The two files of a good one. */
export const BOTH = {'snapshot.json': read('snapshot.json'), 'answers.json': read('answers.json')};

/** Writes the files of a snapshot, and answers with its folder. */
export function madeOf(folder: string, files: Record<string, string>): string {
  for (const [path, text] of Object.entries(files)) writeFileSync(join(folder, path), text);
  return folder;
}
