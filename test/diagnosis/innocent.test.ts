import assert from 'node:assert/strict';
import {app, dump, inside, passedOn} from '../support/live.ts';
import {ago, codesOf, container, crashLoop, ended, event, exec, fails, findingOf, grpc, http, killing, namespaceRaw, pod, REFUSED, reportOf, restarted, rowOf, startedAgo, STATUS, tcp, unready, waiting, type Piece, type Raw} from '../support/pods.ts';

// Who must not be accused, and what must not be passed, by what lists alone tell. Each row is a situation as people meet it.

const live = {containers: [container('app', {liveness: http()})]};
const TIMES_OUT = 'Get "http://10.0.0.7:15901/osm-liveness-probe": context deadline exceeded (Client.Timeout exceeded while awaiting headers)';

/** The codes and verdicts of a pod, and whose fault each is: `OSMP510 app`. */
async function said(world: Piece | Piece[], denied: Parameters<typeof reportOf>[1] = []): Promise<string[]> {
  const {rows, findings} = await reportOf(world, denied);
  return [...rows.map(({container: of, probe, verdict}) => `${of} ${probe}: ${verdict}`), ...findings.map(({code, blame}) => `${code} ${blame}`)].sort();
}

/** The template as it was before another webhook added to the pod, which the injector then rewrote. */
function added(piece: Piece, change: (spec: {containers: Raw[]}) => void): Piece {
  for (const [resource, raw] of piece.objects) {
    if (resource !== 'replicasets') continue;
    const spec = raw['spec'] as {template: {spec: {containers: Raw[]}}};
    spec.template = structuredClone(spec.template);
    change(spec.template.spec);
  }
  return piece;
}

const dapr = (probe: 'liveness' | 'readiness') => added(pod({containers: [container('app', {readiness: http()}), container('daprd', {[probe]: http(3500, '/healthz')})]}), (spec) => spec.containers.pop());

describe('a probe that another webhook added before the injector came', () => {
  it('is no template that was copied from a pod: nobody knows what it was', async () => assert.deepEqual(await said(dapr('liveness')), ['app readiness: pass', 'daprd liveness: unknown']));
  it('passes where Envoy leads it to its own container alone', async () => {
    const {rows, findings} = await reportOf(dapr('liveness'), [], inside({dump: dump({port: 8080}, {type: 'liveness', port: 3500, path: '/healthz'}), says: {15901: passedOn(200), 15902: passedOn(200), 8080: app(200), 3500: app(200)}}));
    assert.deepEqual([rows.map(({verdict}) => verdict), findings.map(({code}) => code)], [['pass', 'pass'], []]);
  });
  it('takes the place of another of its type, which the template alone does not show', async () => assert.deepEqual(await said(dapr('readiness')), ['app readiness: unknown', 'daprd readiness: unknown']));
  it('and Envoy does', async () => {
    const report = await reportOf(dapr('readiness'), [], inside({dump: dump({port: 3500, path: '/healthz'}), says: {15902: passedOn(200), 8080: app(200), 3500: app(200)}}));
    assert.deepEqual([rowOf(report).verdict, codesOf(report)], ['fail', ['OSMP101']]);
  });
  it('of tcpSocket is told by its own header', async () => assert.deepEqual(await said(added(pod({containers: [container('app', {readiness: http(), liveness: tcp(8080)})]}), (spec) => void delete spec.containers[0]!['livenessProbe'])), ['app liveness: pass', 'app readiness: pass']));
});

describe('the other one is the user\'s: sidecar in OSM, envoy in FSM', () => {
  it('a healthy container', async () => assert.deepEqual(await said(pod({containers: [container('app', {readiness: http()}), container('sidecar', {liveness: http(9090)})]})), ['app readiness: pass', 'sidecar liveness: pass']));
  it('one that crashes', async () => assert.deepEqual(await said(pod({containers: [container('app', {readiness: http()}), container('sidecar')], status: {sidecar: crashLoop(1, 30)}})), ['OSMP510 app', 'app readiness: pass']));
  it('in FSM', async () => assert.deepEqual(await said(pod({mesh: 'fsm', containers: [container('envoy'), container('app', {liveness: http()})], status: {envoy: crashLoop(1, 20)}})), ['OSMP510 app', 'app liveness: pass']));
});

