import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {ROUTES, type Route} from './api.ts';
import type {Says} from './faults/fault.ts';
import type {Document} from './outcome.ts';
import {NAMESPACE, OTHER, workloadsOf} from './world.ts';

/** A command line that faults are thrown at. */
export interface CommandLine {
  name: string;
  world: 'ill' | 'well';
  /** With the folder that it may write to. */
  args(folder: string): string[];
  json?: Document;
  /** What the report holds whatever optional thing fails. */
  holds: string[];
  /** Exit code where nothing is wrong with the weather. */
  fine: number;
  /** Exit codes where the route tells nothing, or where its answer may be taken either way. */
  codes(route: Route, says: Says): readonly number[];
  routes: Route[];
  /** The fault strikes this namespace only. */
  strikes?: string;
  watches?: boolean;
  writes?: boolean;
}

const INTO: Route[] = ['log', 'portforward'];
const LISTS: Route[] = ROUTES.filter((one) => !['meshconfigs', 'watch', ...INTO].includes(one));
/** Never changes the exit code: it only tells since when, or how to ask. */
const ASIDE: Route[] = ['version', 'meshconfigs', ...INTO];

/** Pods are indispensable: without them there is nothing to say. */
const ofPods = (says: Says, open: readonly number[]): readonly number[] => (says === 'nothing' ? [3] : open);

/** Of an ill world the findings decide, whatever else is missing; of a well one what is missing does. */
const verdicts =
  (world: 'ill' | 'well') =>
  (route: Route, says: Says): readonly number[] => {
    if (route === 'pods') return ofPods(says, [0, 1, 3, 4]);
    if (world === 'ill') return [1];
    return says === 'nothing' && !ASIDE.includes(route) ? [4] : [0, 1, 4];
  };

const tellings = (route: Route, says: Says): readonly number[] => {
  if (route === 'pods') return ofPods(says, [0, 3, 4]);
  return says === 'nothing' && !ASIDE.includes(route) ? [4] : [0, 4];
};

const replays = (route: Route, says: Says): readonly number[] => {
  if (route === 'pods') return ofPods(says, [0, 1, 3, 4]);
  // The target is found by what owns the pods.
  if (route === 'replicasets') return [1, 3, 4];
  if (route === 'portforward') return says === 'nothing' ? [4] : [0, 1, 4];
  return [1];
};

const recordings = (route: Route, says: Says): readonly number[] =>
  route === 'pods' ? ofPods(says, [0, 3, 4]) : [0, 4];

const VERIFY = ['verify', '-n', NAMESPACE, '--show', 'all'];
const ALL = workloadsOf('ill');
const WELL = workloadsOf('well');

export const COMMANDS: CommandLine[] = [
  {
    name: 'verify',
    world: 'ill',
    args: () => VERIFY,
    holds: ALL,
    fine: 1,
    codes: verdicts('ill'),
    routes: [...LISTS, ...INTO],
  },
  {
    name: 'verify-well',
    world: 'well',
    args: () => VERIFY,
    holds: WELL,
    fine: 0,
    codes: verdicts('well'),
    routes: LISTS,
  },
  {
    name: 'verify-json',
    world: 'ill',
    args: () => [...VERIFY, '-o', 'json'],
    json: 'verify',
    holds: ALL.map((one) => `"name": "${one.split('/')[1]}"`),
    fine: 1,
    codes: verdicts('ill'),
    routes: [...LISTS, ...INTO],
  },
  {
    name: 'verify-all',
    world: 'ill',
    args: () => ['verify', '-A', '--show', 'all', '-o', 'wide'],
    holds: ALL,
    fine: 1,
    codes: verdicts('ill'),
    routes: [...LISTS, ...INTO],
  },
  {
    name: 'verify-two',
    world: 'ill',
    args: () => [...VERIFY, '-n', OTHER],
    holds: ALL,
    fine: 1,
    codes: () => [1],
    routes: LISTS.filter((route) => route !== 'version'),
    strikes: OTHER,
  },
  {
    name: 'verify-two-well',
    world: 'well',
    args: () => [...VERIFY, '-n', OTHER],
    holds: WELL,
    fine: 0,
    codes: (_, says) => (says === 'nothing' ? [4] : [0, 1, 4]),
    routes: ['pods', 'events', 'namespaces'],
    strikes: OTHER,
  },
  {
    name: 'verify-target',
    world: 'ill',
    args: () => [...VERIFY, 'deploy/app-503'],
    holds: ['deploy/app-503'],
    fine: 1,
    codes: (route, says) => (route === 'replicasets' ? [1, 3, 4] : verdicts('ill')(route, says)),
    routes: ['version', 'namespaces', 'pods', 'events', 'replicasets', ...INTO],
  },
  {
    name: 'events',
    world: 'ill',
    args: () => ['events', '-n', NAMESPACE, '--all'],
    holds: ALL,
    fine: 0,
    codes: tellings,
    routes: [...LISTS, 'meshconfigs', 'log'],
  },
  {
    name: 'events-json',
    world: 'well',
    args: () => ['events', '-n', NAMESPACE, '-o', 'json'],
    json: 'events',
    holds: WELL.map((one) => `"name": "${one.split('/')[1]}"`),
    fine: 0,
    codes: tellings,
    routes: [...LISTS, 'meshconfigs'],
  },
  {
    name: 'events-watch',
    world: 'ill',
    args: () => ['events', '-n', NAMESPACE, '--watch', '--no-logs'],
    holds: ALL,
    fine: 0,
    // What may not be watched is said, and ends it.
    codes: (route) => (['pods', 'events', 'watch'].includes(route) ? [0, 3, 4, 130] : [0, 4, 130]),
    routes: ['version', 'namespaces', 'pods', 'events', 'replicasets', 'meshconfigs', 'watch'],
    watches: true,
  },
  {
    name: 'forward',
    world: 'ill',
    args: () => ['forward', '-n', NAMESPACE, 'deploy/app-503', '-o', 'wide'],
    holds: ['app-503'],
    fine: 1,
    codes: replays,
    routes: ['version', 'namespaces', 'pods', 'events', 'replicasets', 'portforward'],
  },
  {
    name: 'forward-json',
    world: 'ill',
    args: () => ['forward', '-n', NAMESPACE, 'deploy/app-503', '-o', 'json'],
    json: 'forward',
    holds: ['app-503'],
    fine: 1,
    codes: replays,
    routes: ['pods', 'events', 'replicasets', 'portforward'],
  },
  {
    name: 'snapshot-folder',
    world: 'ill',
    args: (folder) => ['snapshot', '-n', NAMESPACE, '--to', join(folder, 'case')],
    holds: [],
    fine: 0,
    codes: recordings,
    routes: [...LISTS, 'meshconfigs', ...INTO],
    writes: true,
  },
  {
    name: 'snapshot-file',
    world: 'well',
    args: (folder) => ['snapshot', '-n', NAMESPACE, '--to', join(folder, 'case.tgz')],
    holds: [],
    fine: 0,
    codes: recordings,
    routes: ['pods', 'events', 'replicasets', 'meshconfigs'],
    writes: true,
  },
];

/** A folder for one run, gone after it. */
export async function withFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'osm-weather-'));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, {recursive: true, force: true});
  }
}
