import {mkdirSync} from 'node:fs';
import {join} from 'node:path';
import {stringify} from 'yaml';
import {base64, kubeconfigText} from '../../support/connection.ts';
import {weatherServer} from '../api.ts';
import type {Case} from '../case.ts';
import {withFolder} from '../commands.ts';
import {world} from '../http.ts';
import {inside} from '../inside.ts';
import {mutate} from '../mutate.ts';
import {judge, type Failure} from '../outcome.ts';
import {chance, hashOf, type Chance} from '../random.ts';
import {NAMESPACE} from '../world.ts';
import {FILE_ROWS, fieldRows, urlRows} from './fields.ts';
import {MAY_WORK, written, type Row, type Setting} from './row.ts';
import {PATH_ROWS, TEXT_ROWS} from './texts.ts';

/** Seeds of mutated kubeconfigs. */
const SEEDS = 400;
const WITHIN_MS = 4000;

export function kubeconfigCases(): Case[] {
  const rows = [...TEXT_ROWS, ...PATH_ROWS, ...FILE_ROWS, ...urlRows(), ...fieldRows()].map(kubeconfigCase);
  return [...rows, ...Array.from({length: SEEDS}, (_, at) => seeded(at + 1))];
}

function kubeconfigCase({name, make, codes, env = {}, args}: Row): Case {
  const id = `kubeconfigs/${name}`;
  return {id, limitMs: 15_000, run: () => tried(id, make, codes, env, args)};
}

function seeded(seed: number): Case {
  const id = `kubeconfigs/seed/${seed}`;
  const random = chance(hashOf(id));
  return {
    id,
    limitMs: 15_000,
    run: () => tried(id, (setting) => written(setting, mutated(setting, random)), MAY_WORK, {}, undefined),
  };
}

/** One with all that it may hold, with some of it changed. */
function mutated({url}: Setting, random: Chance): string {
  const user = random.pick([
    {token: 'x'},
    {username: 'u', password: 'p'},
    {
      exec: {
        apiVersion: 'client.authentication.k8s.io/v1',
        command: '/bin/false',
        args: ['a'],
        env: [{name: 'A', value: 'b'}],
      },
    },
    {'client-certificate-data': base64('x'), 'client-key-data': base64('y')},
  ]);
  const config = JSON.parse(
    kubeconfigText(url, {
      user,
      cluster: random.pick([
        {},
        {'proxy-url': 'http://127.0.0.1:1'},
        {'tls-server-name': 'x', 'insecure-skip-tls-verify': true},
      ]),
      context: {namespace: NAMESPACE},
    }),
  ) as unknown;
  mutate(config, random, 1 + random.below(3));
  return random.below(2) === 0 ? JSON.stringify(config) : stringify(config);
}

async function tried(
  id: string,
  make: Row['make'],
  codes: readonly number[],
  env: Record<string, string>,
  args: string[] | undefined,
): Promise<Failure[]> {
  return withFolder(async (folder) => {
    mkdirSync(join(folder, 'tmp'));
    const server = await weatherServer(world('well'));
    try {
      const kubeconfig = make({folder, url: server.url});
      const timeout = args?.includes('--request-timeout') ? [] : ['--request-timeout', '500ms'];
      const seen = await inside(
        ['verify', '-n', NAMESPACE, '--live', 'never', '--kubeconfig', kubeconfig, ...timeout, ...(args ?? [])],
        {env: {TMPDIR: join(folder, 'tmp'), ...env}},
      );
      // The world is well: what works ends with 0.
      return judge(id, seen, {
        withinMs: WITHIN_MS,
        codes: codes.map((one) => (one === 1 ? 0 : one)),
        secrets: ['s3cr3t-MARK'],
      });
    } finally {
      await server.close();
    }
  });
}
