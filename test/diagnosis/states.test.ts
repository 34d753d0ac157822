import assert from 'node:assert/strict';
import {container, crashLoop, event, fails, findingOf, http, killing, pod, REFUSED, reportOf, restarted, rowOf, startedAgo, STATUS, codesOf, unready, type Raw} from '../support/pods.ts';

const live = {containers: [container('app', {liveness: http()})]};
const reset = (port: number) => `Get "http://10.0.0.7:15902/osm-readiness-probe": read tcp 10.0.0.1:${port}->10.0.0.7:15902: read: connection reset by peer`;
const verdictOf = async (world: Parameters<typeof pod>[0], probe: 'readiness' | 'liveness' | 'startup' = 'readiness') => rowOf(await reportOf(pod(world)), 'app', probe).verdict;
const noisy = (last: number): Raw => event('BackOff', 'Back-off restarting failed container x', {container: 'x', count: 40, first: 3000, last});

describe('symptoms: whether what was seen is going on', () => {
  it('an event of five minutes ago is going on while the pod is not ready', async () => assert.equal(await verdictOf({status: {app: unready}, events: [fails('Readiness', STATUS(503), {count: 300, first: 3000, last: 295})]}), 'fail'));
  it('silence is no recovery of a container that is not ready', async () => {
    const report = await reportOf(pod({status: {app: unready}, events: [fails('Readiness', STATUS(503), {count: 3, first: 3500, last: 3400})]}));
    assert.deepEqual([codesOf(report), rowOf(report).verdict], [['OSMP501'], 'fail']);
  });
  it('silence of less than a window proves nothing of a liveness probe whose pod has used up its events', async () => assert.equal(await verdictOf({...live, events: [noisy(200), fails('Liveness', STATUS(503), {count: 2, first: 400, last: 250})]}, 'liveness'), 'warn'));
  it('silence of a whole window does', async () => assert.equal(await verdictOf({...live, events: [noisy(900), fails('Liveness', STATUS(503), {count: 2, first: 1500, last: 900})]}, 'liveness'), 'pass'));
  it('what failed again and again, and then fell silent while its pod goes on using up its events, may fail still', async () => assert.equal(await verdictOf({...live, events: [noisy(200), fails('Liveness', STATUS(503), {count: 9, first: 1500, last: 900})]}, 'liveness'), 'warn'));
  it('once nothing is written for a window, there is room for an event again, and silence counts', async () => assert.equal(await verdictOf({...live, events: [noisy(900), fails('Liveness', STATUS(503), {count: 9, first: 1500, last: 900})]}, 'liveness'), 'pass'));
  it('a liveness failure of before a restart of the node is over', async () => assert.equal(await verdictOf({...live, age: 9000, status: {app: restarted(700, {exitCode: 255}), envoy: restarted(702, {exitCode: 255})}, events: [fails('Liveness', STATUS(503), {count: 2, first: 2000, last: 1900})]}, 'liveness'), 'pass'));
  it('a liveness failure of long before an end by exit code is not what ended it', async () => assert.equal(await verdictOf({...live, age: 9000, status: {app: restarted(120, {exitCode: 255}), envoy: restarted(122, {exitCode: 255})}, events: [fails('Liveness', STATUS(503), {count: 2, first: 2000, last: 1900})]}, 'liveness'), 'pass'));
  it('a liveness probe that failed twice and just now is failing', async () => assert.equal(await verdictOf({...live, events: [fails('Liveness', STATUS(503), {count: 2, first: 15, last: 5})]}, 'liveness'), 'fail'));
  it('a startup probe that is late fails', async () => assert.equal(await verdictOf({containers: [container('app', {startup: http()})], status: {app: {ready: false, started: false}}}, 'startup'), 'fail'));

  it('an errored liveness probe does not count', async () => {
    const report = await reportOf(pod({...live, events: [event('Unhealthy', 'Liveness probe errored: unexpected EOF', {count: 20, first: 300, last: 4})]}));
    const {severity, effect} = findingOf(report, 'OSMP504');
    assert.equal(severity, 'warning');
    assert.match(effect ?? '', /do not count/);
    assert.equal(rowOf(report, 'app', 'liveness').verdict, 'warn');
  });
  it('an errored readiness probe keeps the last result', async () => {
    const report = await reportOf(pod({events: [event('Unhealthy', 'Readiness probe errored and resulted in unknown state: unexpected EOF', {count: 20, first: 300, last: 4})]}));
    assert.match(findingOf(report, 'OSMP504').effect ?? '', /keeps the last result/);
    assert.equal(rowOf(report).verdict, 'warn');
  });
  it('an errored readiness probe of a pod that never got ready fails it', async () => assert.equal(await verdictOf({status: {app: unready}, events: [event('Unhealthy', 'Readiness probe errored: unexpected EOF', {count: 20, first: 300, last: 4})]}), 'fail'));

  it('texts that differ in a source port, and combined ones, are one symptom', async () => {
    const report = await reportOf(pod({status: {app: unready}, events: [fails('Readiness', reset(43006), {count: 2, first: 100, last: 90}), fails('Readiness', reset(43008), {last: 80}), event('Unhealthy', `(combined from similar events): Readiness probe failed: ${reset(43010)}`, {count: 5, first: 70, last: 10})]}));
    const evidence = findingOf(report, 'OSMP504').evidence.filter(({label}) => label === 'kubelet');
    assert.deepEqual(evidence.map(({times}) => times?.count), [8]);
  });
  it('words of an earlier life of the container are not its present state', async () => {
    const report = await reportOf(pod({status: {app: startedAgo(600, {ready: false, restartCount: 1, lastState: {terminated: {exitCode: 0, reason: 'Completed'}}})}, events: [fails('Readiness', STATUS(401), {count: 3, first: 2000, last: 1900}), fails('Readiness', STATUS(503), {count: 4, first: 500, last: 100})]}));
    assert.deepEqual([codesOf(report), rowOf(report).why], [['OSMP501'], '503']);
    assert.ok(!JSON.stringify(findingOf(report, 'OSMP501').evidence).includes('401'));
  });
  it('the newest words are the present state, but for the refusals of the start', async () => {
    const later = await reportOf(pod({status: {app: unready}, events: [fails('Readiness', STATUS(503), {count: 9, first: 3500, last: 3000}), fails('Readiness', REFUSED(), {count: 40, first: 2900, last: 20})]}));
    const start = await reportOf(pod({age: 50, status: {app: unready}, events: [fails('Readiness', STATUS(503), {count: 2, first: 40, last: 30}), fails('Readiness', REFUSED(), {count: 1, last: 29})]}));
    assert.deepEqual([rowOf(later).why, rowOf(start).why], ['refused', '503']);
  });
});

