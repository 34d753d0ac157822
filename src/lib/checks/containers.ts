import {LOST} from '../kubelet/messages.ts';
import {KILLED, lastRunSeconds} from '../kubelet/timing.ts';
import {BOOTSTRAP_VOLUMES, HEALTHCHECK_NAMES, HEALTHCHECK_PORT, PROXY_LABELS} from '../mesh/names.ts';
import type {Blame} from '../model/finding.ts';
import {isOpen, type Evidence, type Symptom} from '../model/symptom.ts';
import type {PodCase, ProbeCase} from './case.ts';
import {carrierOf, exitsItself, inPod, isOfMesh, remake, restartsFor, type Check, type Found} from './check.ts';
import {endedText, lastLog} from './effects.ts';
import {ownerOfPort} from './ports.ts';

/** Failures that a closed port makes, of the probes that `carrier` answers. */
function unreachable(pod: PodCase, carrier: string): Symptom[] {
  const carried = pod.probes.filter((probe) => carrierOf(pod, probe) === carrier);
  return carried.flatMap(({symptoms}) => symptoms.filter(isUnreachable));
}

function isUnreachable({kind, failure}: Symptom): boolean {
  return (kind === 'probe' || kind === 'answer') && ['refused', 'reset', 'eof', 'timeout', 'connect-timeout', 'no-event'].includes(failure ?? '');
}

/** Kills of apps since then whose probes found nobody at `carrier`: a dead proxy makes the kubelet kill healthy apps. */
function killedApps(pod: PodCase, carrier: string, since: number): Symptom[] {
  return pod.probes
    .filter((probe) => probe.type !== 'readiness' && carrierOf(pod, probe) === carrier && probe.symptoms.every((one) => one.kind !== 'probe' || isUnreachable(one)))
    .flatMap((probe) => [...probe.symptoms.filter(({kind}) => kind === 'killed'), ...restartsFor(pod, probe)])
    .filter(({last}) => (last ?? 0) >= since);
}

function statusOf({pod}: PodCase, name: string) {
  return [...pod.initContainers, ...pod.containers].find((one) => one.name === name);
}

function logs(pod: PodCase, container: string): string {
  return lastLog(pod, container, statusOf(pod, container));
}

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

/** What is said of a container that waits, the kubelet's newest word first: a back-off has none of its own, and the event before it tells. */
function wordsOf(pod: PodCase, {container, text, evidence}: Symptom): {text: string; evidence: Evidence}[] {
  const events = pod.events.seen ? pod.events.value.filter(({reason, involved}) => reason === 'Failed' && involved.fieldPath.endsWith(`{${container}}`)) : [];
  const command = pod.commands.kubectl(`events --for pod/${pod.pod.name} -n ${pod.pod.namespace}`);
  const told = events.sort((a, b) => b.last - a.last).map(({message, count, first, last}) => ({text: message, evidence: {label: 'kubelet', text: message, source: 'event' as const, command, times: {count, first, last}}}));
  return [{text, evidence}, ...told];
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
      const faults = IMAGE_REASONS.includes(symptom.failure ?? '') ? OF_IMAGE : OF_CONTAINER;
      const words = wordsOf(pod, symptom);
      const telling = words.find(({text}) => faultIn(faults, text) !== undefined) ?? words[0]!;
      return {
        container: name,
        why: mesh || symptom.init ? `${name}: ${symptom.failure}` : symptom.failure!,
        because: telling.text,
        effect: healthcheck ? 'TCP probes are refused' : proxy ? 'all rewritten probes are refused' : symptom.init ? 'the pod does not start' : 'its probes are not asked',
        evidence: [...new Set([symptom.evidence, telling.evidence])],
        explains: [symptom, ...probes, ...pod.symptoms.filter((one) => one.container === name && one.kind === 'crashed')],
        blame: mesh && !root ? ('mesh' as const) : (faultIn(faults, telling.text) ?? 'not yet known'),
        ...(root && healthcheck ? {fix: 'runAsUser for the pod, or httpGet or exec instead of tcpSocket'} : {}),
      };
    });
}

