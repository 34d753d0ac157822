import {mkdirSync, renameSync, rmSync, statSync} from 'node:fs';
import {dirname, join, resolve} from 'node:path';
import {create} from 'tar';
import type {Answer as PodAnswer, Exchange} from '../../model/answer.ts';
import {ClusterError, type Cluster, type ClusterErrorReason, type ListOptions, type RawObject, type Resource} from '../cluster.ts';
import {askQuestion, logQuestion, redactAnswer} from './answers.ts';
import {shownLine} from '../shown.ts';
import {nameBeside, wordsOf, writeBeside} from '../write-beside.ts';
import {redact, tokens} from './redact.ts';

/** One question and its answer, as `answers.json` keeps it. */
export interface Answer {
  question: string;
  items?: RawObject[];
  object?: RawObject;
  /** What a pod's port answered, and what opening the tunnel took. */
  answer?: PodAnswer;
  setupMs?: number;
  /** Of a log, the lines that are evidence. */
  lines?: string[];
  error?: {reason: string; asked: string; got: string; try?: string};
}

export interface SnapshotHead {
  apiVersion: 'osm-probes/v1';
  kind: 'Snapshot';
  recordedAt: string;
  context: string;
  /** What was recorded; none stands for all namespaces. */
  namespaces: string[];
  serverVersion?: string;
}

export function listQuestion(resource: Resource, {namespace, labelSelector, fieldSelector}: ListOptions): string {
  return `list ${resource}${namespace === undefined ? ' -A' : ` -n ${namespace}`}${labelSelector ? ` -l ${labelSelector}` : ''}${fieldSelector ? ` --field-selector ${fieldSelector}` : ''}`;
}

export function getQuestion(resource: Resource, namespace: string | undefined, name: string): string {
  return `get ${resource}/${name}${namespace === undefined ? '' : ` -n ${namespace}`}`;
}

export interface Recorder {
  cluster: Cluster;
  /** From here on a log that was read is not read again: another command hears of it what it will hear of the snapshot. */
  rewind(): void;
  /** Writes everything that was asked through `cluster` to a folder, or to one file that ends in `.tgz`; of lists only what is about objects of these uids, where they are given. */
  write(to: string, signal: AbortSignal, about?: Set<string>): Promise<void>;
}

/** Stands before a cluster and keeps a redacted copy of each answer, refusals too. */
export function recording(cluster: Cluster, namespaces: string[]): Recorder {
  const answers: Answer[] = [];
  /** When the first answer was there: before that nobody knows the server's clock. */
  let at: number | undefined;
  const now = () => (at ??= cluster.now());
  const token = tokens();
  let serverVersion: string | undefined;
  let turns: Map<string, Answer[]> | undefined;
  const keepAll = async (asked: Answer[], ask: () => Promise<void>) => {
    for (const one of asked) answers.push(one);
    try {
      await ask();
    } catch (error) {
      if (!(error instanceof ClusterError) || error.reason === 'aborted') throw error;
      for (const answer of asked) answer.error = {reason: error.reason, ...error.unseen()};
      throw error;
    }
  };
  const keep = (answer: Answer, ask: () => Promise<void>) => keepAll([answer], ask);
  const recorded: Cluster = {
    ...cluster,
    now,
    async version() {
      serverVersion = await cluster.version();
      return serverVersion;
    },
    async list(resource, options, each) {
      const question = listQuestion(resource, options);
      const before = answers.find((one) => one.question === question && one.items !== undefined && one.error === undefined);
      // Asked again by another command: it hears what it will hear of the snapshot.
      if (before) return before.items!.forEach(each);
      const items: RawObject[] = [];
      await keep({question, items}, () =>
        cluster.list(resource, options, (item) => {
          items.push(redact(resource, item, token));
          each(item);
        }),
      );
    },
    async get(resource, namespace, name) {
      const answer: Answer = {question: getQuestion(resource, namespace, name)};
      await keep(answer, async () => {
        answer.object = await cluster.get(resource, namespace, name);
      });
      const object = answer.object!;
      answer.object = redact(resource, object, token);
      return object;
    },
    async exchange(pod, asks) {
      const asked: Answer[] = asks.map((ask) => ({question: askQuestion(pod, ask)}));
      let heard: Exchange = {setupMs: 0, answers: []};
      await keepAll(asked, async () => {
        heard = await cluster.exchange(pod, asks);
        for (const [index, answer] of heard.answers.entries()) Object.assign(asked[index]!, {setupMs: heard.setupMs, answer: redactAnswer(asks[index]!, answer)});
      });
      return heard;
    },
    async log(pod, options) {
      const question = logQuestion(pod, options);
      const before = turns?.get(question);
      if (before !== undefined && before.length > 0) return heardAgain(before.length > 1 ? before.shift()! : before[0]!).filter((line) => options.keep(line));
      const answer: Answer = {question};
      await keep(answer, async () => {
        answer.lines = (await cluster.log(pod, options)).map(shownLine);
      });
      return answer.lines!;
    },
  };
  const head = (): SnapshotHead => ({
    apiVersion: 'osm-probes/v1',
    kind: 'Snapshot',
    recordedAt: new Date(now()).toISOString(),
    context: cluster.origin.name,
    namespaces,
    ...(serverVersion === undefined ? {} : {serverVersion}),
  });
  const rewind = (): void => {
    turns = new Map();
    for (const answer of answers) if (answer.question.startsWith('logs ')) turns.set(answer.question, [...(turns.get(answer.question) ?? []), answer]);
  };
  return {cluster: recorded, rewind, write: (to, signal, about) => write(to, {head: head(), answers: about ? answers.map((answer) => narrowed(answer, about)) : answers}, signal)};
}

