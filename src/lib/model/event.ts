import type {Observed, Unseen} from './unseen.ts';

/** A Kubernetes Event of either API, in one shape (kubelet-facts §5.1). Times are milliseconds since 1970. */
export interface ClusterEvent {
  uid: string;
  namespace: string;
  involved: {kind: string; namespace: string; name: string; uid: string; fieldPath: string};
  reason: string;
  type: string;
  message: string;
  /** A lower bound: the recorder's spam filter drops writes. */
  count: number;
  first: number;
  last: number;
  /** `source.component`, else the reporting controller; the former is also set on combined events. */
  component: string;
}

/** Events by the uid of what they are about, and the namespaces whose events could not be read; an empty name stands for all. */
export interface KnownEvents {
  byUid: Map<string, ClusterEvent[]>;
  lost: Map<string, Unseen>;
}

/** The events about one object, or why they could not be read. */
export function eventsAbout({byUid, lost}: KnownEvents, {uid, namespace}: {uid: string; namespace: string}): Observed<ClusterEvent[]> {
  const why = lost.get(namespace) ?? lost.get('');
  return why ? {seen: false, why} : {seen: true, value: byUid.get(uid) ?? []};
}
