import net from 'node:net';
import type {LocalPort} from '../../model/keep.ts';
import {ClusterError, type ListenOptions, type LocalPorts, type PodName} from '../cluster.ts';
import {carry} from './local-connection.ts';
import type {Tunnel} from './tunnel.ts';

export interface Dialling extends ListenOptions {
  /** A tunnel with one stream. */
  dial(pod: PodName, port: number): Promise<Tunnel>;
}

/** How often a free number is looked for that is free on all addresses. */
const TRIES = 10;

/**
 * Opens local ports that lead into a pod: each connection gets a tunnel of its own, so that its end is told, and one that
 * is refused in the pod ends alone. An address that the machine does not have is left out, as long as one works.
 * @throws {ClusterError} config: a port that was asked for is taken, or no address works
 */
export async function listen(options: Dialling): Promise<LocalPorts> {
  const open = new Set<net.Socket>();
  const servers: net.Server[] = [];
  const close = () => {
    for (const server of servers) server.close();
    for (const socket of open) socket.destroy();
  };
  const ports: LocalPort[] = [];
  try {
    for (const {remote, local} of options.ports) {
      const take = (socket: net.Socket) => {
        open.add(socket);
        socket.on('close', () => open.delete(socket));
        void carry(socket, remote, options);
      };
      const opened = await openPort(remote, local, options.addresses, take);
      for (const one of opened.servers) servers.push(one);
      ports.push({remote, local: opened.local, addresses: opened.addresses});
    }
  } catch (error) {
    close();
    throw error;
  }
  return {ports, close};
}

interface Opened {
  local: number;
  addresses: string[];
  servers: net.Server[];
}

/** The number that is wanted; if none is, the remote port's own, else any. */
async function openPort(remote: number, wanted: number | undefined, addresses: string[], take: (socket: net.Socket) => void): Promise<Opened> {
  let failure: NodeJS.ErrnoException | undefined;
  const numbers = wanted === undefined ? [remote, ...Array<number>(TRIES).fill(0)] : wanted === 0 ? Array<number>(TRIES).fill(0) : [wanted];
  for (const number of numbers) {
    const opened = await openOn(number, addresses, take);
    if (!(opened instanceof Error)) return opened;
    failure = opened;
  }
  throw new ClusterError('config', {asked: `listening on ${addresses.join(', ')}, port ${wanted || 'any'}`, got: failure!.code === 'EADDRINUSE' ? 'another program listens there' : failure!.message});
}

/** One number on all addresses; the failure where it is taken on one of them, or where none can be used. */
async function openOn(number: number, addresses: string[], take: (socket: net.Socket) => void): Promise<Opened | NodeJS.ErrnoException> {
  const opened: Opened = {local: number, addresses: [], servers: []};
  let failure: NodeJS.ErrnoException | undefined;
  for (const address of addresses) {
    const server = net.createServer({allowHalfOpen: true, noDelay: true}, take);
    const error = await listening(server, opened.local, address);
    if (!error) {
      opened.local = (server.address() as net.AddressInfo).port;
      opened.addresses.push(address);
      opened.servers.push(server);
      server.on('error', () => undefined); // A connection that could not be accepted (too many open files) is the caller's to try again.
    } else if (error.code === 'EADDRNOTAVAIL' || error.code === 'EAFNOSUPPORT') failure = error;
    else {
      for (const one of opened.servers) one.close();
      return error;
    }
  }
  return opened.servers.length > 0 ? opened : failure!;
}

function listening(server: net.Server, port: number, host: string): Promise<NodeJS.ErrnoException | undefined> {
  return new Promise((done) => {
    server.once('error', done);
    server.listen({port, host, ipv6Only: true}, () => {
      server.off('error', done);
      done(undefined);
    });
  });
}
