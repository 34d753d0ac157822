import type {Container} from '../model/pod.ts';
import {PROBE_TYPES, type Handler, type Header, type HttpGet, type PortRef, type Probe, type Probes, type Sent, type TcpSocket} from '../model/probe.ts';
import {HEALTHCHECK_PORT, PROBE_PORTS} from './names.ts';
import {pathOf, type Profile, type Rewrite} from './profiles.ts';

/** What the injector of `profile` makes of each container's probes. Init containers and hooks are never rewritten. */
export function rewrite(profile: Profile, template: {containers: Container[]}): Map<string, Probes> {
  return new Map(
    template.containers.map((container) => {
      const probes: Probes = {};
      for (const type of PROBE_TYPES) {
        const probe = container.probes[type];
        if (probe) probes[type] = rewriteProbe(profile, container, probe);
      }
      return [container.name, probes];
    }),
  );
}

/** The cell of the profile that speaks of this handler; none for exec, grpc and handlers of the future. */
export function cellOf(profile: Profile, handler: Handler): Rewrite | undefined {
  if (handler.kind === 'tcpSocket') return profile.tcp;
  if (handler.kind === 'httpGet') return handler.scheme === 'HTTPS' ? profile.https : profile.http;
  return undefined;
}

/** The number behind a port, looked up among the same container's ports as kubelet and injector do. */
export function resolvePort(port: PortRef, container: Container): number | undefined {
  return typeof port === 'number' ? port : container.ports.find(({name}) => name === port)?.containerPort;
}

/** What a rewritten probe itself tells of what was declared: some dialects keep port and path in its headers. Undefined where that is lost. */
export function declaredInPod(profile: Profile, actual: Probe): Probe | undefined {
  const {handler} = actual;
  if (handler.kind !== 'httpGet') return undefined;
  const kept = (name: string) => handler.headers.findLast((header) => header.name.toLowerCase() === name)?.value;
  const port = Number(kept('original-tcp-port') ?? NaN);
  if (handler.port === HEALTHCHECK_PORT && profile.tcp.port === 'healthcheck' && port > 0) return {...actual, handler: {kind: 'tcpSocket', host: '', port}};
  const [httpPort, path] = [Number(kept('original-http-port') ?? NaN), kept('original-http-path')];
  if (!profile.http.headers || !(httpPort > 0) || path === undefined) return undefined;
  const own = (headers: Header[]) => headers.filter(({name}) => !/^original-http-(port|path)$/i.test(name));
  const declared = {...handler, port: httpPort, path, headers: own(handler.headers)};
  if (!handler.sent) return {...actual, handler: declared};
  const written = handler.sent.headers.findLast(({name}) => name.toLowerCase() === 'original-http-path')?.value;
  return {...actual, handler: {...declared, sent: {path: written ?? path, headers: own(handler.sent.headers)}}};
}

/** What a TCP probe brings to the HTTP probe that it becomes. */
const NO_GET: Omit<HttpGet, 'kind' | 'port'> = {scheme: 'HTTP', host: '', path: '', headers: []};

function rewriteProbe(profile: Profile, container: Container, probe: Probe): Probe {
  const cell = cellOf(profile, probe.handler);
  if (!cell || cell.to === 'untouched') return probe;
  const from = probe.handler as HttpGet | TcpSocket;
  const originalPort = resolvePort(from.port, container) ?? cell.unresolvedPort ?? 0;
  const port = cell.port === 'healthcheck' ? HEALTHCHECK_PORT : PROBE_PORTS[probe.type];
  if (cell.to === 'tcpSocket') return {...probe, handler: {kind: 'tcpSocket', host: from.host, port}};

  const written = (given: Sent): Sent => {
    const fill = (value: string) => value.replace('{port}', String(originalPort)).replace('{path}', given.path);
    return {
      path: cell.path === undefined ? given.path : pathOf(cell.path, probe.type, container.name),
      headers: [...given.headers, ...(cell.headers ?? []).map(({name, value}) => ({name, value: fill(value)}))],
    };
  };
  const get: Omit<HttpGet, 'kind' | 'port'> = from.kind === 'httpGet' ? from : NO_GET;
  const handler: HttpGet = {kind: 'httpGet', scheme: cell.scheme ?? get.scheme, host: get.host, port, ...written(get)};
  return {...probe, handler: get.sent ? withSent(handler, written(get.sent)) : handler};
}

/** What is really sent stands beside what may be shown only where the rewritten probe still has something of it. */
function withSent(handler: HttpGet, sent: Sent): HttpGet {
  const same = handler.path === sent.path && handler.headers.every(({value}, index) => value === sent.headers[index]!.value);
  return same ? handler : {...handler, sent};
}