const postStart: Check = {
  code: 'OSMP609',
  slug: 'post-start-hook',
  title: "The postStart hook of a container fails, and the kubelet ends the container for it",
  severity: 'error',
  blame: 'app',
  cause: 'The kubelet runs the hook beside the process, and kills the container if it fails, whatever the process itself does.',
  fix: 'what the hook calls: it may run before the app is up',
  cases: ['postStart'],
  namesFailure: true,
  stops: true,
  find: (pod) =>
    pod.pod.spec.containers.flatMap(({name, hooks}): Found[] => {
      const said = pod.symptoms.filter((one) => one.container === name && (one.failure === 'PostStartHookError' || one.failure === 'FailedPostStartHook') && isOpen(one));
      const [first] = said;
      if (!first || !hooks.some(({hook}) => hook === 'postStart')) return [];
      const ends = pod.symptoms.filter((one) => one.container === name && one.kind === 'crashed' && isOpen(one));
      // Where the container ended otherwise than by a kill, the hook failed with it.
      if (ends.some(({failure, status}) => failure === 'OOMKilled' || !KILLED.includes(status ?? 0))) return [];
      return [{container: name, why: 'its postStart hook fails', because: first.text, effect: endedText(statusOf(pod, name)!), evidence: said.map(({evidence}) => evidence), explains: [...said, ...ends], see: logs(pod, name)}];
    }),
};

const sidecarDown: Check = {
  code: 'OSMP205',
  slug: 'sidecar-crashed',
  title: 'A container of the mesh crashes',
  severity: 'error',
  blame: 'sidecar',
  cause: 'Without the proxy no rewritten probe is answered, and the kubelet restarts healthy apps for it.',
  fix: 'its last log lines; for OOMKilled more memory: sidecar.resources of the MeshConfig',
  cases: ['B3', 'C4', 'C6', 'C7'],
  namesFailure: true,
  stops: true,
  find: (pod) => crashes(pod, (name) => isOfMesh(pod, name)),
};

const appCrash: Check = {
  code: 'OSMP510',
  slug: 'app-crashes',
  title: 'The app ends by itself',
  severity: 'error',
  blame: 'app',
  cause: 'The process exits, or is killed for memory; its probes have nothing to do with it. Where a probe that kills is declared and the exit code is that of a kill, both remain.',
  fix: 'its last log lines tell why',
  cases: ['crash-loop'],
  namesFailure: true,
  stops: true,
  find: (pod) => crashes(pod, (name) => !isOfMesh(pod, name) && !killedByProbe(pod, name)),
};

/** The kubelet said that it killed the container for a probe, or one that kills fails now and the end looks like a kill. */
function killedByProbe(pod: PodCase, name: string): boolean {
  return pod.symptoms.some((one) => one.container === name && isOpen(one) && (one.kind === 'killed' || (one.kind === 'probe' && one.probe !== 'readiness'))) && !exitsItself(pod, name);
}

/** An init container that runs beside the others, and is restarted like them. */
function isNative({pod}: PodCase, name: string): boolean {
  return pod.spec.initContainers.some((one) => one.name === name && one.restartPolicy === 'Always');
}

/** A probe that can have killed the container, where nothing shows that it did: its events are muted, gone, or unseen. */
function mayBeKilled(pod: PodCase, {container, status, failure, init}: Symptom): ProbeCase | undefined {
  const probe = pod.probes.find((one) => one.container === container && one.init === (init ?? false) && one.type !== 'readiness' && !endedTooSoon(one));
  if (!probe || failure === 'OOMKilled') return undefined;
  const failed = pod.symptoms.some((one) => one.container === container && one.kind === 'probe' && one.probe !== 'readiness');
  return KILLED.includes(status ?? 0) || failed || !pod.events.seen ? probe : undefined;
}

/** The run was over before the probe can have failed often enough. */
function endedTooSoon({status, actual}: ProbeCase): boolean {
  const ran = status && lastRunSeconds(status);
  return actual !== undefined && ran !== undefined && ran < actual.initialDelaySeconds + (actual.failureThreshold - 1) * actual.periodSeconds;
}

/** The last lines that the container logged before it ended. */
function lastWords(pod: PodCase, name: string): Evidence[] {
  const said = pod.look?.seen ? pod.look.value.logs.find(({container}) => container === name) : undefined;
  return (said?.lines.slice(-2) ?? []).map((text) => ({label: 'log', text, source: 'log', command: logs(pod, name)}));
}

/** A proxy that has just come back is not asked to serve yet: it waits for its configuration. */
const WARM_UP_MS = 90_000;

