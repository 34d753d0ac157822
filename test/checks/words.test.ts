import assert from 'node:assert/strict';
import {dump, inside, passedOn, app} from '../support/live.ts';
import {codesOf, container, event, exec, fails, findingOf, grpc, http, pod, reportOf, rowOf, STATUS, tcp, unready, type Raw} from '../support/pods.ts';

// Three speakers: the command, the container runtime and the kubelet; whose words they are, the handler tells.

const readiness = (text: string, {errored = false, handler = exec('check'), more = {}}: {errored?: boolean; handler?: Raw; more?: Raw} = {}) =>
  reportOf(pod({containers: [container('app', {readiness: {...handler, ...more}})], status: {app: unready}, events: [event('Unhealthy', `Readiness probe ${errored ? 'errored' : 'failed'}: ${text}`, {count: 30, first: 3000, last: 200})]}));

const OCI = 'OCI runtime exec failed: exec failed: unable to start container process: ';

describe('what an exec probe says', () => {
  const rows: [text: string, errored: boolean, blame: string, because: RegExp | undefined][] = [
    // The command itself, whatever it sounds like
    ['context deadline exceeded', false, 'app', /ran and ended with an error/],
    ['dial tcp 10.96.7.7:6379: connect: connection refused', false, 'app', /ran and ended with an error/],
    ['timeout: failed to connect service "localhost:50051" within 1s', false, 'app', /ran and ended with an error/],
    ['HTTP probe failed with statuscode: 503', false, 'app', /ran and ended with an error/],
    ['x509: certificate has expired', false, 'app', /ran and ended with an error/],
    ['cat: /tmp/ready: No such file or directory', false, 'app', /ran and ended with an error/],
    ['permission denied for table health', false, 'app', /ran and ended with an error/],
    ['', false, 'app', /ran and ended with an error/],
    ['sh: 1: curl: not found', false, 'spec', /calls a program that is not in the image/],
    // The kubelet: until 1.30, and since
    ['command "sleep 9" timed out', false, 'app', /takes longer than 1s/],
    ['command timed out: "sleep 9" timed out after 1s', false, 'app', /takes longer than 1s/],
    // Runtimes: containerd, CRI-O, docker
    [`rpc error: code = Unknown desc = failed to exec in container: failed to start exec "${'ab'.repeat(32)}": ${OCI}exec: "x": executable file not found in $PATH: unknown`, true, 'spec', /not in the image/],
    [`rpc error: code = Unknown desc = failed to exec in container: failed to start exec "${'cd'.repeat(32)}": ${OCI}exec: "/app/x": permission denied: unknown`, true, 'spec', /may not be run/],
    [`rpc error: code = Unknown desc = ${OCI}exec: "/bin/x": stat /bin/x: no such file or directory: unknown`, true, 'spec', /not in the image/],
    [`${OCI}exec: "x": executable file not found in $PATH: unknown`, false, 'spec', /not in the image/],
    ['rpc error: code = DeadlineExceeded desc = failed to exec in container: timeout 2s exceeded: context deadline exceeded', true, 'app', /takes longer than 1s/],
    ['rpc error: code = DeadlineExceeded desc = context deadline exceeded', true, 'not yet known', undefined],
    ['rpc error: code = Unknown desc = command error: EOF, stdout: , stderr: , exit code -1', true, 'node', /the container runtime could not run it/],
    ['rpc error: code = Unknown desc = failed to exec in container: container is in CONTAINER_EXITED state', true, 'node', /the container runtime could not run it/],
    ['rpc error: code = Unavailable desc = connection error: desc = "transport: error while dialing: dial unix /run/containerd/containerd.sock: connect: connection refused"', true, 'node', /the container runtime could not run it/],
  ];
  for (const [text, errored, blame, because] of rows) {
    it(`${errored ? 'errored' : 'failed'}: ${text.slice(0, 90) || 'nothing'}`, async () => {
      const report = await readiness(text, {errored});
      assert.deepEqual(codesOf(report), ['OSMP506']);
      const found = findingOf(report, 'OSMP506');
      assert.equal(found.blame, blame);
      if (because) assert.match(found.because ?? '', because);
      else assert.deepEqual([found.because, (found.couldBe?.length ?? 0) > 1], [undefined, true]);
      assert.doesNotMatch(JSON.stringify(found), /NetworkPolicy|starved|redirect/);
    });
  }
  it('ids of a runtime make no other cause of it', async () => {
    const text = (id: string) => event('Unhealthy', `Liveness probe errored: rpc error: code = Unknown desc = failed to exec in container: failed to start exec "${id.repeat(32)}": ${OCI}exec: "x": executable file not found in $PATH: unknown`, {count: 1, first: 60, last: 9});
    const report = await reportOf(pod({containers: [container('app', {liveness: exec('x')})], events: ['ab', 'cd', 'ef'].map(text)}));
    const {evidence, effect} = findingOf(report, 'OSMP506');
    assert.equal(evidence.filter(({label}) => label === 'kubelet').length, 1);
    assert.match(effect ?? '', /nothing watches the container/);
    assert.equal(rowOf(report, 'app', 'liveness').verdict, 'fail');
  });
});

