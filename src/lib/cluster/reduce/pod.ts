import type {ContainerState, ContainerStatus, OwnerRef, Pod, PodSpec, Template} from '../../model/pod.ts';
import {safeMessage} from '../secrets.ts';
import {defined, integer, list, object, text, time, type Raw} from './read.ts';
import {meshLabels, ownWords, specOf, templateOf} from './template.ts';

const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

/** Shares equal specs, or templates: ten thousand replicas hold one. */
export type Intern<T> = (spec: T) => T;

export function interning<T>(): Intern<T> {
  const known = new Map<string, T>();
  return (spec) => {
    const key = JSON.stringify(spec);
    const same = known.get(key);
    if (!same) known.set(key, spec);
    return same ?? spec;
  };
}

/** A Pod of the API, reduced to what the checks read. */
export function podOf(raw: Raw, intern: Intern<PodSpec>): Pod {
  const metadata = object(raw.metadata);
  const status = object(raw.status);
  const owner = ownerOf(metadata);
  const spec = object(raw.spec);
  return defined({
    name: text(metadata.name),
    namespace: text(metadata.namespace),
    uid: text(metadata.uid),
    createdAt: time(metadata.creationTimestamp) ?? 0,
    deletedAt: time(metadata.deletionTimestamp),
    labels: meshLabels(metadata.labels),
    annotations: meshLabels(metadata.annotations),
    revisionHash: text(object(metadata.labels)['controller-revision-hash']) || undefined,
    owner,
    lastApplied: owner ? undefined : lastApplied(object(metadata.annotations)[LAST_APPLIED]),
    spec: intern(specOf(spec, ownWords(metadata, spec))),
    node: text(spec.nodeName) || undefined,
    phase: text(status.phase),
    reason: text(status.reason),
    message: safeMessage(text(status.message)),
    podIP: text(status.podIP) || undefined,
    startedAt: time(status.startTime),
    conditions: list(status.conditions).filter(({status: holds, type}) => holds !== 'True' || type === 'Ready').map((condition) =>
      defined({
        type: text(condition.type),
        status: text(condition.status),
        reason: text(condition.reason),
        message: safeMessage(text(condition.message)),
        since: time(condition.lastTransitionTime),
      }),
    ),
    readinessGates: list(spec.readinessGates).map((gate) => text(gate.conditionType)),
    containers: list(status.containerStatuses).map(statusOf),
    initContainers: list(status.initContainerStatuses).map(statusOf),
  });
}

export function ownerOf(metadata: Raw): OwnerRef | undefined {
  const references = list(metadata.ownerReferences);
  const owner = references.find(({controller}) => controller === true);
  return owner && {kind: text(owner.kind), name: text(owner.name), uid: text(owner.uid), apiVersion: text(owner.apiVersion)};
}

function lastApplied(annotation: unknown): Template | undefined {
  if (typeof annotation !== 'string') return undefined;
  try {
    return templateOf(object(JSON.parse(annotation)));
  } catch {
    return undefined; // Not JSON: then nobody can tell what was applied, and the declared probe stays unknown.
  }
}

function statusOf(raw: Raw): ContainerStatus {
  return defined({
    name: text(raw.name),
    ready: raw.ready === true,
    started: typeof raw.started === 'boolean' ? raw.started : undefined,
    restartCount: integer(raw.restartCount) ?? 0,
    state: stateOf(object(raw.state)),
    lastState: stateOf(object(raw.lastState)),
  });
}

function stateOf(raw: Raw): ContainerState {
  if (raw.running) return defined({kind: 'running', startedAt: time(object(raw.running).startedAt)});
  if (raw.waiting) {
    const waiting = object(raw.waiting);
    return {kind: 'waiting', reason: text(waiting.reason), message: safeMessage(text(waiting.message))};
  }
  if (raw.terminated) {
    const ended = object(raw.terminated);
    return defined({
      kind: 'terminated',
      reason: text(ended.reason),
      message: safeMessage(text(ended.message)),
      exitCode: integer(ended.exitCode, -(2 ** 31)) ?? 0,
      signal: integer(ended.signal) || undefined,
      startedAt: time(ended.startedAt),
      finishedAt: time(ended.finishedAt),
    });
  }
  return {kind: 'none'};
}
