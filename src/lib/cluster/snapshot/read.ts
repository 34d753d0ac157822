import {createReadStream, statSync} from 'node:fs';
import {join} from 'node:path';
import {pipeline} from 'node:stream/promises';
import {createGunzip} from 'node:zlib';
import {Parser, type ReadEntry} from 'tar';
import {readBounded} from '../bounded-file.ts';
import {ClusterError} from '../cluster.ts';
import {clean, withoutControls} from '../sanitize.ts';
import {misfit, type Shape} from '../shape.ts';
import {ANSWERS, HEAD, type Answer, type SnapshotHead} from './record.ts';

/** Bytes of a snapshot's file; one of 10,000 pods with all their events has some 60 million. */
const MOST_FILE = 128 * 1024 * 1024;
/** Bytes that are unpacked of an archive before it is given up: both files, and what else somebody put beside them. */
const MOST_UNPACKED = 2 * MOST_FILE;
/** Objects and lists within one another. */
const MOST_DEPTH = 200;

const HEADERS: Shape = {list: {fields: {name: 'text', value: 'text'}, needed: ['name', 'value']}};
const SAID = {fields: {kind: 'text', text: 'text', ms: 'number'}, needed: ['text', 'ms']} as const satisfies Shape;
const ANSWER: Shape = {
  by: 'kind',
  kinds: {
    response: {
      fields: {protocol: {oneOf: ['HTTP/1.0', 'HTTP/1.1', 'HTTP/2']}, status: 'number', reason: 'text', headers: HEADERS, body: 'text', end: {oneOf: ['whole', 'cut', 'short', 'late']}, ms: 'number'},
      needed: ['protocol', 'status', 'reason', 'headers', 'body', 'end', 'ms'],
    },
    open: {fields: {said: 'text', ms: 'number'}, needed: ['said', 'ms']},
    refused: SAID,
    closed: {fields: {text: 'text', reset: 'boolean', ms: 'number'}, needed: ['text', 'reset', 'ms']},
    timeout: {fields: {ms: 'number'}, needed: ['ms']},
    tls: {fields: {plaintext: 'boolean', text: 'text', ms: 'number'}, needed: ['plaintext', 'text', 'ms']},
    'not-http': {fields: {said: 'text', text: 'text', ms: 'number'}, needed: ['said', 'text', 'ms']},
    grpc: {fields: {code: 'number', message: 'text', status: 'text', ms: 'number'}, needed: ['code', 'message', 'status', 'ms']},
    unsendable: {fields: {text: 'text'}, needed: ['text']},
  },
};
const REASONS = ['config', 'unreachable', 'unauthorized', 'forbidden', 'not-found', 'gone', 'busy', 'partial', 'bad-answer', 'invalid'];
const ENTRY: Shape = {
  fields: {
    question: 'text',
    items: {list: 'map'},
    object: 'map',
    answer: ANSWER,
    setupMs: 'number',
    lines: {list: 'text'},
    error: {fields: {reason: {oneOf: REASONS}, asked: 'text', got: 'text', try: 'text'}, needed: ['reason', 'asked', 'got']},
  },
  needed: ['question'],
};
const SNAPSHOT: Shape = {
  fields: {kind: {oneOf: ['Snapshot']}, apiVersion: 'text', recordedAt: 'text', context: 'text', namespaces: {list: 'text'}, serverVersion: 'text'},
  needed: ['kind', 'recordedAt'],
};

export interface Recorded {
  head: SnapshotHead;
  answers: Answer[];
}

/**
 * Reads a snapshot, which may come from anybody: each field is what it has to be, each text outside of the recorded
 * objects is cleaned, and nothing is longer than a snapshot can be.
 * @throws {ClusterError} config: no snapshot at that path, or one that is not whole
 */
export async function readSnapshot(from: string): Promise<Recorded> {
  try {
    const files = statSync(from).isDirectory() ? ofFolder(from) : await unpacked(from);
    const head = checked(parsed(HEAD, files.head), SNAPSHOT, HEAD) as SnapshotHead;
    const at = Date.parse(head.recordedAt);
    if (!(at > 0 && at < Date.UTC(10_000, 0))) throw new Error(`${HEAD}: recordedAt is no time`);
    const odd = head.namespaces?.find((one) => !/^[a-z0-9-]{1,253}$/.test(one));
    if (odd !== undefined) throw new Error(`${HEAD}: ${JSON.stringify(clean(odd).slice(0, 80))} is no namespace`);
    const answers = parsed(ANSWERS, files.answers);
    if (!Array.isArray(answers)) throw new Error(`${ANSWERS} holds no list`);
    return {head: cleanedHead(head), answers: answers.map((answer, index) => cleanedAnswer(checked(answer, ENTRY, `${ANSWERS}, entry ${index + 1}`) as Answer))};
  } catch (error) {
    const {code, message} = error as NodeJS.ErrnoException;
    const got = code === 'ENOENT' ? `no such file, or no ${HEAD} or ${ANSWERS} in it` : `no snapshot: ${message}`;
    throw new ClusterError('config', {asked: `snapshot ${from}`, got, try: 'kubectl osm-probes snapshot --to DIR'});
  }
}

