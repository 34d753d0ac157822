import tls from 'node:tls';
import {clean} from '../sanitize.ts';
import type {Ear} from './ask.ts';
import type {PodStream} from './pod-stream.ts';

/** Starts TLS over the stream as the kubelet does: no name is sent, any certificate will do, HTTP/2 is offered. */
export function startTls(stream: PodStream, ear: Ear, ready: (secure: tls.TLSSocket) => void): void {
  const secure = tls.connect({
    socket: stream,
    rejectUnauthorized: false,
    servername: '',
    ALPNProtocols: ['h2', 'http/1.1'],
    minVersion: 'TLSv1.2',
    // Go has no opinion on the length of a server's key.
    ciphers: 'DEFAULT@SECLEVEL=0',
  });
  secure.on('error', (error) => ear.fail(error));
  secure.once('secureConnect', () => ready(secure));
  ear.onDone(() => secure.destroy());
}

/** Whether these could be the first bytes of a TLS record: its kind, and the major version. */
export function looksLikeTls(bytes: Buffer): boolean {
  return bytes[0]! >= 20 && bytes[0]! <= 24 && (bytes.length === 1 || bytes[1] === 3);
}

/** Alerts by their number, in Go's words (crypto/tls/alert.go). */
const ALERTS: Record<string, string> = {
  '10': 'unexpected message',
  '20': 'bad record MAC',
  '40': 'handshake failure',
  '42': 'bad certificate',
  '47': 'illegal parameter',
  '48': 'unknown certificate authority',
  '70': 'protocol version not supported',
  '71': 'insufficient security level',
  '80': 'internal error',
  '112': 'unrecognized name',
  '116': 'certificate required',
  '120': 'no application protocol',
};

/** What went wrong in a handshake: the other side's alert, else the library's own reason. */
export function tlsText(error: NodeJS.ErrnoException & {reason?: string}): string {
  const alert = /alert number (\d+)/.exec(error.message)?.[1];
  return alert === undefined ? `tls: ${clean(error.reason ?? error.message)}` : `remote error: tls: ${ALERTS[alert] ?? `alert(${alert})`}`;
}
