import {readFileSync} from 'node:fs';
import type {RawObject} from '../../src/lib/cluster/cluster.ts';
import {container, http, NOW, pod as made} from '../support/pods.ts';

/** An answer of a recording. */
export interface Recorded {
  question: string;
  items?: RawObject[];
  object?: RawObject;
  lines?: string[];
  answer?: RecordedAnswer;
  setupMs?: number;
  error?: {reason: string; asked: string; got: string; try?: string};
}

export interface RecordedAnswer {
  kind: string;
  status?: number;
  reason?: string;
  headers?: {name: string; value: string}[];
  body?: string;
}

/** Recorded objects by the resource that they are listed under. */
export interface World {
  lists: Record<string, RawObject[]>;
  namespace: RawObject;
  recorded: Recorded[];
}

export const NAMESPACE = 'demo';
/** A namespace beside it, with the same workloads. */
export const OTHER = 'other';

export const answersOf = (name: string): Recorded[] =>
  JSON.parse(readFileSync(`test/fixtures/${name}/answers.json`, 'utf8')) as Recorded[];

/** Every time in a text, moved so that what was `from` is now: the world looks as if it had been recorded just now. */
function moved(text: string, from: number): string {
  const by = Date.now() - from;
  return text.replace(
    /"(20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z)"/g,
    (_, time: string) => `"${new Date(Date.parse(time) + by).toISOString().replace(/\.\d+Z$/, 'Z')}"`,
  );
}

function movedTo<T>(value: T, from: number): T {
  return JSON.parse(moved(JSON.stringify(value), from)) as T;
}

const itemsOf = (answers: Recorded[], resource: string): RawObject[] =>
  answers.find(({question}) => question.startsWith(`list ${resource} `))?.items ?? [];
const metadataOf = (
  raw: RawObject,
): {name: string; namespace: string; uid: string; ownerReferences?: {uid: string; name: string}[]} =>
  raw['metadata'] as never;
const recordedAt = (name: string): number =>
  Date.parse(
    (JSON.parse(readFileSync(`test/fixtures/${name}/snapshot.json`, 'utf8')) as {recordedAt: string}).recordedAt,
  );

/** Workloads of the demo that stand for what can be wrong, and one that is well. */
const ILL = /^(app-503|crash-loop|two-containers|bookstore)-/;
const WELL = /^bookstore-/;

/** A small cluster out of recordings: an ill one, or one where all is well. Kinds of owners are all in it. */
export function worldOf(kind: 'ill' | 'well'): World {
  const demo = movedTo(answersOf('demo'), recordedAt('demo'));
  const zoo = movedTo(answersOf('zoo'), recordedAt('zoo'));
  const job = movedTo(
    made({
      name: 'nightly-x',
      namespace: NAMESPACE,
      workload: {kind: 'Job', name: 'nightly'},
      containers: [container('work', {readiness: http()})],
    }).objects,
    NOW,
  );
  const wanted = kind === 'ill' ? ILL : WELL;
  const pods = itemsOf(demo, 'pods').filter((one) => wanted.test(metadataOf(one).name));
  const others = itemsOf(zoo, 'pods').filter((one) => /^healthy-(sts|ds)-/.test(metadataOf(one).name));
  const uids = new Set([...pods, ...others].map((one) => metadataOf(one).uid));
  const about = (one: RawObject): boolean =>
    uids.has(String((one['involvedObject'] as RawObject | undefined)?.['uid']));
  const events =
    kind === 'ill' ? [...itemsOf(demo, 'events'), ...itemsOf(zoo, 'events')].filter(about).slice(0, 80) : [];
  const owners = (raw: RawObject[]): RawObject[] => raw.filter((one) => /^healthy-(sts|ds)/.test(metadataOf(one).name));
  const lists: Record<string, RawObject[]> = {
    pods: [...pods, ...others, ...job.filter(([resource]) => resource === 'pods').map(([, raw]) => raw)],
    events,
    replicasets: itemsOf(demo, 'replicasets').filter((one) => wanted.test(`${metadataOf(one).name}-`)),
    statefulsets: owners(itemsOf(zoo, 'statefulsets')),
    daemonsets: owners(itemsOf(zoo, 'daemonsets')),
    controllerrevisions: owners(itemsOf(zoo, 'controllerrevisions')),
    jobs: job.filter(([resource]) => resource === 'jobs').map(([, raw]) => raw),
    meshconfigs: itemsOf(demo, 'meshconfigs'),
    deployments: [],
  };
  for (const list of Object.values(lists))
    for (const one of list) if (metadataOf(one).namespace === 'osm-probes-zoo') metadataOf(one).namespace = NAMESPACE;
  for (const one of lists['events']!) (one['involvedObject'] as RawObject)['namespace'] = NAMESPACE;
  return {lists, namespace: demo.find(({question}) => question === 'get namespaces/demo')!.object!, recorded: demo};
}

/** The workloads of a world, as reports name them. */
export function workloadsOf(kind: 'ill' | 'well'): string[] {
  const all = ['deploy/bookstore', 'sts/healthy-sts', 'ds/healthy-ds', 'job/nightly'];
  return kind === 'ill' ? ['deploy/app-503', 'deploy/crash-loop', 'deploy/two-containers', ...all] : all;
}

/** The same objects in another namespace. */
export function inNamespace(items: RawObject[], namespace: string): RawObject[] {
  return JSON.parse(
    JSON.stringify(items)
      .replaceAll(`"namespace":"${NAMESPACE}"`, `"namespace":"${namespace}"`)
      .replaceAll(/"uid":"/g, `"uid":"${namespace}-`),
  ) as RawObject[];
}
