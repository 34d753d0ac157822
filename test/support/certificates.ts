import {createPrivateKey, generateKeyPairSync, sign, X509Certificate, type KeyObject} from 'node:crypto';

/** A certificate and its key, in PEM. */
export interface Identity {
  cert: string;
  key: string;
}

export interface Wish {
  name: string;
  /** DNS names and IPv4 addresses that the certificate is good for. */
  hosts?: string[];
  /** Who signs; absent for a certificate that signs itself. */
  issuer?: Identity;
  /** Days until it expires, one if absent; it began a week ago. */
  days?: number;
}

/** Makes an X.509 v3 certificate (RFC 5280) with a fresh P-256 key. */
export function certificate({name, hosts = [], issuer, days = 1}: Wish): Identity {
  const {publicKey, privateKey} = generateKeyPairSync('ec', {namedCurve: 'P-256'});
  const signer: KeyObject = issuer ? createPrivateKey(issuer.key) : privateKey;
  const subject = commonName(name);
  const now = Date.now();
  const serial = Buffer.from([1, ...Array.from({length: 7}, () => Math.floor(Math.random() * 256))]);
  const body = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, serial),
    ECDSA_SHA256,
    issuer ? commonName(new X509Certificate(issuer.cert).subject.replace(/^CN=/, '')) : subject,
    sequence(utcTime(now - 7 * DAY), utcTime(now + days * DAY)),
    subject,
    publicKey.export({type: 'spki', format: 'der'}),
    der(0xa3, sequence(...(issuer ? [] : [extension('551d13', sequence(der(0x01, Buffer.from([0xff]))))]), ...(hosts.length > 0 ? [extension('551d11', sequence(...hosts.map(host)))] : []))),
  );
  const signature = sign('sha256', body, signer);
  const whole = sequence(body, ECDSA_SHA256, der(0x03, Buffer.from([0]), signature));
  const cert = `-----BEGIN CERTIFICATE-----\n${whole.toString('base64').replace(/(.{64})/g, '$1\n').trim()}\n-----END CERTIFICATE-----\n`;
  return {cert, key: privateKey.export({type: 'pkcs8', format: 'pem'}).toString()};
}

const DAY = 86_400_000;

/** One value in DER: tag, length, content. */
function der(tag: number, ...parts: Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const {length} = content;
  const head = length < 0x80 ? [tag, length] : length < 0x100 ? [tag, 0x81, length] : [tag, 0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from(head), content]);
}

function sequence(...parts: Buffer[]): Buffer {
  return der(0x30, ...parts);
}

function oid(hex: string): Buffer {
  return der(0x06, Buffer.from(hex, 'hex'));
}

const ECDSA_SHA256 = sequence(oid('2a8648ce3d040302'));

function commonName(name: string): Buffer {
  return sequence(der(0x31, sequence(oid('550403'), der(0x0c, Buffer.from(name)))));
}

function utcTime(ms: number): Buffer {
  return der(0x17, Buffer.from(`${new Date(ms).toISOString().slice(2, 19).replace(/[-:T]/g, '')}Z`));
}

function extension(id: string, value: Buffer): Buffer {
  return sequence(oid(id), der(0x04, value));
}

function host(name: string): Buffer {
  return /^[\d.]+$/.test(name) ? der(0x87, Buffer.from(name.split('.').map(Number))) : der(0x82, Buffer.from(name));
}
