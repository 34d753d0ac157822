import type {Detection} from '../mesh/detect.ts';
import type {Injection} from '../mesh/inject.ts';
import type {Profile} from '../mesh/profiles.ts';
import type {ClusterEvent} from '../model/event.ts';
import type {Look, Replay} from '../model/look.ts';
import type {Namespace} from '../model/namespace.ts';
import type {Owner, Workload} from '../model/owner.ts';
import type {Call, Path, Reach, Sidecar, Target} from '../model/path.ts';
import type {Container, ContainerStatus, Pod, Template} from '../model/pod.ts';
import type {Probe, ProbeType} from '../model/probe.ts';
import type {Symptom} from '../model/symptom.ts';
import type {Observed} from '../model/unseen.ts';

/** One probe of one container of one pod, from its declaration to its end. */
export interface ProbeCase {
  container: string;
  type: ProbeType;
  /** Of a native sidecar: the injector never looks there. */
  init: boolean;
  declared: Observed<{container: Container; probe: Probe}>;
  /** Where the owner meant it to end. */
  target?: Target;
  /** What the pod holds; the injector or another webhook may have dropped it. */
  actual?: Probe;
  call: Call;
  /** What the mesh should have made of it. */
  expectedCall?: Call;
  /** By Envoy's own configuration where it was seen, else by what the mesh promises. */
  path: Path;
  /** By what the mesh promises, where `path` is of Envoy's own configuration. */
  promised?: Path;
  reach: Reach;
  status?: ContainerStatus;
  symptoms: Symptom[];
  replay?: Replay;
}

/** A pod with everything that the lists tell of it. */
export interface PodCase {
  pod: Pod;
  workload: Workload;
  namespace: Namespace | undefined;
  /** The controller that owns it, where it was read. */
  owner: Owner | undefined;
  declared: Observed<Template>;
  /** The injector was here, whatever is left of its work. */
  meshed: boolean;
  detection: Detection;
  profile: Observed<Profile> | undefined;
  sidecar: Sidecar;
  injection: Injection;
  probes: ProbeCase[];
  events: Observed<ClusterEvent[]>;
  symptoms: Symptom[];
  /** One and the same for pods that are made alike. */
  structure: object;
  /** Absent where nobody looked; of another pod that agrees with this one, where that was looked into. */
  look?: Observed<Look>;
  now: number;
  commands: Commands;
}

/** A controller whose pods could not be created. */
export interface RefusedCase {
  owner: Owner;
  workload: Workload;
  symptom: Symptom;
  /** What the injector logged of pods in this namespace, newest last; absent where nobody looked. */
  injectorSays?: string[];
  now: number;
  commands: Commands;
}

/** Commands to print: with the user's own context, kubeconfig and identity, in the form in which we were called. */
export interface Commands {
  kubectl(args: string): string;
  self(args: string): string;
}
