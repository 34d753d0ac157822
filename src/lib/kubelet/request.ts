import type {Answer, Ask} from '../model/answer.ts';
import type {Call} from '../model/path.ts';
import type {Header, Sent} from '../model/probe.ts';
import {escapePath, hostnameOf, parseGoUrl, portOf, resolveGoUrl, type GoUrl} from './url.ts';

type HttpCall = Extract<Call, {kind: 'http'}>;

export interface Asker {
  /** The pod's primary address, which stands in the Host header. */
  podIP: string;
  /** The kubelet's, `kube-probe/1.32`. */
  userAgent: string;
  timeoutSeconds: number;
}

/** Bytes of a body that the kubelet reads (pkg/probe/http). */
const BODY = 10 * 1024;

/**
 * The request that the kubelet sends for this call, byte for byte (pkg/probe/http/request.go and Go's net/http): Host and
 * User-Agent first, then all other headers by name. A call to another host than the pod can't be asked through the pod.
 */
export function askOf(call: HttpCall, {podIP, userAgent, timeoutSeconds}: Asker): Ask {
  const written = (given: Sent): Sent => requestOf(call, given, {podIP, userAgent});
  const send = {kind: 'get', scheme: call.scheme, ...written(call)} as const;
  const full = call.sent ? {...send, sent: written(call.sent)} : send;
  return {port: call.port, send: full, timeoutMs: timeoutSeconds * 1000, maxBytes: BODY};
}

function requestOf(call: HttpCall, {path, headers}: Sent, {podIP, userAgent}: Omit<Asker, 'timeoutSeconds'>): Sent {
  const url = {...urlOf(path), scheme: call.scheme.toLowerCase(), host: joined(call.host || podIP, call.port)};
  const given = headers.map(({name, value}) => ({name: canonical(name), value}));
  const host = given.find(({name}) => name === 'Host')?.value;
  const agent = given.find(({name}) => name === 'User-Agent');
  const accept = given.find(({name}) => name === 'Accept');
  const others = given.filter(({name}) => !UNWRITTEN.includes(name) && (name !== 'Accept' || accept!.value !== ''));
  if (!accept) others.push({name: 'Accept', value: '*/*'});
  return {path: target(url), headers: written(host || url.host, agent ? agent.value : userAgent, others)};
}

/** The health check that the kubelet makes for a grpc probe (pkg/probe/grpc): in plaintext, with the address as authority. */
export function grpcAskOf(call: Extract<Call, {kind: 'grpc'}>, {podIP, userAgent, timeoutSeconds}: Asker): Ask {
  return {port: call.port, send: {kind: 'grpc', service: call.service, authority: joined(podIP, call.port), userAgent}, timeoutMs: timeoutSeconds * 1000, maxBytes: 0};
}

/** Where the kubelet goes after an answer: on to another request, nowhere (the probe passes with a warning), or into an error in Go's words. */
export type Redirect = {to: Ask; url: string} | {stop: 'warning'} | {error: string};

/**
 * What the kubelet does with a redirect; undefined for an answer that is none. It follows to the same hostname only, ports and
 * schemes may change; a Host header of the owner survives a relative Location only. That ten are the most is the caller's to count.
 */
export function redirectOf(answer: Answer, ask: Ask, podIP: string): Redirect | undefined {
  if (answer.kind !== 'response' || ask.send.kind !== 'get' || answer.status < 300 || answer.status >= 400) return undefined;
  const location = answer.headers.find(({name}) => name.toLowerCase() === 'location')?.value ?? '';
  if (![301, 302, 303, 307, 308].includes(answer.status) || location === '') return {stop: 'warning'};
  const {send} = ask;
  const at = {scheme: send.scheme.toLowerCase(), host: joined(podIP, ask.port)};
  const seen = stepOf(send, at, location);
  const real = send.sent || answer.location !== undefined ? stepOf(send.sent ?? send, at, answer.location ?? location) : seen;
  if (!seen || !real) return {error: `failed to parse Location header ${JSON.stringify(location)}`};
  const {next} = seen;
  if (hostnameOf(next.host) !== podIP) return {stop: 'warning'};
  if (next.scheme !== 'http' && next.scheme !== 'https') return {error: `unsupported protocol scheme ${JSON.stringify(next.scheme)}`};
  const get = {kind: 'get', scheme: next.scheme === 'https' ? 'HTTPS' : 'HTTP', ...seen.sent} as const;
  return {to: {...ask, port: portOf(next), send: real === seen ? get : {...get, sent: real.sent}}, url: urlText(next)};
}

