import type http from 'node:http';
import type {Socket} from 'node:net';
import {text, type Answer} from '../../support/api-server.ts';

/**
 * What the answer still tells: `nothing`, so that what was asked for is unknown; `same`, all that the good one tells;
 * `open` where a reader may take it either way.
 */
export type Says = 'nothing' | 'same' | 'open';

export interface Fault {
  name: string;
  says: Says;
  /** Thrown at lists only, at single objects only, or at both. */
  at?: 'lists' | 'objects' | 'texts';
  spoil(good: string): Answer;
}

export const JSON_TYPE = {'content-type': 'application/json'};
/** A fault as its table has it. */
export type Row = [name: string, says: Says, spoil: (good: string) => Answer, at?: Fault['at']];

export const fault = ([name, says, spoil, at]: Row): Fault => ({name, says, spoil, ...(at === undefined ? {} : {at})});
export const body =
  (of: (good: string) => string): ((good: string) => Answer) =>
  (good) =>
    text(200, of(good));
export const always = (answer: Answer) => (): Answer => answer;

/** Writes on the connection itself, past the server's own manners. */
export function raw(
  write: (socket: Socket, good: string, request: http.IncomingMessage) => void,
): (good: string) => Answer {
  return (good) => (request) => {
    request.socket.on('error', () => undefined);
    write(request.socket, good, request);
  };
}

export const says = (head: string) => raw((socket, good) => void socket.end(`${head}${good}`));

/** Goes on writing pieces, as fast as they are taken, until the other side leaves. */
export function endless(begin: string, piece: (at: number) => string | Buffer): (good: string) => Answer {
  return () => (_, response) => {
    response.writeHead(200, JSON_TYPE).write(begin);
    let at = 0;
    const more = (): void => {
      if (response.destroyed || response.socket?.destroyed) return;
      if (response.write(piece(at++))) setImmediate(more).unref();
      else response.once('drain', more);
    };
    more();
  };
}

/** One byte after the other. */
export function trickle(everyMs: number): (good: string) => Answer {
  return (good) => (_, response) => {
    response.writeHead(200, JSON_TYPE);
    let at = 0;
    const timer = setInterval(() => {
      if (response.destroyed || at >= good.length) return clearInterval(timer);
      response.write(good[at++]);
    }, everyMs).unref();
    response.on('close', () => clearInterval(timer));
  };
}

export const HTML = '<!DOCTYPE html><html><title>Log in</title><body onload="x()">Please log in</body></html>';
export const BROKEN_HEADERS = {'retry-after': '0'};

/** JSON with something changed; text as it is. */
export function changed(change: (one: Record<string, unknown>) => unknown): (good: string) => string {
  return (good) => (isJson(good) ? JSON.stringify(change(JSON.parse(good) as Record<string, unknown>)) : good);
}

/** Writes a piece again and again, as fast as it is taken. */
export function pour(socket: Socket, begin: string, piece: string): void {
  socket.write(begin);
  const more = (): void => {
    if (socket.destroyed) return;
    if (socket.write(piece)) setImmediate(more).unref();
    else socket.once('drain', more);
  };
  more();
}

/** Writes a piece again and again, now and then. */
export function drip(socket: Socket, begin: string, piece: string, everyMs: number): void {
  socket.write(begin);
  const timer = setInterval(() => socket.write(piece), everyMs).unref();
  socket.on('close', () => clearInterval(timer));
}

/** A log may begin as JSON does, and is none. */
export function isJson(good: string): boolean {
  try {
    return typeof JSON.parse(good) === 'object';
  } catch {
    return false; // Then it is text, and is spoilt as text.
  }
}
