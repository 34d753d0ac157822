import assert from 'node:assert/strict';
import {linesOf, toldOf, type Asking} from '../support/events.ts';
import {ago, container, crashLoop, ended, event, exec, fails, http, https, killing, NOW, pod, REFUSED, restarted, startedAgo, STATUS, tcp, TIMEOUT, unready, waiting, type Piece, type Raw} from '../support/pods.ts';

interface Row {
  when: string;
  world: () => Piece | Piece[];
  tells: string[];
  asking?: Asking;
  notes?: RegExp[];
}
const row = (when: string, world: Row['world'], tells: string[], more: Omit<Row, 'when' | 'world' | 'tells'> = {}): Row => ({when, world, tells, ...more});

const down = {status: {app: unready}};
const reads = (text: string, times: Parameters<typeof fails>[2] = {}) => () => pod({...down, events: [fails('Readiness', text, {last: 4, first: 400, count: 5, ...times})]});
const live = {containers: [container('app', {liveness: http(8080, '/l')})]};
const access = (code: number, flags: string, seconds: number, type = 'readiness', details = 'via_upstream') =>
  JSON.stringify({start_time: ago(seconds), path: `/osm-${type}-probe`, method: 'GET', response_code: code, response_flags: flags, response_code_details: details, upstream_cluster: `${type}_cluster`, user_agent: 'kube-probe/1.32', duration: 1});
const envoySays = (...lines: string[]): Asking => ({live: {answer: () => ({kind: 'timeout', ms: 1}), log: ({container: of}) => (of === 'envoy' ? lines : ['started', 'password=hunter2 and Authorization: Bearer abcdefgh1234'])}});

