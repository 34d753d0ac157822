/** What Go's net/url makes of a URL, with path and query as they are written into a request. */
export interface GoUrl {
  /** Empty for a relative one. */
  scheme: string;
  /** Host and port; empty where none is named. */
  host: string;
  path: string;
  /** With its question mark; empty without a query. */
  query: string;
}

/** Reads a URL, or a part of one, as Go does; undefined for what Go rejects. */
export function parseGoUrl(text: string): GoUrl | undefined {
  const [before, fragment] = cut(text, '#');
  if (/[\u0000-\u001f\u007f]/.test(text) || !unescapable(fragment)) return undefined;
  const scheme = /^[a-z][a-z0-9+.-]*(?=:)/i.exec(before)?.[0] ?? '';
  if (before.startsWith(':')) return undefined;
  const [hierarchy, query] = cut(scheme === '' ? before : before.slice(scheme.length + 1), '?');
  if (!hierarchy.startsWith('/') && (scheme !== '' || hierarchy.split('/', 1)[0]!.includes(':'))) return undefined;
  const authority = hierarchy.startsWith('//') && (scheme !== '' || !hierarchy.startsWith('///')) ? hierarchy.slice(2).split('/', 1)[0]! : undefined;
  const path = authority === undefined ? hierarchy : hierarchy.slice(2 + authority.length);
  if (!unescapable(path)) return undefined;
  return {scheme: scheme.toLowerCase(), host: (authority ?? '').replace(/^.*@/, ''), path: VALID.test(path) ? path : escapePath(unescape(path)), query};
}

/**
 * What the kubelet puts into the request line for a declared path (formatURL of pkg/probe/http): it reads a URL, of which
 * only path and query are left; a slash is added, a fragment, scheme or host is dropped.
 */
export function requestPath(declared: string): string {
  if (PLAIN.test(declared)) return declared;
  const {path, query} = parseGoUrl(declared) ?? {path: escapePath(declared), query: ''};
  return `${path.startsWith('/') ? '' : '/'}${path}${query}`;
}

/** A path escaped as Go escapes one that was never escaped: also its percent signs and question marks. */
export function escapePath(path: string | Uint8Array): string {
  const bytes = typeof path === 'string' ? new TextEncoder().encode(path) : path;
  let escaped = '';
  for (const byte of bytes) escaped += ESCAPED[byte]!;
  return escaped;
}

/** Where a reference in a page at `base` leads (RFC 3986 §5.2). */
export function resolveGoUrl(base: GoUrl, to: GoUrl): GoUrl {
  if (to.scheme !== '') return {...to, path: withoutDots(to.path)};
  if (to.host !== '') return {...to, scheme: base.scheme, path: withoutDots(to.path)};
  if (to.path === '') return {...base, query: to.query === '' ? base.query : to.query};
  return {...to, scheme: base.scheme, host: base.host, path: withoutDots(to.path.startsWith('/') ? to.path : base.path.slice(0, base.path.lastIndexOf('/') + 1) + to.path)};
}

/** The name or address of a host and port, without brackets. */
export function hostnameOf(host: string): string {
  return /^\[([^\]]*)\]/.exec(host)?.[1] ?? host.replace(/:\d*$/, '');
}

/** The port that is named, else the scheme's own. */
export function portOf({scheme, host}: GoUrl): number {
  return Number(/:(\d+)$/.exec(host)?.[1] ?? (scheme === 'https' ? 443 : 80));
}

/** A path that nothing needs to be done to: nearly every one. */
const PLAIN = /^\/(?!\/)[A-Za-z0-9\-_.~/]*$/;
/** A path that is sent as it was written (validEncoded in Go's net/url). */
const VALID = /^[A-Za-z0-9\-_.~!$&'()*+,;=:@[\]%/]*$/;
const UNESCAPED = /[A-Za-z0-9\-_.~$&+,/:;=@]/;
/** Each byte as it stands in a path. */
const ESCAPED = Array.from({length: 256}, (_, byte) => {
  const sign = String.fromCharCode(byte);
  return UNESCAPED.test(sign) ? sign : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
});

function cut(text: string, at: string): [string, string] {
  const index = text.indexOf(at);
  return index < 0 ? [text, ''] : [text.slice(0, index), text.slice(index)];
}

function unescapable(text: string): boolean {
  return !/%(?![0-9a-f]{2})/i.test(text);
}

function unescape(text: string): Uint8Array {
  const bytes = new TextEncoder().encode(text);
  let length = 0;
  for (let at = 0; at < bytes.length; at++) {
    const escaped = bytes[at] === 0x25;
    // What is read is never behind what is written.
    bytes[length++] = escaped ? parseInt(String.fromCharCode(bytes[at + 1]!, bytes[at + 2]!), 16) : bytes[at]!;
    if (escaped) at += 2;
  }
  return bytes.subarray(0, length);
}

function withoutDots(path: string): string {
  const kept: string[] = [];
  const parts = path.split('/');
  for (const [index, part] of parts.entries()) {
    const last = index === parts.length - 1;
    if (part === '..') kept.pop();
    else if (part !== '.' && !(part === '' && index === 0)) kept.push(part);
    if (last && (part === '.' || part === '..')) kept.push('');
  }
  return `/${kept.join('/')}`;
}
