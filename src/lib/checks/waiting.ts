import {LOST} from '../kubelet/messages.ts';
import {FIRST_SECONDS} from '../kubelet/timing.ts';
import {HEALTHCHECK_NAMES} from '../mesh/names.ts';
import type {Blame} from '../model/finding.ts';
import {isOpen, type Evidence, type Symptom} from '../model/symptom.ts';
import {killedApps, unreachable} from './carrier.ts';
import type {PodCase} from './case.ts';
import {isOfMesh, type Check, type Found} from './check.ts';

// Checks of what keeps a pod or a container from starting: no node, no volume, no image, no valid configuration.

const unscheduled: Check = {
  code: 'OSMP601',
  slug: 'unschedulable',
  title: 'No node takes the pod',
  severity: 'error',
  blame: 'spec',
  cause: 'Requests (those of the sidecar add to them), selectors, taints or volumes leave no node.',
  fix: 'what the scheduler names',
  cases: ['pending'],
  stops: true,
  find: (pod) => {
    const condition = pod.pod.conditions.find(({type, status}) => type === 'PodScheduled' && status === 'False');
    const events = pod.symptoms.filter(({kind, state}) => kind === 'unscheduled' && state !== 'over');
    if (pod.pod.node || (!condition && events.length === 0)) return [];
    const text = condition?.message || events[0]?.text || 'not scheduled';
    // Nobody has looked for a node yet: a queue holds the pod back, as it is meant to.
    const gated = condition?.reason === 'SchedulingGated';
    const young = pod.now - pod.pod.createdAt < FIRST_SECONDS * 1000;
    return [
      {
        why: gated ? 'waits for its scheduling gates' : 'no node takes the pod',
        ...(gated ? {title: 'The pod waits until its scheduling gates are removed', severity: 'info' as const, blame: 'not yet known' as const, fix: 'the controller that removes the gates: a queue, most often'} : {}),
        ...(young && !gated ? {severity: 'info' as const} : {}),
        because: text,
        effect: 'not started',
        evidence: [{label: 'scheduler', text, source: 'pod status', command: pod.commands.kubectl(`describe pod ${pod.pod.name} -n ${pod.pod.namespace}`)}],
        explains: events,
      },
    ];
  },
};

const starting: Check = {
  code: 'OSMP604',
  slug: 'mount-or-network',
  title: 'A volume or the network of the pod cannot be set up',
  severity: 'error',
  blame: 'node',
  cause: 'A Secret or ConfigMap that is missing, storage, or the network plugin of the node.',
  fix: 'what the message names; for envoy-bootstrap-config-volume delete the pod, so that it is injected anew',
  cases: ['C5'],
  stops: true,
  find: (pod) => {
    const stuck = pod.symptoms.filter((one) => (one.kind === 'mount' || one.kind === 'sandbox') && isOpen(one));
    const first = stuck[0];
    if (!first) return [];
    const missing = /(secret|configmap) "[^"]+" not found/.test(first.text);
    return [{why: first.failure ?? 'not started', because: first.text, effect: 'not started', evidence: [first.evidence], explains: [...stuck, ...pod.symptoms.filter((one) => one.kind === 'crashed' && LOST.includes(one.failure ?? ''))], ...(missing ? {blame: (/bootstrap-config/.test(first.text) ? 'mesh' : 'spec') as Blame} : {})}];
  },
};

/** Reasons of a waiting container, as the kubelet words them (kubelet-facts §4.4). */
const IMAGE_REASONS = ['ErrImagePull', 'ImagePullBackOff', 'ErrImageNeverPull', 'InvalidImageName', 'ImageInspectError', 'RegistryUnavailable', 'SignatureValidationFailed'];

const image: Check = {
  code: 'OSMP602',
  slug: 'image',
  title: 'The image of a container can not be had',
  severity: 'error',
  blame: 'spec',
  cause: 'The name, the credentials or the pull policy; or the registry, the way to it, or the disk of the node.',
  fix: 'what the message names: the image name, its credentials, the pull policy, the registry',
  cases: ['C12', 'C13', 'no-image'],
  stops: true,
  find: (pod) => waitingFor(pod, (reason) => IMAGE_REASONS.includes(reason)),
};

const config: Check = {
  code: 'OSMP603',
  slug: 'container-config',
  title: 'A container cannot be created as it is configured',
  severity: 'error',
  blame: 'spec',
  cause: 'A Secret or ConfigMap that is missing, a user that is not allowed, a command that is not in the image. runAsNonRoot of the pod forbids {healthcheck}, whose image runs as root.',
  fix: 'what the message names',
  cases: ['C8', 'C9'],
  stops: true,
  find: (pod) => waitingFor(pod, (reason) => !IMAGE_REASONS.includes(reason) && reason !== 'PostStartHookError'),
};

