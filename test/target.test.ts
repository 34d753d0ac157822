import assert from 'node:assert/strict';
import {isTarget, parseTarget} from '../src/lib/target.ts';

describe('a target', () => {
  const cart = (kind: string) => ({name: 'cart-1', owner: {kind, name: 'cart'}});
  const named = (given: string, kind: string) => isTarget(parseTarget(given)!, cart(kind), {kind, name: 'cart', namespace: 'shop'});
  for (const [given, kind] of [['deploy/cart', 'Deployment'], ['rollout/cart', 'Rollout'], ['rollouts/cart', 'Rollout'], ['rollout.argoproj.io/cart', 'Rollout'], ['rc/cart', 'ReplicationController'], ['replicationcontroller/cart', 'ReplicationController'], ['cloneset/cart', 'CloneSet'], ['Sts/cart', 'StatefulSet'], ['cart-1', 'Rollout']] as const) {
    it(`${given} names a pod of a ${kind}`, () => assert.ok(named(given, kind)));
  }
  for (const [given, kind] of [['rollout/cart', 'Deployment'], ['rc/cart', 'ReplicaSet'], ['cloneset/other', 'CloneSet']] as const) it(`${given} names no pod of a ${kind} cart`, () => assert.ok(!named(given, kind)));
  for (const given of ['svc/cart', 'service/cart', 'cm/x', 'secret/x', 'a/b/c', 'deploy/', '/x', 'd!/x']) it(`${given} is none`, () => assert.equal(parseTarget(given), undefined));
});
