import {PROXY_UID, RESERVED_PORTS} from '../mesh/names.ts';
import {resolvePort} from '../mesh/rewrite.ts';
import {isStale, onBreak, otherTarget, sides} from './breaks.ts';
import type {PodCase, ProbeCase} from './case.ts';
import {eachProbe, inPod, isOfMesh, type Check, type Found} from './check.ts';
import {decide, type Decision} from './decide/index.ts';
import {readingOf} from './reading.ts';
import {isLocal} from './words.ts';

// Checks of what the owner's manifest holds and the mesh cannot make work.

export const alreadyRewritten: Check = {
  code: 'OSMP107',
  slug: 'template-already-rewritten',
  title: "The template holds the mesh's own probe port",
  severity: 'error',
  blame: 'spec',
  cause: 'The manifest was exported from a running pod, so the injector rewrote a probe that was rewritten before; the original is lost.',
  fix: "put the app's own port and path back into the manifest",
  cases: ['B14', 'B16'],
  find: (pod) =>
    eachProbe(pod, (probe) => {
      if (!isStale(probe)) return undefined;
      const loop = probe.path.end.at === 'break' && probe.path.end.reason === 'self-loop';
      return {
        why: loop ? 'the proxy calls itself' : "the template holds the mesh's port",
        because: loop ? `the proxy hands the request to its own port, until the probe's time is over` : `the declared port is one of the mesh's, so nobody can say what was meant`,
        evidence: sides(pod, probe),
      };
    }),
};

export const unresolvedPort: Check = {
  code: 'OSMP108',
  slug: 'unresolved-port',
  title: 'The probe names a port that its container does not declare',
  severity: 'error',
  blame: 'spec',
  cause: 'A named port is looked up among the ports of the same container. Where it is not found, the injector logs it and goes on with port 0.',
  fix: 'declare the port under that name in the same container',
  cases: ['D7'],
  find: (pod) =>
    eachProbe(pod, (probe) => {
      if (!probe.declared.seen) return undefined;
      const {container, probe: declared} = probe.declared.value;
      if (!('port' in declared.handler) || resolvePort(declared.handler.port, container) !== undefined) return undefined;
      return {
        why: `port ${JSON.stringify(declared.handler.port)} is not declared`,
        because: `container ${container.name} declares ${container.ports.map(({name, containerPort}) => name ?? String(containerPort)).join(', ') || 'no port'}`,
        evidence: sides(pod, probe),
      };
    }),
};

export const hostSet: Check = {
  code: 'OSMP109',
  slug: 'host-set',
  title: 'The probe names a host, so the kubelet calls that and not the pod',
  severity: 'error',
  blame: 'spec',
  cause: "The mesh rewrites port and path and keeps httpGet.host, so the kubelet calls a probe port of the mesh on a host that hasn't got one.",
  fix: 'remove host; for a virtual host set httpHeaders: Host',
  cases: ['E7'],
  find: onBreak(['elsewhere'], (_, probe) => ({
    why: 'host is set',
    because: `host: ${'host' in probe.call ? probe.call.host : ''} is kept, port and path are rewritten`,
  })),
};

export const pathWithoutSlash: Check = {
  code: 'OSMP110',
  slug: 'path-without-slash',
  title: 'The path has no leading slash, which works outside the mesh only',
  severity: 'error',
  blame: 'spec',
  cause: 'The kubelet adds a missing slash, the route of the proxy does not: the app gets a request line that servers reject with 400.',
  fix: 'begin the path with /',
  cases: ['E8'],
  find: onBreak(['bad-path'], (_, probe) => {
    if (otherTarget(probe)) return undefined;
    const raw = probe.target?.raw ?? '';
    if (!WINDOWS.test(raw)) return {why: 'path without /', because: 'the proxy sends the path as it is declared'};
    return {
      why: 'a path of Windows',
      title: 'The path is a file of Windows, which no app serves',
      because: `${raw} is what Git Bash and other shells of Windows make of a path that begins with /: it works nowhere`,
      fix: `${/^[a-z]:[\\/]program files[\\/]git(?=[\\/])/i.test(raw) ? `path: ${raw.replace(/^.*?[\\/]git(?=[\\/])/i, '').replaceAll('\\', '/')}` : 'the path that was meant, beginning with /'} (MSYS_NO_PATHCONV=1 keeps the shell from changing it)`,
    };
  }),
};

const WINDOWS = /^[a-z]:[\\/]/i;

export const pathAsUrl: Check = {
  code: 'OSMP121',
  slug: 'path-as-url',
  title: 'The proxy asks for another path than the kubelet would',
  severity: 'warning',
  blame: 'spec',
  cause: 'The kubelet reads the declared path as a URL: it drops a fragment and a host and escapes what needs it. The proxy sends it as it is written.',
  fix: 'a path that is the same in both readings',
  cases: ['path as URL'],
  find: (pod) =>
    eachProbe(pod, (probe) => {
      const {reach, target, path: {end}} = probe;
      if (reach !== 'altered' || end.at !== 'target' || decidedOf(pod, probe)?.cause === 'path-as-written') return undefined;
      return {
        why: `the proxy sends ${end.target.path}`,
        because: `the proxy sends ${end.target.path}; without the mesh the kubelet asks for ${target?.path ?? '/'}`,
        fix: `path: ${target?.path ?? '/'}, if that is what was meant`,
        evidence: sides(pod, probe),
        explains: [],
      };
    }),
};

