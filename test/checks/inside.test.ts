import assert from 'node:assert/strict';
import {app, dump, envoy, inside, line, open, passedOn, refused} from '../support/live.ts';
import {ago, container, ended, fails, findingOf, http, https, pod, REFUSED, reportOf, STATUS, tcp, TIMEOUT, unready} from '../support/pods.ts';
import {loud, silent, table} from '../support/table.ts';

const OK = {15902: passedOn(200), 8080: app(200)};
const refusedAtStart = () => pod({events: [fails('Readiness', REFUSED(), {count: 9, first: 3595, last: 3570})]});
const timesOut = () => pod({status: {app: unready}, events: [fails('Readiness', TIMEOUT, {count: 30, first: 3000, last: 20})]});
/** What Envoy logs of a connection that it relays. */
const relayed = (secondsAgo: number) => JSON.stringify({start_time: ago(secondsAgo), method: null, path: null, response_code: 0, response_flags: '-', duration: 3, upstream_cluster: 'liveness_cluster', upstream_host: '127.0.0.1:8443'});
const lines = (...codes: [code: number, flags?: string, duration?: number][]) => codes.map(([code, flags, duration], index) => line((codes.length - index) * 10, code, flags, {...(duration === undefined ? {} : {duration})}));

export const ROWS = [
  ...table('envoy: its configuration and state', [
    loud('OSMP301', 'Envoy has no listener for it', () => pod({status: {app: unready}}), {live: inside({dump: dump(), says: {8080: app(200)}})}),
    loud('OSMP301', 'Envoy leads it to another port', () => pod(), {live: inside({dump: dump({port: 8081}), says: {15902: passedOn(200), 8080: app(200)}})}),
    loud('OSMP301', 'Envoy leads it to another path', () => pod(), {live: inside({dump: dump({port: 8080, path: '/other'}), says: OK})}),
    silent('OSMP301', 'Envoy has what the mesh promises', () => pod(), {live: inside({says: OK})}),
    silent('OSMP301', 'another container is served, as promised', () => pod({containers: [container('a', {readiness: http(8080, '/a')}), container('b', {readiness: http(8081, '/b')})]}), {live: inside({dump: dump({port: 8081, path: '/b'}), says: {15902: passedOn(200), 8080: app(200), 8081: app(200)}}), but: ['OSMP101']}),

    loud('OSMP302', 'its admin port refuses', () => pod({status: {app: unready}, events: [fails('Readiness', REFUSED(), {count: 9, last: 5})]}), {live: inside({admin: refused, says: {8080: app(200)}})}),
    loud('OSMP302', 'it waits for the control plane', () => pod({status: {app: unready}, events: [fails('Readiness', REFUSED(), {count: 9, last: 5})]}), {live: inside({ready: 'PRE_INITIALIZING', counters: {'control_plane.connected_state': 0}, says: {8080: app(200)}})}),
    loud('OSMP302', 'what osm-healthcheck refuses is not of it', () => pod({containers: [container('app', {readiness: tcp()})], status: {app: unready}, events: [fails('Readiness', REFUSED(15904, '/osm-healthcheck'), {count: 9, last: 5})]}), {live: inside({admin: refused, dump: dump(), says: {9000: open}}), also: ['OSMP502']}),
    loud('OSMP302', 'it waits for the control plane from its start on, and the probe is out of patience', () => pod({age: 34, containers: [container('app', {readiness: {...http(), periodSeconds: 2}})], status: {app: unready}, events: [fails('Readiness', REFUSED(), {count: 9, first: 30, last: 1})]}), {live: inside({ready: 'PRE_INITIALIZING', counters: {'control_plane.connected_state': 0}, says: {8080: app(200)}})}),
    silent('OSMP302', 'it has just begun to wait', () => pod({age: 8, status: {app: unready}, events: [fails('Readiness', REFUSED(), {count: 2, first: 5, last: 1})]}), {live: inside({ready: 'PRE_INITIALIZING', counters: {'control_plane.connected_state': 0}, says: {8080: app(200)}})}),
    silent('OSMP302', 'it is live', () => pod(), {live: inside({says: OK})}),
    silent('OSMP302', 'its state can not be read', () => pod(), {live: inside({admin: envoy(404), says: OK})}),

    loud('OSMP303', 'it has no connection now', () => pod(), {live: inside({counters: {'control_plane.connected_state': 0}, says: OK}), severity: 'warning'}),
    loud('OSMP303', 'it waited in vain at its start', refusedAtStart, {live: inside({counters: {'control_plane.connected_state': 1, 'cluster_manager.cds.init_fetch_timeout': 1}, says: OK}), severity: 'info'}),
    silent('OSMP303', 'what is refused an hour after that start has another cause', () => pod({status: {app: unready}, events: [fails('Readiness', REFUSED(), {count: 9, first: 90, last: 5})]}), {live: inside({counters: {'control_plane.connected_state': 1, 'cluster_manager.cds.init_fetch_timeout': 1}, says: OK}), but: ['OSMP414']}),
    silent('OSMP303', 'the start was slow for another reason', refusedAtStart, {live: inside({says: OK})}),
  ]),
  ...table('access: what Envoy logged of the kubelet', [
    loud('OSMP412', 'some of the last requests failed', () => pod(), {live: inside({says: OK, log: lines([200], [503], [200], [503], [200])}), severity: 'warning', verdict: {'app readiness': 'warn: 2 of the last 5 failed'}}),
    silent('OSMP412', 'they failed before the first success only', () => pod(), {live: inside({says: OK, log: lines([503, 'UF'], [503, 'UF'], [200], [200])})}),
    silent('OSMP412', 'one failed', () => pod(), {live: inside({says: OK, log: lines([200], [503], [200])})}),
    loud('OSMP412', 'a liveness probe fails now and then, which restarts nothing yet', () => pod({containers: [container('app', {liveness: http()})], status: {app: unready}}), {live: inside({dump: dump({type: 'liveness', port: 8080}), says: {15901: passedOn(200), 8080: app(200)}, log: [line(40, 200, '-', {type: 'liveness'}), line(30, 503, '-', {type: 'liveness'}), line(20, 503, '-', {type: 'liveness'}), line(10, 200, '-', {type: 'liveness'})]}), severity: 'warning', also: ['OSMP599'], verdict: {'app liveness': 'warn'}}),
    silent('OSMP412', 'a Job has finished', () => pod({workload: {kind: 'Job', name: 'batch'}, containers: [container('app', {liveness: http()})], status: {app: {ready: false, started: false, state: ended(0, 5)}}}), {live: inside({dump: dump({type: 'liveness', port: 8080}), says: {}, log: [line(40, 503, '-', {type: 'liveness'}), line(30, 503, '-', {type: 'liveness'}), line(20, 503, '-', {type: 'liveness'})]}), verdict: {'app liveness': 'unknown: finished'}}),

    loud('OSMP413', 'answers take nine tenths of the time', () => pod(), {live: inside({says: OK, log: lines([200, '-', 900], [200, '-', 910], [200, '-', 905])}), severity: 'warning'}),
    silent('OSMP413', 'one did', () => pod(), {live: inside({says: OK, log: lines([200, '-', 900], [200], [200])})}),

    loud('OSMP414', 'the kubelet times out and its requests never arrive', timesOut, {live: inside({says: OK, log: [line(2000, 200)]})}),
    silent('OSMP414', 'they arrive', timesOut, {live: inside({says: OK, log: lines([200], [0, 'DC'], [0, 'DC'])}), but: ['OSMP412']}),
    silent('OSMP414', 'the container is as young as the silence', () => pod({age: 20, status: {app: unready}, events: [fails('Readiness', TIMEOUT, {count: 2, last: 5})]}), {live: inside({says: OK})}),
  ]),
  ...table('what was reported is over when it is answered', [
    loud('OSMP501', 'an answer is good in this moment, and nothing shows the last requests', () => pod({containers: [container('app', {liveness: http()})], events: [fails('Liveness', STATUS(503), {count: 30, first: 3000, last: 200})]}), {severity: 'warning', live: inside({dump: dump({type: 'liveness', port: 8080}), says: {15901: passedOn(200), 8080: app(200)}}), verdict: {'app liveness': 'warn: 503'}}),
    silent('OSMP501', 'the last requests went well', () => pod({containers: [container('app', {liveness: http()})], events: [fails('Liveness', STATUS(503), {count: 60, first: 3000, last: 200})]}), {live: inside({dump: dump({type: 'liveness', port: 8080}), says: {15901: passedOn(200), 8080: app(200)}, log: [line(190, 200, '-', {type: 'liveness'}), line(20, 200, '-', {type: 'liveness'}), line(10, 200, '-', {type: 'liveness'})]}), verdict: {'app liveness': 'pass'}}),
    loud('OSMP503', 'the log cannot hold a call that never got a connection', () => pod({containers: [container('app', {liveness: http()})], events: [fails('Liveness', 'Get "http://10.0.0.7:15901/osm-liveness-probe": dial tcp 10.0.0.7:15901: i/o timeout', {count: 60, first: 3000, last: 200})]}), {severity: 'warning', live: inside({dump: dump({type: 'liveness', port: 8080}), says: {15901: passedOn(200), 8080: app(200)}, log: [30, 20, 10].map((at) => line(at, 200, '-', {type: 'liveness'}))})}),
    loud('OSMP501', 'the log of a TCP relay tells that a connection was made, and not what came back', () => pod({containers: [container('app', {liveness: https()})], events: [fails('Liveness', STATUS(503), {count: 60, first: 3000, last: 200})]}), {severity: 'warning', live: inside({dump: dump({type: 'liveness', port: 8443, relay: true}), says: {15901: app(200), 8443: app(200)}, log: [30, 20, 10].map((at) => relayed(at))})}),
  ]),
];

describe('access: what a busy log leaves open', () => {
  const said = async (log: string[]) => findingOf(await reportOf(timesOut(), [], inside({says: OK, log})), 'OSMP414');
  it('is said where no line is as old as the silence', async () => {
    const {blame, because, couldBe} = await said([]);
    assert.deepEqual([blame, because, couldBe?.length], ['not yet known', undefined, 2]);
  });
  it('is nothing where a line of before shows that the log reaches back', async () => assert.equal((await said([line(2000, 200)])).blame, 'network'));
});
