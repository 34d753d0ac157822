import {basename} from 'node:path';
import {ClusterError, type Cluster, type ClusterErrorReason, type RawObject} from '../cluster.ts';
import {clean} from '../sanitize.ts';
import {identityOf, object} from '../reduce/read.ts';
import {askQuestion, logQuestion} from './answers.ts';
import {readSnapshot} from './read.ts';
import {getQuestion, listQuestion, type Answer} from './record.ts';
import {highest} from '../../model/extremes.ts';

/**
 * A recorded cluster: the same questions get the same answers, refusals included, at the time of the recording. A list
 * of one namespace is answered out of a list of all, where that was recorded.
 * @throws {ClusterError} config: no snapshot at that path
 */
export async function replay(from: string): Promise<Cluster> {
  const {head, answers} = await readSnapshot(from);
  const byQuestion = new Map(answers.map((answer) => [answer.question, answer]));
  const at = Date.parse(head.recordedAt);
  const next = inTurn(answers);
  return {
    origin: {kind: 'snapshot', name: `${clean(basename(from))}, ${head.recordedAt}`},
    defaultNamespaces: head.namespaces,
    now: () => at,
    version: async () => head.serverVersion ?? '',
    async list(resource, options, each) {
      const exact = byQuestion.get(listQuestion(resource, options));
      const all = exact ? undefined : byQuestion.get(listQuestion(resource, {}));
      const answer = exact ?? all;
      if (!answer) throw missing(listQuestion(resource, options));
      const seen = new Set<string>();
      for (const item of answer.items ?? []) if ((exact || namespaceOf(item) === options.namespace) && isNew(seen, item)) each(item);
      raise(answer);
    },
    async get(resource, namespace, name) {
      const question = getQuestion(resource, namespace, name);
      const answer = byQuestion.get(question);
      if (answer) {
        raise(answer);
        return answer.object ?? {};
      }
      const list = byQuestion.get(listQuestion(resource, namespace === undefined ? {} : {namespace})) ?? byQuestion.get(listQuestion(resource, {}));
      const found = list?.items?.find((item) => nameOf(item) === name && (namespace === undefined || namespaceOf(item) === namespace));
      if (found) return found;
      throw list ? new ClusterError('not-found', {asked: question, got: 'not in the snapshot'}) : missing(question);
    },
    async watch(resource) {
      throw new ClusterError('config', {asked: `changes of ${resource}`, got: 'a snapshot does not change'});
    },
    async exchange(pod, asks) {
      const heard = asks.map((ask) => next(askQuestion(pod, ask)));
      return {setupMs: highest(heard.map(({setupMs}) => setupMs ?? 0), 0), answers: heard.map(({question, answer}) => (answer ?? unanswered(question)))};
    },
    async log(pod, options) {
      return (next(logQuestion(pod, options)).lines ?? []).filter((line) => options.keep(line)).slice(-(options.atMost ?? Infinity));
    },
    close: () => undefined,
  };
}

/** What was asked several times is answered in the order of the recording; the last answer stands for all that follow. */
function inTurn(answers: Answer[]): (question: string) => Answer {
  const turns = new Map<string, Answer[]>();
  for (const answer of answers) turns.set(answer.question, [...(turns.get(answer.question) ?? []), answer]);
  return (question) => {
    const left = turns.get(question);
    if (!left) throw missing(question);
    const answer = left.length > 1 ? left.shift()! : left[0]!;
    raise(answer);
    return answer;
  };
}

function unanswered(question: string): never {
  throw new ClusterError('config', {asked: question, got: 'the snapshot names the question without its answer'});
}

function raise({error}: Answer): void {
  if (error) throw new ClusterError(error.reason as ClusterErrorReason, error);
}

function missing(question: string): ClusterError {
  return new ClusterError('not-found', {asked: question, got: 'the snapshot was recorded with another scope'});
}

function metadata(item: RawObject): {name?: string; namespace?: string} {
  return object(item['metadata']) as {name?: string; namespace?: string};
}

function nameOf(item: RawObject): string | undefined {
  return metadata(item).name;
}

function namespaceOf(item: RawObject): string | undefined {
  return metadata(item).namespace;
}

/** An object with a name that did not come before in the same list, as of a live one. */
function isNew(seen: Set<string>, item: RawObject): boolean {
  const {name} = object(item['metadata']);
  const id = identityOf(item);
  return typeof name === 'string' && name !== '' && !seen.has(id) && Boolean(seen.add(id));
}
