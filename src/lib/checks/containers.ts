import {BOOTSTRAP_VOLUMES, HEALTHCHECK_PORT, PROXY_LABELS} from '../mesh/names.ts';
import type {PodCase} from './case.ts';
import {inPod, remake, restartsFor, type Check, type Found} from './check.ts';
import {ENDS} from './ends.ts';
import {WAITING} from './waiting.ts';

// Checks of the containers that the injector adds: whether they are there.

const notInjected: Check = {
  code: 'OSMP201',
  slug: 'not-injected',
  title: 'The pod should be in the mesh and has no sidecar',
  severity: 'warning',
  blame: 'mesh',
  cause: 'The injector acts on new pods only: the pod is older than its namespace is in the mesh, or the webhook was not there when it was created.',
  fix: 'make the pod anew',
  cases: ['B1', 'B2'],
  find: (pod) => {
    if (pod.meshed || pod.injection.must !== 'yes') return [];
    return [
      {
        why: 'no sidecar',
        fix: remake(pod),
        because: `${pod.injection.why}, and the pod has no sidecar; its probes are judged as plain Kubernetes`,
        evidence: [
          inPod(pod, `containers ${pod.pod.spec.containers.map(({name}) => name).join(', ')}`),
          {label: 'namespace', text: pod.injection.why, source: 'namespace', command: pod.commands.kubectl(`get namespace ${pod.pod.namespace} -o yaml`)},
        ],
      },
    ];
  },
};

const halfInjected: Check = {
  code: 'OSMP202',
  slug: 'half-injected',
  title: 'The pod has a part of the sidecar only',
  severity: 'error',
  blame: 'mesh',
  cause: "Something of the injector is in the pod (its label, volume, init container or a rewritten probe) and its proxy is not: a copied manifest, or another webhook that removed it.",
  fix: 'take what is the mesh\'s out of the manifest, and make the pod anew',
  cases: ['B15'],
  find: (pod) => {
    if (!pod.sidecar.missing) return [];
    const lost = pod.probes.filter(({path}) => path.end.at === 'break' && path.end.reason === 'no-proxy');
    const found: Found = {why: 'no proxy', because: `${remains(pod)} is there, the proxy is not`, evidence: [inPod(pod, `containers ${pod.pod.spec.containers.map(({name}) => name).join(', ')}`)]};
    if (lost.length === 0) return [{...found, severity: 'warning'}];
    return lost.map((probe) => ({...found, container: probe.container, probe: probe.type, effect: 'its call is led to a proxy that is not there: it is refused', explains: [...probe.symptoms, ...restartsFor(pod, probe)]}));
  },
};

/** What is left of the injector's work. */
function remains({detection, pod}: PodCase): string {
  if (detection.init) return `the init container ${detection.init.name}`;
  if (Object.keys(pod.labels).some((name) => PROXY_LABELS.includes(name))) return "the mesh's label";
  return pod.spec.volumes.some((name) => BOOTSTRAP_VOLUMES.includes(name)) ? "the mesh's volume" : 'a probe that the injector rewrote';
}

const initRules: Check = {
  code: 'OSMP203',
  slug: 'probe-port-redirected',
  title: "{init}'s rules do not let a probe port through",
  severity: 'error',
  blame: 'mesh',
  cause: 'The init container returns 15901–15903, since 1.1 also 15904; a port that is not returned ends at the mTLS listener.',
  fix: 'make the pod anew, so that the rules and the probes come from one release',
  cases: ['15904 before 1.1'],
  find: (pod) =>
    pod.probes.flatMap((probe): Found[] => {
      const {end} = probe.path;
      if (end.at !== 'break' || end.reason !== 'redirected' || end.port !== HEALTHCHECK_PORT) return [];
      return [{container: probe.container, probe: probe.type, why: 'redirected to the mTLS listener', fix: remake(pod), because: `${pod.detection.init?.name ?? '{init}'} does not return ${end.port}`, evidence: [inPod(pod, `initContainers ${pod.detection.init?.name ?? ''}: rules`)], explains: probe.symptoms}];
    }),
};

/** Checks of the pod's containers: whether they are there, and whether they run. */
export const CONTAINERS: Check[] = [notInjected, halfInjected, initRules, ...WAITING, ...ENDS];