function checked(value: unknown, shape: Shape, where: string): unknown {
  const wrong = misfit(value, shape);
  if (wrong !== undefined) throw new Error(`${where}: ${wrong}`);
  return value;
}

function parsed(name: string, bytes: Buffer): unknown {
  assertShallow(name, bytes);
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch (error) {
    throw new Error(`${name} is no JSON: ${(error as Error).message.slice(0, 200)}`, {cause: error});
  }
}

const BRACKETS = {open: [0x7b, 0x5b], close: [0x7d, 0x5d], quote: 0x22, backslash: 0x5c};

/** What is nested without end would overflow whatever walks it. */
function assertShallow(name: string, bytes: Buffer): void {
  let depth = 0;
  let inString = false;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at]!;
    if (inString && byte === BRACKETS.backslash) at++;
    else if (byte === BRACKETS.quote) inString = !inString;
    else if (!inString && BRACKETS.open.includes(byte)) depth++;
    else if (!inString && BRACKETS.close.includes(byte)) depth--;
    if (depth > MOST_DEPTH) throw new Error(`${name} has more than ${MOST_DEPTH} objects within one another`);
  }
}

function cleanedHead(head: SnapshotHead): SnapshotHead {
  const {apiVersion, kind, recordedAt, context, namespaces, serverVersion} = head;
  return {apiVersion, kind, recordedAt: new Date(recordedAt).toISOString(), context: clean(context ?? ''), namespaces: (namespaces ?? []).map(clean), serverVersion: serverVersion === undefined ? undefined : clean(serverVersion)};
}

/** What a recorded object holds is cleaned where it is read, as of a live one. */
function cleanedAnswer(answer: Answer): Answer {
  const {question, items, object, lines, error, setupMs} = answer;
  const kept: Answer = {question, items: items ?? undefined, object: object ?? undefined, setupMs: setupMs ?? undefined};
  if (answer.answer) kept.answer = deepCleaned(answer.answer);
  if (lines) kept.lines = lines.map(withoutControls);
  if (error) kept.error = {reason: error.reason, asked: clean(error.asked), got: clean(error.got), try: ownTry(error.try)};
  return kept;
}

/** An answer of a port: a map of texts, numbers and headers. */
function deepCleaned<T>(value: T): T {
  return JSON.parse(JSON.stringify(value), (_key, one: unknown) => (typeof one === 'string' ? withoutControls(one) : one)) as T;
}

/** Commands that are printed under our name are our own: one of a stranger's is shown only if it looks, and nothing else. */
function ownTry(attempt: string | undefined | null): string | undefined {
  return typeof attempt === 'string' && /^kubectl (auth can-i|get|describe|config get-contexts)( [\w./:=@ -]{1,300})?$/.test(attempt) ? attempt : undefined;
}

interface Files {
  head: Buffer;
  answers: Buffer;
}

function ofFolder(folder: string): Files {
  return {head: readBounded(join(folder, HEAD), MOST_FILE), answers: readBounded(join(folder, ANSWERS), MOST_FILE)};
}

/** The two files of an archive, unpacked in memory; whatever else is in it is passed over, as far as the bound. */
async function unpacked(file: string): Promise<Files> {
  const found = new Map<string, Buffer[]>();
  let over = false;
  const parser = new Parser({strict: false, onReadEntry: (entry) => take(entry, found)});
  parser.on('eof', () => (over = true));
  let size = 0;
  const ofArchive = async (source: AsyncIterable<Buffer>) => {
    for await (const chunk of source) {
      size += chunk.length;
      if (size > MOST_UNPACKED) throw new Error(`unpacked it has more than ${MOST_UNPACKED / 1024 / 1024} MiB`);
      parser.write(chunk);
      if (over) return;
    }
    parser.end();
  };
  await pipeline(createReadStream(file), createGunzip(), ofArchive).catch((error: unknown) => {
    if (!over) throw error; // What comes after the archive's end is not read, which ends the streams before it early.
  });
  const bytes = (name: string) => Buffer.concat(found.get(name) ?? missing(name));
  return {head: bytes(HEAD), answers: bytes(ANSWERS)};
}

function take(entry: ReadEntry, found: Map<string, Buffer[]>): void {
  const name = entry.path.replace(/^\.\//, '');
  if ((name !== HEAD && name !== ANSWERS) || entry.type !== 'File' || found.has(name)) return void entry.resume();
  if (entry.size > MOST_FILE) throw new Error(`${name} has more than ${MOST_FILE / 1024 / 1024} MiB`);
  const pieces: Buffer[] = [];
  found.set(name, pieces);
  entry.on('data', (piece: Buffer) => pieces.push(piece));
}

function missing(name: string): never {
  throw new Error(`there is no ${name} in it`);
}
