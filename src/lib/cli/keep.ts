import {isIP} from 'node:net';
import {setTimeout as sleep} from 'node:timers/promises';
import {Flags} from '@oclif/core';
import type {Commands} from '../checks/case.ts';
import type {Cluster} from '../cluster/cluster.ts';
import {keep} from '../forward/keep.ts';
import type {Wanted} from '../forward/wanted.ts';
import type {Scope} from '../gather.ts';
import type {KeepEvent} from '../model/keep.ts';
import {keptText} from '../render/keep.ts';
import {safeJson, safeScreen} from '../render/safe.ts';
import {UsageError} from './base.ts';
import type {Interrupt} from './interrupt.ts';

export const KEEP_FLAGS = {
  keep: Flags.boolean({description: 'open the ports locally, until Ctrl-C, and print curl lines', helpGroup: 'KEEP'}),
  'local-port': Flags.string({multipleNonGreedy: true, multiple: true, description: 'local port for a port of the pod, 0 for any; repeatable', helpValue: 'LOCAL:REMOTE', helpGroup: 'KEEP', dependsOn: ['keep']}),
  address: Flags.string({multipleNonGreedy: true, multiple: true, delimiter: ',', description: 'addresses to listen on: localhost, or IP addresses', helpGroup: 'KEEP', dependsOn: ['keep']}),
};

interface KeepFlags {
  output: string;
  from?: string | undefined;
  count?: string | undefined;
  duration?: string | undefined;
  'all-pods'?: boolean | undefined;
  'local-port'?: string[] | undefined;
  address?: string[] | undefined;
}

/** Keeps the ports open and says what happens: lines to paste on stdout, the rest on stderr; with `-o json` an event a line. */
export async function keepOpen(cluster: Cluster, scope: Scope, commands: Commands, wanted: Wanted, flags: KeepFlags, interrupt: Interrupt): Promise<void> {
  const {signal} = interrupt;
  const refused: [boolean, string][] = [
    [flags.from !== undefined, '--keep needs a cluster: a snapshot cannot be asked'],
    [flags.output === 'yaml', '--keep prints table or json'],
    [flags.count !== undefined || flags.duration !== undefined, '--keep asks nothing itself: --count and --duration go without it'],
    [flags['all-pods'] === true, '--keep leads to one pod: --all-pods goes without it'],
    [scope.targets.length !== 1, '--keep takes one target'],
  ];
  for (const [holds, words] of refused) if (holds) throw new UsageError(words);
  const ports = (flags['local-port'] ?? []).map(parsePort);
  const addresses = [...new Set((flags.address ?? ['localhost']).flatMap(parseAddress))];
  const said = new Set<string>();
  const tell = (event: KeepEvent) => {
    if (flags.output === 'json') return void process.stdout.write(safeJson(`${JSON.stringify(event)}\n`));
    const {lines, notes} = keptText(event);
    if (lines !== '') process.stdout.write(safeScreen(lines));
    // A kubelet's text differs by the connection's own port inside the pod.
    const once = event.event === 'refused' || event.event === 'lost' ? notes.replaceAll(/:\d+->/g, '') : '';
    if (notes !== '' && !said.has(once)) process.stderr.write(safeScreen(notes));
    if (once !== '') said.add(once);
    else if (event.event === 'moved') said.clear();
  };
  const pause = (ms: number) => sleep(ms, undefined, {signal}).catch(() => undefined); // Ctrl-C ends the pause, and is asked for after it.
  const keeping = {wanted, ports, addresses, pause, stopped: () => signal.aborted, tell};
  await interrupt.during(() => keep(cluster, scope, commands, keeping)).catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
}

function parsePort(given: string): {remote: number; local: number} {
  const [, local, remote] = /^(\d{1,5}):(\d{1,5})$/.exec(given) ?? [];
  if (remote === undefined || Number(remote) < 1 || Number(remote) > 65_535 || Number(local) > 65_535) throw new UsageError(`--local-port ${JSON.stringify(given)} is no LOCAL:REMOTE: 18001:15901 is accepted`);
  return {remote: Number(remote), local: Number(local)};
}

/** As kubectl has it: `localhost` stands for both of its addresses. */
function parseAddress(given: string): string[] {
  if (given === 'localhost') return ['127.0.0.1', '::1'];
  if (isIP(given) === 0) throw new UsageError(`--address ${JSON.stringify(given)} is no address: localhost and IP addresses are accepted`);
  return [given];
}
