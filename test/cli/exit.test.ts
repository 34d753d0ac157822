import assert from 'node:assert/strict';
import {EXIT, exitCodeOf, type Policy} from '../../src/lib/cli/exit.ts';
import type {Resource} from '../../src/lib/cluster/cluster.ts';
import {fails, http, container, namespaceRaw, pod, reportOf, STATUS, unready, waiting, type Piece} from '../support/pods.ts';

const passes = pod({name: 'good', workload: {kind: 'Deployment', name: 'good'}});
const fail = pod({status: {app: unready}, events: [fails('Readiness', STATUS(503), {count: 30, last: 200})]});
const unknown = pod({name: 'odd', workload: {kind: 'CloneSet', name: 'cart'}});
const warning = pod({containers: [container('app', {readiness: http()}, {lifecycle: {postStart: http()}})]});
const image = pod({containers: [container('app')], status: {app: waiting('ImagePullBackOff')}});
const info = pod({containers: [container('app', {readiness: {exec: {command: ['curl', 'http://pay.svc/']}}})]});
const empty: Piece = {objects: [['namespaces', namespaceRaw('shop')]]};

describe('what a report means for a script', () => {
  const rows: [what: string, world: Piece[], policy: Partial<Policy>, code: number, denied?: Resource[]][] = [
    ['all pass', [passes], {}, EXIT.ok],
    ['a probe fails', [passes, fail], {}, EXIT.findings],
    ['a probe fails, and nothing is to fail', [fail], {failOn: 'never'}, EXIT.ok],
    ['a probe fails and another is unknown', [fail, unknown], {}, EXIT.findings],
    ['a probe fails and another is unknown, which is allowed', [fail, unknown], {allowUnknown: true}, EXIT.findings],
    ['a probe is unknown', [passes, unknown], {}, EXIT.incomplete],
    ['a probe is unknown, which is allowed', [unknown], {allowUnknown: true}, EXIT.ok],
    ['a probe is unknown, and nothing is to fail', [unknown], {failOn: 'never'}, EXIT.incomplete],
    ['events may not be read', [passes], {}, EXIT.incomplete, ['events']],
    ['events may not be read, which is allowed', [passes], {allowUnknown: true}, EXIT.ok, ['events']],
    ['a warning', [warning], {}, EXIT.ok],
    ['a warning, and warnings are to fail', [warning], {failOn: 'warning'}, EXIT.findings],
    ['a warning, and nothing is to fail', [warning], {failOn: 'never'}, EXIT.ok],
    ['an info, and warnings are to fail', [info], {failOn: 'warning'}, EXIT.ok],
    ['a missing image of a pod without probes', [image], {}, EXIT.findings],
    ['nothing in scope', [empty], {}, EXIT.incomplete],
    ['nothing in scope, and nothing is to fail', [empty], {failOn: 'never'}, EXIT.incomplete],
    ['nothing in scope, and the unknown is allowed', [empty], {allowUnknown: true}, EXIT.incomplete],
    ['pods without probes', [pod({containers: [container('app')]})], {}, EXIT.ok],
  ];
  for (const [what, world, policy, code, denied] of rows) {
    it(`${what}: ${code}`, async () => assert.equal(exitCodeOf(await reportOf(world, denied), {failOn: 'error', allowUnknown: false, ...policy}), code));
  }
});
