import {HEALTHCHECK_NAMES, HEALTHCHECK_PORT} from '../mesh/names.ts';
import {asExpected, breakOf, decider, isStale, onBreak, otherTarget, sides} from './breaks.ts';
import type {PodCase, ProbeCase} from './case.ts';
import {eachProbe, inPod, remake, type Check, type Found} from './check.ts';
import {PROBE_TYPES} from '../model/probe.ts';
import {callText, targetText} from './words.ts';

// Checks of containers that share what the mesh has once per probe type and pod.

const ISSUE_3773 = 'https://github.com/openservicemesh/osm/issues/3773';

export const sharedTarget: Check = {
  code: 'OSMP101',
  slug: 'shared-target',
  title: 'The probe is answered by another target than the declared one',
  severity: 'error',
  blame: 'spec',
  cause: 'The mesh has one target per probe type and pod. Where several containers have a probe of one type, OSM up to 1.2.4 serves the last one for all of them, Pipy the first.',
  fix: 'one endpoint that answers for all containers, probed once; or exec probes for the others',
  cases: ['A1', 'A2', 'A9', 'HTTP+HTTP', 'HTTPS+HTTPS'],
  links: [ISSUE_3773],
  find: (pod) => [...eachProbe(pod, (probe) => otherThanOwn(pod, probe)), ...sharedByAll(pod)],
};

function otherThanOwn(pod: PodCase, probe: ProbeCase): Omit<Found, 'container' | 'probe'> | undefined {
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
}

/** Where nobody knows what was declared: several containers are led to one target, so at most one of them is checked. */
function sharedByAll(pod: PodCase): Found[] {
  return PROBE_TYPES.flatMap((type): Found[] => {
    const sharing = pod.probes.filter((probe) => probe.type === type && probe.reach === 'shared');
    const end = sharing[0]?.path.end;
    if (end?.at !== 'target') return [];
    const names = sharing.map(({container}) => container).join(' and ');
    return sharing.map(({container, symptoms}) => ({
      container,
      probe: type,
      why: `${names} share one target`,
      because: `${names} call one listener, which has one target, ${targetText(end.target)}; whose that is only the template tells, and that is not known`,
      effect: 'all but one of these containers are not checked',
      evidence: [inPod(pod, `${type} of ${names}: ${callText(sharing[0]!.call)}`)],
      explains: symptoms,
    }));
  });
}

export const noListener: Check = {
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

export const noHealthcheck: Check = {
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
      ...(expected ? {blame: 'mesh' as const, fix: remake(pod)} : {}),
    };
  }),
};

export const protocolClash: Check = {
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
