import {closeSync, openSync, readSync} from 'node:fs';

const PIECE = 64 * 1024;

/**
 * Reads a file of a stranger, or a pipe, but no more than `most` bytes of it.
 * @throws {Error} with a message for a person: not there, not to be read, a folder, or longer than that
 */
export function readBounded(file: string, most: number): Buffer {
  const handle = openSync(file, 'r');
  try {
    const pieces: Buffer[] = [];
    for (let size = 0; ; ) {
      const piece = Buffer.alloc(PIECE);
      const read = readSync(handle, piece);
      if (read === 0) return Buffer.concat(pieces);
      size += read;
      if (size > most) throw new Error(`it has more than ${most / 1024 / 1024} MiB`);
      pieces.push(piece.subarray(0, read));
    }
  } finally {
    closeSync(handle);
  }
}
