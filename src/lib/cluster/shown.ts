import {askShown, type Answer, type Ask} from '../model/answer.ts';
import {isSecretName, STARS, valueShown} from '../model/credential.ts';
import type {Header, HttpGet} from '../model/probe.ts';
import {maskedLines, MOST, withoutSecrets} from './masks.ts';

// What people may see of a request and its answer. The model holds this everywhere; what is sent instead stands beside
// it, and only who asks a pod reads that. All of it is the same when it is done twice.

/** A text that no person has thought of: an id, a digest, a random token. */
export function looksRandom(text: string): boolean {
  const run = text.slice(0, 200);
  if (/^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i.test(run) || /^[0-9a-f]{24,}$/i.test(run)) return true;
  if (!/^[\w~.+=-]{16,}$/.test(run) || !/\d/.test(run) || !/[a-z]/i.test(run)) return false;
  const turns = run.match(/[a-zA-Z](?=\d)|\d(?=[a-zA-Z])/g)?.length ?? 0;
  const mixed = /[a-z]/.test(run) && /[A-Z]/.test(run);
  return mixed ? run.length >= 20 && turns >= 2 : /[a-z0-9]{20}/i.test(run) && turns >= 4;
}

/** What the mesh writes itself; behind it stands a container's name. */
const OF_MESH = /^\/(?:osm|fsm)-(?:liveness|readiness|startup|healthcheck)/;
/** Behind such a part of a path stands the secret itself. */
const BEFORE_SECRET = /^(?:token|secret|password|passwd|pwd|(?:api|access)?[_-]?key|auth|bearer|session|sid|jwt|code|credential)$/i;

/** Most paths hold nothing that could be one. */
const PLAIN_PATH = /^[/a-z._-]*$/;

/** A path with its query, or a whole URL, without what looks like a secret in it. */
export function shownPath(path: string): string {
  if (path.length > MOST) return `${shownPath(path.slice(0, MOST)).slice(0, MOST)}...`;
  if (PLAIN_PATH.test(path)) return path;
  // A password may hold the signs that end a host.
  if (path.includes('://')) return shownParts(maskedLines(path));
  return shownParts(path);
}