describe('the same words of another handler', () => {
  it('are the kubelet\'s: refused', async () => assert.equal(rowOf(await readiness('dial tcp 10.0.0.7:9000: connect: connection refused', {handler: tcp()})).why, 'refused'));
  it('are the kubelet\'s: gRPC', async () => assert.deepEqual(codesOf(await readiness('service unhealthy (responded with "NOT_SERVING")', {handler: grpc()})).includes('OSMP111'), true));
  it('of a URL are no status', async () => assert.equal(rowOf(await readiness('Get "http://10.0.0.7:15902/osm-readiness-probe?statuscode: 404": EOF', {handler: http()})).why.includes('404'), false));
});

describe('a muted pod', () => {
  const noisy = (last: number): Raw => fails('Readiness', STATUS(503), {container: 'b', count: 200, first: 3000, last});
  const two = (liveness: Raw, events: Raw[], more: Raw = {}) => reportOf(pod({containers: [container('a', {liveness}), container('b', {readiness: http(8081)})], status: {b: unready, ...more}, events}));
  it('a liveness probe that cannot kill, and is not heard of for twenty minutes, is unknown', async () => assert.equal(rowOf(await two({...exec('x'), failureThreshold: 100_000}, [noisy(100), fails('Liveness', 'no', {container: 'a', count: 5, first: 2900, last: 1500})]), 'a', 'liveness').verdict, 'unknown'));
  it('one that would have had its container killed by now is well', async () => assert.equal(rowOf(await two(http(), [noisy(100), fails('Liveness', STATUS(503), {container: 'a', count: 2, first: 2900, last: 2890})]), 'a', 'liveness').verdict, 'pass'));
  it('one that can never be carried out fails, whenever it was heard of', async () => assert.equal(rowOf(await two(exec('x'), [noisy(100), event('Unhealthy', 'Liveness probe errored: rpc error: code = Unknown desc = exec: "x": executable file not found in $PATH', {container: 'a', count: 5, first: 2900, last: 1500})]), 'a', 'liveness').verdict, 'fail'));
  it('one that fails each time fails, though its next word takes five minutes', async () => assert.equal(rowOf(await two({...exec('x'), failureThreshold: 1000}, [fails('Liveness', 'no', {container: 'a', count: 40, first: 600, last: 200})], {b: {}}), 'a', 'liveness').verdict, 'fail'));
  it('is muted no more once nothing was written for a window', async () => assert.equal(rowOf(await two({...exec('x'), failureThreshold: 100_000}, [noisy(900), fails('Liveness', 'no', {container: 'a', count: 2, first: 2900, last: 2880})], {b: {}}), 'a', 'liveness').verdict, 'pass'));
});

describe('a probe that must succeed several times', () => {
  const many = (more: Raw, options: Parameters<typeof pod>[0]) => reportOf(pod({containers: [container('app', {readiness: {...http(), ...more}})], status: {app: unready}, ...options}));
  it('is starting until it can have done so, without any finding', async () => {
    const report = await many({successThreshold: 20, periodSeconds: 15}, {age: 250});
    assert.deepEqual([codesOf(report), rowOf(report).verdict, rowOf(report).why.startsWith('starting until ')], [[], 'unknown', true]);
  });
  it('and after a failure that is over, too', async () => {
    const report = await many({successThreshold: 20, periodSeconds: 15}, {age: 9000, events: [fails('Readiness', STATUS(503), {count: 3, first: 160, last: 120})]});
    assert.deepEqual([codesOf(report), rowOf(report).verdict], [[], 'unknown']);
  });
  it('but not while it fails', async () => assert.equal(rowOf(await many({successThreshold: 20, periodSeconds: 15}, {age: 9000, events: [fails('Readiness', STATUS(503), {count: 30, first: 600, last: 5})]})).verdict, 'fail'));
});

