import {readFileSync} from 'node:fs';
import {Ajv2020, type ValidateFunction} from 'ajv/dist/2020.js';

/** What went wrong in one run. */
export type FailureKind = 'hung' | 'crashed' | 'wrong' | 'lost' | 'leaked';
export const FAILURE_KINDS: readonly FailureKind[] = ['hung', 'crashed', 'wrong', 'lost', 'leaked'];

export interface Failure {
  /** The fault that shows it again: `--only ID`. */
  id: string;
  kind: FailureKind;
  /** What was seen, in one line. */
  seen: string;
}

/** What one run of the command line did. */
export interface Seen {
  code: number | null;
  killedBy: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
  /** From the start, or from the signal that was to end it, to the end. */
  ms: number;
  /** It did not end, and was killed. */
  endless?: boolean;
  /** Ctrl-C came, and the time is counted from there. */
  interrupted?: boolean;
}

export type Document = 'verify' | 'events' | 'forward';

/** What a run has to be like. */
export interface Wanted {
  /** Exit codes that are right here; absent for any that is documented. */
  codes?: readonly number[];
  withinMs: number;
  /** stdout is one document of that schema, where there is any. */
  json?: Document | undefined;
  /** Texts that the report holds whatever happened. */
  holds?: readonly string[];
  /** What the screen (stdout and stderr) says of what is missing. */
  says?: RegExp | undefined;
  /** Words that are in nothing that is printed. */
  secrets?: readonly string[];
  /** A program that is not ours writes to stderr too, which is passed on as it is. */
  foreignStderr?: boolean;
  /** A terminal was there: its own escapes for colour and cursor are fine on it. */
  terminal?: boolean;
}

export const DOCUMENTED = [0, 1, 2, 3, 4, 130] as const;
const STACK =
  /\n\s+at .*[:(]|node:internal|\b(?:Type|Range|URI|Syntax|Reference|Cluster|Aggregate)Error\b|Uncaught|Unhandled/;
/** Control characters, and what has no width or turns a line around. */
const RAW = /[\0-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]|(?!\ufe0f)\p{Default_Ignorable_Code_Point}/u;
/** What no sentence of ours says. */
const NONSENSE =
  /(?<!["'\\])\b(?:NaN|Infinity|undefined)\b(?!["'])|<invalid>|\[object |\(node:\d+\)|-\d+(?:\.\d+)?m?[smhd] ago/;

/** Where the machine has other things to do, every bound of time is so many times as long. */
export const PATIENCE = Number(process.env['WEATHER_PATIENCE'] ?? 1);

/** All that is wrong with a run, the gravest first; empty where it is as it should be. */
export function judge(id: string, seen: Seen, wanted: Wanted): Failure[] {
  const failures: Failure[] = [];
  const add = (kind: FailureKind, what: string): void => void failures.push({id, kind, seen: what});
  if (seen.endless)
    return [{id, kind: 'hung', seen: `no end within ${Math.round(seen.ms)} ms: ${firstLine(seen.stderr)}`}];
  const withinMs = wanted.withinMs * PATIENCE;
  if (seen.ms > withinMs) add('hung', `${Math.round(seen.ms)} ms, at most ${Math.round(withinMs)}`);
  const crash = crashOf(seen);
  if (crash) add('crashed', crash);
  const codes = wanted.codes ?? DOCUMENTED;
  if (!crash && !codes.includes(seen.code ?? -1))
    add(
      seen.code === 3 && !codes.includes(3) ? 'lost' : 'wrong',
      `exit ${seen.code}, not ${codes.join(' or ')}: ${firstLine(seen.stderr)}`,
    );
  const odd = crash ? undefined : oddText(seen, wanted);
  if (odd) add('wrong', odd);
  const missing = lostOf(seen, wanted);
  if (missing !== undefined) add('lost', missing);
  const told = (wanted.secrets ?? []).find((secret) => (seen.stdout + seen.stderr).includes(secret));
  if (told !== undefined) add('leaked', `${told} in ${around(seen.stdout + seen.stderr, told)}`);
  return failures;
}

function crashOf({killedBy, stderr, stdout, code}: Seen): string | undefined {
  if (killedBy !== null) return `killed by ${killedBy}`;
  if (code === null) return 'no exit code';
  const said = STACK.exec(stderr) ?? STACK.exec(stdout.startsWith('{') ? '' : stdout);
  return said ? firstLine(stderr.slice(stderr.search(/error|Error/)) || stderr || stdout) : undefined;
}

/** What is no text that may reach a screen, or no document that was promised. */
function oddText({stdout, stderr, code}: Seen, wanted: Wanted): string | undefined {
  if (!wanted.terminal) {
    const raw = RAW.exec(stdout) ?? (wanted.foreignStderr ? null : RAW.exec(stderr));
    if (raw) return `U+${raw[0].codePointAt(0)!.toString(16).padStart(4, '0')} in ${around(stdout + stderr, raw[0])}`;
  }
  const text = stdout + stderr;
  const bad = NONSENSE.exec(wanted.json ? stderr : text);
  if (bad) return `${bad[0]} in ${around(text, bad[0])}`;
  if (!wanted.json) return undefined;
  if (stdout !== '') return invalid(stdout, wanted.json);
  return [0, 1, 4].includes(code ?? -1) ? 'no document on stdout' : undefined;
}

const validators = new Map<Document, ValidateFunction>();

function validatorOf(name: Document): ValidateFunction {
  let valid = validators.get(name);
  if (!valid) {
    valid = new Ajv2020({allErrors: false}).compile(
      JSON.parse(readFileSync(`schema/${name}-report.json`, 'utf8')) as object,
    );
    validators.set(name, valid);
  }
  return valid;
}

function parsed(text: string): object | string {
  try {
    return JSON.parse(text) as object;
  } catch (error) {
    return `no JSON: ${(error as Error).message}`;
  }
}

/** Why a text is no document of that schema, or one with an age that cannot be. */
export function invalid(text: string, name: Document): string | undefined {
  const document = parsed(text);
  if (typeof document === 'string') return document;
  const valid = validatorOf(name);
  if (!valid(document)) return `not of its schema: ${valid.errors?.[0]?.instancePath} ${valid.errors?.[0]?.message}`;
  const age = /"[a-zA-Z]*(?:Seconds|Ms)": -\d[\d.]*/.exec(text);
  return age ? `an age below zero: ${age[0]}` : undefined;
}

function lostOf({stdout, stderr, code}: Seen, {holds = [], says}: Wanted): string | undefined {
  if (code === 3 || code === 2) return undefined; // Said by its exit code already.
  const lost = holds.find((one) => !stdout.includes(one));
  if (lost !== undefined) return `${JSON.stringify(lost)} is not in the report`;
  return says && !says.test(stdout + stderr) ? `nothing says ${says.source}` : undefined;
}

export function firstLine(text: string): string {
  return text
    .trimStart()
    .split('\n')
    .slice(0, 2)
    .join(' ')
    .replaceAll(/[^\u0020-\u007e]/g, '?')
    .slice(0, 200);
}

function around(text: string, word: string): string {
  const at = text.indexOf(word);
  return JSON.stringify(text.slice(Math.max(0, at - 40), at + word.length + 20));
}