describe('causes and consequences', () => {
  it('a kill of a structural fault is its consequence', async () => {
    const report = await reportOf(pod({containers: [container('a', {liveness: http()}), container('b', {liveness: {tcpSocket: {port: 9000}}})], status: {a: crashLoop(137, 60)}, events: [killing('liveness', {container: 'a', last: 61}), fails('Liveness', REFUSED(15901), {container: 'a', count: 9, last: 61})]}));
    assert.deepEqual(codesOf(report), ['OSMP102']);
    assert.deepEqual(findingOf(report, 'OSMP102').consequences.map((text) => text.split(':')[0]), ['a', 'liveness of a']);
  });
  it('a proxy killed for memory explains the kills of the app, also those before its last end', async () => {
    const report = await reportOf(pod({...live, status: {envoy: crashLoop(137, 30, 9, 'OOMKilled'), app: crashLoop(137, 300, 4)}, events: [killing('liveness', {count: 4, first: 2000, last: 300})]}));
    assert.deepEqual(codesOf(report), ['OSMP205']);
    assert.ok(findingOf(report, 'OSMP205').consequences.some((text) => text.includes('failed liveness probe')));
  });
  it('it does not explain an app that was killed for memory itself', async () => assert.deepEqual(codesOf(await reportOf(pod({...live, status: {envoy: crashLoop(137, 30, 9, 'OOMKilled'), app: crashLoop(137, 20, 4, 'OOMKilled')}}))), ['OSMP205', 'OSMP510']));
  it('it does not explain a status that the proxy itself handed on', async () => assert.ok(codesOf(await reportOf(pod({...live, status: {envoy: restarted(30), app: crashLoop(137, 300, 4)}, events: [killing('liveness', {count: 4, last: 300}), fails('Liveness', STATUS(503), {count: 9, last: 300})]}))).includes('OSMP511')));
  it('a crash loop after a liveness kill is the probe, whose older events BackOff hides', async () => {
    const report = await reportOf(pod({...live, status: {app: crashLoop(143, 60)}, events: [killing('liveness', {count: 3, last: 900}), fails('Liveness', STATUS(503), {count: 9, last: 900}), event('BackOff', 'Back-off restarting failed container app', {count: 20, last: 10})]}));
    assert.deepEqual(codesOf(report), ['OSMP511']);
    assert.ok(findingOf(report, 'OSMP511').couldBe?.some((text) => text.includes('503')));
  });
  it('without any event left, an end that may be a kill is not said to be the app', async () => {
    const report = await reportOf(pod({...live, status: {app: crashLoop(137, 60)}}));
    const {blame, couldBe, because} = findingOf(report, 'OSMP510');
    assert.deepEqual([blame, couldBe?.length, because], ['not yet known', 2, undefined]);
  });
  it('an app that exits with 1 and has no liveness probe ends by itself', async () => assert.equal(findingOf(await reportOf(pod({status: {app: crashLoop(1, 60)}})), 'OSMP510').blame, 'app'));

  it('what nothing explains is printed with its raw text and is an error', async () => {
    const report = await reportOf(pod({status: {app: unready}, events: [fails('Readiness', 'the moon is full', {count: 9, last: 20})]}));
    const {severity, because} = findingOf(report, 'OSMP599');
    assert.deepEqual([severity, because], ['error', 'unexplained: the moon is full']);
  });
  it('each symptom belongs to one finding', async () => {
    const text = STATUS(404);
    const report = await reportOf(pod({containers: [container('a', {readiness: http(8080, '/a')}), container('b', {readiness: http(8081, '/b')})], status: {a: unready}, events: [fails('Readiness', text, {container: 'a', count: 30, last: 20})]}));
    assert.deepEqual(codesOf(report), ['OSMP101']);
    assert.equal(report.findings.filter((one) => JSON.stringify([one.evidence, one.consequences]).includes(text)).length, 1);
  });
  it('a status on the port of the mesh is not blamed on the app where the template is unknown', async () => {
    const report = await reportOf(pod({workload: {kind: 'CloneSet', name: 'cart'}, status: {app: unready}, events: [fails('Readiness', STATUS(503), {count: 30, last: 20})]}));
    const {blame, couldBe} = findingOf(report, 'OSMP501');
    assert.deepEqual([blame, (couldBe?.length ?? 0) > 1, rowOf(report).verdict], ['not yet known', true, 'fail']);
  });
});
