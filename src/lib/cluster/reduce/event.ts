import type {ClusterEvent} from '../../model/event.ts';
import {safeMessage} from '../secrets.ts';
import {integer, object, text, time, type Raw} from './read.ts';

/** An Event of core/v1 or events.k8s.io/v1 in one shape; which fields are set depends on who wrote it (kubelet-facts §5.1). */
export function eventOf(raw: Raw): ClusterEvent {
  const metadata = object(raw.metadata);
  const involved = object(raw.involvedObject ?? raw.regarding);
  const series = object(raw.series);
  const created = time(metadata.creationTimestamp) ?? 0;
  const eventTime = time(raw.eventTime);
  const first = eventTime ?? time(raw.firstTimestamp ?? raw.deprecatedFirstTimestamp) ?? created;
  return {
    uid: text(metadata.uid),
    namespace: text(metadata.namespace),
    involved: {
      kind: text(involved.kind),
      namespace: text(involved.namespace),
      name: text(involved.name),
      uid: text(involved.uid),
      fieldPath: text(involved.fieldPath),
    },
    reason: text(raw.reason),
    type: text(raw.type),
    message: safeMessage(text(raw.message ?? raw.note)),
    count: integer(series.count, 1) ?? integer(raw.count ?? raw.deprecatedCount, 1) ?? 1,
    first,
    last: time(series.lastObservedTime) ?? time(raw.lastTimestamp ?? raw.deprecatedLastTimestamp) ?? eventTime ?? created,
    component: text(object(raw.source ?? raw.deprecatedSource).component) || text(raw.reportingComponent ?? raw.reportingController),
  };
}
