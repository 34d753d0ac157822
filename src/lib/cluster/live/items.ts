const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const LOWER_M = 0x6d;

/** A fifth of a pod's bytes, and nobody reads them: they are cut out before they are parsed. */
const UNREAD = Buffer.from('"managedFields":[');
const ZERO = Buffer.from('0');
/** Objects and arrays around the keys of an item's metadata. */
const METADATA_DEPTH = 4;

/**
 * Cuts the items out of a list's JSON as its bytes arrive, and hands each over parsed, so that ten thousand pods never
 * lie in memory together; their managedFields come as 0, unless `whole`. `end()` answers with the rest of the document, its `items` empty.
 * @throws {SyntaxError} by `push` for an item that is no JSON, by `end` for a list that stopped in the middle
 */
export class ItemCutter {
  /** Objects and arrays open around the current byte. */
  #depth = 0;
  #inString = false;
  #escaped = false;
  /** Bytes of the item that has begun, from chunks that are gone. */
  #pending: Buffer[] = [];
  #envelope: Buffer[] = [];
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
        if (!this.#whole && this.#depth === METADATA_DEPTH && this.#inItems && chunk[at + 1] === LOWER_M && chunk.subarray(at, at + UNREAD.length).equals(UNREAD)) {
          this.#pending.push(Buffer.from(chunk.subarray(from, at + UNREAD.length - 1)), ZERO);
          this.#inString = false;
          this.#skipping = true;
          this.#depth++;
          at += UNREAD.length - 1;
        }
      }
      else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
        if (byte === OPEN_BRACKET && this.#depth === 1 && this.#beginsItems(chunk, envelopeFrom, at)) {
          this.#envelope.push(Buffer.from(chunk.subarray(envelopeFrom, at + 1)));
          envelopeFrom = -1;
          this.#inItems = true;
        } else if (this.#inItems && this.#depth === 2) from = at;
        this.#depth++;
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
      }
    }
    if (this.#inItems && this.#depth > 2 && !this.#skipping) this.#pending.push(Buffer.from(chunk.subarray(from)));
    if (envelopeFrom >= 0) this.#keepEnvelope(chunk.subarray(envelopeFrom));
  }

  /** The list without its items, for `metadata.continue`. */
  end(): Record<string, unknown> {
    return JSON.parse(Buffer.concat(this.#envelope).toString('utf8')) as Record<string, unknown>;
  }

  #keepEnvelope(bytes: Buffer): void {
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
    this.#each(JSON.parse(bytes.toString('utf8')) as Record<string, unknown>);
  }
}