describe('a node that was away', () => {
  const back = (more = {}) => pod({conditions: [{type: 'Ready', status: 'False', reason: 'ContainersNotReady', message: 'containers with unready status: [app]', lastTransitionTime: ago(1900)}], status: {app: unready}, events: [event('NodeNotReady', 'Node is not ready', {container: '', last: 1900}), fails('Readiness', STATUS(404), {count: 160, first: 1690, last: 5})], ...more});
  it('is there again, by the word of its kubelet', async () => assert.deepEqual(await said(back()), ['OSMP501 not yet known', 'app readiness: fail']));
  for (const [what, status] of [
    ['lost both containers, one of them oftener', {app: restarted(120, {exitCode: 255, restartCount: 4, reason: 'Unknown'}), envoy: restarted(118, {exitCode: 255, restartCount: 3, reason: 'Unknown'})}],
    ['does not know how a container ended', {app: restarted(100, {exitCode: 137, reason: 'ContainerStatusUnknown'})}],
  ] as const)
    it(what, async () => assert.deepEqual(await said(pod({status})), ['app readiness: pass']));
  const lost = {ready: false, started: false, state: ended(255, 900, 'Unknown')};
  it('can not set up the network of the pod again', async () => assert.deepEqual(await said(pod({status: {app: lost, envoy: lost}, events: [event('FailedCreatePodSandBox', 'Failed to create pod sandbox: plugin type="calico" failed (add)', {container: '', count: 60, first: 880, last: 10})]})), ['OSMP604 node', 'app readiness: unknown']));
  it('finds a Secret gone', async () => assert.deepEqual(await said(pod({status: Object.fromEntries(['app', 'envoy'].map((name) => [name, waiting('ContainerCreating', '', {restartCount: 1, lastState: ended(255, 900, 'Unknown')})])), events: [event('FailedMount', 'MountVolume.SetUp failed for volume "cfg" : secret "cfg" not found', {container: '', count: 15, first: 880, last: 20})]})), ['OSMP604 spec', 'app readiness: unknown']));
});

