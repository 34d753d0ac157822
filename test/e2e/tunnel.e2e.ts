import assert from 'node:assert/strict';
import {readdirSync} from 'node:fs';
import {setTimeout as sleep} from 'node:timers/promises';
import {ClusterError} from '../../src/lib/cluster/cluster.ts';
import {connect, type LiveCluster} from '../../src/lib/cluster/live/connect.ts';
import {judge} from '../../src/lib/kubelet/judge.ts';
import {askedUrl, askOf} from '../../src/lib/kubelet/request.ts';
import type {Answer, Ask} from '../../src/lib/model/answer.ts';
import {apply, forget, IMAGE, joinMesh, kubectl} from './kubectl.ts';

const NAMESPACE = 'osm-probes-tunnel';
const POD = {namespace: NAMESPACE, name: 'app'};
const app = {name: 'app', image: IMAGE, imagePullPolicy: 'IfNotPresent'};

describe('a tunnel through a real API server and kubelet', () => {
  let cluster: LiveCluster;
  let podIP: string;
  const options = {env: process.env, signal: new AbortController().signal, timeoutMs: 30_000, kubectlFlags: ''};
  const get = (port: number, path: string, scheme: 'HTTP' | 'HTTPS' = 'HTTP', timeoutSeconds = 10): Ask => askOf({kind: 'http', scheme, host: '', port, path, headers: []}, {podIP, userAgent: 'kube-probe/1.32', timeoutSeconds});
  const connection = (port: number): Ask => ({port, send: {kind: 'connect'}, timeoutMs: 1000, maxBytes: 0});
  const show = (answer: Answer) => (answer.kind === 'response' ? `${answer.protocol} ${answer.status} ${answer.end}` : answer.kind);

  before(async () => {
    joinMesh(NAMESPACE);
    const args = ['-listen=http::8080', '-listen=https::8443', '-listen=tcp::9000', '-route=/ready=200', '-route=/slow=200,delay=3s'];
    apply(NAMESPACE, [
      {apiVersion: 'v1', kind: 'Service', metadata: {name: 'app'}, spec: {selector: {app: 'app'}, ports: [{name: 'http', port: 8080}]}},
      {apiVersion: 'v1', kind: 'Pod', metadata: {name: 'app', labels: {app: 'app'}}, spec: {terminationGracePeriodSeconds: 1, containers: [{...app, args, readinessProbe: {httpGet: {path: '/ready', port: 8080}, periodSeconds: 1}, livenessProbe: {httpGet: {path: '/ready', port: 8444, scheme: 'HTTPS'}, failureThreshold: 1000}}]}},
      {apiVersion: 'v1', kind: 'Pod', metadata: {name: 'done', annotations: {'openservicemesh.io/sidecar-injection': 'disabled'}}, spec: {restartPolicy: 'Never', containers: [{...app, args: ['-exit-after=1s']}]}},
      {apiVersion: 'v1', kind: 'Pod', metadata: {name: 'pending', annotations: {'openservicemesh.io/sidecar-injection': 'disabled'}}, spec: {nodeSelector: {'osm-probes': 'nowhere'}, containers: [app]}},
    ]);
    kubectl(['wait', '--for=condition=Ready', 'pod/app', '-n', NAMESPACE, '--timeout=120s']);
    kubectl(['wait', '--for=jsonpath={.status.phase}=Failed', 'pod/done', '-n', NAMESPACE, '--timeout=120s']);
    cluster = connect(options);
    podIP = String(((await cluster.get('pods', NAMESPACE, 'app'))['status'] as {podIP: string}).podIP);
  });
  after(() => {
    cluster.close();
    forget([NAMESPACE]);
  });

  it('answers through the mesh and past it, the same port twice, a refused one beside the others', async () => {
    const asks = [get(15_902, '/osm-readiness-probe'), get(15_902, '/nosuch'), get(8080, '/ready'), get(8080, '/slow'), get(8080, '/ready', 'HTTPS'), get(8443, '/ready', 'HTTPS'), get(8443, '/ready'), get(15_000, '/ready'), get(8081, '/'), connection(9000), connection(9001)];
    const {answers, setupMs} = await cluster.exchange(POD, asks);
    assert.deepEqual(answers.map(show), ['HTTP/1.1 200 whole', 'HTTP/1.1 404 whole', 'HTTP/1.1 200 whole', 'HTTP/1.1 200 whole', 'tls', 'HTTP/2 200 whole', 'HTTP/1.0 400 whole', 'HTTP/1.1 200 whole', 'refused', 'open', 'refused']);
    assert.ok(setupMs < 2000);
    assert.equal(judge(answers[8]!, askedUrl(asks[8]!, podIP)).text, `Get "http://${podIP}:8081/": dial tcp ${podIP}:8081: connect: connection refused`);
  });
  it('waits for no end where a length tells it', async () => {
    // The end of a stream is told a second late; the best of three tells it from a busy machine.
    const took: number[] = [];
    for (let round = 0; round < 3; round++) {
      const started = performance.now();
      const {answers} = await cluster.exchange(POD, Array.from({length: 20}, () => get(15_902, '/osm-readiness-probe')));
      took.push(performance.now() - started);
      assert.deepEqual(new Set(answers.map(show)), new Set(['HTTP/1.1 200 whole']));
    }
    assert.ok(Math.min(...took) < 900, took.join());
  });
  it('tells a closed port behind the proxy\'s TCP side from a slow app, within timeouts of a second', async () => {
    const {answers} = await cluster.exchange(POD, [get(15_901, '/ready', 'HTTPS', 1), get(8080, '/slow', 'HTTP', 1), get(8080, '/ready')]);
    assert.deepEqual(answers.map(show), ['closed', 'timeout', 'HTTP/1.1 200 whole']);
  });
  it('carries the kubelet\'s words about pods that can\'t be reached', async () => {
    const rows: [name: string, reason: string, got: RegExp][] = [
      ['done', 'invalid', /don't run any more/],
      ['pending', 'invalid', /does not have a host assigned/],
      ['nosuch', 'not-found', /pods "nosuch" not found/],
    ];
    for (const [name, reason, got] of rows) {
      await assert.rejects(cluster.exchange({namespace: NAMESPACE, name}, [get(80, '/')]), (error) => error instanceof ClusterError && error.reason === reason && got.test(error.got));
    }
  });
  it('says which permission is missing', async () => {
    const nobody = connect({...options, as: 'nobody'});
    await assert.rejects(nobody.exchange(POD, [get(80, '/')]), (error) => error instanceof ClusterError && error.reason === 'forbidden' && /^kubectl auth can-i (get|create) pods --subresource=portforward -n osm-probes-tunnel$/.test(error.try!));
    await assert.rejects(nobody.log(POD, {container: 'app', tailLines: 1, limitBytes: 99, keep: () => true}), {reason: 'forbidden', try: `kubectl auth can-i get pods --subresource=log -n ${NAMESPACE}`});
    nobody.close();
  });
  it('reads logs', async () => {
    const log = (name: string, container: string, previous = false) => cluster.log({namespace: NAMESPACE, name}, {container, previous, tailLines: 500, limitBytes: 100_000, keep: (line) => line.includes('GET /ready')});
    assert.match((await log('app', 'app'))[0]!, /ua="kube-probe/);
    assert.deepEqual(await log('pending', 'app'), []);
    await assert.rejects(log('app', 'nosuch'), {reason: 'invalid'});
    await assert.rejects(log('app', 'app', true), {reason: 'invalid'});
  });
  it('holds a stream open as long as it is wanted', async () => {
    const {streams, close} = await cluster.tunnel(POD, [8080]);
    const stream = streams[0]!;
    for (let turn = 0; turn < 3; turn++) {
      stream.write('GET /ready HTTP/1.1\r\nHost: x\r\n\r\n');
      assert.match(String(await new Promise((done) => stream.once('data', done))), /^HTTP\/1\.1 200/);
      await sleep(300);
    }
    close();
  });
  it('leaves nothing behind after a hundred uses', async () => {
    const fds = () => readdirSync('/proc/self/fd').length;
    const use = () => cluster.exchange(POD, [get(8080, '/ready'), get(8081, '/')]);
    await use();
    await sleep(300);
    const before = fds();
    for (let round = 0; round < 10; round++) await Promise.all(Array.from({length: 10}, use));
    await sleep(300);
    assert.ok(fds() <= before, `${before} became ${fds()}`);
  });
});