/** Where a redirect leads, and the request that goes there. */
interface Step {
  next: GoUrl;
  sent: Sent;
}

/** The request that follows another one to `location`; undefined where that is no URL. */
function stepOf({path, headers}: Sent, at: Pick<GoUrl, 'scheme' | 'host'>, location: string): Step | undefined {
  const from: GoUrl = {...urlOf(path), ...at};
  const reference = parseGoUrl(location);
  if (!reference) return undefined;
  const next = resolveGoUrl(from, reference);
  const {host: own, userAgent, others} = read(headers);
  const host = own !== from.host && reference.scheme === '' ? own : next.host;
  const referer = from.scheme === 'https' && next.scheme === 'http' ? [] : [{name: 'Referer', value: urlText(from)}];
  const kept = referer.length === 0 ? others : [...others.filter(({name}) => name !== 'Referer'), ...referer];
  return {next, sent: {path: target(next), headers: written(host, userAgent, kept)}};
}

/** How the kubelet names a request in its messages. */
export function askedUrl({port, send}: Ask, podIP: string): string {
  if (send.kind !== 'get') return `${send.kind === 'grpc' ? 'grpc' : 'tcp'}://${joined(podIP, port)}`;
  return `${send.scheme.toLowerCase()}://${joined(podIP, port)}${send.path}`;
}

/** What Go rejects is used as a path as it is (formatURL). */
function urlOf(path: string): GoUrl {
  return parseGoUrl(path) ?? {scheme: '', host: '', path: escapePath(path), query: ''};
}

function target({path, query}: GoUrl): string {
  return `${path.startsWith('/') ? '' : '/'}${path}${query}`;
}

function urlText(url: GoUrl): string {
  return `${url.scheme}://${url.host}${url.path === '' && url.query === '' ? '' : target(url)}`;
}

function joined(host: string, port: number): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** Names that Go writes itself, or not at all. */
const UNWRITTEN = ['Host', 'User-Agent', 'Content-Length', 'Transfer-Encoding', 'Trailer'];

/** Host and User-Agent, the others by name (equal names keep their order), and Go's own last. */
function written(host: string, userAgent: string, others: Header[]): Header[] {
  const first = [{name: 'Host', value: host}, ...(userAgent === '' ? [] : [{name: 'User-Agent', value: userAgent}])];
  return [...first, ...[...others].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0)), ...closing(others)];
}

/** The parts that `written` was given. */
function read(headers: Header[]): {host: string; userAgent: string; others: Header[]} {
  const value = (wanted: string) => headers.find(({name}) => name === wanted)?.value ?? '';
  const automatic = headers.at(-1)?.name === 'Connection' && closing(headers.slice(0, -1)).length > 0;
  return {host: value('Host'), userAgent: value('User-Agent'), others: headers.slice(0, automatic ? -1 : undefined).filter(({name}) => !UNWRITTEN.includes(name))};
}

/** One connection for each probe: Go says so, unless the owner has, or wants another protocol. */
function closing(headers: Header[]): Header[] {
  const tokens = headers.filter(({name}) => name === 'Connection').flatMap(({value}) => value.toLowerCase().split(',').map((token) => token.trim()));
  return tokens.includes('close') || tokens.includes('upgrade') ? [] : [{name: 'Connection', value: 'close'}];
}

/** `original-tcp-port` becomes `Original-Tcp-Port`; a name with other characters stays as it is. */
function canonical(name: string): string {
  return /^[\w!#$%&'*+.^`|~-]+$/.test(name) ? name.toLowerCase().replace(/(^|-)[a-z]/g, (start) => start.toUpperCase()) : name;
}
