import assert from 'node:assert/strict';
import type {Cluster, RawObject} from '../../src/lib/cluster/cluster.ts';
import {ClusterError} from '../../src/lib/cluster/cluster.ts';
import {forward} from '../../src/lib/forward/forward.ts';
import type {Wanted} from '../../src/lib/forward/wanted.ts';
import type {Answer, Ask} from '../../src/lib/model/answer.ts';
import type {ReplayedSide} from '../../src/lib/model/forward.ts';
import {forwardTable} from '../../src/lib/render/forward.ts';
import {parseTarget} from '../../src/lib/target.ts';
import {cart, fakeCluster} from './fake-cluster.ts';

type Response = Extract<Answer, {kind: 'response'}>;
const ENVOY = [{name: 'server', value: 'envoy'}];
const BY_APP = [...ENVOY, {name: 'x-envoy-upstream-service-time', value: '1'}];
const says = (status: number, more: Partial<Response> = {}): Answer => ({kind: 'response', protocol: 'HTTP/1.1', status, reason: '', headers: [], body: '', end: 'whole', ms: 4, ...more});
const REFUSED: Answer = {kind: 'refused', text: 'connect: connection refused', ms: 1};
const CLOSED: Answer = {kind: 'closed', reset: false, text: 'EOF', ms: 1100};
const grpc = (status: string): Answer => ({kind: 'grpc', code: 0, message: '', status, ms: 3});

const HTTP = {httpGet: {path: '/ready', port: 8080, scheme: 'HTTP'}};
const REWRITTEN = {httpGet: {path: '/osm-readiness-probe', port: 15902, scheme: 'HTTP'}};
const TCP = {tcpSocket: {port: 9000}};
const TCP_REWRITTEN = {httpGet: {path: '/osm-healthcheck', port: 15904, scheme: 'HTTP', httpHeaders: [{name: 'Original-Tcp-Port', value: '9000'}]}};
const GRPC = {grpc: {port: 50051, service: ''}};

const once: Wanted = {containers: [], types: [], allPods: false, repeat: {count: 1, intervalMs: 1000, pause: async () => undefined, begins: () => undefined}};
const SCOPE = {namespaces: ['shop'], targets: [parseTarget('deploy/cart')!]};
const COMMANDS = {kubectl: (args: string) => `kubectl ${args}`, self: (args: string) => args};
const replay = (cluster: Cluster, wanted = once) => forward(cluster, SCOPE, COMMANDS, wanted);

/** Answers by port; those of Envoy's own admin port are nobody's business here. */
const byPort = (answers: Record<number, Answer>) => ({port}: Ask): Answer => answers[port] ?? REFUSED;

