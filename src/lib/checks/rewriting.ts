import {HEALTHCHECK_PORT, isMeshProbePort, PROXY_UID, RESERVED_PORTS, SIDECAR_NAMES, HEALTHCHECK_NAMES} from '../mesh/names.ts';
import {resolvePort} from '../mesh/rewrite.ts';
import type {BreakReason, Target} from '../model/path.ts';
import type {PodCase, ProbeCase} from './case.ts';
import {differs, eachProbe, inPod, inTemplate, type Check, type Found} from './check.ts';
import {callText, endText, isLocal, probeText, targetText} from './words.ts';

const ISSUE_3773 = 'https://github.com/openservicemesh/osm/issues/3773';
const ISSUE_4428 = 'https://github.com/openservicemesh/osm/issues/4428';
const ISSUE_4434 = 'https://github.com/openservicemesh/osm/issues/4434';

/** The reason why a probe's path breaks off, if it does. */
function breakOf(probe: ProbeCase): BreakReason | undefined {
  const {path, reach} = probe;
  if (differs(probe)) return undefined;
  return reach === 'broken' && path.end.at === 'break' ? path.end.reason : undefined;
}

/** True where the pod holds what the injector writes, or where nobody knows what that would be. */
function asExpected({call, expectedCall}: ProbeCase): boolean {
  return expectedCall === undefined || sameCall(call, expectedCall);
}

function sameCall(a: ProbeCase['call'], b: ProbeCase['call']): boolean {
  const plain = (call: ProbeCase['call']) =>
    JSON.stringify(call.kind === 'http' ? {...call, headers: call.headers.map(({name, value}) => [name.toLowerCase(), value])} : call);
  return plain(a) === plain(b);
}

/** Both sides of a probe: what was declared, and what the pod makes the kubelet call. */
function sides(pod: PodCase, probe: ProbeCase) {
  const declared = probe.declared.seen ? [inTemplate(pod, probeText(probe.declared.value.probe))] : [];
  return [...declared, inPod(pod, callText(probe.call))];
}

/** The other container whose probe of this type decides: the last that is rewritten, for Pipy the first of all. */
function decider(pod: PodCase, {type, container, init}: ProbeCase): string | undefined {
  const all = pod.probes.filter((other) => other.type === type && !other.init);
  const first = pod.profile?.seen && pod.profile.value.serves.winner === 'first';
  const one = first ? all[0] : all.filter(({actual, declared}) => ['httpGet', 'tcpSocket'].includes((declared.seen ? declared.value.probe : actual)?.handler.kind ?? '')).at(-1);
  return init || one?.container === container ? undefined : one?.container;
}

/** A template that was copied from a running pod has the mesh's own ports in it. */
function isStale(probe: ProbeCase): boolean {
  if (!probe.declared.seen) return false;
  const {container, probe: declared} = probe.declared.value;
  if (!('port' in declared.handler) || !probe.actual) return false;
  return isMeshProbePort(resolvePort(declared.handler.port, container) ?? 0);
}

function onBreak(reasons: BreakReason[], say: (pod: PodCase, probe: ProbeCase) => Omit<Found, 'container' | 'probe' | 'evidence'> | undefined) {
  return (pod: PodCase): Found[] =>
    eachProbe(pod, (probe) => {
      const reason = breakOf(probe);
      if (reason === undefined || !reasons.includes(reason) || isStale(probe)) return undefined;
      const said = say(pod, probe);
      return said && {evidence: sides(pod, probe), ...said};
    });
}

/** The target that the probe is led to instead of its own, also where that one's own path is broken. */
function otherTarget(probe: ProbeCase): Target | undefined {
  const {container, path: {end}, reach} = probe;
  if (differs(probe)) return undefined;
  if (end.at === 'target') return reach === 'other' ? end.target : undefined;
  const taken = reach === 'broken' && ['unresolved-port', 'self-loop', 'bad-path'].includes(end.reason) && end.meant?.containers.length && !end.meant.containers.includes(container);
  return taken ? end.meant : undefined;
}