describe('how a container ended', () => {
  const killLoop = (up: number, lastRun: number, more = {}) => ({restartCount: 30, state: {running: {startedAt: ago(up)}}, lastState: {terminated: {exitCode: 137, reason: 'Error', startedAt: ago(up + 1 + lastRun), finishedAt: ago(up + 1)}}, ...more});
  it('a loop whose turns take longer than the back-off is no calm', async () => {
    const slow = {containers: [container('app', {liveness: {...http(), initialDelaySeconds: 600}})]};
    assert.deepEqual(await said(pod({age: 5000, ...slow, status: {app: killLoop(610, 640)}, events: [fails('Liveness', TIMES_OUT, {count: 18, first: 4300, last: 612}), killing('liveness', {count: 6, first: 4300, last: 612})]})), ['OSMP511 not yet known', 'app liveness: fail']);
    assert.deepEqual(await said(pod({age: 40_000, ...live, status: {app: killLoop(660, 939)}, events: [killing('liveness', {count: 30, first: 28_000, last: 665})]})), ['OSMP511 not yet known', 'app liveness: fail']);
  });
  it('one that has run longer than any turn is', async () => assert.deepEqual(await said(pod({age: 40_000, ...live, status: {app: killLoop(1000, 939)}, events: [killing('liveness', {count: 30, first: 28_000, last: 1005})]})), ['app liveness: pass']));
  it('a kill of long before is not its end', async () => assert.deepEqual(await said(pod({...live, status: {app: killLoop(20, 2900, {restartCount: 4, lastState: {terminated: {exitCode: 143, reason: 'Error', startedAt: ago(2900), finishedAt: ago(21)}}})}, events: [fails('Liveness', TIMES_OUT, {count: 3, first: 3020, last: 3000}), killing('liveness', {last: 3000})]})), ['OSMP510 not yet known', 'app liveness: warn']));
  it('too soon for its probe', async () => assert.equal(findingOf(await reportOf(pod({...live, status: {app: {...crashLoop(0, 30, 8), lastState: {terminated: {exitCode: 0, reason: 'Completed', startedAt: ago(32), finishedAt: ago(30)}}}}})), 'OSMP510').because, 'app ended with exit code 0'));
  it('by SIGKILL, with no probe that kills', async () => assert.equal(findingOf(await reportOf(pod({status: {app: restarted(60)}})), 'OSMP510').blame, 'not yet known'));
  it('too soon for its startup probe, and not for its liveness probe behind that', async () => {
    const both = {containers: [container('app', {startup: {...http(8080, '/up'), failureThreshold: 30}, liveness: http(8080, '/live')})]};
    const status = {app: {...crashLoop(137, 30, 4), lastState: {terminated: {exitCode: 137, reason: 'Error', startedAt: ago(75), finishedAt: ago(30)}}}};
    assert.deepEqual(findingOf(await reportOf(pod({...both, status}), ['events']), 'OSMP510').couldBe, ['the app ends by itself', 'the kubelet kills it because its liveness probe fails']);
  });
  it('for memory, while its postStart hook ran', async () => assert.deepEqual(await said(pod({containers: [container('app', {readiness: http()}, {lifecycle: {postStart: exec('/hook.sh')}, resources: {limits: {memory: '32Mi'}}})], status: {app: crashLoop(137, 20, 5, 'OOMKilled')}, events: [event('FailedPostStartHook', 'PostStartHook failed', {count: 5, first: 300, last: 20})]})), ['OSMP510 app', 'app readiness: unknown']));
  it('the proxy, for memory, without a limit', async () => {
    const {blame, fix} = findingOf(await reportOf(pod({status: {envoy: crashLoop(137, 30, 7, 'OOMKilled'), app: unready}, events: [fails('Readiness', REFUSED(), {count: 40, first: 600, last: 5})]})), 'OSMP205');
    assert.equal(blame, 'sidecar');
    assert.match(fix ?? '', /sidecar\.resources/);
  });
  it('for memory, without a limit', async () => assert.equal(findingOf(await reportOf(pod({status: {app: crashLoop(137, 20, 5, 'OOMKilled')}})), 'OSMP510').blame, 'not yet known'));
  it('for memory, whatever ports it declares', async () => assert.deepEqual(await said(pod({containers: [container('app', {readiness: http()}, {ports: [{containerPort: 15_010}], resources: {limits: {memory: '64Mi'}}})], status: {app: crashLoop(137, 20, 9, 'OOMKilled')}})), ['OSMP119 spec', 'OSMP510 app', 'app readiness: unknown']));
  it('changed in place, as the kubelet announces', async () => assert.deepEqual(await said(pod({...live, status: {app: restarted(60, {exitCode: 143, restartCount: 4})}, events: [event('Killing', 'Container app definition changed, will be restarted', {last: 62}, 'Normal')]})), ['app liveness: pass']));
  it('resized in place, as the kubelet announces', async () => assert.deepEqual(await said(pod({age: 90_000, status: {app: {restartCount: 1, state: {running: {startedAt: ago(60)}}, lastState: {terminated: {exitCode: 143, reason: 'Error', startedAt: ago(90_000), finishedAt: ago(62)}}}}, events: [event('Killing', 'Container app resize requires restart', {last: 63}, 'Normal')]})), ['app readiness: pass']));
  it('before it ran', async () => assert.deepEqual(await said(pod({status: {app: {...crashLoop(128, 30, 7, 'StartError'), lastState: {terminated: {exitCode: 128, reason: 'StartError', message: 'exec: "/app/server": stat /app/server: no such file or directory: unknown', finishedAt: ago(30)}}}}})), ['OSMP603 spec', 'app readiness: unknown']));
  it('the proxy, with 0, while the app needs it', async () => assert.deepEqual(await said(pod({workload: {kind: 'Job', name: 'cart'}, spec: {restartPolicy: 'Never'}, status: {app: unready, envoy: {ready: false, started: false, state: ended(0, 300)}}}), ['events']), ['OSMP205 sidecar', 'app readiness: fail']));
  it('killed long after the proxy was up, it was not the proxy', async () => {
    const {couldBe} = findingOf(await reportOf(pod({age: 2440, containers: [container('app', {liveness: http(), readiness: http(8080, '/r')})], status: {app: restarted(120), envoy: startedAgo(2430)}, events: [fails('Liveness', REFUSED(15901, '/osm-liveness-probe'), {count: 3, first: 2420, last: 2400}), fails('Readiness', STATUS(503), {count: 30, first: 2400, last: 250}), killing('liveness', {last: 150})]})), 'OSMP511');
    assert.ok(couldBe?.every((text) => !text.includes('proxy was given')), JSON.stringify(couldBe));
  });
  it('still stopping after an hour, it was not slow to start', async () => assert.ok(!JSON.stringify(findingOf(await reportOf(pod({...live, events: [fails('Liveness', STATUS(500), {count: 3, first: 60, last: 30}), killing('liveness', {last: 30})]})), 'OSMP511').couldBe).includes('longer to start')));
});

