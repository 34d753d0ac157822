import {existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {hangUp, silence, status, type Answer} from '../../support/api-server.ts';
import {kubeconfigText, type Parts} from '../../support/connection.ts';
import {weatherServer, type Route, type Weather, type WeatherServer} from '../api.ts';
import {withFolder} from '../commands.ts';
import {TOKEN, world} from '../http.ts';
import {PATIENCE, type Failure} from '../outcome.ts';
import {outside, type OutsideOptions, type Process} from '../outside.ts';
import {NAMESPACE} from '../world.ts';

// Each run here is a process of its own: how one is told to leave, and how it leaves.

/** From a signal to the end; what is beyond the promised 200 ms is the busy machine's. */
export const AFTER_SIGNAL_MS = 1000;
/** From the last byte to the end; the promise is 100 ms. */
const AFTER_LAST_MS = 400;
/** Starting a process costs this much where many run at once. */
export const START_MS = 3000;

/** A command line, with the folder that it may write to. */
export type Args = (folder: string) => string[];

export const COMMANDS: Record<string, Args> = {
  verify: () => ['verify', '-n', NAMESPACE, '--show', 'all'],
  'verify-json': () => ['verify', '-n', NAMESPACE, '-o', 'json'],
  events: () => ['events', '-n', NAMESPACE],
  watch: () => ['events', '-n', NAMESPACE, '--watch'],
  forward: () => ['forward', '-n', NAMESPACE, 'deploy/app-503'],
  count: () => ['forward', '-n', NAMESPACE, 'deploy/app-503', '--count', '50', '--interval', '50ms'],
  keep: () => ['forward', '-n', NAMESPACE, 'deploy/app-503', '--keep', '--local-port', '0:15902'],
  'snapshot-folder': (folder) => ['snapshot', '-n', NAMESPACE, '--to', join(folder, 'case')],
  'snapshot-file': (folder) => ['snapshot', '-n', NAMESPACE, '--to', join(folder, 'case.tgz')],
};

/** What the server does meanwhile. */
export const SKIES: Record<string, Weather | undefined> = {
  fair: undefined,
  'silent-version': sky('version', silence),
  'silent-pods': sky('pods', silence),
  'silent-events': sky('events', silence),
  'silent-log': sky('log', silence),
  'silent-tunnels': {...sky('portforward', silence), tunnel: () => undefined},
  'busy-pods': sky('pods', status(429, 'slow down', {'retry-after': '30'})),
  'ending-events': sky('events', hangUp),
};

function sky(route: Route, answer: Answer): Weather {
  return {route, spoil: () => answer};
}

export interface Run {
  folder: string;
  server: WeatherServer;
}

/** One process against a server, with the folder it may write to. */
export async function withServer<T>(weather: Weather | undefined, work: (run: Run) => Promise<T>): Promise<T> {
  return withFolder(async (folder) => {
    mkdirSync(join(folder, 'tmp'));
    const server = await weatherServer(world('ill'), weather);
    try {
      return await work({folder, server});
    } finally {
      await server.close();
    }
  });
}

/** Starts a command against the server. */
export function start(
  args: string[],
  {folder, server}: Run,
  options: OutsideOptions = {},
  parts: Parts = {user: {token: TOKEN}},
): Promise<Process> {
  writeFileSync(join(folder, 'config'), kubeconfigText(server.url, parts));
  return outside([...args, '--kubeconfig', join(folder, 'config')], {
    ...options,
    env: {TMPDIR: join(folder, 'tmp'), ...options.env},
  });
}

/** A snapshot is whole or not there, and nothing is left where things are packed. */
export function halfWritten(id: string, folder: string, {code, killedBy}: Process): Failure[] {
  const left = [
    ...readdirSync(join(folder, 'tmp')).map((name) => `tmp/${name}`),
    ...readdirSync(folder).filter((name) => !['tmp', 'config', 'case', 'case.tgz'].includes(name)),
  ];
  const failures: Failure[] =
    left.length > 0 && killedBy === null ? [{id, kind: 'wrong', seen: `left behind: ${left.join(', ')}`}] : [];
  const answers = join(folder, 'case/answers.json');
  const partial =
    (existsSync(join(folder, 'case')) && !existsSync(answers)) ||
    (existsSync(answers) && !isJson(readFileSync(answers, 'utf8'))) ||
    (existsSync(join(folder, 'case.tgz')) && statSync(join(folder, 'case.tgz')).size === 0);
  return partial && code !== 0 ? [...failures, {id, kind: 'wrong', seen: 'half a snapshot was left'}] : failures;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false; // That is the answer.
  }
}

/** Nothing keeps a process whose last line is out. */
export function lateAfterLast(id: string, {afterLastMs, endless}: Process): Failure[] {
  return !endless && afterLastMs > AFTER_LAST_MS * PATIENCE
    ? [{id, kind: 'hung', seen: `${Math.round(afterLastMs)} ms from the last line to the end`}]
    : [];
}
