import {ClusterError, RESOURCES, type Cluster, type RawObject} from '../../src/lib/cluster/cluster.ts';
import type {Answer, Ask} from '../../src/lib/model/answer.ts';

interface Details {
  /** Ports that the pod excludes from redirection. */
  excluded?: string;
  /** State of the app's container. */
  state?: object;
}

const TEMPLATE = (readiness: object, excluded?: string) => ({
  metadata: {labels: {app: 'cart'}, annotations: excluded ? {'openservicemesh.io/inbound-port-exclusion-list': excluded} : {}},
  spec: {containers: [{name: 'app', image: 'cart', readinessProbe: {timeoutSeconds: 1, ...readiness}}]},
});

/** A Deployment of one meshed pod, as OSM 1.2.4 would have it: the declared readiness probe, and the one that the pod has. */
export function cart(declared: object, actual: object, {excluded, state = {running: {startedAt: '2026-01-01T00:00:00Z'}}}: Details = {}): RawObject[] {
  const rules = `iptables-restore --noflush <<EOF\n${['15010', '15901', '15902', '15903', '15904', ...(excluded ? [excluded] : [])].map((port) => `-A OSM_PROXY_INBOUND -p tcp --dport ${port} -j RETURN`).join('\n')}\nEOF`;
  const healthcheck = JSON.stringify(actual).includes('15904') ? [{name: 'osm-healthcheck', image: 'openservicemesh/osm-healthcheck:v1.2.4', args: ['--verbosity', 'debug']}] : [];
  const metadata = {namespace: 'shop', creationTimestamp: '2026-01-01T00:00:00Z'};
  return [
    {kind: 'Namespace', metadata: {name: 'shop', labels: {'openservicemesh.io/monitored-by': 'osm'}, annotations: {'openservicemesh.io/sidecar-injection': 'enabled'}}},
    {kind: 'Deployment', metadata: {...metadata, name: 'cart', uid: 'd'}, spec: {replicas: 1, template: TEMPLATE(declared, excluded)}, status: {}},
    {kind: 'ReplicaSet', metadata: {...metadata, name: 'cart-1', uid: 'r', ownerReferences: [{apiVersion: 'apps/v1', kind: 'Deployment', name: 'cart', uid: 'd', controller: true}]}, spec: {replicas: 1, template: TEMPLATE(declared, excluded)}, status: {replicas: 1}},
    {
      kind: 'Pod',
      metadata: {...metadata, name: 'cart-1-x', uid: 'p', labels: {app: 'cart', 'osm-proxy-uuid': 'u'}, annotations: TEMPLATE(declared, excluded).metadata.annotations, ownerReferences: [{apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'cart-1', uid: 'r', controller: true}]},
      spec: {
        nodeName: 'n',
        initContainers: [{name: 'osm-init', image: 'openservicemesh/init:v1.2.4', command: ['/bin/sh'], args: ['-c', rules]}],
        containers: [...TEMPLATE(actual).spec.containers, ...healthcheck, {name: 'envoy', image: 'envoyproxy/envoy:v1.22', args: ['--log-level', 'error'], ports: [{name: 'proxy-admin', containerPort: 15000}, {name: 'proxy-inbound', containerPort: 15003}, {name: 'proxy-metrics', containerPort: 15010}, {name: 'readiness-port', containerPort: 15902}]}],
        volumes: [{name: 'envoy-bootstrap-config-volume'}],
      },
      status: {
        phase: 'Running',
        podIP: '10.0.0.1',
        conditions: [{type: 'Ready', status: 'False', lastTransitionTime: '2026-01-01T00:00:00Z'}],
        containerStatuses: ['app', 'envoy'].map((name) => ({name, ready: name === 'envoy', started: true, restartCount: 0, state: name === 'app' ? state : {running: {startedAt: '2026-01-01T00:00:00Z'}}, lastState: {}})),
      },
    },
  ];
}

/** A cluster of these objects, whose pods answer as `answer` says; its clock advances with each look at it. */
export function fakeCluster(objects: RawObject[], answer: (ask: Ask) => Answer): Cluster {
  let clock = Date.parse('2026-01-01T01:00:00Z');
  const of = (kind: string) => objects.filter((one) => one['kind'] === kind);
  return {
    origin: {kind: 'live', name: 'fake'},
    defaultNamespaces: ['shop'],
    now: () => (clock += 1),
    version: async () => 'v1.32.2',
    list: async (resource, _options, each) => of(RESOURCES[resource].kind).forEach(each),
    get: async (resource, _namespace, name) => {
      const found = of(RESOURCES[resource].kind).find((one) => (one['metadata'] as {name: string}).name === name);
      if (!found) throw new ClusterError('not-found', {asked: `${resource}/${name}`, got: '404'});
      return found;
    },
    exchange: async (_pod, asks) => ((clock += 1000), {setupMs: 50, answers: asks.map(answer)}),
    log: async () => [],
    watch: async () => undefined,
    close: () => undefined,
  };
}
