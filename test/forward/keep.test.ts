import assert from 'node:assert/strict';
import {ClusterError, type Cluster, type ListenOptions, type RawObject} from '../../src/lib/cluster/cluster.ts';
import {keep, type Keeping} from '../../src/lib/forward/keep.ts';
import type {KeepEvent} from '../../src/lib/model/keep.ts';
import {parseTarget} from '../../src/lib/target.ts';
import {cart, fakeCluster} from './fake-cluster.ts';

const HTTP = {httpGet: {path: '/ready', port: 8080, scheme: 'HTTP'}};
const REWRITTEN = {httpGet: {path: '/osm-readiness-probe', port: 15902, scheme: 'HTTP'}};
const COMMANDS = {kubectl: (args: string) => args, self: (args: string) => args};

interface PodObject {
  kind: string;
  metadata: {name: string; uid: string; deletionTimestamp?: string};
  status: {podIP: string; phase: string};
}

/** Keeps a port open while `then` changes the cluster, one change before each look at it; stops after the last. */
async function kept(target: string, then: ((objects: RawObject[], pod: PodObject) => void)[], more: Partial<Keeping> = {}, away = false): Promise<{events: KeepEvent[]; closed: boolean; leads: (string | undefined)[]; options: ListenOptions}> {
  const objects = cart(HTTP, REWRITTEN);
  const events: KeepEvent[] = [];
  const leads: (string | undefined)[] = [];
  let closed = false;
  let options: ListenOptions | undefined;
  const there = fakeCluster(objects, () => assert.fail('nothing is asked'));
  const cluster: Cluster = {
    ...there,
    get: async (resource, namespace, name) => {
      if (away && resource === 'pods') throw new ClusterError('unreachable', {asked: 'x', got: 'y'});
      return there.get(resource, namespace, name);
    },
    listen: async (given) => {
      options = given;
      return {ports: given.ports.map(({remote, local}) => ({remote, local: local ?? remote, addresses: given.addresses})), close: () => (closed = true)};
    },
  };
  let looks = 0;
  await keep(cluster, {namespaces: ['shop'], targets: [parseTarget(target)!]}, COMMANDS, {
    wanted: {containers: [], types: []},
    ports: [],
    addresses: ['127.0.0.1'],
    stopped: () => looks > then.length,
    pause: async () => {
      then[looks++]?.(objects, objects.at(-1) as unknown as PodObject);
      leads.push(options?.pod()?.name);
    },
    tell: (event) => void events.push(event),
    ...more,
  });
  leads.push(options?.pod()?.name);
  return {events, closed, leads, options: options!};
}

const replace = (objects: RawObject[], pod: PodObject): void => void objects.splice(objects.length - 1, 1, {...pod, metadata: {...pod.metadata, name: 'cart-1-y', uid: 'q'}, status: {...pod.status, podIP: '10.0.0.2'}} as never);

describe('ports that are kept open', () => {
  it('are those of the call, and of the app', async () => {
    const {events, closed} = await kept('deploy/cart', []);
    assert.deepEqual(events.map(({event}) => event), ['ready', 'ended']);
    assert.deepEqual((events[0] as {ports: {remote: number}[]}).ports.map(({remote}) => remote), [15902, 8080]);
    assert.ok(closed);
  });
  it("and the user's own, once", async () => {
    const {events} = await kept('deploy/cart', [], {ports: [{remote: 15902, local: 18001}, {remote: 15000, local: 0}]});
    assert.deepEqual((events[0] as {ports: object[]}).ports.map((port) => Object.values(port).slice(0, 2)), [[8080, 8080], [15902, 18001], [15000, 0]]);
  });
  it('lead to the next pod of the workload, with another Host', async () => {
    const {events, leads} = await kept('deploy/cart', [() => undefined, replace]);
    assert.deepEqual(events.map(({event}) => event), ['ready', 'moving', 'moved', 'ended']);
    assert.deepEqual(events[1], {event: 'moving', from: 'cart-1-x', why: 'it was deleted'});
    assert.match((events[2] as {curl: {command: string}[]}).curl[0]!.command, /'Host: 10\.0\.0\.2:15902'/);
    assert.equal(leads.at(-1), 'cart-1-y');
  });
  it('lead nowhere while a pod is going and there is no other', async () => {
    const {events, leads} = await kept('deploy/cart', [(_objects, pod) => (pod.metadata.deletionTimestamp = '2026-01-01T01:00:00Z'), () => undefined, replace, () => undefined]);
    assert.deepEqual(leads.slice(0, 2), ['cart-1-x', undefined]);
    assert.equal((events[1] as {why: string}).why, 'it is being deleted');
    assert.deepEqual(events.map(({event}) => event), ['ready', 'moving', 'ended'], 'the next one is marked as going too');
  });
  it('stay while the API server is away', async () => {
    const {events, leads} = await kept('deploy/cart', [() => undefined, replace, () => undefined], {}, true);
    assert.deepEqual(events.map(({event}) => event), ['ready', 'ended']);
    assert.equal(leads.at(-1), 'cart-1-x');
  });
  it('end with the pod that was named itself', async () => {
    await assert.rejects(kept('pod/cart-1-x', [replace]), (error: ClusterError) => error.reason === 'not-found' && /forwarding pod\/cart-1-x in namespace shop: it was deleted; name its workload instead/.test(error.message));
  });
  it('need a pod that runs', async () => {
    const objects = cart(HTTP, REWRITTEN);
    (objects.at(-1) as unknown as PodObject).status.phase = 'Pending';
    await assert.rejects(keep(fakeCluster(objects, () => assert.fail('nothing is asked')), {namespaces: ['shop'], targets: [parseTarget('deploy/cart')!]}, COMMANDS, {wanted: {containers: [], types: []}, ports: [], addresses: [], pause: async () => undefined, stopped: () => false, tell: () => undefined}), /a pod of deploy\/cart that runs: there is none/);
  });
  it('a connection that finds no pod learns of the next one', async () => {
    const {options, events} = await kept('deploy/cart', []);
    assert.deepEqual(options.pod(), {namespace: 'shop', name: 'cart-1-x'});
    await options.gone({namespace: 'shop', name: 'cart-1-x'});
    assert.deepEqual(events.map(({event}) => event), ['ready', 'ended'], 'a pod that is there is not left');
  });
});