describe('a container that is not there', () => {
  const rows: [reason: string, text: string, said: string[]][] = [
    ['CreateContainerError', 'failed to reserve container name "app_0": name "app_0" is reserved for "8f3"', ['OSMP603 node']],
    ['CreateContainerError', 'context deadline exceeded', ['OSMP603 node']],
    ['CreateContainerConfigError', 'secret "cfg" not found', ['OSMP603 spec']],
    ['ErrImagePull', 'unexpected status code https://registry.example.org/v2/: 429 Too Many Requests', ['OSMP602 network']],
    ['ErrImagePull', 'write /var/lib/containerd/x: no space left on device', ['OSMP602 node']],
    ['ErrImagePull', 'dial tcp: lookup registry.example.org on 10.0.0.2:53: server misbehaving', ['OSMP602 network']],
    ['ErrImagePull', 'manifest for shop/app:2 not found: manifest unknown', ['OSMP602 spec']],
    ['ImagePullBackOff', 'Back-off pulling image "shop/app:1"', ['OSMP602 not yet known']],
    ['ErrImagePull', 'Error response from daemon: Get "https://registry.example.org/v2/": context deadline exceeded (Client.Timeout exceeded while awaiting headers)', ['OSMP602 network']],
    ['ErrImagePull', 'Failed to pull image "shop/permission-denied:1": unexpected status code 429 Too Many Requests', ['OSMP602 network']],
    ['ErrImagePull', 'dial tcp: lookup regsitry.example.org: no such host', ['OSMP602 not yet known']],
    ['RunContainerError', 'failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: error mounting "/x" to rootfs at "/etc/a": not a directory: unknown', ['OSMP603 spec']],
    ['RunContainerError', 'failed to create containerd task: OCI runtime create failed: unable to start container process: container init was OOM-killed (memory limit too low?): unknown', ['OSMP603 spec']],
    ['ErrorOfTomorrow', 'in words of tomorrow', ['OSMP603 not yet known']],
  ];
  for (const [reason, text, findings] of rows) it(`${reason}: ${text}`, async () => assert.deepEqual(await said(pod({phase: 'Pending', status: {app: waiting(reason, text)}})), [...findings, 'app readiness: unknown']));
  it('words that look like a secret are told from a secret', async () => {
    const mount = await said(pod({phase: 'Pending', status: {app: waiting('ContainerCreating'), envoy: waiting('ContainerCreating')}, events: [event('FailedMount', 'MountVolume.SetUp failed for volume "db-secret" : secret "cfg" not found', {container: '', count: 15, first: 880, last: 20})]}));
    assert.deepEqual(mount, ['OSMP604 spec', 'app readiness: unknown']);
    const pull = await said(pod({phase: 'Pending', status: {app: waiting('ImagePullBackOff', 'Back-off pulling image "reg/x"')}, events: [event('Failed', 'Failed to pull image "reg/x": failed to authorize: failed to fetch anonymous token: Unauthorized', {count: 5})]}));
    assert.deepEqual(pull, ['OSMP602 spec', 'app readiness: unknown']);
  });
  it('a back-off tells nothing, and the event before it does', async () => {
    const {because, blame} = findingOf(await reportOf(pod({phase: 'Pending', status: {app: waiting('ImagePullBackOff', 'Back-off pulling image "shop/app:1"')}, events: [event('Failed', 'Failed to pull image "shop/app:1": manifest unknown', {count: 4})]})), 'OSMP602');
    assert.deepEqual([because, blame], ['Failed to pull image "shop/app:1": manifest unknown', 'spec']);
  });
  it('a busy node is no error within the first minutes', async () => assert.deepEqual(await said(pod({age: 20, phase: 'Pending', status: {app: waiting('CreateContainerConfigError', 'failed to sync configmap cache: timed out waiting for the condition')}})), ['app readiness: unknown']));
});

describe('the first minute of a pod', () => {
  const young = (events: Raw[], more = {}) => pod({age: 20, phase: 'Pending', status: {app: waiting('ContainerCreating'), envoy: waiting('ContainerCreating')}, events, ...more});
  it('a volume of another node may still come', async () => assert.deepEqual(await said(young([event('FailedAttachVolume', 'Multi-Attach error for volume "pvc-1"', {container: ''})])), ['app readiness: unknown']));
  it('no node takes it yet', async () => assert.equal(findingOf(await reportOf(young([], {age: 5, node: null, conditions: [{type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: '0/3 nodes are available: 3 Insufficient cpu.'}]})), 'OSMP601').severity, 'info'));
  it('what was missing has come, for an image is being pulled', async () => assert.deepEqual(await said(pod({age: 90, phase: 'Pending', status: {app: waiting('PodInitializing'), envoy: waiting('PodInitializing')}, initStatus: {'osm-init': {ready: false, state: {waiting: {reason: 'PodInitializing'}}}}, events: [event('FailedMount', 'MountVolume.SetUp failed for volume "cfg" : configmap "cfg" not found', {container: '', count: 2, first: 88, last: 80}), event('Pulling', 'Pulling image "mesh/init"', {container: 'osm-init', init: true, last: 60}, 'Normal')]})), ['app readiness: unknown']));
  it('a liveness probe that failed within its budget, before the pod became Ready', async () => assert.deepEqual(await said(pod({age: 80, containers: [container('app', {liveness: {...http(8080, '/l'), failureThreshold: 10}, readiness: http()})], conditions: [{type: 'Ready', status: 'True', lastTransitionTime: ago(20)}], events: [fails('Liveness', STATUS(503), {count: 5, first: 70, last: 25}), fails('Readiness', STATUS(503), {count: 6, first: 75, last: 22})]})), ['app liveness: pass', 'app readiness: pass']));
});

