import type {Container} from '../model/pod.ts';
import {PROBE_TYPES, type Handler, type HttpGet, type PortRef, type Probe, type Probes, type TcpSocket} from '../model/probe.ts';
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
  return {...actual, handler: {...handler, port: httpPort, path, headers: handler.headers.filter(({name}) => !/^original-http-(port|path)$/i.test(name))}};
}

function rewriteProbe(profile: Profile, container: Container, probe: Probe): Probe {
  const cell = cellOf(profile, probe.handler);
  if (!cell || cell.to === 'untouched') return probe;
  const from = probe.handler as HttpGet | TcpSocket;
  const originalPort = resolvePort(from.port, container) ?? cell.unresolvedPort ?? 0;
  const port = cell.port === 'healthcheck' ? HEALTHCHECK_PORT : PROBE_PORTS[probe.type];
  if (cell.to === 'tcpSocket') return {...probe, handler: {kind: 'tcpSocket', host: from.host, port}};

  const originalPath = from.kind === 'httpGet' ? from.path : '';
  const fill = (value: string) => value.replace('{port}', String(originalPort)).replace('{path}', originalPath);
  return {
    ...probe,
    handler: {
      kind: 'httpGet',
      scheme: cell.scheme ?? (from.kind === 'httpGet' ? from.scheme : 'HTTP'),
      host: from.kind === 'httpGet' ? from.host : '',
      port,
      path: cell.path === undefined ? originalPath : pathOf(cell.path, probe.type, container.name),
      headers: [...(from.kind === 'httpGet' ? from.headers : []), ...(cell.headers ?? []).map(({name, value}) => ({name, value: fill(value)}))],
    },
  };
}
