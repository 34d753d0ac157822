import {PROBE_TYPES, type Handler, type PortRef, type Probe, type Probes, type ProbeType} from '../../model/probe.ts';
import {MOST_TEXT} from '../sanitize.ts';
import {looksRandom, shownGet, shownHost} from '../shown.ts';
import {integer, list, object, text, texts, type Raw} from './read.ts';

const TIMING = ['initialDelaySeconds', 'periodSeconds', 'timeoutSeconds', 'successThreshold', 'failureThreshold', 'terminationGracePeriodSeconds'];

export function probesOf(container: Raw): Probes {
  const probes: Probes = {};
  for (const type of PROBE_TYPES) {
    const raw = container[`${type}Probe`];
    if (typeof raw === 'object' && raw !== null) probes[type] = probeOf(type, object(raw));
  }
  return probes;
}

/** A probe with the API server's defaults filled in, as manifests leave them out (kubelet-facts §2). */
function probeOf(type: ProbeType, raw: Raw): Probe {
  const seconds = (key: string, fallback: number) => integer(raw[key]) || fallback;
  return {
    type,
    handler: handlerOf(raw),
    initialDelaySeconds: seconds('initialDelaySeconds', 0),
    periodSeconds: seconds('periodSeconds', 10),
    timeoutSeconds: seconds('timeoutSeconds', 1),
    successThreshold: seconds('successThreshold', 1),
    failureThreshold: seconds('failureThreshold', 3),
  };
}

/** The one handler of a probe or hook. */
export function handlerOf(raw: Raw): Handler {
  if (raw.httpGet) {
    const get = object(raw.httpGet);
    if (tooLong(get.path)) return {kind: 'unknown', keys: ['httpGet with a path that is too long to be asked']};
    return shownGet({
      kind: 'httpGet',
      scheme: text(get.scheme).toUpperCase() === 'HTTPS' ? 'HTTPS' : 'HTTP',
      host: text(get.host),
      port: portOf(get.port),
      path: text(get.path) || '/',
      headers: list(get.httpHeaders).map((one) => ({name: text(one.name), value: text(one.value)})),
    });
  }
  if (raw.tcpSocket) {
    const socket = object(raw.tcpSocket);
    return {kind: 'tcpSocket', host: shownHost(text(socket.host)), port: portOf(socket.port)};
  }
  if (raw.exec) return {kind: 'exec', hosts: hostsIn(texts(object(raw.exec).command))};
  if (raw.grpc) return {kind: 'grpc', port: integer(object(raw.grpc).port) ?? 0, service: text(object(raw.grpc).service)};
  return {kind: 'unknown', keys: Object.keys(raw).filter((key) => !TIMING.includes(key))};
}

/** Cut it would be another path; Envoy takes no request with one so long (60 KiB of headers). */
function tooLong(path: unknown): boolean {
  return typeof path === 'string' && path.length > MOST_TEXT;
}

function portOf(value: unknown): PortRef {
  return integer(value) ?? text(value);
}

/** Words of a command that are searched; a longer one is a script. */
const MOST = 4096;

/** Clients that take their server by `-h`. */
const TAKES_HOST = /\b(redis-cli|valkey-cli|keydb-cli|pg_isready|psql|mysql|mysqladmin|mariadb|mariadb-admin)\b/;

/** Options of curl and wget whose value is sent, and not asked. */
const ABOUT_REQUEST = /^(-H|--header|-e|--referer|-A|--user-agent|-d|--data)$/;
/** Headers within a script, and what is only searched for. */
const NOT_ASKED = /\s(?:-H|--header)[= ]?(?:"[^"\n]*"|'[^'\n]*')|\b[ef]?grep(?:\s-\S+)*\s(?:"[^"]*"|'[^']*'|\S+)/g;

/** The hosts that a command's words name: of URLs, of `-addr=host:port` and `--host` flags, and as the well-known clients take them. */
export function hostsIn(words: string[]): string[] {
  const fetches = /(^|\/)(curl|wget)$/.test(words[0] ?? '');
  const asked = words.filter((_, index) => !fetches || !ABOUT_REQUEST.test(words[index - 1] ?? '')).join(' ').slice(0, MOST);
  const all = asked.replace(NOT_ASKED, ' ');
  const named = [
    // What stands before a later `@` is part of a password.
    ...all.matchAll(/\b[a-z][a-z0-9+.-]{0,20}:\/\/(?:[^\s/'"]{0,200}@)?(\[[^\]]{1,60}\]|[^\s/:@'"?#]+)(?![^\s'"?]{0,200}@)/gi),
    ...all.matchAll(/-addr[= ](\[[^\]]{1,60}\]|[^\s:'"]{1,253}):\d/g),
    ...all.matchAll(/\s--host(?:name)?[= ]([^\s'":]+)/g),
    ...(TAKES_HOST.test(all) ? all.matchAll(/\s-h ?([a-z0-9][^\s'":]*)/gi) : []),
    ...all.matchAll(/\bnc(?: -\S{1,60}){0,20} ([a-z0-9][\w.-]*) \d+/gi),
  ];
  return [...new Set(named.map((match) => match[1]!))].filter((host) => !looksRandom(host));
}
