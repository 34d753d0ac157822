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
