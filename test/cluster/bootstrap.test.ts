import assert from 'node:assert/strict';
import {stringify} from 'yaml';
import {ClusterError, type Cluster} from '../../src/lib/cluster/cluster.ts';
import {readBootstrap} from '../../src/lib/cluster/observe.ts';
import {redact, tokens} from '../../src/lib/cluster/snapshot/redact.ts';
import type {Pod} from '../../src/lib/model/pod.ts';
import {dump} from '../support/live.ts';

const RESOURCES = (JSON.parse(dump({port: 8080, path: '/ready'})) as {configs: [{bootstrap: {static_resources: {listeners: object[]; clusters: object[]}}}]}).configs[0].bootstrap.static_resources;
const BOOTSTRAP = {node: {id: 'u'}, static_resources: {...RESOURCES, clusters: [...RESOURCES.clusters, {name: 'osm-controller', transport_socket: {inline_string: 'PRIVATE KEY'}}]}};
const base64 = (text: string) => Buffer.from(text).toString('base64');
const secret = (bootstrap: string) => ({metadata: {name: 'envoy-bootstrap-config-u', namespace: 'shop'}, data: {'bootstrap.yaml': base64(bootstrap), 'sds_key.pem': base64('PRIVATE KEY')}});
const clusterOf = (object: Record<string, unknown>) => ({get: async (resource: string, namespace: string, name: string) => (assert.deepEqual([resource, namespace, name], ['secrets', 'shop', 'envoy-bootstrap-config-u']), object)}) as unknown as Cluster;
const pod = {name: 'cart-1', namespace: 'shop', labels: {'osm-proxy-uuid': 'u'}} as unknown as Pod;

describe('the bootstrap Secret of a pod', () => {
  it('tells the probe listeners that Envoy was given', async () => {
    const [listener] = await readBootstrap(clusterOf(secret(stringify(BOOTSTRAP))), pod);
    assert.deepEqual([listener!.port, listener!.routes[0]!.rewrite, listener!.routes[0]!.to.port], [15902, '/ready', 8080]);
  });
  it('is recorded without keys, and read alike', async () => {
    const recorded = redact('secrets', secret(stringify(BOOTSTRAP)), tokens());
    const {data} = recorded as {data: Record<string, string>};
    assert.deepEqual(Object.keys(data), ['bootstrap.yaml']);
    assert.doesNotMatch(Buffer.from(data['bootstrap.yaml']!, 'base64').toString(), /PRIVATE KEY|osm-controller/);
    assert.equal((await readBootstrap(clusterOf(recorded), pod))[0]!.port, 15902);
  });
  for (const [what, text] of [['that is no YAML', '{a: ['], ['that is empty', '']] as const) {
    it(`says so of one ${what}`, () => assert.rejects(readBootstrap(clusterOf(secret(text)), pod), (error) => error instanceof ClusterError && error.reason === 'bad-answer'));
  }
  it('is not asked for where the pod names none', () => assert.rejects(readBootstrap(clusterOf({}), {...pod, labels: {}}), {reason: 'invalid'}));
});
