import {writeFileSync, mkdirSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import {ClusterError, type Cluster, type RawObject} from '../../src/lib/cluster/cluster.ts';
import {askQuestion, logQuestion} from '../../src/lib/cluster/snapshot/answers.ts';
import {events} from '../../src/lib/events/events.ts';
import {forward} from '../../src/lib/forward/forward.ts';
import type {Answer} from '../../src/lib/model/answer.ts';
import {EVENT_FORMATS, renderEvents} from '../../src/lib/render/events.ts';
import {FORMATS, FORWARD_FORMATS, render, renderForward} from '../../src/lib/render/index.ts';
import {parseTarget} from '../../src/lib/target.ts';
import {verify} from '../../src/lib/verify.ts';
import type {Case} from './case.ts';
import {withFolder} from './commands.ts';
import {world} from './http.ts';
import {inside} from './inside.ts';
import {mutate} from './mutate.ts';
import {judge, type Document, type Failure, type Seen} from './outcome.ts';
import {chance, hashOf, type Chance} from './random.ts';
import {NAMESPACE, type World} from './world.ts';

/** Seeds of each kind. */
const OBJECTS = 2500;
const SNAPSHOTS = 1200;
const BYTES = 600;
/** One report of a few pods, in milliseconds. */
const WITHIN_MS = 2000;

export function fuzzCases(): Case[] {
  const seeds = (count: number): number[] => Array.from({length: count}, (_, at) => at + 1);
  return [
    ...seeds(OBJECTS).map((seed) => seeded('objects', seed, fuzzObjects)),
    ...seeds(SNAPSHOTS).map((seed) => seeded('snapshots', seed, fuzzSnapshot)),
    ...seeds(BYTES).map((seed) => seeded('bytes', seed, fuzzBytes)),
  ];
}

function seeded(kind: string, seed: number, run: (id: string, chance: Chance) => Promise<Failure[]>): Case {
  const id = `fuzz/${kind}/${seed}`;
  return {id, limitMs: 15_000, run: () => run(id, chance(hashOf(id)))};
}

const COMMANDS = {kubectl: (args: string) => `kubectl ${args}`, self: (args: string) => `kubectl osm-probes ${args}`};
const SCOPE = {namespaces: [NAMESPACE], targets: []};
const REPEAT = {count: 1, intervalMs: 1000, pause: async () => undefined, begins: () => undefined};
const LOOKS = [
  {color: false, utf8: true},
  {color: false, utf8: false},
  {color: false, utf8: true, columns: 60},
];

/** What is printed of a world, as an exit code would tell of it. */
type Print = () => Promise<[text: string, json?: Document][]>;

async function fuzzObjects(id: string, chance: Chance): Promise<Failure[]> {
  const spoilt = structuredClone(world('ill'));
  const resources = Object.keys(spoilt.lists).filter((one) => spoilt.lists[one]!.length > 0);
  for (let at = 1 + chance.below(3); at > 0; at--) {
    const items = spoilt.lists[chance.pick(resources)]!;
    mutate(chance.pick(items), chance);
  }
  if (chance.below(5) === 0) mutate(spoilt.namespace, chance);
  const cluster = clusterOf(spoilt);
  const target = parseTarget('deploy/app-503')!;
  const prints: Record<string, Print> = {
    verify: async () => {
      const report = await verify(cluster, SCOPE, COMMANDS, 'auto');
      return FORMATS.flatMap((format) =>
        LOOKS.map((look): [string, Document?] => [
          render(format, report, look, {all: true, program: 'probes'}),
          format === 'json' ? 'verify' : undefined,
        ]),
      );
    },
    events: async () => {
      const report = await events(cluster, SCOPE, COMMANDS, {all: true, logs: true});
      return EVENT_FORMATS.flatMap((format) =>
        LOOKS.map((look): [string, Document?] => [
          renderEvents(format, report, look),
          format === 'json' ? 'events' : undefined,
        ]),
      );
    },
    forward: async () => {
      const report = await forward(cluster, {...SCOPE, targets: [target]}, COMMANDS, {
        containers: [],
        types: [],
        allPods: false,
        repeat: REPEAT,
      });
      return FORWARD_FORMATS.flatMap((format) =>
        LOOKS.map((look): [string, Document?] => [
          renderForward(format, report, look),
          format === 'json' ? 'forward' : undefined,
        ]),
      );
    },
  };
  const failures: Failure[] = [];
  for (const [name, print] of Object.entries(prints))
    failures.push(...(await judged(id, name, print, chance.below(10) === 0)));
  return failures;
}

async function judged(id: string, name: string, print: Print, twice: boolean): Promise<Failure[]> {
  const started = performance.now();
  const texts = await print().catch(crashed);
  const ms = performance.now() - started;
  if (typeof texts === 'string') return texts === '' ? [] : [{id, kind: 'crashed', seen: `${name}: ${texts}`}];
  const failures = texts.flatMap(([stdout, json]) =>
    judge(id, {code: 0, killedBy: null, stdout, stderr: '', ms}, {withinMs: WITHIN_MS, json}),
  );
  if (twice) {
    const again = await print().catch(crashed);
    if (JSON.stringify(again) !== JSON.stringify(texts)) failures.push({id, kind: 'wrong', seen: 'two runs differ'});
  }
  const once = failures.filter(({seen}, at) => failures.findIndex((one) => one.seen === seen) === at);
  return once.slice(0, 2).map((one) => ({...one, seen: `${name}: ${one.seen}`}));
}

/** Empty for what a command says in a sentence. */
function crashed(error: unknown): string {
  if (error instanceof ClusterError) return '';
  return error instanceof Error
    ? (error.stack ?? error.message).split('\n').slice(0, 3).join(' ').replaceAll(/\s+/g, ' ')
    : String(error);
}

/** A cluster of recorded objects: whatever a server may write in them, but nothing that is no object. */
function clusterOf(spoilt: World): Cluster {
  const answer = (question: string): Answer | undefined =>
    spoilt.recorded.find((one) => one.question === question)?.answer as Answer | undefined;
  return {
    origin: {kind: 'live', name: 'weather'},
    defaultNamespaces: [NAMESPACE],
    now: () => NOW,
    version: async () => 'v1.32.2',
    list: async (resource, _options, each) =>
      spoilt.lists[resource]?.forEach((one) => isObject(one) && each(structuredClone(one))),
    get: async (resource, _namespace, name) => {
      if (resource === 'namespaces') return structuredClone(spoilt.namespace);
      throw new ClusterError('not-found', {asked: `${resource}/${name}`, got: '404'});
    },
    exchange: async (pod, asks) => ({
      setupMs: 3,
      answers: asks.map(
        (ask) => answer(askQuestion(pod, ask)) ?? {kind: 'refused', text: 'connect: connection refused', ms: 1},
      ),
    }),
    log: async (pod, options) =>
      (spoilt.recorded.find((one) => one.question === logQuestion(pod, options))?.lines ?? []).filter((line) =>
        options.keep(line),
      ),
    watch: async () => undefined,
    close: () => undefined,
  };
}

const NOW = Date.now();
const isObject = (one: RawObject): boolean => typeof one === 'object' && one !== null && !Array.isArray(one);

const BASES = ['test/fixtures/history', 'test/forward/demo', 'test/fixtures/demo'];
const parsed = new Map<string, {head: unknown; answers: unknown[]}>();

function snapshotOf(base: string): {head: unknown; answers: unknown[]} {
  let found = parsed.get(base);
  if (!found) {
    const read = (name: string): unknown => JSON.parse(readFileSync(join(base, name), 'utf8'));
    parsed.set(base, (found = {head: read('snapshot.json'), answers: read('answers.json') as unknown[]}));
  }
  return structuredClone(found);
}

const READERS: {args: string[]; json?: Document}[] = [
  {args: ['verify']},
  {args: ['verify', '-o', 'json'], json: 'verify'},
  {args: ['events', '--all']},
  {args: ['events', '-o', 'json'], json: 'events'},
  {args: ['forward', 'deploy/app-503']},
  {args: ['verify', '-o', 'wide', '--live', 'always']},
];

/** Runs one of the commands on a snapshot. */
async function readBack(id: string, folder: string, chance: Chance): Promise<Failure[]> {
  const {args, json} = chance.pick(READERS);
  const seen: Seen = await inside([...args, '--from', folder], {env: {TMPDIR: folder}});
  return judge(id, seen, {withinMs: WITHIN_MS, codes: [0, 1, 3, 4], json}).map((one) => ({
    ...one,
    seen: `${args.join(' ')}: ${one.seen}`,
  }));
}

async function fuzzSnapshot(id: string, chance: Chance): Promise<Failure[]> {
  const {head, answers} = snapshotOf(chance.pick(BASES));
  if (chance.below(6) === 0) mutate(head, chance, 1);
  else
    for (let at = 1 + chance.below(3); at > 0; at--)
      mutate(chance.below(10) === 0 ? answers : [chance.pick(answers)][0], chance);
  return withFolder((folder) => {
    mkdirSync(folder, {recursive: true});
    writeFileSync(join(folder, 'snapshot.json'), JSON.stringify(head));
    writeFileSync(join(folder, 'answers.json'), JSON.stringify(answers));
    return readBack(id, folder, chance);
  });
}

async function fuzzBytes(id: string, chance: Chance): Promise<Failure[]> {
  const base = BASES[chance.below(2)]!;
  const files: Record<string, Uint8Array> = Object.fromEntries(
    ['snapshot.json', 'answers.json'].map((name) => [name, readFileSync(join(base, name))]),
  );
  const name = chance.below(4) === 0 ? 'snapshot.json' : 'answers.json';
  files[name] = damaged(Buffer.from(files[name]!), chance);
  return withFolder((folder) => {
    for (const [file, bytes] of Object.entries(files)) writeFileSync(join(folder, file), bytes);
    return readBack(id, folder, chance);
  });
}

/** Some bytes flipped, cut, doubled or swapped. */
function damaged(bytes: Buffer, chance: Chance): Buffer {
  const copy = Buffer.from(bytes);
  const at = chance.below(copy.length);
  switch (chance.below(5)) {
    case 0:
      return copy.subarray(0, at);
    case 1:
      for (let left = 1 + chance.below(5); left > 0; left--) copy[chance.below(copy.length)] = chance.below(256);
      return copy;
    case 2:
      return Buffer.concat([
        copy.subarray(0, at),
        Buffer.from(chance.pick(['null', '{}', '"\\u001b[2J"', ',', ']', '\u0000', '-1e999', '\\ud800'])),
        copy.subarray(at),
      ]);
    case 3: {
      const length = chance.below(200);
      return Buffer.concat([copy.subarray(0, at), copy.subarray(at + length)]);
    }
    default:
      // A digit becomes another, so that it stays JSON and says something else.
      for (let left = 20; left > 0; left--) {
        const place = chance.below(copy.length);
        if (copy[place]! >= 48 && copy[place]! <= 57) copy[place] = 48 + chance.below(10);
      }
      return copy;
  }
}