/** What the status tells of an end, and what it leaves open. */
function endOf(pod: PodCase, {container, failure, status, init}: Symptom): {self: string; couldBe?: string[]; blame?: Blame} {
  const name = container!;
  const spec = [...pod.pod.spec.containers, ...pod.pod.spec.initContainers].find((one) => one.name === name);
  if (LOST.includes(failure ?? '')) return {self: `the node or its runtime lost container ${name} (${failure}): it did not end by itself`, blame: 'node'};
  if (failure === 'OOMKilled') {
    // Without a limit of its own it was the pod's, or the node had none left.
    if (isOfMesh(pod, name) && spec?.memoryLimit === undefined) return {self: `${name} was killed for memory, and has no limit of its own: it takes much, or the node has little left`};
    return spec?.memoryLimit === undefined ? {self: '', couldBe: ['the app uses more memory than the node has left: the container has no limit', 'another process of the node or the pod uses it up']} : {self: 'it used more memory than its limit'};
  }
  if (init && !isNative(pod, name)) return {self: `init container ${name} fails, so the pod does not start`};
  const killable = pod.probes.some((probe) => probe.container === name && probe.type !== 'readiness');
  if (status === SIGKILLED && !killable && !isOfMesh(pod, name)) return {self: '', couldBe: ['a process of the container used up its memory', 'somebody or something on the node killed it (SIGKILL)', 'the app ends by itself with that code']};
  return {self: `${name} ended with exit code ${status}`};
}

const SIGKILLED = 137;

function crashes(pod: PodCase, whose: (name: string) => boolean): Found[] {
  return pod.symptoms
    .filter((one) => one.kind === 'crashed' && isOpen(one) && whose(one.container!))
    .map((symptom): Found => {
      const name = symptom.container!;
      const oom = symptom.failure === 'OOMKilled';
      const mesh = isOfMesh(pod, name) && name !== pod.detection.init?.name;
      const state = statusOf(pod, name)?.state;
      // A container that runs again explains what is over, not what goes on.
      const runs = state?.kind === 'running' && pod.now - (state.startedAt ?? 0) > (mesh ? WARM_UP_MS : 0);
      // In a loop of crashes a moment of running is none of rest: whoever asks it fails for it.
      const loops = symptom.state === 'going-on' && symptom.count > 2;
      const felt = mesh ? unreachable(pod, name) : [...pod.symptoms.filter((one) => one.container === name && (one.kind === 'probe' || one.kind === 'hook')), ...askedOf(pod, name)];
      // Of one that ended several times only the last end is known.
      const kills = mesh ? killedApps(pod, name, runs && symptom.count === 1 ? (symptom.last ?? 0) : 0) : [];
      const probe = mesh ? undefined : mayBeKilled(pod, symptom);
      const {self, couldBe, blame} = endOf(pod, symptom);
      const words = couldBe ?? (probe ? ['the app ends by itself', `the kubelet kills it because its ${probe.type} probe fails`] : undefined);
      return {
        container: name,
        why: `${name} ${oom ? 'was killed for memory' : `exits ${symptom.status}`}`,
        ...(words ? {couldBe: words, decides: logs(pod, name), blame: 'not yet known' as const, fix: ''} : {because: self, see: logs(pod, name)}),
        ...(blame ? {blame} : {}),
        effect: endedText(statusOf(pod, name)!),
        evidence: [symptom.evidence, ...lastWords(pod, name)],
        explains: [symptom, ...felt.filter((one) => !runs || one.state !== 'going-on' || (loops && one.container !== name)), ...kills],
        ...(symptom.state === 'maybe' ? {severity: 'warning' as const} : {}),
      };
    });
}

/** Failures of other containers' probes that ask a port of this one: containers share their network. */
function askedOf(pod: PodCase, name: string): Symptom[] {
  const asking = pod.probes.filter(({container, target}) => container !== name && target !== undefined && ownerOfPort(pod, container, target.port).container === name);
  return asking.flatMap((probe) => [...probe.symptoms.filter(({kind}) => kind === 'probe' || kind === 'answer' || kind === 'killed'), ...restartsFor(pod, probe)]);
}

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
    return [
      {
        why: gated ? 'waits for its scheduling gates' : 'no node takes the pod',
        ...(gated ? {title: 'The pod waits until its scheduling gates are removed', severity: 'info' as const, blame: 'not yet known' as const, fix: 'the controller that removes the gates: a queue, most often'} : {}),
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

/** Checks of the pod's containers: whether they are there, and whether they run. */
export const CONTAINERS: Check[] = [notInjected, halfInjected, initRules, unscheduled, starting, image, config, postStart, sidecarDown, appCrash];