describe('what two answers mean together', () => {
  const rows: [sentence: string, objects: RawObject[], answers: Record<number, Answer>, verdict: string, means: RegExp][] = [
    ['both succeed', cart(HTTP, REWRITTEN), {15902: says(200, {headers: BY_APP}), 8080: says(200)}, 'pass', /^both say the same: the probe passes$/],
    ['both fail alike', cart(HTTP, REWRITTEN), {15902: says(503, {headers: BY_APP}), 8080: says(503)}, 'fail', /the app itself answers 503, through the mesh and directly alike/],
    ['both fail, not alike', cart(HTTP, REWRITTEN), {15902: says(503, {headers: BY_APP}), 8080: says(500)}, 'fail', /answers 503 through the mesh, and 500 directly/],
    ['nothing listens', cart(HTTP, REWRITTEN), {15902: says(503, {headers: ENVOY, body: 'upstream connect error or disconnect/reset before headers. reset reason: connection failure'})}, 'fail', /nothing accepts on 127.0.0.1:8080 in the pod/],
    ['the app is slow', cart(HTTP, REWRITTEN), {15902: says(504, {headers: ENVOY, ms: 1001}), 8080: says(200, {ms: 3000})}, 'fail', /slower than its probe allows/],
    ['slow through the mesh only', cart(HTTP, REWRITTEN), {15902: {kind: 'timeout', ms: 5000}, 8080: says(200)}, 'fail', /directly the app answers 200/],
    ['only the mesh says yes', cart(HTTP, REWRITTEN), {15902: says(200, {headers: BY_APP}), 8080: says(404)}, 'warn', /they differ: .* do not tell why$/],
    ['only the mesh says no, and nothing tells why', cart(HTTP, REWRITTEN), {15902: says(500, {headers: ENVOY}), 8080: says(200)}, 'fail', /the way through the mesh fails, and these answers do not tell why/],
    ['a redirect to another host', cart(HTTP, REWRITTEN), {15902: says(302, {headers: [...BY_APP, {name: 'location', value: 'http://example.com/'}]}), 8080: says(302)}, 'warn', /redirected to http:\/\/example.com\/: the kubelet does not follow/],
    ['a TCP probe that connects', cart(TCP, TCP_REWRITTEN), {15904: says(200), 9000: {kind: 'open', said: '', ms: 500}}, 'pass', /both say the same/],
    ['a TCP probe that does not', cart(TCP, TCP_REWRITTEN), {15904: says(404, {body: 'Failed to establish connection to 127.0.0.1:9000'})}, 'fail', /nothing accepts on 127.0.0.1:9000/],
    ['gRPC, past the mesh only', cart(GRPC, GRPC), {50051: grpc('SERVING')}, 'unknown', /the app answers well directly; by the rules the kubelet's call never reaches it, and fails/],
    ['gRPC that does not serve, past the mesh only', cart(GRPC, GRPC), {50051: grpc('NOT_SERVING')}, 'unknown', /the app itself fails, directly asked; by the rules/],
    ['gRPC on an excluded port', cart(GRPC, GRPC, {excluded: '50051'}), {50051: grpc('SERVING')}, 'pass', /the mesh is not on its way/],
    ['gRPC on an excluded port that does not serve', cart(GRPC, GRPC, {excluded: '50051'}), {50051: grpc('NOT_SERVING')}, 'fail', /the app's own health service says so: NOT_SERVING/],
    ['a probe that is not rewritten', cart(HTTP, HTTP), {8080: says(200)}, 'unknown', /by the rules the kubelet's call never reaches it/],
    ['exec', cart({exec: {command: ['x']}}, {exec: {command: ['x']}}), {}, 'unknown', /exec probes are not rewritten, and not run from here/],
    ['a container that crashed', cart(HTTP, REWRITTEN, {state: {waiting: {reason: 'CrashLoopBackOff'}}}), {}, 'unknown', /the container does not run: CrashLoopBackOff/],
    ['an end that the tunnel tells a second late is no timeout', cart({httpGet: {path: '/ready', port: 8443, scheme: 'HTTPS'}}, {httpGet: {path: '/ready', port: 15902, scheme: 'HTTPS'}}), {15902: CLOSED}, 'fail', /nothing accepts on 127.0.0.1:8443/],
  ];
  for (const [sentence, objects, answers, verdict, means] of rows) {
    it(`${sentence}: ${verdict}`, async () => {
      const {pods, unseen} = await replay(fakeCluster(objects, byPort(answers)));
      assert.deepEqual(unseen.filter(({optional}) => !optional), []);
      const [probe] = pods[0]!.probes;
      assert.match(probe!.means, means);
      assert.equal(probe!.verdict, verdict);
    });
  }

  it('the kubelet is quoted, of the side that it would see', async () => {
    const {pods} = await replay(fakeCluster(cart(HTTP, REWRITTEN), byPort({15902: says(503, {headers: BY_APP}), 8080: says(503)})));
    assert.equal((pods[0]!.probes[0]!.through as ReplayedSide).kubelet, 'HTTP probe failed with statuscode: 503');
  });
});

describe('rounds', () => {
  const flapping = () => {
    let asked = 0;
    return fakeCluster(cart(HTTP, REWRITTEN), ({port}) => (port === 15902 ? (asked++ % 2 === 0 ? says(200, {headers: BY_APP, ms: asked}) : says(503, {headers: BY_APP, ms: asked})) : port === 8080 ? says(200) : REFUSED));
  };
  it('count failures and turns, and show one that failed', async () => {
    const begun: number[] = [];
    const {pods} = await replay(flapping(), {...once, repeat: {...once.repeat, count: 4, begins: (round) => void begun.push(round)}});
    const {rounds, verdict, through} = pods[0]!.probes[0]!;
    assert.deepEqual(begun, [2, 3, 4]);
    assert.equal(verdict, 'fail');
    assert.equal((through as ReplayedSide).text, '503');
    assert.deepEqual(rounds!.through, {count: 4, failed: 2, turns: 3, min: 1, median: 2.5, max: 4, times: [1, 2, 3, 4]});
    assert.equal(rounds!.past!.failed, 0);
    const text = forwardTable({...(await replay(flapping(), {...once, repeat: {...once.repeat, count: 4}}))}, {color: false, utf8: true, columns: 120}, {wide: false});
    assert.match(text, /2 of 4 pass/);
    assert.match(text, /min 1 ms, median 2\.5 ms, max 4 ms of 1s, 2 of 4 fail, flapping: it turned 3 times {2}[▁-█]{4}/);
  });

  it('end with Ctrl-C, and keep what is known', async () => {
    let rounds = 0;
    const cluster = fakeCluster(cart(HTTP, REWRITTEN), byPort({15902: says(200, {headers: BY_APP}), 8080: says(200)}));
    const stopping: Cluster = {
      ...cluster,
      async exchange(pod, asks) {
        if (++rounds === 3) throw new ClusterError('aborted', {asked: 'x', got: 'interrupted'});
        return cluster.exchange(pod, asks);
      },
    };
    const report = await replay(stopping, {...once, repeat: {...once.repeat, count: 9}});
    assert.equal(report.interrupted, true);
    assert.equal(report.pods[0]!.probes[0]!.rounds!.through!.count, 2);
  });

  it('end with the time', async () => {
    const report = await replay(flapping(), {...once, repeat: {...once.repeat, count: Number.POSITIVE_INFINITY, durationMs: 2500}});
    assert.equal(report.pods[0]!.probes[0]!.rounds!.through!.count, 3);
  });

  it('a tunnel that breaks in between is said', async () => {
    let rounds = 0;
    const cluster = fakeCluster(cart(HTTP, REWRITTEN), byPort({15902: says(200, {headers: BY_APP}), 8080: says(200)}));
    const report = await replay({...cluster, exchange: async (pod, asks) => (++rounds === 2 ? Promise.reject(new ClusterError('not-found', {asked: 'a port-forward', got: '404'})) : cluster.exchange(pod, asks))}, {...once, repeat: {...once.repeat, count: 5}});
    assert.deepEqual(report.unseen.at(-1), {asked: 'a port-forward', got: '404', reason: 'not-found'});
  });
});
