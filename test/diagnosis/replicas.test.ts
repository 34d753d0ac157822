import assert from 'node:assert/strict';
import {app, dump, inside, line, passedOn} from '../support/live.ts';
import {ago, codesOf, container, crashLoop, fails, findingOf, http, pod, REFUSED, reportOf, restarted, rowOf, STATUS, unready, type Piece, type Raw} from '../support/pods.ts';

const failing = (name: string, more = {}) => pod({name, status: {app: unready}, events: [fails('Readiness', STATUS(503), {count: 30, last: 200})], ...more});

describe('replicas', () => {
  it('that agree share a row and a finding', async () => {
    const {rows, findings} = await reportOf([failing('cart-1'), failing('cart-2')]);
    assert.deepEqual([rows.map(({pods}) => pods), findings.map(({pods}) => pods)], [[['cart-1', 'cart-2']], [['cart-1', 'cart-2']]]);
  });
  it('that differ have rows of their own, the worst first', async () => assert.deepEqual((await reportOf([pod({name: 'cart-1'}), failing('cart-2')])).rows.map(({pods, verdict}) => [pods[0], verdict]), [['cart-2', 'fail'], ['cart-1', 'pass']]));
  it('have one fingerprint, whatever their names, counts and times', async () => {
    const [one, two] = await Promise.all([reportOf(failing('cart-1')), reportOf(failing('cart-9', {age: 9000, events: [fails('Readiness', STATUS(503), {count: 999, first: 8000, last: 4})]}))]);
    assert.equal(one.findings[0]!.fingerprint, two.findings[0]!.fingerprint);
  });
  it('of other workloads, containers and codes have others', async () => {
    const reports = await Promise.all([failing('x'), failing('x', {namespace: 'pay'}), failing('x', {workload: {kind: 'DaemonSet', name: 'cart'}}), failing('x', {events: [fails('Readiness', STATUS(404), {count: 30, last: 200})]})].map((one) => reportOf(one)));
    assert.equal(new Set(reports.map(({findings}) => findings[0]!.fingerprint)).size, 4);
  });
  it('show the worst degree and its pod, so that a mild one hides no error', async () => {
    const {findings} = await reportOf([pod({name: 'cart-1', status: {app: restarted(100, {exitCode: 1})}}), pod({name: 'cart-2', status: {app: crashLoop(1, 60)}})]);
    assert.deepEqual(findings.map(({severity, pods}) => [severity, pods]), [['error', ['cart-2', 'cart-1']]]);
  });
  it('share what one of them answers, and not what its proxy logged', async () => {
    const often = (name: string) => pod({name, containers: [container('app', {liveness: http()})], events: [fails('Liveness', STATUS(503), {count: 60, first: 3000, last: 200})]});
    const log = [30, 20, 10].map((at) => line(at, 200, '-', {type: 'liveness'}));
    const {rows} = await reportOf([often('cart-1'), often('cart-2')], [], inside({dump: dump({type: 'liveness', port: 8080}), says: {15901: passedOn(200), 8080: app(200)}, log}), 'auto');
    assert.deepEqual(rows.map(({pods, verdict}) => [pods.join(), verdict]), [['cart-2', 'warn'], ['cart-1', 'pass']]);
  });
  it('share no state of a proxy', async () => {
    const waits = (name: string, age: number) => pod({name, age, containers: [container('app', {readiness: {...http(), periodSeconds: 5, failureThreshold: 1}})], status: {app: unready}, events: [fails('Readiness', REFUSED(), {count: 5, first: Math.min(25, age - 5), last: 1})]});
    const {rows} = await reportOf([waits('cart-1', 30), waits('cart-2', 3600)], [], inside({ready: 'PRE_INITIALIZING', counters: {'control_plane.connected_state': 0}, says: {8080: app(200)}}), 'auto');
    assert.deepEqual(rows.map(({pods, codes}) => [pods.join(), codes]).sort(), [['cart-1', ['OSMP302']], ['cart-2', ['OSMP502']]]);
  });
  it('come in one order, in whichever order they were listed', async () => {
    const pieces = ['c', 'a', 'b'].flatMap((name) => [failing(`${name}-1`, {workload: {kind: 'Deployment', name}}), failing(`${name}-2`, {workload: {kind: 'Deployment', name}, events: [fails('Readiness', STATUS(404), {last: 9})]})]);
    assert.deepEqual(await reportOf(pieces), await reportOf([...pieces].reverse()));
  });
});

/** A StatefulSet or DaemonSet whose own template is newer than the revision of its pod. */
function revised(kind: 'StatefulSet' | 'DaemonSet', hash: string, revisions: [name: string, path: string][], own: string): Piece {
  const spec = (path: string) => ({containers: [container('app', {readiness: http(8080, path)})]});
  const piece = pod({workload: {kind, name: 'db'}, ...spec('/old'), change: (raw) => void (raw.metadata.labels['controller-revision-hash'] = hash)});
  const owner = piece.objects.find(([resource]) => resource === `${kind.toLowerCase()}s`)![1] as {metadata: {uid: string}; spec: Raw; status: Raw};
  owner.spec['template'] = {spec: spec(own)};
  owner.status = {...owner.status, currentRevision: 'db-1', updateRevision: 'db-2'};
  const objects = revisions.map(([name, path]): Piece['objects'][number] => ['controllerrevisions', {metadata: {name, namespace: 'shop', uid: `uid-${name}`, creationTimestamp: ago(900), ownerReferences: [{kind, name: 'db', uid: owner.metadata.uid, controller: true}]}, data: {spec: {template: {spec: spec(path)}}}}]);
  return {objects: [...piece.objects, ...objects]};
}

