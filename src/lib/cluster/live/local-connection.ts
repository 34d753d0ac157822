import type net from 'node:net';
import {ClusterError} from '../cluster.ts';
import type {Dialling} from './local-ports.ts';
import type {Tunnel} from './tunnel.ts';

/**
 * How long the pod may be silent after the local side has ended, in milliseconds: while an answer is due, and after one,
 * where the runtime itself would wait a second. The protocol can't tell the pod of that end, so a connection that a
 * client has left would otherwise stay open as long as the app keeps it.
 */
const SILENCE_MS = {due: 15_000, answered: 1000};

/**
 * Carries one local connection to a port of the pod and back. One that is refused or breaks in the pod is reset, so that
 * no client takes it for an answer; one that ends is ended, and what the client says last is still carried.
 */
export async function carry(socket: net.Socket, port: number, options: Dialling): Promise<void> {
  socket.on('error', () => undefined); // The close follows.
  options.heard({event: 'connection', port, local: socket.localPort ?? 0});
  const tunnel = await dialled(port, options).catch((error: Error) => error);
  if (tunnel instanceof Error) {
    if (!(tunnel instanceof ClusterError) || tunnel.reason !== 'aborted') options.heard({event: 'lost', port, text: tunnel.message});
    socket.resetAndDestroy();
    return;
  }
  if (socket.destroyed) return tunnel.close();
  join(socket, tunnel, port, options);
}

/** To the pod of now; to the next one where that has gone in the meantime. */
async function dialled(port: number, {pod, gone, dial}: Dialling): Promise<Tunnel> {
  const first = pod();
  if (!first) throw new ClusterError('not-found', {asked: `a connection to port ${port}`, got: 'no pod runs at the moment'});
  try {
    return await dial(first, port);
  } catch (error) {
    if (!(error instanceof ClusterError) || (error.reason !== 'not-found' && error.reason !== 'invalid')) throw error;
    await gone(first);
    const next = pod();
    if (!next || next.name === first.name) throw error;
    return dial(next, port);
  }
}

function join(socket: net.Socket, tunnel: Tunnel, port: number, {heard}: Dialling): void {
  const stream = tunnel.streams[0]!;
  let silence: NodeJS.Timeout | undefined;
  let state: keyof typeof SILENCE_MS = 'answered';
  const wait = () => {
    clearTimeout(silence);
    silence = setTimeout(() => socket.destroy(), SILENCE_MS[state]);
  };
  socket.on('data', () => (state = 'due'));
  stream.on('data', () => {
    state = 'answered';
    if (silence) wait();
  });
  stream.pipe(socket, {end: false});
  socket.pipe(stream, {end: false});
  socket.on('end', wait);
  stream.on('end', () => {
    const text = stream.failure ?? stream.lost;
    if (text === undefined) return void socket.end();
    if (!['closed', 'interrupted'].includes(text)) heard({event: /refused|failed to connect/i.test(text) ? 'refused' : 'lost', port, text});
    socket.resetAndDestroy();
  });
  stream.on('close', () => {
    if (!stream.readableEnded) socket.destroy();
  });
  socket.on('close', () => {
    clearTimeout(silence);
    tunnel.close();
  });
}
