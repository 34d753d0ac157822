import {writeSync} from 'node:fs';

/** Bytes of one write: a reader that is slow is not waited for longer than for these. */
const PIECE = 64 * 1024;
/** Between two tries where the other side takes nothing, in milliseconds. */
const AGAIN_MS = 5;

/** What could not be written, and why. */
export interface Broken {
  stream: 'stdout' | 'stderr';
  code: string;
}

/**
 * Makes every write to stdout and stderr, ours and the libraries', write all or tell: Node's own streams forget what a
 * full disk did not take. A terminal keeps Node's stream. `broken` hears of the first failure of each.
 */
export function ownOutput(broken: (how: Broken) => void): void {
  own('stdout', process.stdout, 1, broken);
  own('stderr', process.stderr, 2, broken);
}

function own(name: Broken['stream'], stream: NodeJS.WriteStream, fd: number, broken: (how: Broken) => void): void {
  let failed = false;
  const fail = (error: NodeJS.ErrnoException) => {
    if (failed) return;
    failed = true;
    broken({stream: name, code: error.code ?? error.message});
  };
  stream.on('error', fail);
  if (stream.isTTY) return;
  const write = (chunk: string | Uint8Array, encoding?: unknown, done?: unknown): boolean => {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk, typeof encoding === 'string' ? (encoding as BufferEncoding) : 'utf8') : chunk;
    try {
      if (!failed) writeAll(fd, bytes);
    } catch (error) {
      fail(error as NodeJS.ErrnoException);
    }
    const call = typeof encoding === 'function' ? encoding : done;
    if (typeof call === 'function') process.nextTick(call as () => void);
    return true;
  };
  stream.write = write as typeof stream.write;
}

/** Writes all bytes, however slow the reader. @throws as `writeSync`: the disk is full, the reader has left */
export function writeAll(fd: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) {
    try {
      at += writeSync(fd, bytes, at, Math.min(PIECE, bytes.length - at));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, AGAIN_MS);
    }
  }
}

const WORDS: Record<string, string> = {
  ENOSPC: 'no space is left',
  EPIPE: 'the reader left before the end',
  EFBIG: 'a file may not grow so large',
  EBADF: 'it is closed',
  EIO: 'the terminal is gone',
};

/** One sentence about output that is lost. */
export function brokenText({stream, code}: Broken): string {
  return `error: writing to ${stream} failed\n  got    ${Object.hasOwn(WORDS, code) ? WORDS[code] : code}\n`;
}