describe('what the owner declared', () => {
  it('a StatefulSet pod is judged by its own revision, not by the newer template', async () => assert.deepEqual((({declared, verdict}) => [declared, verdict])(rowOf(await reportOf(revised('StatefulSet', 'db-1', [['db-1', '/old'], ['db-2', '/new']], '/new')))), ['HTTP :8080/old', 'pass']));
  it('a DaemonSet pod, whose label holds the hash alone, too', async () => assert.equal(rowOf(await reportOf(revised('DaemonSet', '1', [['db-1', '/old'], ['db-2', '/new']], '/new'))).declared, 'HTTP :8080/old'));
  it('a revision that is gone is unknown, and says so', async () => {
    const {verdict, why} = rowOf(await reportOf(revised('StatefulSet', 'db-1', [['db-2', '/new']], '/new')));
    assert.deepEqual([verdict, why], ['unknown', 'declared unknown: revision db-1 of statefulset/db is not there']);
  });
  it('a bare pod is judged by what was applied', async () => {
    const applied = JSON.stringify({spec: {containers: [container('app', {readiness: http(8080, '/applied')})]}});
    const bare = pod({workload: {kind: 'Pod', name: 'debug'}, containers: [container('app', {readiness: http(8080, '/applied')})], change: (raw) => Object.assign(raw.metadata, {annotations: {'kubectl.kubernetes.io/last-applied-configuration': applied}})});
    assert.deepEqual((({declared, verdict}) => [declared, verdict])(rowOf(await reportOf(bare))), ['HTTP :8080/applied', 'pass']);
  });
  it('a bare pod without it is unknown', async () => assert.match(rowOf(await reportOf(pod({workload: {kind: 'Pod', name: 'debug'}}))).why, /^declared unknown: the pod has no owner/));
  it('an annotation that is no JSON is unknown', async () => assert.equal(rowOf(await reportOf(pod({workload: {kind: 'Pod', name: 'debug'}, change: (raw) => Object.assign(raw.metadata, {annotations: {'kubectl.kubernetes.io/last-applied-configuration': '{'}})}))).verdict, 'unknown'));
  it('an owner of a kind that is not read is unknown', async () => assert.match(rowOf(await reportOf(pod({workload: {kind: 'CloneSet', name: 'cart'}}))).why, /^declared unknown: its owner cloneset\/cart/));
  it('owners that may not be read make it unknown and are said', async () => {
    const report = await reportOf(pod(), ['replicasets']);
    assert.deepEqual([rowOf(report).why, report.unseen.map(({asked}) => asked)], ['declared unknown: list replicasets: 403 Forbidden', ['list replicasets']]);
  });
});

describe('events that may not be read', () => {
  const world = pod({containers: [container('app', {startup: http(8080, '/s'), liveness: http(8080, '/l'), readiness: http()})]});
  it('leave the status to tell of startup and readiness; liveness is unknown', async () => assert.deepEqual((await reportOf(world, ['events'])).rows.map(({probe, verdict}) => [probe, verdict]).sort(), [['liveness', 'unknown'], ['readiness', 'pass'], ['startup', 'pass']]));
  it('leave structure to be judged', async () => assert.equal(rowOf(await reportOf(pod({containers: [container('app', {liveness: http(8080, 'x')})]}), ['events']), 'app', 'liveness').verdict, 'fail'));
  it('leave a failing readiness probe failing, for a reason that could not be seen', async () => {
    const report = await reportOf(pod({status: {app: unready}}), ['events']);
    assert.deepEqual([codesOf(report), rowOf(report).verdict], [['OSMP599'], 'fail']);
    assert.match(findingOf(report, 'OSMP599').evidence[0]!.text, /events could not be seen/);
  });
  it('leave open who ended a container that has a liveness probe', async () => assert.equal(findingOf(await reportOf(pod({containers: [container('app', {liveness: http()})], status: {app: crashLoop(1, 60)}}), ['events']), 'OSMP510').blame, 'not yet known'));
  it('are said', async () => assert.deepEqual((await reportOf(world, ['events'])).unseen.map(({asked}) => asked), ['list events']));
});

describe('odd input', () => {
  it('neither a pod without status nor one without containers nor a strange probe throws or passes', async () => {
    const bald = pod({name: 'bald'});
    bald.objects.find(([resource]) => resource === 'pods')![1]['status'] = undefined;
    const odd = pod({name: 'odd', workload: {kind: 'Deployment', name: 'odd'}, containers: [container('app', {readiness: {quic: {port: 1}}})]});
    const {rows} = await reportOf([bald, odd, pod({name: 'empty', workload: {kind: 'Deployment', name: 'empty'}, containers: []})]);
    assert.deepEqual(rows.map(({verdict}) => verdict), ['unknown', 'unknown']);
  });
});
