import {writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {kubeconfigText} from '../support/connection.ts';
import {weatherServer, type Route} from './api.ts';
import type {Case} from './case.ts';
import {COMMANDS, withFolder, type CommandLine} from './commands.ts';
import type {Fault} from './faults/fault.ts';
import {FAULTS} from './faults/index.ts';
import {meets, TIMEOUT_MS, world} from './http.ts';
import {judge, type Failure} from './outcome.ts';
import {outside} from './outside.ts';

// What costs most, each in a process of its own, so that its memory can be measured.

const MEMORY_MB = 300;
const WITHIN_MS = TIMEOUT_MS + 3000 + 2000;
const COSTLY = /endless|huge|deep|bomb|long|many|trickle|much|duplicates|continue/;
const ROUTES: Route[] = ['version', 'pods', 'events', 'replicasets', 'log'];

/** The endless, the huge and the deep, in the answers that each command reads. */
export function worstCases(): Case[] {
  const commands = COMMANDS.filter(({name}) => name === 'verify' || name === 'events');
  const faults = FAULTS.filter(({name}) => COSTLY.test(name));
  return commands.flatMap((command) =>
    ROUTES.flatMap((route) =>
      faults.filter((fault) => meets(fault, route, command)).map((fault) => worstCase(command, route, fault)),
    ),
  );
}

function worstCase(command: CommandLine, route: Route, fault: Fault): Case {
  const id = `worst/${route}/${fault.name}/${command.name}`;
  return {id, limitMs: 20_000, run: () => withFolder((folder) => measured(id, command, route, fault, folder))};
}

async function measured(
  id: string,
  command: CommandLine,
  route: Route,
  fault: Fault,
  folder: string,
): Promise<Failure[]> {
  const server = await weatherServer(world(command.world), {route, spoil: fault.spoil});
  try {
    writeFileSync(join(folder, 'config'), kubeconfigText(server.url));
    const args = [...command.args(folder), '--kubeconfig', join(folder, 'config')];
    const seen = await outside([...args, '--request-timeout', `${TIMEOUT_MS}ms`], {limitMs: 12_000});
    const failures = judge(id, seen, {withinMs: WITHIN_MS});
    if (seen.memoryMb > MEMORY_MB)
      failures.push({id, kind: 'hung', seen: `${Math.round(seen.memoryMb)} MiB, at most ${MEMORY_MB}`});
    return failures;
  } finally {
    await server.close();
  }
}