type Faults = readonly (readonly [RegExp, Blame])[];

/** Whose matter the words about an image are. */
const OF_IMAGE: Faults = [
  [/no space left|input\/output error/i, 'node'],
  [/no such host/i, 'not yet known'],
  [/toomanyrequests|rate limit|\b429\b|TLS handshake timeout|i\/o timeout|deadline exceeded|Client\.Timeout|server misbehaving|connection (refused|reset)|unexpected EOF|\b50[0234]\b|RegistryUnavailable/i, 'network'],
  [/not found|manifest unknown|does not exist|denied|unauthorized|no basic auth|invalid reference|couldn't parse|no matching manifest|ErrImageNeverPull|InvalidImageName/i, 'spec'],
];

/** Whose matter the words about a container are that could not be created or started. */
const OF_CONTAINER: Faults = [
  [/no space left|input\/output error|is reserved for|deadline exceeded|too many open files|cgroup/i, 'node'],
  [/not found|no such file|not a directory|permission denied|OOM-killed|invalid|runAsNonRoot|runAsUser|forbidden|couldn't find key|not allowed|no command specified|exec format error|exit code 12[67]|must /i, 'spec'],
];

interface Told {
  text: string;
  evidence: Evidence;
  blame: Blame | undefined;
}

/** The newest word of the kubelet that tells whose matter it is: a back-off has none of its own, and the event before it does. */
function tellingOf(pod: PodCase, {container, failure, text, evidence}: Symptom): Told {
  const faults = IMAGE_REASONS.includes(failure ?? '') ? OF_IMAGE : OF_CONTAINER;
  const own = {text, evidence, blame: faultIn(faults, text)};
  if (own.blame !== undefined || !pod.events.seen) return own;
  const command = pod.commands.kubectl(`events --for pod/${pod.pod.name} -n ${pod.pod.namespace}`);
  const events = pod.events.value.filter(({reason, involved}) => reason === 'Failed' && involved.fieldPath.endsWith(`{${container}}`)).sort((a, b) => b.last - a.last);
  const told = events.map(({message, count, first, last}): Told => ({text: message, evidence: {label: 'kubelet', text: message, source: 'event', command, times: {count, first, last}}, blame: faultIn(faults, message)}));
  return told.find(({blame}) => blame !== undefined) ?? own;
}

/** Names that are quoted tell nothing, and a runtime's own words stand behind its prefixes. */
function faultIn(faults: Faults, text: string): Blame | undefined {
  const words = text.replaceAll(/"[^"]*"/g, '""').replace(/^.*unable to start container process:/s, '');
  return faults.find(([form]) => form.test(words))?.[1];
}

function waitingFor(pod: PodCase, wanted: (reason: string) => boolean): Found[] {
  return pod.symptoms
    .filter(({kind, failure, state}) => kind === 'waiting' && isOpen({state}) && wanted(failure ?? ''))
    .map((symptom): Found => {
      const name = symptom.container!;
      const mesh = isOfMesh(pod, name);
      const healthcheck = HEALTHCHECK_NAMES.includes(name);
      const proxy = name === pod.detection.sidecar?.name;
      const probes = mesh && !symptom.init ? [...unreachable(pod, name), ...killedApps(pod, name, 0)] : pod.symptoms.filter((one) => one.kind === 'probe' && (symptom.init || one.container === name));
      const root = /runAsNonRoot and image will run as root/.test(symptom.text);
      const telling = tellingOf(pod, symptom);
      return {
        container: name,
        why: mesh || symptom.init ? `${name}: ${symptom.failure}` : symptom.failure!,
        because: telling.text,
        effect: healthcheck ? 'TCP probes are refused' : proxy ? 'all rewritten probes are refused' : symptom.init ? 'the pod does not start' : 'its probes are not asked',
        evidence: [...new Set([symptom.evidence, telling.evidence])],
        explains: [symptom, ...probes, ...pod.symptoms.filter((one) => one.container === name && one.kind === 'crashed')],
        blame: mesh && !root ? ('mesh' as const) : (telling.blame ?? 'not yet known'),
        ...(root && healthcheck ? {fix: 'runAsUser for the pod, or httpGet or exec instead of tcpSocket'} : {}),
      };
    });
}

/** In the order of a start. */
export const WAITING: Check[] = [unscheduled, starting, image, config];
