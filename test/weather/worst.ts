import {writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {kubeconfigText} from '../support/connection.ts';
import {silence} from '../support/api-server.ts';
import {weatherServer, type Route, type Weather} from './api.ts';
import type {Case} from './case.ts';
import {COMMANDS, withFolder, type CommandLine} from './commands.ts';
import {FAULTS} from './faults/index.ts';
import {meets, TIMEOUT_MS, world} from './http.ts';
import {judge, type Failure} from './outcome.ts';
import {outside} from './outside.ts';
import {TUNNELS} from './tunnels.ts';

// What costs most, each in a process of its own, so that its memory can be measured.

const MEMORY_MB = 300;
const WITHIN_MS = TIMEOUT_MS + 3000 + 2000;
const COSTLY = /endless|huge|deep|bomb|long|many|trickle|much|duplicates|continue/;
const ROUTES: Route[] = ['version', 'pods', 'events', 'replicasets', 'log'];

/** The endless, the huge and the deep, in what each command reads. */
export function worstCases(): Case[] {
  const faults = FAULTS.filter(({name}) => COSTLY.test(name));
  const lists = chosen('verify', 'events').flatMap((command) =>
    ROUTES.flatMap((route) =>
      faults
        .filter((fault) => meets(fault, route, command))
        .map(({name, spoil}) =>
          worstCase(`worst/${route}/${name}/${command.name}`, command, {route, spoil}, WITHIN_MS),
        ),
    ),
  );
  const costly = Object.entries(TUNNELS).filter(([name]) => /flood|drip|long|many|endless|deep/.test(name));
  const tunnels = chosen('verify', 'forward').flatMap((command) =>
    costly.map(([name, tunnel]) => {
      const weather = {route: 'portforward' as const, spoil: () => silence, tunnel};
      return worstCase(`worst/tunnel/${name}/${command.name}`, command, weather, 2 * WITHIN_MS);
    }),
  );
  return [...lists, ...tunnels];
}

function chosen(...names: string[]): CommandLine[] {
  return COMMANDS.filter(({name}) => names.includes(name));
}

function worstCase(id: string, command: CommandLine, weather: Weather, withinMs: number): Case {
  return {
    id,
    limitMs: 30_000,
    run: () => withFolder((folder) => measured(id, command, weather, withinMs, folder)),
  };
}

async function measured(
  id: string,
  command: CommandLine,
  weather: Weather,
  withinMs: number,
  folder: string,
): Promise<Failure[]> {
  const server = await weatherServer(world(command.world), weather);
  try {
    writeFileSync(join(folder, 'config'), kubeconfigText(server.url));
    const args = [...command.args(folder), '--kubeconfig', join(folder, 'config')];
    const seen = await outside([...args, '--request-timeout', `${TIMEOUT_MS}ms`], {limitMs: 20_000});
    const failures = judge(id, seen, {withinMs});
    if (seen.memoryMb > MEMORY_MB)
      failures.push({id, kind: 'hung', seen: `${Math.round(seen.memoryMb)} MiB, at most ${MEMORY_MB}`});
    return failures;
  } finally {
    await server.close();
  }
}
