import http from 'node:http';
import https from 'node:https';
import type {AddressInfo} from 'node:net';
import {Duplex} from 'node:stream';
import {WebSocketServer, type WebSocket} from 'ws';
import type {Credentials} from '../../src/lib/cluster/live/credentials.ts';
import {certificate} from './certificates.ts';

/** An app in a pod: takes a connection as a server does. */
export type App = (connection: Duplex) => void;

export interface ServerOptions {
  /** By port; a port without app refuses, as the runtime words it. */
  apps?: Record<number, App>;
  tls?: boolean;
  /** Answers the upgrade itself, and true, or leaves it alone. */
  refuse?: (request: http.IncomingMessage, socket: Duplex) => boolean;
  /** Has the WebSocket to itself. */
  instead?: (socket: WebSocket, ports: number[]) => void;
  /** From the end of the pod's side until the server knows it, in milliseconds. */
  lagMs?: number;
}

export interface PortforwardServer {
  credentials: Credentials;
  /** Upgrades so far, by their URL. */
  upgrades: http.IncomingMessage[];
  sockets: Set<WebSocket>;
  close(): Promise<void>;
}

/** A server's on this machine, signed by itself. */
export const LOCALHOST = certificate({name: 'localhost', hosts: ['localhost', '127.0.0.1']});

/** Bytes in a frame of the kubelet's. */
const FRAME = 32 * 1024;

export const REFUSED = (port: number) => `error forwarding port ${port} to pod 0a1b, uid : failed to execute portforward in network namespace "/var/run/netns/cni-1": failed to connect to localhost:${port} inside namespace "0a1b", IPv4: dial tcp4 127.0.0.1:${port}: connect: connection refused IPv6 dial tcp6: address localhost: no suitable address found `;

/**
 * An API server that knows port-forwards only, with the kubelet's manners: frames of channels, the end of one stream is
 * never told, the WebSocket ends when all streams have.
 */
export async function portforwardServer({apps = {}, tls = false, refuse, instead, lagMs = 0}: ServerOptions = {}): Promise<PortforwardServer> {
  const server = tls ? https.createServer(LOCALHOST) : http.createServer();
  const sockets = new Set<WebSocket>();
  const upgrades: http.IncomingMessage[] = [];
  const raws = new Set<Duplex>();
  const acceptor = new WebSocketServer({noServer: true, handleProtocols: (offered) => (offered.has('v4.channel.k8s.io') ? 'v4.channel.k8s.io' : false)});
  server.on('upgrade', (request: http.IncomingMessage, raw: Duplex, head: Buffer) => {
    upgrades.push(request);
    raws.add(raw);
    raw.on('error', () => undefined).on('close', () => raws.delete(raw));
    if (refuse?.(request, raw)) return;
    acceptor.handleUpgrade(request, raw, head, (socket) => {
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket)).on('error', () => undefined);
      const ports = new URL(request.url!, 'http://x').searchParams.getAll('ports').map(Number);
      if (instead) instead(socket, ports);
      else bridge(socket, ports, apps, lagMs);
    });
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const {port} = server.address() as AddressInfo;
  const agent = new http.Agent();
  return {
    credentials: {url: new URL(`${tls ? 'https' : 'http'}://127.0.0.1:${port}/`), agent, proxied: false, tls: tls ? {ca: LOCALHOST.cert} : {}, headers: {authorization: 'Bearer t0ken'}},
    upgrades,
    sockets,
    close: () =>
      new Promise((done) => {
        for (const raw of raws) raw.destroy();
        agent.destroy();
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}

function bridge(socket: WebSocket, ports: number[], apps: Record<number, App>, lagMs: number): void {
  let open = ports.length;
  const over = () => {
    if (--open === 0) socket.close(1000);
  };
  const pods = ports.map((port, index) => {
    for (const channel of [2 * index, 2 * index + 1]) socket.send(Buffer.of(channel, port & 255, port >> 8));
    const app = apps[port];
    if (!app) {
      socket.send(Buffer.concat([Buffer.of(2 * index + 1), Buffer.from(REFUSED(port))]));
      over();
      return undefined;
    }
    const [near, far] = pair();
    near.on('data', (bytes: Buffer) => {
      if (socket.readyState !== socket.OPEN) return;
      near.pause();
      for (let at = 0; at < bytes.length; at += FRAME) socket.send(Buffer.concat([Buffer.of(2 * index), bytes.subarray(at, at + FRAME)]), at + FRAME < bytes.length ? () => undefined : () => near.resume());
    });
    near.on('error', (error: Error) => socket.send(Buffer.concat([Buffer.of(2 * index + 1), Buffer.from(`error forwarding port ${port} to pod 0a1b, uid : ${error.message}`)])));
    let told = false;
    const end = () => {
      if (!told) setTimeout(over, lagMs);
      told = true;
    };
    near.on('end', end).on('close', end);
    far.on('error', () => undefined);
    app(far);
    return near;
  });
  socket.on('message', (data: Buffer) => {
    const pod = data[0]! % 2 === 0 ? pods[data[0]! / 2] : undefined;
    if (pod && !pod.writableEnded && !pod.write(data.subarray(1))) {
      socket.pause(); // The kubelet reads one frame after the other: one stream that lags holds up all.
      pod.once('drain', () => socket.resume());
    }
  });
  socket.on('close', () => {
    for (const pod of pods) pod?.destroy();
  });
}

/** Two ends of a connection in memory. */
export function pair(): [Duplex, Duplex] {
  const ends: Duplex[] = [];
  const take: (() => void)[] = [];
  for (const mine of [0, 1]) {
    const other = 1 - mine;
    ends.push(
      new Duplex({
        allowHalfOpen: true,
        read: () => {
          const ready = take[mine];
          take[mine] = () => undefined;
          ready?.();
        },
        write(bytes: Buffer, _encoding, done) {
          if (ends[other]!.destroyed || ends[other]!.push(bytes)) done();
          else take[other] = done;
        },
        final(done) {
          if (!ends[other]!.destroyed) ends[other]!.push(null);
          done();
        },
        destroy(error, done) {
          const that = ends[other]!;
          take[mine]?.();
          if (!that.destroyed && !that.readableEnded) {
            if (error?.message.includes('reset by peer')) that.destroy(error); // Other errors are the app's own affair.
            else that.push(null);
          }
          done(error);
        },
      }),
    );
  }
  return ends as [Duplex, Duplex];
}