const sharedTarget: Check = {
  code: 'OSMP101',
  slug: 'shared-target',
  title: 'The probe is answered by another target than the declared one',
  severity: 'error',
  blame: 'spec',
  cause: 'The mesh has one target per probe type and pod. Where several containers have a probe of one type, OSM up to 1.2.4 serves the last one for all of them, Pipy the first.',
  fix: 'one endpoint that answers for all containers, probed once; or exec probes for the others',
  cases: ['A1', 'A2', 'A9', 'HTTP+HTTP', 'HTTPS+HTTPS'],
  links: [ISSUE_3773],
  find: (pod) =>
    eachProbe(pod, (probe) => {
      const target = otherTarget(probe);
      if (!target || !asExpected(probe) || isStale(probe)) return undefined;
      const by = target.containers.filter((name) => name !== probe.container);
      const who = by.length > 0 ? `container ${by.join(', ')}` : targetText(target);
      return {
        why: `answered by ${who}`,
        because: `${pod.profile?.seen ? pod.profile.value.title : 'the mesh'} has one ${probe.type} target per pod: ${targetText(target)}`,
        effect: breakOf(probe) === undefined ? `the answer says nothing of container ${probe.container}` : 'that probe is broken itself, so this one fails with it',
        evidence: sides(pod, probe),
      };
    }),
};

const noListener: Check = {
  code: 'OSMP102',
  slug: 'no-listener',
  title: 'Nothing listens on the probe port',
  severity: 'error',
  blame: 'spec',
  cause: 'The proxy opens a probe port only for the one probe of that type that it serves. Where that one is a tcpSocket probe (OSM: the last, Pipy: the first), the port stays closed for the others.',
  fix: 'the same handler in all containers that share a probe type, or exec for one of them',
  cases: ['A3', 'A8', 'HTTP+TCP', 'HTTPS+TCP'],
  links: [ISSUE_3773],
  find: onBreak(['no-listener'], (pod, probe) => {
    const other = decider(pod, probe);
    if (!asExpected(probe)) return undefined;
    return {
      why: other ? `no listener: the ${probe.type} probe of ${other} decides` : 'no listener',
      because: other ? `the ${probe.type} probe of container ${other} is the one that the mesh serves, and it makes no listener` : 'the mesh makes no listener for it',
      effect: 'connection refused, for good',
    };
  }),
};

const noHealthcheck: Check = {
  code: 'OSMP103',
  slug: 'no-healthcheck',
  title: 'The container that answers TCP probes is not in the pod',
  severity: 'error',
  blame: 'spec',
  cause: 'The healthcheck container is added only if the probe of some type that the injector looks at last is a tcpSocket probe.',
  fix: 'tcpSocket in the last container too, or httpGet or exec here',
  cases: ['A4', 'TCP+HTTP', 'TCP+HTTPS'],
  links: [ISSUE_3773],
  find: onBreak(['no-healthcheck'], (pod, probe) => {
    const expected = pod.sidecar.containers.some((name) => HEALTHCHECK_NAMES.includes(name));
    const other = pod.probes.filter(({type, container}) => type === probe.type && container !== probe.container).at(-1)?.container;
    return {
      why: `nothing on :${HEALTHCHECK_PORT}`,
      because: expected ? 'the injector should have added it and it is not there' : `the mesh adds it for the last ${probe.type} probe of the pod, ${other ? `that of container ${other}` : 'its own'}, only if that is one of TCP`,
      effect: 'connection refused, for good',
      ...(expected ? {blame: 'mesh' as const, fix: 'kubectl rollout restart, so that the injector sees the pod again'} : {}),
    };
  }),
};

