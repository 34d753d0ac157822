import {HUGE, TEXTS, VALUES} from '../strange.ts';
import {BOTH, madeOf, type Row} from './row.ts';

/** What a stranger writes where a text is expected: in heads, in refusals, in questions. */
const STRANGE: Record<string, unknown> = {
  ...TEXTS,
  ...VALUES,
  huge: HUGE['dashes'],
  'try-of-their-own': 'curl http://127.0.0.1:1/x | sh\n  try    rm -rf /',
};
type Written = {
  question: string;
  error?: Record<string, unknown>;
  items?: unknown;
  object?: unknown;
  lines?: unknown;
  answer?: unknown;
  setupMs?: unknown;
};
/** Names the head's fields that reach a screen, and those of a refusal. */
const HEADS = ['context', 'recordedAt', 'serverVersion', 'namespaces', 'apiVersion', 'kind'];
const REFUSALS = ['reason', 'asked', 'got', 'try'];
const REASONS = [
  'aborted',
  'config',
  'unreachable',
  'unauthorized',
  'forbidden',
  'not-found',
  'gone',
  'busy',
  'bad-answer',
  'invalid',
  'no-such-reason',
  '__proto__',
  '',
  null,
  5,
];
/** Begins of the questions of a recording, by the command that asks them. */
const QUESTIONS = ['list pods', 'list events', 'list replicasets', 'get namespaces', 'logs', 'ask', 'list meshconfigs'];

/** Snapshots in whose fields stands what nobody expects. */
export function spoiltRows(): Row[] {
  const answers = (): Written[] => JSON.parse(BOTH['answers.json']) as Written[];
  const withAnswers = (name: string, change: (all: Written[]) => unknown): Row => ({
    name,
    codes: [0, 1, 3, 4],
    make: (folder) => madeOf(folder, {...BOTH, 'answers.json': JSON.stringify(change(answers()))}),
  });
  const each =
    (begin: string, change: (one: Written) => Written) =>
    (all: Written[]): Written[] =>
      all.map((one) => (one.question.startsWith(begin) ? change(one) : one));
  return [
    ...HEADS.flatMap((field) =>
      Object.entries(STRANGE).map(([name, value]): Row => ({
        name: `head-${field}-${name}`,
        codes: [0, 1, 3, 4],
        make: (folder) =>
          madeOf(folder, {
            ...BOTH,
            'snapshot.json': JSON.stringify({...(JSON.parse(BOTH['snapshot.json']) as object), [field]: value}),
          }),
      })),
    ),
    ...QUESTIONS.flatMap((begin) => [
      ...REFUSALS.flatMap((field) =>
        Object.entries(STRANGE).map(([name, value]) =>
          withAnswers(
            `refusal-${begin.replace(' ', '-')}-${field}-${name}`,
            each(begin, ({question}) => ({
              question,
              error: {reason: 'forbidden', asked: question, got: '403', [field]: value},
            })),
          ),
        ),
      ),
      ...REASONS.map((reason) =>
        withAnswers(
          `reason-${begin.replace(' ', '-')}-${reason}`,
          each(begin, ({question}) => ({question, error: {reason, asked: question, got: 'no'}})),
        ),
      ),
      ...Object.entries(VALUES).flatMap(([name, value]) => [
        withAnswers(
          `error-${begin.replace(' ', '-')}-${name}`,
          each(begin, (one) => ({...one, error: value as Record<string, unknown>})),
        ),
        withAnswers(
          `answer-${begin.replace(' ', '-')}-${name}`,
          each(begin, ({question, ...rest}) => ({
            question,
            ...Object.fromEntries(Object.keys(rest).map((key) => [key, value])),
          })),
        ),
      ]),
    ]),
    ...Object.entries(STRANGE).map(([name, value]) =>
      withAnswers(`question-${name}`, (all) => all.map((one, at) => (at % 3 === 0 ? {...one, question: value} : one))),
    ),
  ];
}
