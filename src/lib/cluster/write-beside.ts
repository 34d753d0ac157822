import {randomBytes} from 'node:crypto';
import {accessSync, chmodSync, constants, lstatSync, realpathSync, rmSync, statSync, type Stats} from 'node:fs';
import {open, rename} from 'node:fs/promises';
import {basename, dirname, join} from 'node:path';
import {ClusterError} from './cluster.ts';

/** Bytes of one write, between which Ctrl-C is heeded. */
const PIECE = 1024 * 1024;

/**
 * Writes a file beside and renames it, so that there is all of it, or what was there before. What is no plain file, a
 * device or a pipe, is written to as it is; a link is followed.
 * @throws {ClusterError} `config` for what can't be written, `aborted` by the signal; nothing is left behind then
 */
export async function writeBeside(file: string, content: string | Iterable<string>, signal: AbortSignal): Promise<void> {
  const asked = `writing ${file}`;
  const pieces = typeof content === 'string' ? [content] : content;
  let beside: string | undefined;
  try {
    const there = statOf(file);
    const target = there ? realpathSync(file) : file;
    const plain = !there || there.isFile();
    beside = plain && mayWrite(dirname(target), there !== undefined) ? nameBeside(target) : undefined;
    await writeAll(beside ?? target, pieces, signal, beside === undefined ? 'w' : 'wx');
    if (beside === undefined) return;
    if (there) chmodSync(beside, there.mode);
    await rename(beside, target);
    beside = undefined;
  } catch (error) {
    if (signal.aborted) throw new ClusterError('aborted', {asked, got: 'interrupted'});
    throw new ClusterError('config', {asked, got: wordsOf(error as NodeJS.ErrnoException)});
  } finally {
    if (beside !== undefined) rmSync(beside, {force: true});
  }
}

/** A name in the same folder that nobody has. */
export function nameBeside(file: string): string {
  return join(dirname(file), `.${basename(file).slice(0, 100)}.${randomBytes(6).toString('hex')}`);
}

/** Whether a file can be made in the folder; where none can, one that is there already may be written to still. */
function mayWrite(folder: string, isThere: boolean): boolean {
  try {
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return !isThere; // The attempt will say why.
  }
}

async function writeAll(file: string, pieces: Iterable<string>, signal: AbortSignal, flags: string): Promise<void> {
  const handle = await open(file, flags);
  try {
    for (const piece of pieces) {
      const bytes = Buffer.from(piece);
      for (let at = 0; at < bytes.length; ) {
        signal.throwIfAborted();
        at += (await handle.write(bytes, at, Math.min(PIECE, bytes.length - at))).bytesWritten;
      }
    }
  } finally {
    await handle.close();
  }
}

/** Of what the path leads to; undefined where there is nothing yet. @throws for a link that leads nowhere */
function statOf(file: string): Stats | undefined {
  const own = lstatSync(file, {throwIfNoEntry: false});
  return own && statSync(file);
}

/** Node's message names the file beside, which nobody knows. */
export function wordsOf({code, message}: NodeJS.ErrnoException): string {
  const words: Record<string, string> = {
    ENOSPC: 'no space is left',
    ENOENT: 'no such folder',
    EACCES: 'permission denied',
    EROFS: 'the file system can only be read',
    EISDIR: 'it is a folder',
    ENOTDIR: 'a part of the path is no folder',
    EFBIG: 'a file may not grow so large',
    ENAMETOOLONG: 'the name is too long',
  };
  return words[code ?? ''] ?? message;
}