const protocolClash: Check = {
  code: 'OSMP104',
  slug: 'protocol-clash',
  title: 'The probe speaks TLS to a plaintext port, or the other way round',
  severity: 'error',
  blame: 'spec',
  cause: 'The probe port speaks the protocol of the one probe that the mesh serves; a container whose probe of the same type has the other scheme meets it. (OSM before 0.9 did so to each HTTPS probe.)',
  fix: 'the same scheme in all containers that share a probe type, or exec for one of them',
  cases: ['A5', 'A6', 'B13', 'HTTP+HTTPS', 'HTTPS+HTTP'],
  links: [ISSUE_3773],
  find: onBreak(['tls-to-plaintext', 'plaintext-to-tls'], (pod, probe) => {
    if (!asExpected(probe)) return undefined;
    const tls = breakOf(probe) === 'tls-to-plaintext';
    const other = decider(pod, probe);
    return {
      why: tls ? 'TLS to a plaintext listener' : `plaintext to the TLS port of ${other ?? 'another container'}`,
      because: other ? `the ${probe.type} probe of container ${other} decides which protocol the port speaks` : 'this release rewrites HTTPS probes to a plaintext port',
      ...(other ? {} : {blame: 'mesh' as const, fix: 'a newer release of the mesh, or an exec probe'}),
    };
  }),
};

const notRewritten: Check = {
  code: 'OSMP105',
  slug: 'not-rewritten',
  title: 'The probe was not rewritten, and the mesh does not let it through',
  severity: 'error',
  blame: 'mesh',
  cause: 'The kubelet speaks no mTLS, so a call to an app port is handed to the inbound listener and reset (refused where no Service selects the pod). Containers that another webhook adds later, and dialects that leave a handler alone, end so.',
  fix: 'an exec probe, or the annotation openservicemesh.io/inbound-port-exclusion-list with this port',
  cases: ['A13', 'A14', 'B10'],
  find: onBreak(['redirected'], (pod, probe) => {
    if (probe.call.kind === 'grpc' || ('port' in probe.call && probe.call.port === HEALTHCHECK_PORT)) return undefined;
    if (probe.init) return {why: 'native sidecars are not rewritten', because: 'the injector looks at the containers of the pod only', effect: 'reset where a Service selects the pod, refused where none does'};
    const late = pod.declared.seen && !pod.declared.value.containers.some(({name}) => name === probe.container);
    const cell = !late && probe.call.kind === 'tcp' && asExpected(probe);
    return {
      why: 'not rewritten',
      because: late ? `container ${probe.container} is not in the template: it was added after the injector ran` : cell ? `${pod.profile?.seen ? pod.profile.value.title : 'this release'} does not rewrite it` : 'the pod still holds the original call',
      effect: cell ? 'passes whatever the app does where a Service selects the pod, refused where none does' : 'reset where a Service selects the pod, refused where none does',
    };
  }),
};

const rewrittenOtherwise: Check = {
  code: 'OSMP106',
  slug: 'rewritten-otherwise',
  title: 'The probe was rewritten otherwise than this mesh does',
  severity: 'error',
  blame: 'mesh',
  cause: 'Something changed the probe before or after the injector: another webhook, a second injection, a release with other rules.',
  fix: 'compare with a fresh pod: kubectl rollout restart; then look at the other mutating webhooks',
  cases: ['A7', 'A11'],
  find: (pod) =>
    eachProbe(pod, (probe) => {
      const bad = (probe.reach === 'other' && !differs(probe)) || ['no-listener', 'no-route', 'ambiguous-route', 'tls-to-plaintext', 'plaintext-to-tls'].includes(breakOf(probe) ?? '');
      const ours = breakOf(probe) === 'no-route' || breakOf(probe) === 'ambiguous-route';
      if (!bad || isStale(probe) || (asExpected(probe) && !ours)) return undefined;
      const header = probe.call.kind === 'http' && probe.call.port === HEALTHCHECK_PORT;
      return {
        why: 'rewritten otherwise',
        because: asExpected(probe) ? 'the proxy has no single route for that path' : `this mesh makes ${callText(probe.expectedCall!)} of it`,
        effect: header ? 'another port is tested' : `it ends at ${endText(probe.path.end)}`,
        evidence: sides(pod, probe),
      };
    }),
};

