import type {Namespace} from '../../model/namespace.ts';
import {defined, object, strings, text, time, type Raw} from './read.ts';
import {isMeshLabel} from './template.ts';

export function namespaceOf(raw: Raw): Namespace {
  const metadata = object(raw.metadata);
  return defined({
    name: text(metadata.name),
    labels: strings(metadata.labels, (key) => isMeshLabel(key) || key === 'control-plane'),
    annotations: strings(metadata.annotations, isMeshLabel),
    createdAt: time(metadata.creationTimestamp) ?? 0,
    deletedAt: time(metadata.deletionTimestamp),
  });
}