describe('a template that nobody can read', () => {
  const owner = {workload: {kind: 'CloneSet' as const, name: 'cart'}};
  const OK = {15901: passedOn(200), 15902: passedOn(200), 15904: app(200)};
  it('is replaced by Envoy\'s own configuration', async () => {
    const {rows, findings} = await reportOf(pod({...owner, containers: [container('app', {readiness: http(), liveness: tcp()})]}), [], inside({says: OK}));
    assert.deepEqual(findings, []);
    assert.deepEqual(rows.map(({probe, declared, reaches, verdict, why}) => [probe, declared, reaches, verdict, why]), [['liveness', 'TCP :9000', 'app :9000', 'pass', ''], ['readiness', 'unknown', ':8080/ok', 'pass', "by Envoy's configuration: what was declared is not known"]]);
  });
  it('stays unknown where nobody looked', async () => assert.equal(rowOf(await reportOf(pod(owner))).verdict, 'unknown'));
  it('two containers with one target are told, and not whose it is', async () => {
    const {rows, findings} = await reportOf(pod({...owner, containers: [container('a', {readiness: http(8080, '/a')}), container('b', {readiness: http(8081, '/b')})]}), [], inside({dump: dump({port: 8081, path: '/b'}), says: OK}));
    assert.deepEqual([...new Set(findings.map(({code, blame}) => `${code} ${blame}`))], ['OSMP101 spec']);
    assert.deepEqual(rows.map(({verdict, why}) => [verdict, why]), Array.from({length: 2}, () => ['unknown', 'a and b share one target']));
  });
  it('FSM\'s own headers tell what was declared', async () => assert.equal(rowOf(await reportOf(pod({...owner, mesh: 'fsm'}))).declared, 'HTTP :8080/ok'));
});

describe('one definition of "in the mesh"', () => {
  it('a rewritten probe without a proxy lacks the proxy', async () => {
    const report = await reportOf(pod({mesh: 'none', containers: [container('app', {readiness: http(15902, '/osm-readiness-probe')})]}));
    assert.ok(codesOf(report).includes('OSMP202'), JSON.stringify(codesOf(report)));
    assert.equal(rowOf(report).verdict, 'fail');
  });
  it('so does an init container of the mesh alone', async () => assert.deepEqual(codesOf(await reportOf(pod({mesh: 'none', spec: {initContainers: [{name: 'osm-init', image: 'mesh/init'}]}}))), ['OSMP202']));
});

describe('a mesh has its own names', () => {
  it('FSM hears of fsm-healthcheck and flomesh.io', async () => {
    const report = await reportOf([pod({mesh: 'fsm', containers: [container('app', {readiness: grpc()})]}), pod({mesh: 'fsm', name: 'cart-2', workload: {kind: 'Deployment', name: 'two'}, containers: [container('app', {readiness: tcp()})], status: {app: unready}, events: [fails('Readiness', STATUS(404), {count: 30, first: 3000, last: 200})]})]);
    const text = JSON.stringify(report);
    assert.match(text, /flomesh\.io\/inbound-port-exclusion-list/);
    assert.doesNotMatch(text, /openservicemesh\.io|osm-healthcheck|osm-init|\{\w+\}/);
  });
});

describe('a neighbour', () => {
  const down = pod({name: 'redis-1', workload: {kind: 'Deployment', name: 'redis'}, status: {app: {ready: false, started: false, restartCount: 7, state: {waiting: {reason: 'CrashLoopBackOff'}}, lastState: {terminated: {exitCode: 1, reason: 'Error'}}}}});
  it('that a command asks, and that is not well itself, is the first cause to look at', async () => {
    const asks = pod({containers: [container('app', {readiness: exec('redis-cli', '-h', 'redis', 'ping')})], status: {app: unready}, events: [fails('Readiness', 'Could not connect to Redis at redis:6379', {count: 30, first: 3000, last: 200})]});
    assert.match(findingOf(await reportOf([asks, down]), 'OSMP506').couldBe?.[0] ?? '', /^deploy\/redis, which it asks as redis, is not well itself: OSMP510/);
  });
  it('whose port is asked is named as what is reached', async () => {
    const report = await reportOf(pod({containers: [container('app', {readiness: http(8081, '/n')}), container('beside', {}, {ports: [{containerPort: 8081}]})]}));
    assert.equal(rowOf(report).reaches, 'beside :8081/n');
  });
});