/** A list with the objects that are wanted, and those that are about them or theirs; lists of what has no uid of its own kind stay. */
function narrowed(answer: Answer, about: Set<string>): Answer {
  if (!answer.items || !NARROWED.some((resource) => answer.question.startsWith(`list ${resource} `))) return answer;
  return {...answer, items: answer.items.filter((item) => uidsOf(item).some((uid) => about.has(uid)))};
}

const NARROWED: Resource[] = ['pods', 'events', 'replicasets', 'statefulsets', 'daemonsets', 'controllerrevisions', 'jobs', 'deployments'];

/** Of the object itself, and of what it is about; an owner's revisions are about it. */
function uidsOf(item: RawObject): string[] {
  const {uid, ownerReferences} = (item['metadata'] ?? {}) as {uid?: string; ownerReferences?: {uid?: string}[]};
  const involved = (item['involvedObject'] ?? {}) as {uid?: string};
  return [uid, involved.uid, ...('data' in item ? (ownerReferences ?? []).map((owner) => owner.uid) : [])].filter((one) => one !== undefined);
}

function heardAgain({lines = [], error}: Answer): string[] {
  if (error) throw new ClusterError(error.reason as ClusterErrorReason, error);
  return lines;
}

interface Recording {
  head: SnapshotHead;
  answers: Answer[];
}

/** Writes it beside and renames it: a failure or Ctrl-C leaves what was there before, and nothing else. */
async function write(to: string, recording: Recording, signal: AbortSignal): Promise<void> {
  const folder = nameBeside(resolve(to));
  try {
    mkdirSync(dirname(folder), {recursive: true});
    mkdirSync(folder);
    await writeBeside(join(folder, HEAD), `${JSON.stringify(recording.head, null, 2)}\n`, signal);
    await writeBeside(join(folder, ANSWERS), textOf(recording.answers), signal);
    await place(folder, to, signal);
  } catch (error) {
    if (signal.aborted) throw new ClusterError('aborted', {asked: `writing ${to}`, got: 'interrupted'});
    if (error instanceof ClusterError) throw new ClusterError('config', {asked: `writing ${to}`, got: error.got});
    throw new ClusterError('config', {asked: `writing ${to}`, got: wordsOf(error as NodeJS.ErrnoException)});
  } finally {
    rmSync(folder, {recursive: true, force: true});
  }
}

/** The names of a snapshot's files. */
export const HEAD = 'snapshot.json';
export const ANSWERS = 'answers.json';

/** The folder as it is, its files into one that is there, or packed as one file. */
async function place(folder: string, to: string, signal: AbortSignal): Promise<void> {
  if (to.endsWith('.tgz') || to.endsWith('.tar.gz')) {
    const file = join(folder, 'packed');
    await Promise.race([create({file, cwd: folder, gzip: true, portable: true}, [HEAD, ANSWERS]), aborted(signal)]);
    renameSync(file, to);
  } else if (statSync(to, {throwIfNoEntry: false}) === undefined) renameSync(folder, to);
  else for (const file of [HEAD, ANSWERS]) renameSync(join(folder, file), join(to, file));
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, fail) => signal.addEventListener('abort', () => fail(new Error('interrupted')), {once: true}));
}

/** Entry by entry, as no text may be as long as all of them. */
function* textOf(answers: Answer[]): Generator<string> {
  yield '[\n';
  for (const [index, answer] of answers.entries()) yield `${lines(answer)}${index === answers.length - 1 ? '' : ','}\n`;
  yield ']\n';
}

/** One object a line, so that a fixture's change can be read. */
function lines({items, ...rest}: Answer): string {
  const head = JSON.stringify(rest);
  return items === undefined ? head : `${head.slice(0, -1)},"items":[\n${items.map((item) => JSON.stringify(item)).join(',\n')}\n]}`;
}
