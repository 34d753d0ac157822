import {HEALTHCHECK_PORT} from '../mesh/names.ts';
import {answersOf} from './answers.ts';
import {asExpected, breakOf, isStale, onBreak, sides} from './breaks.ts';
import {differs, eachProbe, inPod, inTemplate, type Check, type Found} from './check.ts';
import {outlastsRoute} from './decide/body.ts';
import {answerText, readingOf} from './reading.ts';
import {callText, endText} from './words.ts';
import {named} from '../model/lookup.ts';

// Checks of what this release of the mesh, or another webhook, made of the probes.

const ISSUE_4428 = 'https://github.com/openservicemesh/osm/issues/4428';
const ISSUE_4434 = 'https://github.com/openservicemesh/osm/issues/4434';

export const notRewritten: Check = {
  code: 'OSMP105',
  slug: 'not-rewritten',
  title: 'The probe was not rewritten, and the mesh does not let it through',
  severity: 'error',
  blame: 'mesh',
  cause: 'The kubelet speaks no mTLS, so a call to an app port is handed to the inbound listener and reset (refused where no Service selects the pod). Containers that another webhook adds later, and dialects that leave a handler alone, end so.',
  fix: 'an exec probe, or the annotation {prefix}/inbound-port-exclusion-list with this port',
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

export const grpcUnreachable: Check = {
  code: 'OSMP111',
  slug: 'grpc-not-rewritten',
  title: 'gRPC probes are not rewritten, and plaintext meets the mTLS listener',
  severity: 'error',
  blame: 'mesh',
  cause: 'No release rewrites grpc probes; the call of the kubelet is redirected to the inbound listener, which wants mTLS.',
  fix: 'exec with grpc_health_probe -addr=localhost:PORT, or the annotation {prefix}/inbound-port-exclusion-list with the port',
  cases: ['B7'],
  links: [ISSUE_4428],
  find: onBreak(['redirected'], (_, probe) => (probe.call.kind === 'grpc' ? {why: 'gRPC is not rewritten', because: `port ${probe.call.port} is redirected to the mTLS listener`} : undefined)),
};

export const rewrittenOtherwise: Check = {
  code: 'OSMP106',
  slug: 'rewritten-otherwise',
  title: 'The probe was rewritten otherwise than this mesh does',
  severity: 'error',
  blame: 'mesh',
  cause: 'Something changed the probe before or after the injector: another webhook, a second injection, a release with other rules.',
  fix: 'compare with a fresh pod; then look at the other mutating webhooks',
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

export const healthcheckHeader: Check = {
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

export const falsePass: Check = {
  code: 'OSMP115',
  slug: 'proxy-accepts',
  title: 'The TCP probe ends at the proxy, which accepts whatever the app does',
  severity: 'error',
  blame: 'mesh',
  cause: 'OSM before 1.1 rewrites tcpSocket probes to a TCP proxy listener: the connect succeeds before the proxy has asked the app.',
  fix: 'make the pods anew under OSM 1.1 or newer',
  cases: ['B12', 'osm#4434'],
  links: [ISSUE_4434],
  find: onBreak(['proxy-accepts'], () => ({why: 'passes whatever the app does', because: 'the connect ends at the proxy', effect: 'never fails'})),
};

export const onlyConnect: Check = {
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

export const shorterTimeout: Check = {
  code: 'OSMP120',
  slug: 'shorter-timeout',
  title: "The proxy gives up before the probe's own timeout",
  severity: 'warning',
  blame: 'mesh',
  cause: 'The route of the proxy has a timeout of its own: 15 s before OSM 0.11, 1 s on the main branch after 1.2, else that of the container that the mesh serves.',
  fix: 'the same timeoutSeconds in all containers that share a probe type',
  cases: ['E9'],
  find: (pod) =>
    eachProbe(pod, (probe) => {
      if (probe.path.end.at !== 'target' || !probe.actual || probe.reach !== 'declared') return undefined;
      const limit = probe.path.end.timeoutSeconds;
      if (limit === undefined || limit >= probe.actual.timeoutSeconds) return undefined;
      const own = probe.path.end.target.containers.every((name) => name === probe.container);
      const reading = readingOf(pod, probe);
      const cut = reading?.past?.ok === true && outlastsRoute(probe, reading.past);
      return {
        why: `proxy gives up after ${limit}s`,
        because: `timeoutSeconds is ${probe.actual.timeoutSeconds}, the route's timeout ${limit}s${cut ? `, and directly the app answers ${answerText(reading.past!.answer)}` : ''}`,
        ...(own ? {fix: `an endpoint that answers within ${limit}s, or an exec probe: the route's timeout is the mesh's own`} : {}),
        evidence: [...(cut ? answersOf(pod, reading) : []), ...sides(pod, probe)],
        ...(cut && probe.symptoms.some(({state}) => state === 'going-on') ? {severity: 'error' as const} : {}),
        explains: cut ? probe.symptoms : probe.symptoms.filter(({status}) => status === 504),
      };
    }),
};

export const ipv6: Check = {
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

export const nativeSidecar: Check = {
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
      const actual = named(pod.pod.spec.initContainers, declared.name);
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