const ROWS: Row[] = [
  // 1: each failure in words about the declared probe
  row('the app, or Envoy, answers 503: which of both no event tells', reads(STATUS(503)), ['1 readiness of app: 503 ×5 going-on']),
  row('Envoy logged that it could not connect', reads(STATUS(503)), ['1 readiness of app: Envoy answered 503, it could not connect to :8080 ×5 going-on'], {asking: envoySays(access(503, 'UF', 2, 'readiness', 'upstream_reset'))}),
  row('Envoy logged that the app answered', reads(STATUS(503)), ['1 readiness of app: :8080 answered 503 ×5 going-on'], {asking: envoySays(access(503, '-', 2))}),
  row('Envoy logged that the app is slow', reads(TIMEOUT), ['1 readiness of app: :8080 did not answer in time ×5 going-on'], {asking: envoySays(access(0, 'DC', 2))}),
  row('Envoy logged another status than the event has', reads(STATUS(503)), ['1 readiness of app: 503 ×5 going-on'], {asking: envoySays(access(404, 'NR', 2))}),
  row('nothing listens on the port of the proxy', reads(REFUSED()), ['1 readiness of app: refused on :15902 of the proxy ×5 going-on']),
  row('it takes longer than timeoutSeconds', reads(TIMEOUT), ['1 readiness of app: timeout after 1s ×5 going-on']),
  row('the connection is reset', reads('Get "http://10.0.0.7:15902/x": read tcp 10.0.0.1:4321->10.0.0.7:15902: read: connection reset by peer'), ['1 readiness of app: reset on :15902 ×5 going-on']),
  row('TLS meets plaintext', () => pod({...down, containers: [container('app', {readiness: https()})], events: [fails('Readiness', 'Get "https://10.0.0.7:15902/ok": http: server gave HTTP response to HTTPS client', {last: 4, first: 400})]}), ['1 readiness of app: TLS meets a plaintext server ×1 going-on']),
  row('osm-healthcheck says 404', () => pod({...down, containers: [container('app', {readiness: tcp()})], events: [fails('Readiness', STATUS(404), {last: 4, first: 400, count: 2})]}), ['1 readiness of app: 404 of osm-healthcheck ×2 going-on']),
  row('a command says no', () => pod({...down, containers: [container('app', {readiness: exec('check')})], events: [fails('Readiness', 'no such table', {last: 4, first: 400})]}), ['1 readiness of app: no such table ×1 going-on']),
  row('a redirect leaves the pod, which counts as success', () => pod({events: [event('ProbeWarning', 'Readiness probe warning: Probe terminated redirects, Response body: /p 302', {count: 9, last: 3})]}), ['1 readiness of app: redirect to another host, counts as success ×9 maybe']),
  row('texts differ in the source port only, and some are combined', () => pod({...down, events: [
    ...[1, 2].map((port) => fails('Readiness', `Get "http://10.0.0.7:15902/x": read tcp 10.0.0.1:4000${port}->10.0.0.7:15902: read: connection reset by peer`, {last: 4, first: 400})),
    event('Unhealthy', '(combined from similar events): Readiness probe failed: Get "http://10.0.0.7:15902/x": read tcp 10.0.0.1:49999->10.0.0.7:15902: read: connection reset by peer', {count: 9, last: 2, first: 380}),
  ]}), ['1 readiness of app: reset on :15902 ×11 going-on']),
  row('the event is of events.k8s.io/v1 and a series', () => {
    const {firstTimestamp: first, lastTimestamp: last, message, count, source, ...rest} = fails('Readiness', STATUS(500));
    assert.ok(first && last && count && source);
    return pod({...down, events: [{...rest, note: message, eventTime: ago(500), firstTimestamp: null, lastTimestamp: null, series: {count: 7, lastObservedTime: ago(5)}, reportingController: 'kubelet'}]});
  }, ['1 readiness of app: 500 ×7 going-on']),
  row('startup comes first, whatever the events say first', () => pod({containers: [container('app', {startup: {...http(), failureThreshold: 1}, liveness: http()})], status: {app: {...unready, started: false}}, events: [fails('Liveness', STATUS(500), {last: 3000}), fails('Startup', STATUS(503), {last: 4, first: 400})]}), ['1 startup of app: 503 ×1 going-on', '1 liveness of app: 500 ×1 over']),
  row('replicas agree', () => [1, 2, 3].map((n) => pod({name: `cart-${n}`, ...down, events: [fails('Readiness', STATUS(503), {last: 4, first: 400, count: 2})]})), ['1 readiness of app: 503 in 3 pods ×6 going-on']),
  row('the kubelet is muted', reads(STATUS(503), {count: 25}), ['1 readiness of app: 503 ×≥25 going-on'], {notes: [/counts are lower bounds/]}),
  row('events are gone: the status tells it', () => pod({...down}), ['1 readiness of app: ready: false going-on'], {notes: [/no event is left of this: API servers keep them for 1h by default/]}),
  row('events are gone, and Envoy logged it', () => pod({...down}), ['1 readiness of app: Envoy answered 503, it could not connect to :8080 going-on'], {asking: envoySays(access(503, 'UF', 2))}),
  row('events may not be read', () => pod({...down}), ['1 readiness of app: ready: false going-on'], {asking: {denied: ['events']}, notes: [/events could not be read/]}),

  // Noise of a start, and what only looks like it
  row('refused within seconds of the start, and over', () => pod({age: 600, events: [fails('Readiness', REFUSED(), {first: 599, last: 590, count: 3})]}), ['1 readiness of app: refused on :15902 of the proxy ×3 start-up']),
  row('refused at the start, and 503 since', () => pod({age: 600, ...down, events: [fails('Readiness', REFUSED(), {first: 599, last: 590, count: 3}), fails('Readiness', STATUS(503), {first: 588, last: 3, count: 9})]}), ['1 readiness of app: 503 ×9 going-on', '1 readiness of app: refused on :15902 of the proxy ×3 start-up']),
  row('refused since the start, and still', () => pod({age: 600, ...down, events: [fails('Readiness', REFUSED(), {first: 599, last: 3, count: 9})]}), ['1 readiness of app: refused on :15902 of the proxy ×9 going-on']),
  row('refused long after the start: the proxy was away', () => pod({age: 3600, events: [fails('Readiness', REFUSED(), {first: 900, last: 890, count: 3})]}), ['1 readiness of app: refused on :15902 of the proxy ×3 over']),
  row('the proxy restarted, and its port was closed for a moment', () => pod({age: 3600, status: {envoy: restarted(600, {exitCode: 0})}, events: [fails('Readiness', REFUSED(), {first: 599, last: 598})]}), ['1 readiness of app: refused on :15902 of the proxy ×1 start-up', '3 envoy ended, or was stopped: Completed, exit code 0 ×1 maybe']),
  row('a slow start is over', () => pod({age: 600, events: [fails('Readiness', STATUS(503), {first: 595, last: 500, count: 9})]}), ['1 readiness of app: 503 ×9 over']),
  row('it is still within its budget', () => pod({age: 9, ...startingNow(), events: [fails('Readiness', STATUS(503), {first: 3, last: 2})]}), ['1 readiness of app: 503 ×1 starting']),
  row('it was well, failed, and is well again', () => pod({age: 3600, conditions: [{type: 'Ready', status: 'True', lastTransitionTime: ago(60)}], events: [fails('Readiness', STATUS(503), {first: 900, last: 62, count: 12})]}), ['1 readiness of app: 503 ×12 comes-and-goes']),
  row('it failed now and then and stayed Ready', () => pod({age: 3600, conditions: [{type: 'Ready', status: 'True', lastTransitionTime: ago(3590)}], events: [fails('Readiness', TIMEOUT, {first: 900, last: 62, count: 4})]}), ['1 readiness of app: timeout after 1s ×4 comes-and-goes']),
  row("Envoy's log has successes around the failures", () => pod({age: 3600, events: [fails('Readiness', STATUS(503), {first: 3000, last: 40, count: 12})]}), ['1 readiness of app: :8080 answered 503 ×12 comes-and-goes'], {asking: envoySays(access(200, '-', 60), access(503, '-', 50), access(503, '-', 40), access(200, '-', 10))}),
  row("Envoy's log has failures just now, too few to matter yet", () => pod({age: 3600, events: [fails('Readiness', STATUS(503), {first: 3000, last: 40, count: 12})]}), ['1 readiness of app: :8080 answered 503 ×12 comes-and-goes'], {asking: envoySays(access(200, '-', 60), access(503, '-', 4), access(503, '-', 2))}),
  row('a single request failed', () => pod({age: 3600, events: [fails('Readiness', STATUS(503), {first: 40, last: 40})]}), ['1 readiness of app: :8080 answered 503 ×1 over'], {asking: envoySays(access(200, '-', 60), access(503, '-', 40), access(200, '-', 2))}),
  row('its container does not run now', () => pod({...live, status: {app: crashLoop(1, 60)}, events: [fails('Liveness', STATUS(500), {first: 900, last: 62})]}), ['1 liveness of app: 500 ×1 not-asked', '3 app ended by itself: Error, exit code 1, CrashLoopBackOff ×7 going-on after liveness fails: 500']),

  // 2: scheduling and starting
  row('no node takes the pod', () => pod({phase: 'Pending', node: null, status: {app: {ready: false, state: {}}, envoy: {ready: false, state: {}}}, conditions: [], events: [event('FailedScheduling', '0/1 nodes are available', {container: '', count: 4, first: 900, last: 30})]}), ['2 FailedScheduling: 0/1 nodes are available ×4 going-on']),
  row('it took a while to be scheduled, and runs', () => pod({events: [event('FailedScheduling', '0/1 nodes are available', {container: '', last: 3500})]}), ['2 FailedScheduling: 0/1 nodes are available ×1 over']),
  row('an image is missing: its events give the status its times', () => pod({status: {app: waiting('ErrImageNeverPull', 'not present')}, events: [event('ErrImageNeverPull', 'Container image is not present', {count: 9, first: 3000, last: 20}), event('Failed', 'Error: ErrImageNeverPull', {count: 12, first: 2999, last: 20})]}), ['2 app ErrImageNeverPull: not present ×≥12 going-on']),
  row('an image could not be pulled, and could later', () => pod({events: [event('Failed', 'Error: ErrImagePull', {count: 2, first: 3500, last: 3400})]}), ['2 app Failed: Error: ErrImagePull ×2 over']),
  row('a busy node reported its cache late', () => pod({events: [event('FailedMount', 'MountVolume.SetUp failed for volume "v" : failed to sync secret cache: timed out waiting for the condition', {container: '', last: 3600})]}), ['2 FailedMount: MountVolume.SetUp failed for volume "v" : failed to sync secret cache: timed out waiting for the condition ×1 start-up']),
  row('a pod hangs, and nothing says why', () => pod({phase: 'Pending', status: {app: {ready: false, state: {}}, envoy: {ready: false, state: {}}}, initStatus: {'osm-init': {ready: false, state: {waiting: {reason: 'PodInitializing'}}}}, conditions: []}), ['2 Init:0/1: not started, and nothing says why ×1 going-on']),

  // 3: runtime
  row('the kubelet kills for liveness', () => pod({...live, status: {app: crashLoop(137, 60)}, events: [killing('liveness', {count: 4, first: 900, last: 61}), fails('Liveness', STATUS(503), {count: 12, first: 905, last: 61})]}), ['1 liveness of app: 503 ×≥12 not-asked', '3 app killed by its liveness probe: Error, exit code 137, CrashLoopBackOff ×7 going-on after liveness fails: 503']),
  row('memory ran out', () => pod({status: {app: restarted(60, {exitCode: 137, reason: 'OOMKilled', restartCount: 3})}}), ['3 app out of memory: OOMKilled, exit code 137 ×3 going-on']),
  row('it ended as a stopped one does, and no event is left', () => pod({...live, status: {app: restarted(60, {exitCode: 0})}}), ['3 app ended, or was stopped: Completed, exit code 0 ×1 maybe'], {notes: [/no event is left of the restarts/]}),
  row("no event is left, and Envoy's log has what came before", () => pod({...live, status: {app: restarted(60, {exitCode: 0})}}), ["3 app ended after its liveness probe failed: Completed, exit code 0 ×1 maybe after liveness fails 3 times in a row by Envoy's log: 503"], {asking: envoySays(access(200, '-', 95, 'liveness'), access(503, '-', 85, 'liveness'), access(503, '-', 75, 'liveness'), access(503, '-', 65, 'liveness'))}),
  row('the node restarted yesterday', () => pod({age: 90_000, status: {app: {...restarted(80_000)}, envoy: {...restarted(80_000)}}}), ['3 app ended, or was stopped: Error, exit code 137 ×1 over', '3 envoy ended, or was stopped: Error, exit code 137 ×1 over']),

  row('nothing happened', () => pod(), []),
];

