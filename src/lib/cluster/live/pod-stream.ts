import {Duplex} from 'node:stream';

/** What a stream needs of its tunnel: sending, and holding up everything that comes while a reader lags. */
export interface Link {
  /** Calls back when the bytes have left the process. */
  send(channel: number, bytes: Buffer, sent: (error?: Error) => void): void;
  hold(stream: PodStream): void;
  release(stream: PodStream): void;
}

/** Bytes in one frame, as many as the kubelet sends. */
const FRAME = 32 * 1024;
/** Bytes of the start that are remembered: enough to say what was neither HTTP nor TLS. */
const HEAD = 256;

/**
 * One TCP connection inside a pod. The protocol has no half-close: ending the writable side is only remembered, and the
 * connection lives until the pod's side ends, or the tunnel is closed. What goes wrong never raises an error: the
 * readable side ends, and `failure` or `lost` says why.
 */
export class PodStream extends Duplex {
  readonly port: number;
  /** What the kubelet said about the connection inside the pod, for example that it was refused; set before the end. */
  failure: string | undefined;
  /** The tunnel broke or was closed: the end says nothing about the pod. */
  lost: string | undefined;
  /** The first bytes that came. */
  head: Buffer = Buffer.alloc(0);
  readonly #channel: number;
  readonly #link: Link;
  #over = false;

  constructor(port: number, channel: number, link: Link) {
    super({allowHalfOpen: false});
    this.port = port;
    this.#channel = channel;
    this.#link = link;
    this.on('error', () => undefined); // The end follows, and tells it.
  }

  /** Bytes from the pod. */
  arrive(bytes: Buffer): void {
    if (this.#over || this.destroyed) return;
    if (this.head.length < HEAD) this.head = Buffer.concat([this.head, bytes.subarray(0, HEAD - this.head.length)]);
    if (!this.push(bytes)) this.#link.hold(this);
  }

  /** The pod's side is over; what has come before is still read. */
  finish(why: {failure?: string; lost?: string} = {}): void {
    if (this.#over || this.destroyed) return;
    this.#over = true;
    this.failure = why.failure;
    this.lost = why.lost;
    this.push(null);
  }

  override _read(): void {
    this.#link.release(this);
  }

  override _write(bytes: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    if (this.#over) return done();
    const rest = bytes.subarray(FRAME);
    this.#link.send(this.#channel, bytes.subarray(0, FRAME), (error) => (error || rest.length === 0 ? done(error) : this._write(rest, _encoding, done)));
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#over = true;
    this.#link.release(this);
    done(error);
  }
}
