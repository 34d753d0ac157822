import type {IncomingMessage} from 'node:http';
import type WebSocket from 'ws';
import {ClusterError, type PodName} from '../cluster.ts';
import {clean} from '../sanitize.ts';
import type {Credentials} from './credentials.ts';
import {PodStream, type Link} from './pod-stream.ts';
import {Retry, tooLate, transportError} from './errors.ts';
import {LONG_MS, patiently, refused, type Asking, type Limits} from './request.ts';

export interface Tunnel {
  /** From the first byte to the API server until all streams were open, in milliseconds. */
  setupMs: number;
  /** In the order of the ports; the pod was dialled for each of them at once. */
  streams: PodStream[];
  close(): void;
}

export interface TunnelLimits extends Limits {
  /** The user's own flags, repeated in the command of a refusal. */
  kubectlFlags: string;
}

const PROTOCOL = 'v4.channel.k8s.io';
/** A channel is one byte, two are needed for a stream, and 255 is reserved. */
export const MAX_STREAMS = 127;
/** The kubelet's frames have 32 KiB; what is far larger is no port-forward. */
const MAX_FRAME = 1024 * 1024;
const PING_MS = 30_000;
/** What the other side has to answer a goodbye. */
const GOODBYE_MS = 100;

/**
 * Opens one WebSocket to the pod and a stream for each of `ports` (at most 127, the same port as often as wanted), as
 * `kubectl port-forward` does. A refused port ends its own stream only. A reader that lags holds up all streams, so
 * memory stays bounded; the protocol tells the end of the pod's side only once **all** streams have ended there, about
 * a second late: nobody may wait for it where a length tells the end.
 * @throws {ClusterError} 403 without get and create on pods/portforward · 404 pod gone · `invalid`: pod on no node yet, or run to its end · no answer within `timeoutMs`
 */
export async function openTunnel(credentials: Credentials, pod: PodName, ports: number[], limits: TunnelLimits): Promise<Tunnel> {
  const where = `${pod.namespace}/${pod.name}`;
  const asking: Asking = {
    path: `/api/v1/namespaces/${encodeURIComponent(pod.namespace)}/pods/${encodeURIComponent(pod.name)}/portforward?${ports.map((port) => `ports=${port}`).join('&')}`,
    asked: `a port-forward to pod ${where}, port ${[...new Set(ports)].join(', ')}`,
    permission: `kubectl auth can-i create pods --subresource=portforward -n ${pod.namespace}${limits.kubectlFlags}`,
  };
  const {WebSocket} = await import('ws'); // A tenth of what a verify takes; most of them need none.
  return patiently(asking.asked, limits, (timeoutMs) => openOnce(WebSocket, credentials, asking, ports, {...limits, timeoutMs}));
}

