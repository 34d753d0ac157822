import assert from 'node:assert/strict';
import {ago, container, crashLoop, event, exec, fails, findingOf, http, https, killing, namespaceRaw, pod, REFUSED, reportOf, restarted, rowOf, startedAgo, STATUS, tcp, TIMEOUT, unready} from '../support/pods.ts';
import {loud, silent, table} from '../support/table.ts';

const readiness = (text: string, more = {}) => pod({status: {app: unready}, events: [fails('Readiness', text, {count: 30, first: 3000, last: 200})], ...more});
const get = (url: string, why: string) => `Get "${url}": ${why}`;
const reset = (port: number) => get('https://10.0.0.7:15902/ok', `read tcp 10.0.0.1:${port}->10.0.0.7:15902: read: connection reset by peer`);
const live = {containers: [container('app', {liveness: http()})]};

export const ROWS = table('failing: what the kubelet reported', [
  loud('OSMP501', 'the probe is answered with 503', () => readiness(STATUS(503)), {severity: 'error', verdict: {'app readiness': 'fail: 503'}}),
  loud('OSMP501', 'osm-healthcheck cannot connect', () => readiness(STATUS(404), {containers: [container('app', {readiness: tcp()})]}), {verdict: {'app readiness': "fail: 404: can't connect to :9000"}}),
  silent('OSMP501', 'the pod became Ready after the last failure', () => pod({conditions: [{type: 'Ready', status: 'True', lastTransitionTime: ago(3)}], events: [fails('Readiness', STATUS(503), {count: 30, first: 3000, last: 4})]}), {verdict: {'app readiness': 'pass'}}),
  silent('OSMP501', 'the pod is Ready and fails now and then', () => pod({events: [fails('Readiness', STATUS(503), {count: 30, first: 3000, last: 4})]}), {but: ['OSMP412'], verdict: {'app readiness': 'warn: fails now and then: 503'}}),
  silent('OSMP501', 'the pod is being deleted', () => readiness(STATUS(503), {deleted: true})),
  silent('OSMP501', 'a Job has finished', () => pod({workload: {kind: 'Job', name: 'batch'}, phase: 'Succeeded', events: [fails('Readiness', STATUS(503), {count: 30, last: 30})]})),
  silent('OSMP501', 'the container started seconds ago', () => pod({age: 12, status: {app: unready}, events: [fails('Readiness', STATUS(503), {last: 2})]}), {verdict: {'app readiness': 'unknown: starting; so far HTTP probe failed with statuscode: 503'}}),

  loud('OSMP502', 'a ready pod is refused no more, but this one still is', () => readiness(REFUSED()), {verdict: {'app readiness': 'fail: refused'}}),
  loud('OSMP502', 'the proxy runs for minutes since its restart', () => readiness(REFUSED(), {status: {app: unready, envoy: restarted(700)}})),
  silent('OSMP502', 'one to three refusals came after a start an hour ago', () => pod({containers: [container('app', {liveness: http(), readiness: http()})], events: [fails('Readiness', REFUSED(), {count: 3, first: 3598, last: 3590}), fails('Liveness', REFUSED(15901, '/osm-liveness-probe'), {count: 1, last: 3590})]}), {verdict: {'app readiness': 'pass', 'app liveness': 'pass'}}),
  silent('OSMP502', 'they come right now, seconds after the start', () => pod({age: 25, ...live, events: [fails('Liveness', REFUSED(15901, '/osm-liveness-probe'), {count: 2, first: 22, last: 12})]}), {verdict: {'app liveness': 'unknown: starting'}}),
  silent('OSMP502', 'they came half a minute ago and no more', () => pod({age: 45, ...live, events: [fails('Liveness', REFUSED(15901, '/osm-liveness-probe'), {count: 2, first: 42, last: 32})]}), {verdict: {'app liveness': 'pass'}}),

  loud('OSMP503', 'the call times out', () => readiness(TIMEOUT), {verdict: {'app readiness': 'fail: no answer in time'}}),
  loud('OSMP503', 'one liveness call timed out just now, which may be the last', () => pod({...live, events: [fails('Liveness', TIMEOUT.replaceAll('readiness', 'liveness').replace('15902', '15901'), {last: 4})]}), {severity: 'warning', verdict: {'app liveness': 'warn: no answer in time'}}),
  loud('OSMP503', 'one liveness call timed out just now, and one half an hour ago', () => pod({...live, events: [fails('Liveness', TIMEOUT.replaceAll('readiness', 'liveness').replace('15902', '15901'), {count: 2, first: 1800, last: 4})]}), {severity: 'warning', verdict: {'app liveness': 'warn: no answer in time'}}),
  silent('OSMP503', 'one liveness call timed out a minute ago', () => pod({...live, events: [fails('Liveness', TIMEOUT.replaceAll('readiness', 'liveness').replace('15902', '15901'), {last: 60})]}), {verdict: {'app liveness': 'pass'}}),

  loud('OSMP504', 'the app of an HTTPS probe closes', () => pod({containers: [container('app', {readiness: https()})], status: {app: unready}, events: [fails('Readiness', reset(43006), {last: 60}), fails('Readiness', reset(43008), {last: 50}), fails('Readiness', get('https://10.0.0.7:15902/ok', 'EOF'), {count: 9, last: 55})]}), {verdict: {'app readiness': 'fail: connection closed'}}),
  loud('OSMP504', 'the app redirects to its own port', () => readiness(get('http://10.0.0.7:8080/login', 'read tcp 10.0.0.1:1->10.0.0.7:8080: read: connection reset by peer')), {verdict: {'app readiness': 'fail: redirected'}}),
  silent('OSMP504', 'the body ended early once while the pod stays ready', () => pod({events: [event('Unhealthy', 'Readiness probe errored: unexpected EOF', {last: 300})]}), {verdict: {'app readiness': 'pass'}}),

  loud('OSMP505', 'TLS meets a plaintext port', () => pod({containers: [container('app', {readiness: https()})], status: {app: unready}, events: [fails('Readiness', get('https://10.0.0.7:15902/ok', 'http: server gave HTTP response to HTTPS client'), {count: 9, last: 60})]}), {verdict: {'app readiness': 'fail: TLS to a plaintext port'}}),
  loud('OSMP505', 'the app redirects to https', () => readiness(get('https://10.0.0.7:15902/login', 'http: server gave HTTP response to HTTPS client')), {verdict: {'app readiness': 'fail: redirected'}}),
  silent('OSMP505', 'it was so before the pod became ready', () => pod({events: [fails('Readiness', get('https://10.0.0.7:15902/ok', 'http: server gave HTTP response to HTTPS client'), {last: 3000})]})),

  loud('OSMP506', 'the command says no', () => readiness('curl: (22) The requested URL returned error: 503', {containers: [container('app', {readiness: exec('check')})]}), {verdict: {'app readiness': 'fail: the command says no'}}),
  loud('OSMP506', 'the command leaves the pod, which remains a cause', () => readiness('curl: (7) Failed to connect', {containers: [container('app', {readiness: exec('curl', 'http://pay.svc/ok')})]}), {also: ['OSMP114']}),
  silent('OSMP506', 'nobody asks any more', () => pod({containers: [container('app', {readiness: exec('check')})], events: [fails('Readiness', 'no', {last: 3000})]})),

  loud('OSMP507', 'a redirect to another host counts as success', () => pod({events: [event('ProbeWarning', 'Readiness probe warning: Probe terminated redirects, Response body: /p 302', {count: 90})]}), {severity: 'warning', verdict: {'app readiness': 'warn: redirect counts as success'}}),
  silent('OSMP507', 'the redirect was followed', () => pod()),

  loud('OSMP511', 'the kubelet kills for a liveness probe', () => pod({...live, status: {app: crashLoop(137, 60)}, events: [killing('liveness', {count: 4, last: 61}), fails('Liveness', STATUS(503), {count: 12, first: 900, last: 61})]}), {severity: 'error', verdict: {'app liveness': 'fail: killed by its liveness probe'}}),
  loud('OSMP511', 'only BackOff is written any more and the kills are old', () => pod({...live, status: {app: crashLoop(0, 60, 17)}, events: [killing('liveness', {count: 4, first: 2100, last: 2000}), fails('Liveness', STATUS(503), {count: 20, first: 2100, last: 1100}), event('BackOff', 'Back-off restarting failed container app', {count: 40, last: 20})]}), {severity: 'error'}),
  loud('OSMP511', 'it killed once, and the container is back since', () => pod({...live, status: {app: restarted(200)}, events: [killing('liveness', {last: 202})]}), {severity: 'warning', verdict: {'app liveness': 'warn: killed by its liveness probe'}}),
  silent('OSMP511', 'it killed an hour ago, and the container is back since', () => pod({age: 9000, ...live, status: {app: restarted(3400)}, events: [killing('liveness', {last: 3402})]}), {verdict: {'app liveness': 'pass'}}),
  silent('OSMP511', 'the container was stopped by a rollout', () => pod({events: [event('Killing', 'Stopping container app', {}, 'Normal')]})),

  loud('OSMP599', 'the pod is not ready and no event is left', () => pod({status: {app: unready}}), {severity: 'error', verdict: {'app readiness': 'fail: not ready'}}),
  loud('OSMP599', 'the words are of no known release', () => readiness('the moon is full'), {severity: 'error'}),
  silent('OSMP599', 'an exec hook of the owner fails', () => pod({containers: [container('app', {readiness: http()}, {lifecycle: {postStart: exec('false')}})], status: {app: {ready: false, started: false, state: {waiting: {reason: 'PostStartHookError', message: 'failed'}}}}}), {but: ['OSMP609'], verdict: {'app readiness': 'unknown: not started: its postStart hook fails'}}),
  loud('OSMP599', 'a probe is led astray twice', () => pod({mesh: 'osm-0.9', containers: [container('a', {liveness: http(), readiness: tcp('web')}), container('b', {liveness: http(15902, '/osm-readiness-probe')})]}), {also: ['OSMP107', 'OSMP108'], verdict: {'a liveness': 'fail: ends elsewhere'}}),
  silent('OSMP599', 'a readiness gate is about to be met', () => pod({age: 20, conditions: [{type: 'Ready', status: 'False', reason: 'ReadinessGatesNotReady'}]})),
  silent('OSMP599', 'the startup probe holds the others back', () => pod({age: 30, containers: [container('app', {startup: {...http(), failureThreshold: 30}, readiness: http()})], status: {app: {ready: false, started: false}}}), {verdict: {'app readiness': 'unknown: waits for the startup probe', 'app startup': 'unknown: starting'}}),
  silent('OSMP599', 'the startup probe has just succeeded', () => pod({age: 70, containers: [container('app', {startup: {...http(), failureThreshold: 30}, readiness: http()})], status: {app: unready}}), {verdict: {'app readiness': 'unknown: starting', 'app startup': 'pass'}}),
  silent('OSMP599', 'a restarted container is in its start budget', () => pod({containers: [container('app', {startup: {...http(), failureThreshold: 30}})], age: 9000, status: {app: startedAgo(20, {ready: false, started: false, restartCount: 1})}}), {verdict: {'app startup': 'unknown: starting'}}),
]);

