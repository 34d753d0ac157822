import type {Owner, OwnerKind} from '../../model/owner.ts';
import {safeMessage} from '../secrets.ts';
import {ownerOf} from './pod.ts';
import {defined, integer, list, object, text, time, type Raw} from './read.ts';
import {templateOf} from './template.ts';

/** A controller or a ControllerRevision, reduced to its template and to how many pods it lacks. */
export function ownerObject(kind: OwnerKind, raw: Raw): Owner {
  const metadata = object(raw.metadata);
  const template = kind === 'ControllerRevision' ? object(object(object(raw.data).spec).template) : object(object(raw.spec).template);
  const status = object(raw.status);
  const {currentRevision, updateRevision} = status;
  return defined({
    kind,
    name: text(metadata.name),
    namespace: text(metadata.namespace),
    uid: text(metadata.uid),
    createdAt: time(metadata.creationTimestamp) ?? 0,
    deletedAt: time(metadata.deletionTimestamp),
    owner: ownerOf(metadata),
    template: template.spec ? templateOf(template) : undefined,
    ...podCounts(kind, object(raw.spec), status),
    revisions: kind === 'StatefulSet' && currentRevision ? ([text(currentRevision), text(updateRevision)] as [string, string]) : undefined,
    podManagementPolicy: kind === 'StatefulSet' ? text(object(raw.spec).podManagementPolicy) || undefined : undefined,
    updateStrategy: kind === 'StatefulSet' ? text(object(object(raw.spec).updateStrategy).type) || undefined : undefined,
    partition: kind === 'StatefulSet' ? integer(object(object(object(raw.spec).updateStrategy).rollingUpdate).partition) || undefined : undefined,
    revision: text(object(metadata.annotations)['deployment.kubernetes.io/revision']) || undefined,
    refused: safeMessage(text(list(status.conditions).find(({type, status: holds}) => type === 'ReplicaFailure' && holds === 'True')?.message)) || undefined,
  });
}

function podCounts(kind: OwnerKind, spec: Raw, status: Raw): {wanted: number; have: number} {
  switch (kind) {
    case 'Deployment':
    case 'ReplicaSet':
    case 'StatefulSet':
      return {wanted: integer(spec.replicas) ?? 1, have: integer(status.replicas) ?? 0};
    case 'DaemonSet':
      return {wanted: integer(status.desiredNumberScheduled) ?? 0, have: integer(status.currentNumberScheduled) ?? 0};
    case 'Job': {
      const have = ['active', 'succeeded', 'failed'].reduce((sum, key) => sum + (integer(status[key]) ?? 0), 0);
      return {wanted: spec.suspend === true || status.completionTime ? 0 : (integer(spec.parallelism) ?? 1), have};
    }
    case 'ControllerRevision':
      return {wanted: 0, have: 0};
  }
}