function openOnce(Socket: typeof WebSocket, credentials: Credentials, asking: Asking, ports: number[], {timeoutMs, signal, told, waiting}: Limits): Promise<Tunnel> {
  const {url, tls, headers, agent, proxied} = credentials;
  return new Promise((done, fail) => {
    const started = performance.now();
    const socket = new Socket(`${url.protocol === 'http:' ? 'ws' : 'wss'}://${url.host}${url.pathname.replace(/\/$/, '')}${asking.path}`, [PROTOCOL], {
      ...tls,
      headers,
      ...(proxied ? {agent} : {}),
      perMessageDeflate: false,
      maxPayload: MAX_FRAME,
      skipUTF8Validation: true,
    });
    const channels = new Channels(socket, ports);
    let opened = false;
    let trouble: Error | undefined;

    const over = (error: Error) => {
      clearTimeout(deadline);
      clearTimeout(long);
      clearInterval(pings);
      signal.removeEventListener('abort', abort);
      socket.terminate();
      if (!opened) fail(error);
    };
    const long = waiting && setTimeout(() => waiting(`waiting for ${asking.asked}`), LONG_MS);
    const deadline = timeoutMs > 0 ? setTimeout(() => over(tooLate(asking.asked, url, timeoutMs, false)), timeoutMs) : undefined;
    const abort = () => {
      channels.finish({lost: 'interrupted'});
      over(new ClusterError('aborted', {asked: asking.asked, got: 'interrupted'}));
    };
    const pings = setInterval(() => {
      if (socket.readyState === socket.OPEN) socket.ping(() => undefined);
    }, PING_MS).unref();
    const close = () => {
      channels.finish({lost: 'closed'});
      for (const stream of channels.streams) stream.destroy();
      clearInterval(pings);
      signal.removeEventListener('abort', abort);
      socket.resume();
      socket.close(1000);
      const last = setTimeout(() => socket.terminate(), GOODBYE_MS);
      socket.once('close', () => clearTimeout(last));
    };

    socket.on('message', (data: Buffer, binary: boolean) => {
      if (!binary || !channels.take(data) || opened) return;
      opened = true;
      clearTimeout(deadline);
      clearTimeout(long);
      const setupMs = Math.round(performance.now() - started);
      told?.(`GET ${url.origin}${asking.path} 101 in ${setupMs} ms`);
      done({setupMs, streams: channels.streams, close});
    });
    socket.on('unexpected-response', (request, response: IncomingMessage) => {
      response.on('error', (error) => over(transportError(error, asking, url, false)));
      refused(response, asking, (error) => {
        request.destroy();
        over(ofPod(error, asking));
      });
    });
    socket.on('error', (error) => {
      trouble = error;
      if (!opened) over(/^(Server sent|Invalid Sec-WebSocket|Unexpected)/.test(error.message) ? new ClusterError('bad-answer', {asked: asking.asked, got: `${url.host}: ${clean(error.message)}`}, {cause: error}) : transportError(error, asking, url, false));
    });
    socket.on('close', (code, reason) => {
      const ended = code === 1000 || code === 1001 || code === 1005;
      const how = trouble ? clean(trouble.message) : `it was closed with ${code} ${clean(reason.toString())}`.trim();
      channels.finish(ended ? {} : {lost: `the WebSocket broke: ${how}`});
      over(new Retry(new ClusterError('bad-answer', {asked: asking.asked, got: `the WebSocket ended before it was ready: ${how}`})));
    });
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, {once: true});
  });
}

/** The kubelet says 500 for a pod that runs no more, which no second try will change; and a refusal names its verb. */
function ofPod(error: Error, {asked, permission}: Asking): Error {
  if (error instanceof Retry && /pod not found|pod does not exist/.test(error.last.got)) return new ClusterError('invalid', {asked, got: `its containers don't run any more (${error.last.got})`});
  if (error instanceof ClusterError && error.reason === 'forbidden' && error.got.includes('cannot get resource')) return new ClusterError('forbidden', {asked, got: error.got, try: permission!.replace('can-i create', 'can-i get')});
  return error;
}

/** Sorts frames to streams: a stream has channel 2i for its bytes and 2i+1 for the kubelet's word about it. */
class Channels implements Link {
  readonly streams: PodStream[];
  readonly #socket: WebSocket;
  /** Each channel begins with its port, in two bytes; these are still to come. */
  readonly #greeting: number[];
  readonly #lagging = new Set<PodStream>();

  constructor(socket: WebSocket, ports: number[]) {
    this.#socket = socket;
    this.#greeting = ports.flatMap(() => [2, 2]);
    this.streams = ports.map((port, index) => new PodStream(port, index * 2, this));
  }

  /** Takes a frame; whether all data channels are open. Frames of no channel of ours are nobody's. */
  take(frame: Buffer): boolean {
    const channel = frame[0] ?? 255;
    const awaited = this.#greeting[channel];
    if (awaited !== undefined) {
      const rest = frame.subarray(1 + awaited);
      this.#greeting[channel] = Math.max(0, awaited - (frame.length - 1));
      const stream = this.streams[channel >> 1]!;
      if (rest.length > 0) {
        if (channel % 2 === 0) stream.arrive(rest);
        else stream.finish({failure: clean(rest.subarray(0, 4096).toString('utf8')).trim()});
      }
    }
    return this.#greeting.every((left, index) => left === 0 || index % 2 === 1);
  }

  finish(why: {lost?: string}): void {
    for (const stream of this.streams) stream.finish(why);
  }

  send(channel: number, bytes: Buffer, sent: (error?: Error) => void): void {
    this.#socket.send(Buffer.concat([Buffer.of(channel), bytes]), (error) => sent(error ?? undefined));
  }

  hold(stream: PodStream): void {
    this.#lagging.add(stream);
    this.#socket.pause();
  }

  release(stream: PodStream): void {
    if (this.#lagging.delete(stream) && this.#lagging.size === 0) this.#socket.resume();
  }
}