function shownParts(path: string): string {
  const at = path.search(/[?#]/);
  const [before, after] = at < 0 ? [path, ''] : [path.slice(0, at), path.slice(at)];
  const slashes = /^(?:[a-z][a-z0-9+.-]{0,20}:)?\/\//i.exec(before)?.[0].length ?? 0;
  const end = slashes === 0 ? 0 : before.indexOf('/', slashes);
  const [authority, rest] = end < 0 ? [before, ''] : [before.slice(0, end), before.slice(end)];
  return `${shownHost(authority)}${OF_MESH.test(rest) ? rest : shownSegments(rest)}${shownQuery(after)}`;
}

/** A host without its user info: `user:***@host`, `***@host`. */
export function shownHost(host: string): string {
  const at = host.lastIndexOf('@');
  if (at < 0) return host;
  const [, scheme = '', user = ''] = /^((?:[a-z][a-z0-9+.-]{0,20}:)?\/\/)?(.*)$/is.exec(host.slice(0, at))!;
  const colon = user.indexOf(':');
  return `${scheme}${colon < 0 ? STARS : `${user.slice(0, colon)}:${STARS}`}${host.slice(at)}`;
}

function shownSegments(path: string): string {
  const segments = path.split('/');
  const shown = (segment: string, before: string) => {
    const [name = '', ...parameters] = segment.split(';');
    return [shownSegment(name, before), ...parameters.map(shownPair)].join(';');
  };
  return segments.map((segment, index) => shown(segment, segments[index - 1] ?? '')).join('/');
}

function shownSegment(segment: string, before: string): string {
  const plain = decoded(segment);
  const pair = plain.includes('=') ? shownPair(segment) : segment;
  if (pair !== segment) return pair;
  const follows = BEFORE_SECRET.test(before) && plain.length >= 6 && /\d/.test(plain);
  return follows || isSecret(plain) ? STARS : segment;
}

/** Each pair of a query or fragment, with its separators as they are. */
function shownQuery(query: string): string {
  return query.split(/([?#&;])/).map((part, index) => (index % 2 === 1 ? part : shownPair(part))).join('');
}

function shownPair(pair: string): string {
  const at = pair.indexOf('=');
  if (at < 0) return isSecret(decoded(pair)) ? STARS : pair;
  const [name, value] = [pair.slice(0, at), decoded(pair.slice(at + 1))];
  if (value === '') return pair;
  // A status is asked for by its number.
  const coded = /^code$/i.test(name) && !/^\d{1,3}$/.test(value);
  return coded || isSecretName(decoded(name)) || isSecret(value) ? `${name}=${STARS}` : pair;
}

function isSecret(value: string): boolean {
  return value !== STARS && (looksRandom(value) || maskedLines(value) !== value);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // No escape of a URL: it is read as it stands.
  }
}

/** Headers whose value is a URL or a path. */
const URLS =
  /^(?:(?:content-)?location|referer|origin|refresh|link|original-http-path|x-envoy-original-path|x-(?:original|rewrite|forwarded)-ur[il])$/i;

/** A header of a request or an answer, its value masked where its name or its form makes it a credential. */
export function shownHeader(header: Header): Header {
  const {name} = header;
  const value = valueShown(header);
  const place = /^host$/i.test(name) ? shownHost(value) : value;
  return {name, value: withoutSecrets(URLS.test(name) ? shownPath(place) : place)};
}

/** A handler as people may see it; what the kubelet really sends stands in `sent`, where that is another. */
export function shownGet(get: HttpGet): HttpGet {
  const headers = get.headers.map(shownHeader);
  const shown: HttpGet = {...get, host: shownHost(get.host), path: shownPath(get.path), headers};
  const same = shown.path === get.path && shown.headers.every(({value}, index) => value === get.headers[index]!.value);
  return same ? shown : {...shown, sent: {path: get.path, headers: get.headers}};
}

/** An answer as people may see it; where a redirect really leads stands in `location`, where that is another. */
export function shownAnswer(answer: Answer): Answer {
  switch (answer.kind) {
    case 'response': {
      const headers = answer.headers.map(shownHeader);
      const shown = {...answer, reason: withoutSecrets(answer.reason), headers, body: maskedLines(answer.body)};
      const [from, to] = [locationIn(answer.headers), locationIn(headers)];
      return from === to ? shown : {...shown, location: from};
    }
    case 'grpc':
      return {...answer, message: withoutSecrets(answer.message)};
    case 'open':
      return {...answer, said: withoutSecrets(answer.said)};
    case 'not-http':
      return {...answer, said: withoutSecrets(answer.said), text: withoutSecrets(answer.text)};
    case 'timeout':
      return answer;
    default:
      return {...answer, text: withoutSecrets(answer.text)};
  }
}

function locationIn(headers: Header[]): string {
  return headers.find(({name}) => name.toLowerCase() === 'location')?.value ?? '';
}

/** The path and the headers of a question as a file may name them. */
export function shownAsk(ask: Ask): Ask {
  const {send, ...rest} = askShown(ask);
  if (send.kind !== 'get') return ask;
  return {...rest, send: {...send, path: shownPath(send.path), headers: send.headers.map(shownHeader)}};
}

/** The words of a command, without the values of flags that name a secret, and what looks like one. */
export function shownWords(words: string[]): string[] {
  return words.map((word, index) => {
    const flag = /^--?([\w-]{1,60})$/.exec(words[index - 1] ?? '')?.[1];
    return flag !== undefined && isSecretName(flag) && !word.startsWith('-') ? STARS : maskedLines(word);
  });
}

/** A line of a log; of Envoy's access log, which is JSON, its path too as it may be shown. */
export function shownLine(line: string): string {
  const paths = line.slice(0, LONGEST).replace(/("path":")([^"\\]{1,4000})(?=")/g, (_, key: string, path: string) => key + shownPath(path));
  return withoutSecrets(paths.replace(/("authority":")([^"\\]{1,4000})(?=")/g, (_, key: string, host: string) => key + shownHost(host)));
}

/** No line that is read is longer. */
const LONGEST = 16_384;

/** A message with the URLs that it names, and the path of a hook, as `shownPath` has them. */
export function shownUrls(message: string): string {
  const urls = message.replace(/\bhttps?:\/\/[^\s"'<>)]+/gi, (url) => {
    const end = url.endsWith(':') ? url.length - 1 : url.length;
    return shownPath(url.slice(0, end)) + url.slice(end);
  });
  return urls.replace(/(\bhook \()(\/[^\s)]*)/g, (_, begin: string, path: string) => `${begin}${shownPath(path)}`);
}
