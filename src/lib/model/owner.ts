import type {OwnerRef, Template} from './pod.ts';

export const OWNER_KINDS = ['Deployment', 'ReplicaSet', 'StatefulSet', 'DaemonSet', 'Job', 'ControllerRevision'] as const;
export type OwnerKind = (typeof OWNER_KINDS)[number];

/** A controller's object, or a ControllerRevision: what a pod was made from. */
export interface Owner {
  kind: OwnerKind;
  name: string;
  namespace: string;
  uid: string;
  createdAt: number;
  deletedAt?: number;
  owner?: OwnerRef;
  /** Absent on a ControllerRevision whose data holds none. */
  template?: Template;
  /** Pods that it wants and pods that exist; equal where the kind does not say. */
  wanted: number;
  have: number;
  /** A StatefulSet's `currentRevision` and `updateRevision`: equal when all pods are of the current template. */
  revisions?: [current: string, update: string];
  /** Of a StatefulSet: `OrderedReady` unless it says otherwise, and `RollingUpdate` or `OnDelete`. */
  podManagementPolicy?: string;
  updateStrategy?: string;
  /** Pods of a lower ordinal keep their revision. */
  partition?: number;
  /** `deployment.kubernetes.io/revision` of a ReplicaSet: the number that `kubectl rollout history` shows. */
  revision?: string;
  /** The `ReplicaFailure` condition's message: the API server refused to create a pod. */
  refused?: string;
}

/** What a user calls the thing that runs: `deploy/cart`, `sts/db`, `pod/debug`. */
export interface Workload {
  kind: string;
  name: string;
  namespace: string;
}