function startingNow(): {status: Record<string, Raw>} {
  return {status: {app: startedAgo(8, unready), envoy: startedAgo(7)}};
}

describe('what happened is told when', () => {
  for (const {when, world, tells, asking, notes = []} of ROWS) {
    it(when, async () => {
      const {workloads} = await toldOf(world(), asking);
      assert.equal(workloads.length, 1);
      assert.deepEqual(linesOf(workloads[0]!), tells);
      for (const note of notes) assert.match(workloads[0]!.notes.join('\n'), note);
      if (notes.length === 0) assert.deepEqual(workloads[0]!.notes.filter((note) => /could not/.test(note)), []);
    });
  }
});

describe('a report of events', () => {
  const both = () => [pod({name: 'cart-1', ...down, events: [fails('Readiness', STATUS(503), {last: 4, first: 400})]}), pod({name: 'pay-1', workload: {kind: 'StatefulSet', name: 'pay'}})];
  it('has those that fail first, and says who is quiet', async () => assert.deepEqual((await toldOf(both())).workloads.map(({workload, quiet}) => [workload.name, quiet]), [['cart', false], ['pay', true]]));
  it('marks changes of the mesh that are younger than the workload', async () => {
    const mesh = (seconds: number): Piece => ({objects: [['meshconfigs', {metadata: {name: 'osm-mesh-config', namespace: 'osm-system', creationTimestamp: ago(9000), managedFields: [{time: ago(seconds), fieldsV1: {'f:spec': {}}}, {time: ago(1), fieldsV1: {'f:status': {}}}]}}]]});
    const marks = async (seconds: number) => (await toldOf([pod({age: 600}), mesh(seconds)])).workloads[0]!.marks.map(({text}) => text);
    assert.deepEqual(await marks(100), ['rollout: replicaset cart-5d', 'pod cart-1 created, injected', 'envoy started in cart-1', 'mesh config osm-mesh-config changed']);
    assert.deepEqual(await marks(5000), ['rollout: replicaset cart-5d', 'pod cart-1 created, injected', 'envoy started in cart-1']);
    assert.deepEqual((await toldOf([pod({age: 600}), mesh(100)], {denied: ['meshconfigs']})).unseen, []);
  });
  it('leaves out what is older than --since, unless it goes on', async () => {
    const world = () => pod({age: 3600, events: [fails('Readiness', TIMEOUT, {last: 900})]});
    assert.equal((await toldOf(world(), {sinceMs: 600_000})).workloads[0]!.probes.length, 0);
    assert.equal((await toldOf(world(), {sinceMs: 1_000_000})).workloads[0]!.probes.length, 1);
    assert.equal((await toldOf(pod({...down, events: [fails('Readiness', STATUS(503), {first: 900, last: 100})]}), {sinceMs: 1000})).workloads[0]!.probes.length, 1);
  });
  it('tells only the probes that are asked for', async () => {
    const world = pod({containers: [container('app', {liveness: http(), readiness: http()})], ...down, events: [fails('Readiness', STATUS(503)), fails('Liveness', STATUS(500), {first: 60, last: 3, count: 5})]});
    assert.deepEqual((await toldOf(world, {probes: ['liveness']})).workloads[0]!.probes.map(({probe}) => probe), ['liveness']);
  });
  it('shows every event as a row, Normal ones too, oldest first', async () => {
    const world = pod({...down, events: [fails('Readiness', STATUS(503), {last: 4}), event('Started', 'Started container app', {last: 300}, 'Normal')]});
    assert.deepEqual((await toldOf(world, {all: true})).workloads[0]!.rows!.map(({reason, object, container: of, last}) => [reason, object, of, NOW - last]), [['Started', 'pod/cart-1', 'app', 300_000], ['Unhealthy', 'pod/cart-1', 'app', 4000]]);
    assert.equal((await toldOf(world)).workloads[0]!.rows, undefined);
  });
  it('marks the rollout, the pod, the start of its proxy and the first failure, in this order', async () => {
    const {workloads} = await toldOf(pod({age: 600, ...down, events: [fails('Readiness', STATUS(503), {first: 300, last: 3, count: 9})]}));
    assert.deepEqual(workloads[0]!.marks.map(({text}) => text), ['rollout: replicaset cart-5d', 'pod cart-1 created, injected', 'envoy started in cart-1', 'readiness of app first seen to fail: 503']);
  });
  it('shows the last words of a container that fails, without secrets, of one of the replicas', async () => {
    const {workloads} = await toldOf([1, 2].map((n) => pod({name: `cart-${n}`, ...down, events: [fails('Readiness', STATUS(503), {last: 4, first: 400})]})), envoySays());
    assert.deepEqual(workloads[0]!.words, [{pod: 'cart-1', container: 'app', previous: false, lines: ['started', 'password=*** and Authorization: ***']}]);
  });
  it('reads no logs of what is well', async () => {
    let asked = 0;
    await toldOf(pod({age: 600, events: [fails('Readiness', REFUSED(), {first: 599, last: 590})]}), {live: {answer: () => ({kind: 'timeout', ms: 1}), log: () => (asked++, [])}});
    assert.equal(asked, 0);
  });
  it('says whether probes are rewritten as they should be', async () => {
    const of = async (world: Piece) => (await toldOf(world)).workloads[0]!.rewriting;
    assert.deepEqual(await of(pod()), {state: 'as-expected', text: 'as expected', command: 'kubectl osm-probes verify deploy/cart -n shop'});
    const shared = await of(pod({containers: [container('a', {readiness: http(1)}), container('b', {readiness: http(2)})]}));
    assert.equal(shared.state, 'wrong');
    assert.match(shared.text, /OSMP101/);
  });
  it('has the end of an init container that fails', async () => {
    const world = pod({phase: 'Pending', initContainers: [{name: 'migrate', image: 'x'}], initStatus: {migrate: {ready: false, restartCount: 3, state: {waiting: {reason: 'CrashLoopBackOff', message: 'back-off'}}, lastState: ended(1, 30)}}, status: {app: {ready: false, state: {waiting: {reason: 'PodInitializing'}}}, envoy: {ready: false, state: {waiting: {reason: 'PodInitializing'}}}}, conditions: []});
    assert.ok(linesOf((await toldOf(world)).workloads[0]!).some((line) => line.startsWith('3 migrate ended by itself: Error, exit code 1')));
  });
});