describe('who says what', () => {
  it('the kubelet that can not make a URL of the path says nothing of ports', async () => assert.match(findingOf(await reportOf([pod({mesh: 'none', containers: [container('app', {readiness: http(8080, '/a')})], status: {app: unready}, events: [event('Unhealthy', 'Readiness probe errored: parse "http://10.0.0.7:8080/a": net/url: invalid control character in URL', {count: 300, first: 3000, last: 5})]}), {objects: [['namespaces', namespaceRaw('shop')]]}]), 'OSMP599').because ?? '', /can not make a URL/));
  it('a credential in a header is on no screen', async () => {
    const report = await reportOf(pod({containers: [container('app', {readiness: http(8080, '/h', {httpHeaders: [{name: 'Authorization', value: 'Bearer S3cr3tPw'}, {name: 'X-Api-Key', value: 'S3cr3tPw'}]})})]}));
    assert.doesNotMatch(JSON.stringify(report.rows.map(({call}) => call)), /S3cr3tPw/);
  });
  const away = async (...command: string[]) => findingOf(await reportOf(pod({containers: [container('app', {readiness: exec(...command)})], status: {app: unready}, events: [fails('Readiness', 'no', {count: 30, last: 20})]})), 'OSMP114');
  it('a header names no host that is asked', async () => assert.equal(await away('curl', '-H', 'Referer: https://shop.example.com/', 'http://localhost:8080/ok'), undefined));
  it('nor does what is searched for', async () => assert.equal(await away('sh', '-c', 'curl -s http://127.1:8080/ | grep "http://www.w3.org/2001"'), undefined));
  for (const command of [['pg_isready', '-d', 'postgresql://db.example.com:5432/shop'], ['mysql', '-A', '-h', 'db.example.com', '-e', 'select 1'], ['sh', '-c', 'grep -q leader /tmp/role\ncurl -f http://db.example.com:8080/health']])
    it(`a host that is asked is, however: ${command.join(' ')}`, async () => assert.match((await away(...command))?.because ?? '', /db\.example\.com/));
  it('a host that is asked is', async () => assert.match((await away('curl', 'https://shop.example.com/'))?.because ?? '', /shop\.example\.com/));
  it('a gRPC service that is not known may be misspelt or not registered', async () => assert.equal(findingOf(await reportOf(pod({containers: [container('app', {readiness: grpc()})], excluded: [50_051], status: {app: unready}, events: [fails('Readiness', 'error: health rpc probe failed: rpc error: code = NotFound desc = unknown service', {count: 30, last: 5})]})), 'OSMP505').blame, 'not yet known'));
  it('without a mesh a host that is named is asked, not the pod', async () => assert.equal(findingOf(await reportOf([pod({mesh: 'none', containers: [container('app', {readiness: http(8080, '/ok', {host: '127.0.0.1'})})], status: {app: unready}, events: [fails('Readiness', 'Get "http://127.0.0.1:8080/ok": dial tcp 127.0.0.1:8080: connect: connection refused', {count: 30, last: 5})]}), {objects: [['namespaces', namespaceRaw('shop')]]}]), 'OSMP502').blame, 'spec'));
  for (const [kind, hint] of [['Pod', /delete pod/], ['Job', /delete job/], ['Deployment', /rollout restart deployment\/cart/], ['CloneSet', /delete pod cart-1/]] as const)
    it(`what to type for a ${kind}`, async () => assert.match(findingOf(await reportOf([pod({mesh: 'none', workload: {kind, name: 'cart'}}), {objects: [['namespaces', namespaceRaw('shop')]]}]), 'OSMP201').fix ?? '', hint));
});
