import {existsSync, readdirSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {kubeconfigText} from '../support/connection.ts';
import {weatherServer, type Route} from './api.ts';
import type {Case} from './case.ts';
import {COMMANDS, withFolder, type CommandLine} from './commands.ts';
import {FAULTS} from './faults/index.ts';
import type {Fault} from './faults/fault.ts';
import {inside} from './inside.ts';
import {judge, type Failure, type Seen, type Wanted} from './outcome.ts';
import {worldOf, type World} from './world.ts';

/** What the command line waits for one request; the whole may take 3 s more. */
export const TIMEOUT_MS = 1000;
const SLACK_MS = 3000;
/** From Ctrl-C to the end; the machine may be busy with other faults. */
const LEAVING_MS = 700;
/** In the user's kubeconfig, and so in no output. */
export const TOKEN = 's3cr3t-MARK-17';

const worlds = new Map<string, World>();

/** Recorded once, and moved to now when it is first needed. */
export function world(kind: 'ill' | 'well'): World {
  let one = worlds.get(kind);
  if (!one) worlds.set(kind, (one = worldOf(kind)));
  return one;
}

/** Every fault at every route that a command asks. */
export function httpCases(): Case[] {
  return COMMANDS.flatMap((command) =>
    command.routes.flatMap((route) =>
      FAULTS.filter((fault) => meets(fault, route, command)).map((fault) => httpCase(command, route, fault)),
    ),
  );
}

/** Faults of lists need a list, and those of texts something that is read. */
export function meets({at}: Fault, route: Route, {name}: CommandLine): boolean {
  const object = route === 'version' || (route === 'namespaces' && name !== 'verify-all');
  const stream = route === 'portforward' || route === 'watch';
  if (at === 'lists') return !object && !stream && route !== 'log';
  if (at === 'objects') return object;
  return at === undefined || !stream;
}

function httpCase(command: CommandLine, route: Route, fault: Fault): Case {
  const id = `http/${route}/${fault.name}/${command.name}`;
  return {
    id,
    limitMs: TIMEOUT_MS + SLACK_MS + 4000,
    run: () => withFolder((folder) => tryHttp(id, command, route, fault, folder)),
  };
}

async function tryHttp(
  id: string,
  command: CommandLine,
  route: Route,
  fault: Fault,
  folder: string,
): Promise<Failure[]> {
  const weather = {route, spoil: fault.spoil, namespace: command.strikes};
  const server = await weatherServer(world(command.world), weather);
  try {
    const seen = await throwAt(command, server.url, folder);
    const met = server.struck() > 0;
    const says = met ? saidOf(route, fault) : 'same';
    const unknown = fault.says === 'nothing' && met;
    const wanted = wantedOf({command, route, fault, says, unknown, interrupted: seen.interrupted === true});
    return [...judge(id, seen, wanted), ...writtenOf(id, command, seen, folder)];
  } finally {
    await server.close();
  }
}

/** A log is text: what is no JSON may still be one. An answer to a port-forward that is no WebSocket opens nothing. */
function saidOf(route: Route, {says, name}: Fault): Fault['says'] {
  if (route === 'portforward') return says === 'same' ? 'nothing' : says;
  const refused = /^(status|redirect|silence|hang-up|reset|end-at-once|http-0|ssh|tls|bytes)/.test(name);
  return (route === 'log' || route === 'watch') && says === 'nothing' && !refused ? 'open' : says;
}

/** Runs a command against a server, inside of this process. */
export function throwAt(command: CommandLine, url: string, folder: string, more: string[] = []): Promise<Seen> {
  const kubeconfig = join(folder, 'config');
  writeFileSync(kubeconfig, kubeconfigText(url, {user: {token: TOKEN}}));
  const args = [...command.args(folder), '--kubeconfig', kubeconfig, '--request-timeout', `${TIMEOUT_MS}ms`, ...more];
  return inside(args, {
    env: {TMPDIR: folder},
    ...(command.watches ? {interruptWhen: watching, interruptAfterMs: TIMEOUT_MS + SLACK_MS} : {}),
  });
}

/** The first report is out, and changes are waited for. */
const watching = (stdout: string): boolean => /\d+ workloads? in \d+ pods?/.test(stdout);

interface Strike {
  command: CommandLine;
  route: Route;
  fault: Fault;
  says: Fault['says'];
  /** What was asked for is unknown. */
  unknown: boolean;
  interrupted: boolean;
}

function wantedOf(strike: Strike): Wanted {
  const {command, route, fault, says, unknown, interrupted} = strike;
  const partial = route === 'pods' && says === 'open' && command.strikes === undefined;
  const fine = says === 'same' && !command.watches;
  return {
    codes: fine ? [command.fine] : [...command.codes(route, says), ...(isTypingError(route, fault) ? [3] : [])],
    withinMs: interrupted ? LEAVING_MS : TIMEOUT_MS + SLACK_MS,
    holds: partial ? [] : held(strike),
    secrets: ['s3cr3t-MARK'],
    json: command.json,
    says: unknown && saysUnseen(command, route) ? /not seen|"asked"/ : undefined,
  };
}

/** A namespace that is not there is a name that was mistyped. */
function isTypingError(route: Route, {name}: Fault): boolean {
  return route === 'namespaces' && name.startsWith('status-404');
}

/** Without the ReplicaSets nobody knows the Deployment above them; where their texts are others, so are its names. */
function held({command: {holds}, route, fault, says}: Strike): string[] {
  if (route !== 'replicasets' || says === 'same') return holds;
  return fault.at === 'texts' ? [] : holds.map((one) => one.replace('deploy/', '').replace(/"$/, ''));
}

/** What is missing is said, but for what is of no interest where it is missing. */
function saysUnseen({name, writes, watches}: CommandLine, route: Route): boolean {
  return (
    !writes &&
    !watches &&
    !['version', 'meshconfigs', 'log', 'portforward', 'watch'].includes(route) &&
    !name.startsWith('forward')
  );
}

/** A snapshot is whole, or there is none; and no secret is in it. */
function writtenOf(id: string, command: CommandLine, {code}: Seen, folder: string): Failure[] {
  if (!command.writes) return [];
  const left = readdirSync(folder).filter((name) => name !== 'config');
  if (code === 3 || code === 130)
    return left.length > 0 ? [{id, kind: 'wrong', seen: `left behind: ${left.join(', ')}`}] : [];
  const extra = left.filter((name) => !['case', 'case.tgz'].includes(name));
  if (extra.length > 0) return [{id, kind: 'wrong', seen: `left behind: ${extra.join(', ')}`}];
  if (left.length === 0) return [{id, kind: 'lost', seen: 'no snapshot was written'}];
  const answers = join(folder, 'case', 'answers.json');
  if (!existsSync(answers)) return [];
  const text = readFileSync(answers, 'utf8');
  return text.includes('s3cr3t-MARK') ? [{id, kind: 'leaked', seen: 'a marked secret is in the snapshot'}] : [];
}