const alreadyRewritten: Check = {
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

const unresolvedPort: Check = {
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

const hostSet: Check = {
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

const pathWithoutSlash: Check = {
  code: 'OSMP110',
  slug: 'path-without-slash',
  title: 'The path has no leading slash, which works outside the mesh only',
  severity: 'error',
  blame: 'spec',
  cause: 'The kubelet adds a missing slash, the route of the proxy does not: the app gets a request line that servers reject with 400.',
  fix: 'begin the path with /',
  cases: ['E8'],
  find: onBreak(['bad-path'], (_, probe) => (otherTarget(probe) ? undefined : {why: 'path without /', because: 'the proxy sends the path as it is declared'})),
};

const grpcUnreachable: Check = {
  code: 'OSMP111',
  slug: 'grpc-not-rewritten',
  title: 'gRPC probes are not rewritten, and plaintext meets the mTLS listener',
  severity: 'error',
  blame: 'mesh',
  cause: 'No release rewrites grpc probes; the call of the kubelet is redirected to the inbound listener, which wants mTLS.',
  fix: 'exec with grpc_health_probe -addr=localhost:PORT, or the annotation openservicemesh.io/inbound-port-exclusion-list with the port',
  cases: ['B7'],
  links: [ISSUE_4428],
  find: onBreak(['redirected'], (_, probe) => (probe.call.kind === 'grpc' ? {why: 'gRPC is not rewritten', because: `port ${probe.call.port} is redirected to the mTLS listener`} : undefined)),
};

const lifecycleHook: Check = {
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

const nativeSidecar: Check = {
  code: 'OSMP113',
  slug: 'native-sidecar',
  title: 'The injector drops restartPolicy: Always of an init container',
  severity: 'error',
  blame: 'mesh',
  cause: 'The injector decodes the pod with an API older than native sidecars, so the container becomes an ordinary init container, which never ends.',
  fix: 'an ordinary container instead of a native sidecar',
  cases: ['B9'],
  stops: true,
  find: (pod) => {
    if (!pod.declared.seen || !pod.meshed) return [];
    return pod.declared.value.initContainers.flatMap((declared): Found[] => {
      const actual = pod.pod.spec.initContainers.find(({name}) => name === declared.name);
      if (declared.restartPolicy !== 'Always' || !actual || actual.restartPolicy === 'Always') return [];
      return [
        {
          container: declared.name,
          why: 'native sidecar became an init container',
          because: 'restartPolicy: Always is in the template and not in the pod, so the pod waits for its end',
          evidence: [inTemplate(pod, `initContainers ${declared.name}: restartPolicy: Always`), inPod(pod, `initContainers ${declared.name}: no restartPolicy`)],
          explains: pod.symptoms.filter(({kind}) => kind === 'not-ready'),
        },
      ];
    });
  },
};

const execLeaves: Check = {
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

const falsePass: Check = {
  code: 'OSMP115',
  slug: 'proxy-accepts',
  title: 'The TCP probe ends at the proxy, which accepts whatever the app does',
  severity: 'error',
  blame: 'mesh',
  cause: 'OSM before 1.1 rewrites tcpSocket probes to a TCP proxy listener: the connect succeeds before the proxy has asked the app.',
  fix: 'restart the pods under OSM 1.1 or newer (kubectl rollout restart)',
  cases: ['B12', 'osm#4434'],
  links: [ISSUE_4434],
  find: onBreak(['proxy-accepts'], () => ({why: 'passes whatever the app does', because: 'the connect ends at the proxy', effect: 'never fails'})),
};

const onlyConnect: Check = {
  code: 'OSMP116',
  slug: 'only-connect',
  title: 'Of the declared HTTPS probe only a TCP connect is left',
  severity: 'warning',
  blame: 'mesh',
  cause: 'osm-edge since 1.3.5 and FSM turn HTTPS probes into TCP connects: status and certificate are never seen.',
  fix: 'exec with curl -k, where the answer matters',
  cases: ['A10'],
  find: (pod) =>
    eachProbe(pod, (probe) =>
      probe.reach === 'weaker' ? {why: 'only a connect is tested', because: 'the answer of the app is never read', evidence: sides(pod, probe), explains: []} : undefined,
    ),
};

const healthcheckHeader: Check = {
  code: 'OSMP117',
  slug: 'healthcheck-header',
  title: 'The call to 15904 does not name a port',
  severity: 'error',
  blame: 'mesh',
  cause: 'The healthcheck container reads the port to test from the header Original-Tcp-Port, and answers 400 without it.',
  fix: 'let the injector write the probe; look for another webhook that drops headers',
  cases: ['D6'],
  find: onBreak(['header-missing'], () => ({why: 'no Original-Tcp-Port', because: 'without the header the answer is 400'})),
};

const ipv6: Check = {
  code: 'OSMP118',
  slug: 'ipv4-only',
  title: "The mesh's probe listeners are IPv4 only",
  severity: 'error',
  blame: 'mesh',
  cause: 'The probe listeners bind 0.0.0.0, and the kubelet calls the primary address of the pod, which is IPv6 here. (Read in source, not tried.)',
  fix: 'IPv4 as the first family of the cluster',
  cases: ['C18'],
  find: onBreak(['ipv4-only'], (pod) => ({why: 'listeners are IPv4 only', because: `the address of the pod is ${pod.pod.podIP}`})),
};

const reservedPort: Check = {
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
      if ([...SIDECAR_NAMES, ...HEALTHCHECK_NAMES].includes(container.name)) return [];
      const taken = container.ports.filter(({containerPort}) => RESERVED_PORTS.includes(containerPort)).map(({containerPort}) => containerPort);
      const user = (container.runAsUser ?? pod.pod.spec.runAsUser) === PROXY_UID;
      if (taken.length === 0 && !user) return [];
      const what = [...taken.map((port) => `port ${port}`), ...(user ? [`user ${PROXY_UID}`] : [])].join(', ');
      // Whoever binds first keeps the port: the proxy ends for it, or the kubelet asks the app instead of the proxy.
      const asked = pod.probes.filter(({call}) => 'port' in call && taken.includes(Number(call.port))).flatMap(({symptoms}) => symptoms);
      const broken = [...pod.symptoms.filter(({container: of, kind}) => (of === pod.detection.sidecar!.name || of === container.name) && kind === 'crashed'), ...asked];
      const explains = taken.length > 0 ? broken : [];
      const hurts = explains.some(({state}) => state === 'going-on');
      return [{container: container.name, why: `uses ${what} of the mesh`, because: `container ${container.name} declares ${what}`, evidence: [inPod(pod, what)], explains, ...(hurts ? {} : {severity: 'warning' as const})}];
    });
  },
};

const shorterTimeout: Check = {
  code: 'OSMP120',
  slug: 'shorter-timeout',
  title: "The proxy gives up before the probe's own timeout",
  severity: 'warning',
  blame: 'mesh',
  cause: 'The route of the proxy has a timeout of its own: 15 s before OSM 0.11, that of the container that the mesh serves since then.',
  fix: 'the same timeoutSeconds in all containers that share a probe type',
  cases: ['E9'],
  find: (pod) =>
    eachProbe(pod, (probe) => {
      if (probe.path.end.at !== 'target' || !probe.actual || probe.reach !== 'declared') return undefined;
      const limit = probe.path.end.timeoutSeconds;
      if (limit === undefined || limit >= probe.actual.timeoutSeconds) return undefined;
      return {why: `proxy gives up after ${limit}s`, because: `timeoutSeconds is ${probe.actual.timeoutSeconds}, the route's timeout ${limit}s`, evidence: sides(pod, probe), explains: probe.symptoms.filter(({status}) => status === 504)};
    }),
};

/** Checks of the pod's probes against what the mesh makes of the template, in reading order. */
export const REWRITING: Check[] = [
  alreadyRewritten,
  unresolvedPort,
  hostSet,
  pathWithoutSlash,
  sharedTarget,
  noListener,
  noHealthcheck,
  protocolClash,
  notRewritten,
  grpcUnreachable,
  rewrittenOtherwise,
  healthcheckHeader,
  falsePass,
  onlyConnect,
  shorterTimeout,
  ipv6,
  reservedPort,
  lifecycleHook,
  nativeSidecar,
  execLeaves,
];
