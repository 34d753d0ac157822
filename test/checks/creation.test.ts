import {ago, container, event, grpc, http, namespaceRaw, type Piece, type Raw} from '../support/pods.ts';
import {loud, silent, table} from '../support/table.ts';

/** A ReplicaSet in the mesh that lacks its pod. */
function refused(message: string | undefined, {events = [] as Raw[], meshed = true, probe = http() as Raw} = {}): Piece {
  const metadata = {name: 'cart-5d', namespace: 'shop', uid: 'uid-rs', creationTimestamp: ago(600), ownerReferences: [{kind: 'Deployment', name: 'cart', uid: 'uid-d', controller: true}]};
  const conditions = message === undefined ? [] : [{type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', message}];
  return {
    objects: [
      ['namespaces', namespaceRaw('shop', meshed)],
      ['replicasets', {metadata, spec: {replicas: 1, template: {spec: {containers: [container('app', {readiness: probe})]}}}, status: {replicas: 0, conditions}}],
      ...events.map((one): [never, Raw] => ['events' as never, {...one, metadata: {name: 'e', namespace: 'shop', uid: 'e'}, involvedObject: {kind: 'ReplicaSet', namespace: 'shop', name: 'cart-5d', uid: 'uid-rs'}}]),
    ],
  };
}

const webhook = (why: string) => `Internal error occurred: failed calling webhook "osm-inject.k8s.io": ${why}`;
const failedCreate = (last: number) => event('FailedCreate', 'Error creating: pods "cart-5d-x" is forbidden: exceeded quota: q', {container: '', last});
const no = (why: string) => ({verdict: {'app readiness': `unknown: no pod: ${why}` as const}});

export const ROWS = table('creation: workloads without pods', [
  loud('OSMP605', 'the injector refuses the pod', () => refused(webhook('received invalid webhook response: expected response.uid="1", got ""')), no('the injector refuses the pod')),
  loud('OSMP605', 'the injector cannot be reached', () => refused(webhook('failed to call webhook: Post "https://osm-injector.osm-system.svc:9090/mutate-pod-creation?timeout=20s": dial tcp 10.0.0.1:9090: i/o timeout')), no('the injector does not answer')),
  loud('OSMP605', 'the webhook of a removed mesh is left', () => refused(webhook('failed to call webhook: service "osm-injector" not found')), no('the injector does not answer')),
  loud('OSMP605', 'an old injector drops the gRPC probe', () => refused('Pod "cart-x" is invalid: spec.containers[0].livenessProbe: Required value: must specify a handler type', {probe: grpc()}), no('the injector drops the gRPC probe')),
  loud('OSMP605', 'a native sidecar with a probe is not kept', () => refused('Pod "cart-x" is invalid: spec.initContainers[0].readinessProbe: Forbidden: may not be set for init containers without restartPolicy=Always'), no('native sidecar is not kept')),
  loud('OSMP605', 'a policy engine denies osm-init', () => refused('admission webhook "validation.gatekeeper.sh" denied the request: Container osm-init is attempting to run as disallowed user 0'), no('a policy forbids the pod')),
  loud('OSMP605', 'Pod Security denies osm-init', () => refused('pods "cart-x" is forbidden: violates PodSecurity "baseline:latest": non-default capabilities (container "osm-init" must not include "NET_ADMIN")'), no('Pod Security forbids the pod')),
  loud('OSMP605', 'a quota wants limits of the injected containers', () => refused('pods "cart-x" is forbidden: failed quota: q: must specify limits.cpu for: envoy,osm-healthcheck,osm-init'), no('the quota forbids the pod')),
  loud('OSMP605', 'the words are of no known release', () => refused('pods "cart-x" is forbidden: the moon is full'), no('pods are refused')),
  loud('OSMP605', 'Pod Security denies a container of the app', () => refused('pods "cart-x" is forbidden: violates PodSecurity "baseline:latest": privileged (container "app" must not set securityContext.privileged=true)'), no('Pod Security forbids the app')),
  loud('OSMP605', 'the quota is used up', () => refused('pods "cart-x" is forbidden: exceeded quota: q, requested: pods=1, used: pods=10, limited: pods=10'), no('the quota is used up')),
  silent('OSMP605', 'the controller only lags behind', () => refused(undefined)),
  silent('OSMP605', 'an old refusal is over, as the condition tells, and the controller lags behind', () => refused(undefined, {events: [failedCreate(3000)]})),
  silent('OSMP605', 'the namespace is not in the mesh', () => refused('pods "cart-x" is forbidden: exceeded quota: q', {meshed: false})),
]);
