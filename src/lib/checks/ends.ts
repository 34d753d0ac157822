import {LOST} from '../kubelet/messages.ts';
import {KILLED, lastRunSeconds} from '../kubelet/timing.ts';
import {groupedBy, named, ofContainer} from '../model/lookup.ts';
import {isOpen, type Evidence, type Symptom} from '../model/symptom.ts';
import {killedApps, unreachable} from './carrier.ts';
import type {PodCase, ProbeCase} from './case.ts';
import {exitsItself, isOfMesh, restartsFor, type Check, type Found} from './check.ts';
import {endedText, lastLog} from './effects.ts';
import {ownerOfPort} from './ports.ts';

// Checks of containers that ended: who ended them, and what fails for it.

function statusOf({pod}: PodCase, name: string) {
  return named(pod.initContainers, name) ?? named(pod.containers, name);
}

function logs(pod: PodCase, container: string): string {
  return lastLog(pod, container, statusOf(pod, container));
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
      const said = ofContainer(pod.symptoms, name).filter((one) => (one.failure === 'PostStartHookError' || one.failure === 'FailedPostStartHook') && isOpen(one));
      const [first] = said;
      if (!first || !hooks.some(({hook}) => hook === 'postStart')) return [];
      const ends = ofContainer(pod.symptoms, name).filter((one) => one.kind === 'crashed' && isOpen(one));
      if (ends.some(({failure}) => failure === 'OOMKilled')) return [];
      const found: Found = {container: name, why: 'its postStart hook fails', effect: endedText(statusOf(pod, name)!), evidence: [...said, ...ends].map(({evidence}) => evidence), explains: [...said, ...ends], see: logs(pod, name)};
      // The status names the hook; an event of it may as well be of a process that ended first, with a code that no kill leaves.
      const sure = said.some(({failure}) => failure === 'PostStartHookError') || ends.every(({status}) => KILLED.includes(status ?? 0));
      return [sure ? {...found, because: first.text} : {...found, couldBe: ['the hook fails, and the kubelet ends the container for it', 'the process ends by itself, and the hook fails with it'], decides: logs(pod, name), blame: 'not yet known'}];
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
  return ofContainer(pod.symptoms, name).some((one) => isOpen(one) && (one.kind === 'killed' || (one.kind === 'probe' && one.probe !== 'readiness'))) && !exitsItself(pod, name);
}

/** An init container that runs beside the others, and is restarted like them. */
function isNative({pod}: PodCase, name: string): boolean {
  return named(pod.spec.initContainers, name)?.restartPolicy === 'Always';
}

/** A probe that can have killed the container, where nothing shows that it did: its events are muted, gone, or unseen. */
function mayBeKilled(pod: PodCase, {container, status, failure, init}: Symptom): ProbeCase | undefined {
  const probe = ofContainer(pod.probes, container).find((one) => one.init === (init ?? false) && one.type !== 'readiness' && !endedTooSoon(one));
  if (!probe || failure === 'OOMKilled') return undefined;
  const failed = ofContainer(pod.symptoms, container).some((one) => one.kind === 'probe' && one.probe !== 'readiness');
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

/** What the status tells of an end, or what it leaves open. */
function endOf(pod: PodCase, {container, failure, status, init}: Symptom): Pick<Found, 'because' | 'couldBe' | 'blame'> {
  const name = container!;
  if (LOST.includes(failure ?? '')) return {because: `the node or its runtime lost container ${name} (${failure}): it did not end by itself`, blame: 'node'};
  if (failure === 'OOMKilled') return outOfMemory(pod, name);
  if (init && !isNative(pod, name)) return {because: `init container ${name} fails, so the pod does not start`};
  const killable = ofContainer(pod.probes, name).some((probe) => probe.type !== 'readiness');
  if (status === SIGKILLED && !killable && !isOfMesh(pod, name)) return {couldBe: ['a process of the container used up its memory', 'somebody or something on the node killed it (SIGKILL)', 'the app ends by itself with that code']};
  return {because: `${name} ended with exit code ${status}`};
}

/** Without a limit of its own it was the pod's, or the node had none left. */
function outOfMemory(pod: PodCase, name: string): Pick<Found, 'because' | 'couldBe'> {
  const {containers, initContainers} = pod.pod.spec;
  if ((named(containers, name) ?? named(initContainers, name))?.memoryLimit !== undefined) return {because: 'it used more memory than its limit'};
  if (isOfMesh(pod, name)) return {because: `${name} was killed for memory, and has no limit of its own: it takes much, or the node has little left`};
  return {couldBe: ['the app uses more memory than the node has left: the container has no limit', 'another process of the node or the pod uses it up']};
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
      const felt = mesh ? unreachable(pod, name) : [...ofContainer(pod.symptoms, name).filter((one) => one.kind === 'probe' || one.kind === 'hook'), ...askedOf(pod, name)];
      // Of one that ended several times only the last end is known.
      const kills = mesh ? killedApps(pod, name, runs && symptom.count === 1 ? (symptom.last ?? 0) : 0) : [];
      const probe = mesh ? undefined : mayBeKilled(pod, symptom);
      const {because, couldBe, blame} = endOf(pod, symptom);
      const words = couldBe ?? (probe ? ['the app ends by itself', `the kubelet kills it because its ${probe.type} probe fails`] : undefined);
      return {
        container: name,
        why: `${name} ${oom ? 'was killed for memory' : `exits ${symptom.status}`}`,
        ...(words ? {couldBe: words, decides: logs(pod, name), blame: 'not yet known' as const, fix: ''} : {...(because === undefined ? {} : {because}), see: logs(pod, name)}),
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
  const asking = askingOf(pod).get(name) ?? [];
  return asking.flatMap((probe) => [...probe.symptoms.filter(({kind}) => kind === 'probe' || kind === 'answer' || kind === 'killed'), ...restartsFor(pod, probe)]);
}

const ASKING = new WeakMap<PodCase, Map<string, ProbeCase[]>>();

/** Probes that ask a port of another container, by that one's name. */
function askingOf(pod: PodCase): Map<string, ProbeCase[]> {
  const owner = ({container, target}: ProbeCase) => (target === undefined ? container : ownerOfPort(pod, container, target.port).container);
  const known = ASKING.get(pod) ?? groupedBy(pod.probes.filter((probe) => owner(probe) !== probe.container), owner);
  ASKING.set(pod, known);
  return known;
}

/** A hook's failure before the end that it brings about. */
export const ENDS: Check[] = [postStart, sidecarDown, appCrash];
