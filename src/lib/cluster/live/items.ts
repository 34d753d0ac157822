import {TooMuch} from './errors.ts';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const LOWER_M = 0x6d;
const COMMA = 0x2c;
const SPACE = 0x20;

/** Bytes of one object: etcd takes 1.5 MB of it, and its JSON may be longer. */
export const MOST_OBJECT = 8 * 1024 * 1024;
/** Bytes of a list: far more than the largest clusters have. */
const MOST_LIST = 4 * 1024 * 1024 * 1024;
/** Bytes of a list around its items. */
export const MOST_ENVELOPE = 1024 * 1024;
/** Objects and arrays within one another: the API's own have a few dozens at most. */
const MOST_DEPTH = 200;

/** A fifth of a pod's bytes, and nobody reads them: they are cut out before they are parsed. */
const UNREAD = Buffer.from('"managedFields":[');
const ZERO = Buffer.from('0');
/** Objects and arrays around the keys of an item's metadata. */
const METADATA_DEPTH = 4;

/**
 * Cuts the items out of a list's JSON as its bytes arrive, and hands each over parsed, so that ten thousand pods never
 * lie in memory together; their managedFields come as 0, unless `whole`. `end()` answers with the rest of the document, its `items` empty.
 * @throws {SyntaxError} by `push` for an item that is no JSON, by `end` for a list that stopped in the middle
 * @throws {TooMuch} for an item or a list that does not end
 */
export class ItemCutter {
  /** Objects and arrays open around the current byte. */
  #depth = 0;
  #inString = false;
  #escaped = false;
  /** Bytes of the item that has begun, from chunks that are gone. */
  #pending: Buffer[] = [];
  #pendingBytes = 0;
  #envelope: Buffer[] = [];
  #envelopeBytes = 0;
  #odd = 0;
  #bytes = 0;
  /** The envelope's last bytes tell when the array of items begins. */
  #tail = '';
  #inItems = false;
  /** Inside of what is left out. */
  #skipping = false;
  #each: (item: Record<string, unknown>) => void;

  readonly #whole: boolean;

  constructor(each: (item: Record<string, unknown>) => void, {whole = false}: {whole?: boolean} = {}) {
    this.#each = each;
    this.#whole = whole;
  }

  push(chunk: Buffer): void {
    this.#bytes += chunk.length;
    if (this.#bytes > MOST_LIST) throw new TooMuch(`the list has more than ${MOST_LIST / 1024 / 1024 / 1024} GiB`);
    let from = 0;
    let envelopeFrom = this.#inItems ? -1 : 0;
    for (let at = 0; at < chunk.length; at++) {
      if (this.#inString) {
        at = this.#skipString(chunk, at);
        continue;
      }
      const byte = chunk[at]!;
      if (byte === QUOTE) {
        this.#inString = true;
        if (this.#inItems && this.#depth === 2) this.#odd++;
        if (!this.#whole && this.#depth === METADATA_DEPTH && this.#inItems && chunk[at + 1] === LOWER_M && chunk.subarray(at, at + UNREAD.length).equals(UNREAD)) {
          this.#keepPending(chunk.subarray(from, at + UNREAD.length - 1));
          this.#pending.push(ZERO);
          this.#inString = false;
          this.#skipping = true;
          this.#depth++;
          at += UNREAD.length - 1;
        }
      } else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
        if (byte === OPEN_BRACKET && this.#depth === 1 && this.#beginsItems(chunk, envelopeFrom, at)) {
          this.#keepEnvelope(chunk.subarray(envelopeFrom, at + 1));
          envelopeFrom = -1;
          this.#inItems = true;
        } else if (this.#inItems && this.#depth === 2) from = at;
        this.#depth++;
        if (this.#depth > MOST_DEPTH) throw new TooMuch(`the answer has more than ${MOST_DEPTH} objects within one another`);
      } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
        this.#depth--;
        if (this.#skipping && this.#depth === METADATA_DEPTH) {
          this.#skipping = false;
          from = at + 1;
        } else if (this.#inItems && this.#depth === 2) {
          this.#hand(chunk.subarray(from, at + 1));
          from = at + 1;
        } else if (this.#inItems && this.#depth === 1) {
          this.#inItems = false;
          envelopeFrom = at;
        }
      } else if (byte > SPACE && byte !== COMMA && this.#depth === 2 && this.#inItems && !isWithinScalar(chunk, at)) this.#odd++;
    }
    if (this.#inItems && this.#depth > 2) {
      if (this.#skipping) this.#countPending(chunk.length);
      else this.#keepPending(chunk.subarray(from));
    }
    if (envelopeFrom >= 0) this.#keepEnvelope(chunk.subarray(envelopeFrom));
  }

  /** Items that were no objects: null, numbers, texts. */
  get odd(): number {
    return this.#odd;
  }

  /** The list without its items, for `metadata.continue`; whatever it was. */
  end(): unknown {
    return JSON.parse(Buffer.concat(this.#envelope).toString('utf8')) as unknown;
  }

  #keepPending(bytes: Buffer): void {
    this.#countPending(bytes.length);
    this.#pending.push(Buffer.from(bytes));
  }

  #countPending(bytes: number): void {
    this.#pendingBytes += bytes;
    if (this.#pendingBytes > MOST_OBJECT) throw new TooMuch(`an item of the list has more than ${MOST_OBJECT / 1024 / 1024} MiB`);
  }

  #keepEnvelope(bytes: Buffer): void {
    this.#envelopeBytes += bytes.length;
    if (this.#envelopeBytes > MOST_ENVELOPE) throw new TooMuch(`the list has more than ${MOST_ENVELOPE / 1024 / 1024} MiB around its items`);
    this.#envelope.push(Buffer.from(bytes));
    this.#tail = (this.#tail + bytes.toString('latin1')).slice(-32);
  }

  #beginsItems(chunk: Buffer, from: number, at: number): boolean {
    if (from < 0) return false;
    const before = this.#tail + chunk.toString('latin1', Math.max(from, at - 32), at);
    return /"items"\s*:\s*$/.test(before);
  }

  /** Goes to the byte that ends the string, or to the chunk's last one. */
  #skipString(chunk: Buffer, start: number): number {
    let at = start;
    if (this.#escaped) {
      this.#escaped = false;
      at++;
    }
    for (;;) {
      const quote = chunk.indexOf(QUOTE, at);
      const end = quote < 0 ? chunk.length : quote;
      let slashes = 0;
      while (end - 1 - slashes >= at && chunk[end - 1 - slashes] === BACKSLASH) slashes++;
      if (quote < 0) {
        this.#escaped = slashes % 2 === 1;
        return chunk.length;
      }
      if (slashes % 2 === 0) {
        this.#inString = false;
        return quote;
      }
      at = quote + 1;
    }
  }

  #hand(last: Buffer): void {
    const bytes = this.#pending.length === 0 ? last : Buffer.concat([...this.#pending, last]);
    this.#pending = [];
    this.#pendingBytes = 0;
    this.#each(JSON.parse(bytes.toString('utf8')) as Record<string, unknown>);
  }
}

/** A number or word that began before: it is one item, whatever its length. */
function isWithinScalar(chunk: Buffer, at: number): boolean {
  const before = chunk[at - 1];
  return before !== undefined && before > SPACE && before !== COMMA && before !== OPEN_BRACKET;
}