function decidedOf(pod: PodCase, probe: ProbeCase): Decision | undefined {
  const reading = readingOf(pod, probe);
  return reading && decide(pod, probe, reading);
}

export const reservedPort: Check = {
  code: 'OSMP119',
  slug: 'reserved-port',
  title: 'The app uses a port or user of the mesh',
  severity: 'error',
  blame: 'spec',
  cause: 'The proxy binds these ports in the same network, and iptables lets the traffic of user 1500 pass by the proxy.',
  fix: 'another port, another user',
  cases: ['C6'],
  find: (pod) => {
    if (!pod.detection.sidecar) return [];
    return pod.pod.spec.containers.flatMap((container): Found[] => {
      if (isOfMesh(pod, container.name)) return [];
      const taken = container.ports.filter(({containerPort}) => RESERVED_PORTS.includes(containerPort)).map(({containerPort}) => containerPort);
      const user = (container.runAsUser ?? pod.pod.spec.runAsUser) === PROXY_UID;
      if (taken.length === 0 && !user) return [];
      const what = [...taken.map((port) => `port ${port}`), ...(user ? [`user ${PROXY_UID}`] : [])].join(', ');
      // Whoever binds first keeps the port: the proxy ends for it, or the kubelet asks the app instead of the proxy.
      const asked = pod.probes.filter(({call}) => 'port' in call && taken.includes(Number(call.port))).flatMap(({symptoms}) => symptoms);
      const broken = [...pod.symptoms.filter(({container: of, kind, failure}) => (of === pod.detection.sidecar!.name || of === container.name) && kind === 'crashed' && failure !== 'OOMKilled'), ...asked];
      const explains = taken.length > 0 ? broken : [];
      const hurts = explains.some(({state}) => state === 'going-on');
      return [{container: container.name, why: `uses ${what} of the mesh`, because: `container ${container.name} declares ${what}`, evidence: [inPod(pod, what)], explains, ...(hurts ? {} : {severity: 'warning' as const})}];
    });
  },
};

export const lifecycleHook: Check = {
  code: 'OSMP112',
  slug: 'lifecycle-hook',
  title: 'A lifecycle hook calls a port that the mesh redirects',
  severity: 'warning',
  blame: 'spec',
  cause: 'Hooks with httpGet or tcpSocket are never rewritten; the kubelet speaks no mTLS, so the call can only fail.',
  fix: 'an exec or sleep hook',
  cases: ['B11'],
  stops: true,
  find: (pod) => {
    if (!pod.meshed || pod.sidecar.open === 'all') return [];
    const open = pod.sidecar.open;
    return pod.pod.spec.containers.flatMap((container) =>
      container.hooks.flatMap(({hook, handler}): Found[] => {
        if (handler.kind !== 'httpGet' && handler.kind !== 'tcpSocket') return [];
        const port = resolvePort(handler.port, container);
        if (handler.host !== '' || (port !== undefined && open.includes(port))) return [];
        const failed = pod.symptoms.filter((one) => one.kind === 'hook' && one.container === container.name);
        const hurts = failed.some(({state}) => state === 'going-on');
        return [
          {
            container: container.name,
            key: hook,
            why: `${hook} can't reach its port`,
            because: `${hook} calls :${handler.port}, which is redirected to the mTLS listener`,
            evidence: [inPod(pod, `lifecycle.${hook}.${handler.kind} :${handler.port}`), ...failed.map(({evidence}) => evidence)],
            explains: pod.symptoms.filter((one) => one.container === container.name && (one.kind === 'hook' || (hurts && (one.kind === 'crashed' || one.failure === 'PostStartHookError')))),
            ...(hurts ? {severity: 'error' as const} : {}),
          },
        ];
      }),
    );
  },
};

export const execLeaves: Check = {
  code: 'OSMP114',
  slug: 'exec-leaves-pod',
  title: 'The command of an exec probe calls another host, through the mesh',
  severity: 'info',
  blame: 'spec',
  cause: 'Traffic to other hosts goes through the proxy, so the probe depends on the mesh, its policies and that host.',
  fix: 'let the command ask localhost only',
  cases: ['E14'],
  find: (pod) =>
    !pod.meshed
      ? []
      : eachProbe(pod, ({actual, symptoms}) => {
          if (actual?.handler.kind !== 'exec') return undefined;
          const away = actual.handler.hosts.filter((host) => !isLocal(host));
          if (away.length === 0) return undefined;
          const hurts = symptoms.some(({state}) => state === 'going-on');
          return {
            why: `asks ${away.join(', ')}`,
            because: `the command names ${away.join(', ')}`,
            evidence: [inPod(pod, 'exec')],
            explains: [],
            ...(hurts ? {severity: 'warning' as const} : {}),
          };
        }),
};
