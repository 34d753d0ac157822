import {existsSync, mkdirSync, readdirSync, rmSync} from 'node:fs';
import {join} from 'node:path';
import type {Case} from '../case.ts';
import {withFolder} from '../commands.ts';
import {inside} from '../inside.ts';
import {judge, type Document, type Failure, type Seen} from '../outcome.ts';
import {outside, type Process} from '../outside.ts';
import {ARCHIVES} from './archives.ts';
import type {Row} from './row.ts';
import {spoiltRows} from './spoilt.ts';

// Snapshots come attached to tickets, from anybody.

/** Of a process that reads a snapshot, in MiB. */
const MEMORY_MB = 300;
const WITHIN_MS = 5000;

const READERS: {name: string; args: string[]; json?: Document}[] = [
  {name: 'verify', args: ['verify']},
  {name: 'verify-json', args: ['verify', '-o', 'json'], json: 'verify'},
  {name: 'events', args: ['events', '--all']},
  {name: 'forward', args: ['forward', 'deploy/app-503']},
];

export function snapshotCases(): Case[] {
  const spoilt = spoiltRows();
  return [
    ...ARCHIVES.flatMap((row) =>
      (row.apart ? READERS.slice(0, 1) : READERS).map((reader) => snapshotCase(row, reader)),
    ),
    ...spoilt.map((row, at) => snapshotCase(row, READERS[at % READERS.length]!)),
  ];
}

function snapshotCase({name, make, codes, apart}: Row, {name: reader, args, json}: (typeof READERS)[number]): Case {
  const id = `snapshots/${name}/${reader}`;
  return {
    id,
    limitMs: apart ? 60_000 : 20_000,
    run: () =>
      withFolder(async (folder) => {
        mkdirSync(join(folder, 'tmp'));
        const from = await make(folder);
        const env = {TMPDIR: join(folder, 'tmp')};
        const seen: Seen | Process = apart
          ? await outside([...args, '--from', from], {env, limitMs: 30_000})
          : await inside([...args, '--from', from], {env});
        const failures = judge(id, seen, {withinMs: apart ? 30_000 : WITHIN_MS, codes, json});
        return [...failures, ...leftBehind(id, folder), ...tooMuch(id, seen)];
      }),
  };
}

/** Nothing was unpacked where it stays, or outside. */
function leftBehind(id: string, folder: string): Failure[] {
  const escaped = [
    '/tmp/osm-weather-escaped',
    join(folder, 'osm-weather-escaped'),
    join(folder, 'tmp/osm-weather-escaped'),
  ].filter((path) => existsSync(path));
  for (const path of escaped) rmSync(path);
  const left = [...escaped, ...readdirSync(join(folder, 'tmp'))];
  return left.length > 0 ? [{id, kind: 'wrong', seen: `left behind: ${left.join(', ')}`}] : [];
}

function tooMuch(id: string, seen: Seen | Process): Failure[] {
  if (!('memoryMb' in seen) || seen.memoryMb <= MEMORY_MB) return [];
  return [{id, kind: 'hung', seen: `${Math.round(seen.memoryMb)} MiB, at most ${MEMORY_MB}`}];
}