describe('failing: no more than the kubelet saw', () => {
  /** In a namespace of the mesh, without a sidecar. */
  const plain = (text: string, more = {}) => [readiness(text, {mesh: 'none', ...more}), {objects: [['namespaces', namespaceRaw('shop')] as ['namespaces', ReturnType<typeof namespaceRaw>]]}];
  it('a pod without a sidecar that is refused may listen on its loopback only', async () => {
    const {couldBe, because} = findingOf(await reportOf(plain(REFUSED(8080, '/ok'))), 'OSMP502');
    assert.deepEqual([couldBe, because], [['nothing listens on :8080/ok', 'the app listens on 127.0.0.1 only'], undefined]);
  });
  it('a host of its own, outside the mesh, is what the owner wants', async () => assert.equal(rowOf(await reportOf(pod({mesh: 'none', containers: [container('app', {readiness: http(8080, '/ok', {host: 'status.example.org'})})]}))), undefined));
  it('and in a namespace of the mesh, without a sidecar, the host is still not broken', async () => {
    const {verdict, why} = rowOf(await reportOf([pod({mesh: 'none', containers: [container('app', {readiness: http(8080, '/ok', {host: 'status.example.org'})})]}), {objects: [['namespaces', namespaceRaw('shop')]]}]));
    assert.deepEqual([verdict, why], ['warn', 'no sidecar']);
  });
  it('a 502 of Pipy may be its own, where the port is closed', async () => {
    const {couldBe, because} = findingOf(await reportOf(readiness(STATUS(502), {mesh: 'fsm'})), 'OSMP501');
    assert.deepEqual([couldBe, because], [['the app answers 502 itself', 'the proxy cannot connect to :8080'], undefined]);
  });
  it('a container that was killed and runs still is being stopped', async () => assert.match(findingOf(await reportOf(pod({...live, events: [killing('liveness', {last: 4}), fails('Liveness', STATUS(503), {count: 3, first: 24, last: 4})]})), 'OSMP511').effect ?? '', /is being stopped/));
  it('a redirect of a pod without a sidecar is not stopped by the mesh', async () => {
    const {because} = findingOf(await reportOf(plain(get('http://10.0.0.7:8080/login', 'context deadline exceeded (Client.Timeout exceeded while awaiting headers)'))), 'OSMP503');
    assert.equal(because, 'the app redirects to http, port 8080, path /login, and the kubelet gets no good answer there');
  });
  it('a command that is not in the image is no word of the app', async () => {
    const {blame, because} = findingOf(await reportOf(readiness('sh: 1: curl: not found', {containers: [container('app', {readiness: exec('sh', '-c', 'curl localhost')})]})), 'OSMP506');
    assert.deepEqual([blame, because], ['spec', 'the command calls a program that is not in the image']);
  });
});
