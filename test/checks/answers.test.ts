import assert from 'node:assert/strict';
import type {Answer} from '../../src/lib/model/answer.ts';
import {alert, app, APP_CLOSED, banner, CANNOT_CONNECT, closed, dump, envoy, GAVE_UP, inside, line, NO_CONNECTION, NO_HTTP, open, passedOn, plaintext, redirect, refused, serving, silence, SLOW_END} from '../support/live.ts';
import {ago, namespaceRaw, REFUSED, container, crashLoop, ended, fails, findingOf, grpc, http, https, pod, reportOf, restarted, STATUS, tcp, TIMEOUT, unready, killing, type Live, type Raw} from '../support/pods.ts';
import {loud, silent, table} from '../support/table.ts';

const fails503 = () => pod({status: {app: unready}, events: [fails('Readiness', STATUS(503), {count: 30, first: 3000, last: 200})]});
const readiness = (probe: object, more = {}) => pod({containers: [container('app', {readiness: probe as Record<string, unknown>})], status: {app: unready}, ...more});
const overTcp = () => readiness(tcp());
const overTls = () => readiness(https());
const TLS = dump({port: 8443, relay: true});
/** A port that the mesh lets through, so that the kubelet's call and a tunnel differ in the address that they dial. */
const direct = (text: string) => plain({status: {app: unready}, events: [fails('Readiness', text, {count: 30, first: 3000, last: 200})]});
const plain = (more = {}) => [pod({mesh: 'none', ...more}), {objects: [['namespaces', namespaceRaw('shop')] as ['namespaces', ReturnType<typeof namespaceRaw>]]}];
const overGrpc = () => readiness(grpc(), {excluded: [50051]});
const OK = {15902: passedOn(200), 8080: app(200)};

export const ROWS = table('answers: what a replay proves', [
  loud('OSMP401', 'app and mesh answer 503 alike', fails503, {live: inside({says: {15902: passedOn(503), 8080: app(503)}}), verdict: {'app readiness': 'fail: the app answers 503'}}),
  loud('OSMP401', 'the app answers 404, though the pod is ready by an old success', () => pod(), {live: inside({says: {15902: passedOn(404), 8080: app(404)}})}),
  loud('OSMP401', 'the container is down, and Envoy logged that the app answered 503', () => pod({containers: [container('app', {liveness: http()})], status: {app: crashLoop(0, 30)}, events: [killing('liveness', {count: 3, last: 40})]}), {live: inside({says: {}, dump: dump({type: 'liveness', port: 8080}), log: [line(60, 503, '-', {type: 'liveness'}), line(50, 503, '-', {type: 'liveness'})]})}),
  loud('OSMP401', 'the container is young, because the probe had the one before killed', () => pod({containers: [container('app', {liveness: http()})], status: {app: restarted(10, {restartCount: 7})}, events: [killing('liveness', {count: 7, last: 12})]}), {live: inside({dump: dump({type: 'liveness', port: 8080}), says: {15901: passedOn(503), 8080: app(503)}})}),
  loud('OSMP401', 'the app is within its start budget, where it may heal', () => pod({age: 10, status: {app: unready}}), {live: inside({says: {15902: passedOn(503), 8080: app(503)}}), severity: 'info', verdict: {'app readiness': 'unknown: starting; so far the app answers 503'}}),
  loud('OSMP401', 'the startup probe has not let the kubelet ask yet', () => pod({age: 100, containers: [container('app', {startup: {...http(), failureThreshold: 60}, readiness: http()})], status: {app: {ready: false, started: false}}}), {live: inside({dump: dump({type: 'startup', port: 8080}, {port: 8080}), says: {15902: passedOn(503), 15903: passedOn(503), 8080: app(503)}}), severity: 'info', verdict: {'app startup': 'unknown: starting; so far the app answers 503', 'app readiness': 'unknown: waits for the startup probe'}}),
  silent('OSMP401', 'the answer is good again', fails503, {live: inside({says: OK}), but: ['OSMP501']}),
  silent('OSMP401', 'the app is well past the mesh and nothing tells why', fails503, {live: inside({says: {15902: passedOn(503), 8080: app(200)}}), but: ['OSMP501']}),

  silent('OSMP401', 'it is a startup probe that succeeded and is asked no more', () => pod({containers: [container('app', {startup: http()})]}), {live: inside({dump: dump({type: 'startup', port: 8080}), says: {15903: passedOn(503), 8080: app(503)}}), verdict: {'app startup': 'pass'}}),

  loud('OSMP402', 'Envoy cannot connect, and nobody accepts past it', fails503, {live: inside({says: {15902: CANNOT_CONNECT, 8080: refused}}), verdict: {'app readiness': 'fail: nothing listens on :8080'}}),
  loud('OSMP402', 'the healthcheck container cannot connect', overTcp, {live: inside({dump: dump(), says: {15904: NO_CONNECTION, 9000: refused}})}),
  loud('OSMP402', 'the app of an HTTPS probe is not there', overTls, {live: inside({dump: TLS, says: {15902: closed, 8443: refused}})}),
  loud('OSMP402', 'the container is down, and Envoy could never connect while it ran', () => pod({containers: [container('app', {liveness: http()})], status: {app: crashLoop(137, 30)}, events: [killing('liveness', {count: 3, last: 40})]}), {live: inside({says: {}, dump: dump({type: 'liveness', port: 8080}), log: [line(60, 503, 'UF', {type: 'liveness'}), line(50, 503, 'UF', {type: 'liveness'})]})}),
  loud('OSMP402', 'a liveness probe is asked before its initialDelaySeconds are over, when it may still begin to listen', () => pod({age: 10, containers: [container('app', {liveness: {...http(), initialDelaySeconds: 30}})]}), {live: inside({dump: dump({type: 'liveness', port: 8080}), says: {15901: CANNOT_CONNECT, 8080: refused}}), verdict: {'app liveness': 'unknown: starting; so far 503: nothing listens on :8080'}}),
  silent('OSMP402', 'the container has finished', () => pod({status: {app: {ready: false, state: ended(0, 300)}}}), {live: inside({says: {15902: CANNOT_CONNECT}})}),
  silent('OSMP402', 'the tcp port is open', () => pod({containers: [container('app', {readiness: tcp()})]}), {live: inside({dump: dump(), says: {15904: app(200), 9000: open}})}),

  loud('OSMP403', 'the app takes three seconds of one', () => pod({status: {app: unready}, events: [fails('Readiness', TIMEOUT, {count: 9, last: 30})]}), {live: inside({says: {15902: GAVE_UP, 8080: app(200, {ms: 3010})}}), verdict: {'app readiness': 'fail: answers after 3.0s, probe waits 1s'}}),
  loud('OSMP403', 'the app never answers', () => readiness(http()), {live: inside({says: {15902: GAVE_UP, 8080: silence}})}),
  loud('OSMP403', 'one answer was late, and the kubelet has nothing to say against the probe', () => pod(), {severity: 'warning', live: inside({says: {15902: GAVE_UP, 8080: app(200, {ms: 1100})}}), verdict: {'app readiness': 'warn: answers after 1.1s, probe waits 1s'}}),
  silent('OSMP403', 'only the end of the stream is late', () => pod(), {live: inside({says: {15902: passedOn(200), 8080: SLOW_END}})}),
  silent('OSMP403', 'timeoutSeconds allows it', () => pod({containers: [container('app', {readiness: {...http(), timeoutSeconds: 5}})]}), {live: inside({dump: dump({port: 8080, timeout: '5s'}), says: {15902: passedOn(200, {ms: 3000}), 8080: app(200, {ms: 3000})}})}),

  loud('OSMP404', 'a port-forward finds it and 127.0.0.1 does not', fails503, {live: inside({says: {15902: CANNOT_CONNECT, 8080: app(200)}})}),
  loud('OSMP404', 'the healthcheck container does not find what a port-forward does', overTcp, {live: inside({dump: dump(), says: {15904: NO_CONNECTION, 9000: open}})}),
  silent('OSMP404', 'both find it', () => pod(), {live: inside({says: OK})}),

  loud('OSMP405', 'the port answers 400, and well over TLS', () => readiness(http()), {live: inside({says: {15902: passedOn(400), 8080: app(400), '8080 HTTPS': app(200)}})}),
  loud('OSMP405', 'the TLS server closes', () => readiness(http()), {live: inside({says: {15902: APP_CLOSED, 8080: closed, '8080 HTTPS': app(200)}})}),
  silent('OSMP405', 'the app answers 400 over either', () => readiness(http()), {live: inside({says: {15902: passedOn(400), 8080: app(400), '8080 HTTPS': plaintext}}), but: ['OSMP401']}),

  loud('OSMP406', 'the port speaks plaintext', overTls, {live: inside({dump: TLS, says: {15902: plaintext, '8443 HTTPS': plaintext, 8443: app(200)}})}),
  silent('OSMP406', 'TLS works', () => pod({containers: [container('app', {readiness: https()})]}), {live: inside({dump: TLS, says: {15902: app(200), 8443: app(200)}})}),

  loud('OSMP407', 'a banner comes', () => readiness(http()), {live: inside({says: {15902: NO_HTTP, 8080: banner}})}),
  silent('OSMP407', 'an app answers 502 itself', () => readiness(http()), {live: inside({says: {15902: passedOn(502), 8080: app(502)}}), but: ['OSMP401']}),

  loud('OSMP422', 'the proxy finds a fault in an answer that a lenient client reads', () => readiness(http()), {live: inside({says: {15902: NO_HTTP, 8080: app(200)}}), verdict: {'app readiness': 'fail: an answer that the proxy rejects'}}),
  silent('OSMP422', 'the port speaks another protocol directly, too', () => readiness(http()), {live: inside({says: {15902: NO_HTTP, 8080: banner}}), but: ['OSMP407']}),
  silent('OSMP407', 'nobody accepts directly by now', () => readiness(http()), {live: inside({says: {15902: NO_HTTP, 8080: refused}}), but: ['OSMP501']}),

  loud('OSMP408', 'the app accepts and closes', () => readiness(http()), {live: inside({says: {15902: APP_CLOSED, 8080: closed}})}),
  silent('OSMP408', 'it closed once and answers a new connection', () => readiness(http()), {live: inside({says: {15902: APP_CLOSED, 8080: app(200)}}), but: ['OSMP421']}),

  loud('OSMP409', 'a relative redirect leaves the route', () => readiness(http()), {live: inside({says: {15902: redirect('/login'), '15902 /login': passedOn(404), 8080: app(302, {headers: [{name: 'location', value: '/login'}]})}})}),
  loud('OSMP409', 'a redirect leads to the own port of the app', () => readiness(http()), {live: inside({says: {15902: redirect('http://10.0.0.7:8080/login'), 8080: app(302)}})}),
  loud('OSMP409', 'a redirect leads in a circle', () => readiness(http()), {live: inside({says: {15902: redirect('/osm-readiness-probe'), 8080: app(302)}})}),
  silent('OSMP409', 'the redirect leads to another host, which counts as success', () => pod(), {live: inside({says: {15902: redirect('http://example.com/'), 8080: app(302)}})}),
  silent('OSMP409', 'the end of the redirect is well', () => pod(), {live: inside({says: {15902: redirect('/osm-readiness-probe/'), '15902 /osm-readiness-probe/': passedOn(200), 8080: app(302)}})}),

  loud('OSMP410', 'only the Host of the mesh is rejected', () => readiness(http()), {live: inside({says: {15902: passedOn(421), '8080 host=10.0.0.7:15902': app(421), 8080: app(200)}})}),
  silent('OSMP410', 'each Host is', () => readiness(http()), {live: inside({says: {15902: passedOn(421), 8080: app(421)}}), but: ['OSMP401']}),

  loud('OSMP411', 'the body ends before its length', () => readiness(http()), {live: inside({says: {15902: passedOn(200, {end: 'short'}), 8080: app(200, {end: 'short'})}})}),
  silent('OSMP411', 'the body is whole', () => pod(), {live: inside({says: OK})}),

  loud('OSMP415', 'nothing comes through the mesh and the app is quick', () => readiness(http()), {live: inside({says: {15902: silence, 8080: app(200)}})}),
  silent('OSMP415', 'both are quick', () => pod(), {live: inside({says: OK})}),

  loud('OSMP417', 'the health service of the app says NOT_SERVING', overGrpc, {live: inside({dump: dump(), says: {50051: serving('NOT_SERVING')}})}),
  silent('OSMP417', 'it says SERVING', () => pod({containers: [container('app', {readiness: grpc()})], excluded: [50051]}), {live: inside({dump: dump(), says: {50051: serving('SERVING')}})}),

  loud('OSMP418', 'the kubelet is refused at an excluded port, and the tunnel is served', () => direct(REFUSED(8080, '/ok')), {also: ['OSMP201'], live: inside({dump: dump(), says: {8080: app(200)}}), verdict: {'app readiness': 'fail: listens on 127.0.0.1:8080 only'}}),
  silent('OSMP418', 'the tunnel is refused, too', () => direct(REFUSED(8080, '/ok')), {live: inside({dump: dump(), says: {8080: refused}}), but: ['OSMP201', 'OSMP402']}),
  silent('OSMP418', 'the kubelet is content, and only the tunnel is refused: the app listens on the address of the pod', () => plain(), {live: inside({says: {8080: refused}}), but: ['OSMP201'], verdict: {'app readiness': 'warn: no sidecar'}}),

  loud('OSMP419', 'it redirects in the mesh only, and directly with the header of the proxy', () => readiness(http()), {live: inside({says: {15902: redirect('https://10.0.0.7/ok'), '8080 proto=http': app(302), 8080: app(200)}}), verdict: {'app readiness': 'fail: redirected in the mesh only'}}),
  loud('OSMP419', 'it redirects to another host in the mesh only, which the kubelet counts as success', () => pod(), {severity: 'warning', live: inside({says: {15902: redirect('https://shop.example.org/ok'), '8080 proto=http': app(302), 8080: app(200)}})}),
  loud('OSMP419', 'it answers 403 for that header', () => readiness(http()), {live: inside({says: {15902: passedOn(403), '8080 proto=http': app(403), 8080: app(200)}}), verdict: {'app readiness': 'fail: 403 for a header of the proxy'}}),
  silent('OSMP419', 'it redirects directly, too', () => readiness(http()), {live: inside({says: {15902: redirect('https://10.0.0.7/ok'), 8080: app(302, {headers: [{name: 'location', value: 'https://10.0.0.7/ok'}]})}}), but: ['OSMP409']}),

  loud('OSMP420', 'the app does not know the path with its fragment', () => readiness(http(8080, '/ok#x')), {live: inside({dump: dump({port: 8080, path: '/ok#x'}), says: {15902: passedOn(404), '8080 /ok#x': app(404), '8080 /ok': app(200)}}), verdict: {'app readiness': 'fail: 404: the path is sent as it is written'}}),
  silent('OSMP420', 'the app answers either path', () => pod({containers: [container('app', {readiness: http(8080, '/ok#x')})]}), {live: inside({dump: dump({port: 8080, path: '/ok#x'}), says: OK}), but: ['OSMP121']}),

  loud('OSMP421', 'Envoy says that the app had closed, and a second request over one connection is not answered', () => readiness(http()), {live: inside({says: {15902: APP_CLOSED, '8080 again': closed, 8080: app(200)}}), verdict: {'app readiness': 'fail: the app closes connections that the proxy keeps'}}),
  loud('OSMP421', 'all is well now, and Envoy logged it of half the requests', () => pod(), {severity: 'warning', live: inside({says: {...OK, '8080 again': closed}, log: [line(40, 200), line(30, 503, 'UC'), line(20, 200), line(10, 503, 'UC')]})}),
  silent('OSMP421', 'the app ends each connection without an answer', () => readiness(http()), {live: inside({says: {15902: APP_CLOSED, 8080: closed}}), but: ['OSMP408']}),

  loud('OSMP405', 'the port of a grpc probe speaks TLS', overGrpc, {live: inside({dump: dump(), says: {'50051 HTTPS': app(404), 50051: closed}}), verdict: {'app readiness': 'fail: gRPC without TLS to a TLS port'}}),
  loud('OSMP404', 'the log of the app says that it listens on ::1', () => readiness(http()), {live: {...inside({says: {15902: CANNOT_CONNECT, 8080: refused}}), log: ({container: of}) => (of === 'app' ? ['listening on http://[::1]:8080'] : [])}, verdict: {'app readiness': 'fail: listens on ::1:8080 only'}}),
  loud('OSMP403', 'the body comes late, directly too, and Envoy cuts it', () => readiness(http()), {live: inside({says: {15902: passedOn(200, {end: 'short', ms: 990}), 8080: app(200, {end: 'late', ms: 5000})}}), verdict: {'app readiness': 'fail: body not whole after 5.0s, probe waits 1s'}}),
  loud('OSMP410', 'the app answers 400 to any address, and 200 to a name', () => readiness(http()), {live: inside({says: {15902: passedOn(400), '8080 host=localhost:8080': app(200), '8080 HTTPS': plaintext, 8080: app(400)}})}),

  loud('OSMP416', 'the app wants a client certificate', overTls, {live: inside({dump: TLS, says: {15902: alert, 8443: alert}})}),
  silent('OSMP416', 'the handshake fails through the mesh only', overTls, {live: inside({dump: TLS, says: {15902: alert, 8443: app(200)}}), but: ['OSMP505']}),
]);

/** The code that is said of the readiness probe, whether it is sure, and whose fault it is. */
async function sureOf(world: Parameters<typeof reportOf>[0], live: Live): Promise<string[]> {
  const {findings} = await reportOf(world, [], live);
  return findings.filter(({probe}) => probe === 'readiness').map(({code, couldBe, blame}) => `${code} ${couldBe ? 'could be' : 'sure'} ${blame}`);
}
const at = (...said: [text: string, seconds: number][]) => said.map(([text, last]) => fails('Readiness', text, {count: last > 1000 ? 1 : 90, first: last > 1000 ? last : 1190, last}));
const TEXT_GRPC = 'error: this server does not implement the grpc health protocol (grpc.health.v1.Health): unknown service';

describe('answers: what the kubelet has met itself comes before what a tunnel meets', () => {
  const unready20 = (events: Raw[], probe: object = http()) => plain({age: 1200, containers: [container('app', {readiness: probe as Raw})], status: {app: unready}, events});
  const rows: [when: string, world: () => Parameters<typeof reportOf>[0], live: Live, said: string[]][] = [
    ['a refusal of the start, and 503 ever since: the app was reached', () => unready20(at([REFUSED(8080, '/ok'), 1198], [STATUS(503), 4])), inside({says: {8080: app(503)}}), ['OSMP401 sure app']],
    ['the same, and it listens on the address of the pod', () => unready20(at([REFUSED(8080, '/ok'), 1198], [STATUS(503), 4])), inside({says: {8080: refused}}), ['OSMP501 sure app']],
    ['a refusal of the start, and time-outs ever since', () => unready20(at([REFUSED(8080, '/ok'), 1198], ['Get "http://10.0.0.7:8080/ok": context deadline exceeded (Client.Timeout exceeded while awaiting headers)', 4])), inside({says: {8080: app(200)}}), ['OSMP503 could be not yet known']],
    ['a gRPC server that answers knows no health service, and listens on the address of the pod', () => pod({age: 1200, containers: [container('app', {readiness: grpc()})], excluded: [50051], status: {app: unready}, events: at([TEXT_GRPC, 4])}), inside({dump: dump(), says: {50051: refused}}), ['OSMP505 sure app']],
    ['a gRPC call that gets no connection, and a tunnel neither', () => pod({age: 1200, containers: [container('app', {readiness: grpc()})], excluded: [50051], status: {app: unready}, events: at(['timeout: failed to connect service "10.0.0.7:50051" within 1s: context deadline exceeded', 4])}), inside({dump: dump(), says: {50051: refused}}), ['OSMP402 could be not yet known']],
    ['refused now and then, and Ready: the tunnel sees the loopback only', () => plain({conditions: [{type: 'Ready', status: 'True', lastTransitionTime: ago(3000)}], events: [fails('Readiness', REFUSED(8080, '/ok'), {count: 8, first: 500, last: 30})]}), inside({says: {8080: refused}}), ['OSMP412 could be not yet known']],
    ['Ready, and redirected to a port on which a tunnel is refused', () => plain(), inside({says: {8080: app(302, {headers: [{name: 'location', value: 'http://10.0.0.7:9090/ok'}]})}}), []],
    ['one answer through the mesh fails, and half of the requests of the kubelet went well', () => pod(), inside({says: {15902: passedOn(503), '8080 host=10.0.0.7:15902': app(503), 8080: app(200)}, log: [60, 50, 40, 30, 20, 10].map((ago, index) => line(ago, index % 2 ? 503 : 200))}), ['OSMP401 could be not yet known']],
    ['slow over the tunnel only: the last requests of the kubelet went well', () => pod({conditions: [{type: 'Ready', status: 'True', lastTransitionTime: ago(3000)}]}), inside({says: {15902: passedOn(200, {ms: 1400}), 8080: app(200, {ms: 1350})}, log: [45, 35, 25, 15, 5].map((ago) => line(ago, 200))}), []],
    ['the log ends minutes ago: it says nothing of now', () => pod(), inside({says: {15902: silence, 8080: silence}, log: [390, 380, 370, 360, 350].map((ago) => line(ago, 200))}), ['OSMP403 sure app']],
    ['no connection came about: nothing that is slow has accepted one', () => readiness(tcp(), {events: [fails('Readiness', 'Get "http://10.0.0.7:15904/osm-healthcheck": dial tcp 10.0.0.7:15904: i/o timeout (Client.Timeout exceeded while awaiting headers)', {count: 30, first: 3000, last: 5})]}), inside({dump: dump(), says: {15904: app(200), 9000: open}}), ['OSMP503 could be not yet known']],
  ];
  for (const [when, world, live, said] of rows) it(when, async () => assert.deepEqual(await sureOf(world(), live), said));
});

describe('answers: what differs is what fails', () => {
  const rows: [when: string, world: () => Parameters<typeof reportOf>[0], live: Live, said: string[]][] = [
    ['a body that came late through the mesh is no 200 that is rejected', () => pod(), inside({says: {15902: passedOn(200, {end: 'late', ms: 5000}), 8080: app(200)}}), ['OSMP415 could be not yet known']],
    ['a body that was cut through the mesh only', () => pod(), inside({says: {15902: passedOn(200, {end: 'short'}), 8080: app(200)}}), ['OSMP411 could be not yet known']],
    ['an answer that was late through the mesh only', () => pod(), inside({says: {15902: passedOn(200, {ms: 1100}), 8080: app(200, {ms: 400})}}), ['OSMP415 could be not yet known']],
    ['a relay adds no header', () => overTls(), inside({dump: TLS, says: {15902: app(403), '8443 proto=http': app(403), 8443: app(200)}}), ['OSMP501 sure app']],
    ['a status of load comes and goes', () => fails503(), inside({says: {15902: passedOn(503), '8080 host=10.0.0.7:15902': app(503), 8080: app(200)}}), ['OSMP410 could be not yet known']],
    ['closed each time for a header that the proxy adds is no connection that was kept', () => fails503(), inside({says: {15902: APP_CLOSED, '8080 again': closed, '8080 proto=http': closed, 8080: app(200)}, log: [30, 20, 10].map((ago) => line(ago, 503, 'UC'))}), ['OSMP419 sure spec']],
    ['closed for the Host, and a kept connection is not: no log is needed', () => fails503(), inside({says: {15902: APP_CLOSED, '8080 host=10.0.0.7:15902': closed, '8080 again': app(200), 8080: app(200)}}), ['OSMP410 sure spec']],
    ['a status of load, and each request of the kubelet failed', () => fails503(), inside({says: {15902: passedOn(503), '8080 host=10.0.0.7:15902': app(503), 8080: app(200)}, log: [30, 20, 10].map((ago) => line(ago, 503))}), ['OSMP410 sure spec']],
    ['closed each time, and nothing tells why', () => fails503(), inside({says: {15902: APP_CLOSED, '8080 again': closed, 8080: app(200)}, log: [30, 20, 10].map((ago) => line(ago, 503, 'UC'))}), ['OSMP501 could be not yet known']],
    ['an app of HTTP/1.0 keeps no connection', () => fails503(), inside({says: {15902: APP_CLOSED, '8080 again': closed, 8080: {...app(200), protocol: 'HTTP/1.0'} as Answer}}), ['OSMP501 could be not yet known']],
    ['the proxy has no healthy upstream: the app answered nothing', () => fails503(), inside({says: {15902: envoy(503, 'no healthy upstream'), 8080: app(200)}}), ['OSMP501 could be not yet known']],
    ['the answer of a TLS port that wants a certificate', () => fails503(), inside({says: {15902: APP_CLOSED, 8080: closed, '8080 HTTPS': alert}}), ['OSMP405 sure spec']],
    ['a redirect that no client can follow is no success', () => readiness(http()), inside({says: {15902: redirect('app://10.0.0.7/x'), 8080: app(302)}}), ['OSMP409 sure app']],
    ['the route gives up before the probe does', () => pod({containers: [container('app', {readiness: {...http(), timeoutSeconds: 5}})], status: {app: unready}}), inside({dump: dump({port: 8080, timeout: '1s'}), says: {15902: GAVE_UP, 8080: app(200, {ms: 3000})}}), ['OSMP120 sure mesh']],
    ['a late answer that is no success is not helped by more time', () => readiness(http()), inside({says: {15902: GAVE_UP, 8080: app(503, {ms: 3010})}}), ['OSMP403 sure app']],
    ['two statuses of the app are no path that it does not know', () => fails503(), inside({says: {15902: passedOn(404), 8080: app(503)}}), ['OSMP401 sure app']],
    ['an Envoy that answers is up, whatever its admin port does', () => pod(), inside({admin: refused, says: OK}), []],
    ['an app that is just starting in PodIP mode', () => pod({age: 6, status: {app: unready}, change: (raw) => void ((raw.spec.initContainers[0]!['args'] as string[])[1] += '\n-I OUTPUT -p tcp -o lo -d 127.0.0.1/32 -m owner --uid-owner 1500 -j DNAT --to-destination $POD_IP')}), inside({says: {15902: CANNOT_CONNECT, 8080: app(200)}}), ['OSMP404 could be app']],
    ['a neighbour whose port it is has ended', () => pod({workload: {kind: 'Job', name: 'b'}, containers: [container('app', {readiness: http(8081)}), container('db', {}, {ports: [{containerPort: 8081}]})], status: {app: unready, db: {ready: false, state: ended(0, 300)}}}), inside({dump: dump({port: 8081}), says: {15902: CANNOT_CONNECT, 8081: refused}}), ['OSMP402 sure not yet known']],
  ];
  for (const [when, world, live, said] of rows) it(when, async () => assert.deepEqual(await sureOf(world(), live), said));

  it('a good answer of this moment excludes no cause of the failures before it', async () => assert.deepEqual(findingOf(await reportOf(fails503(), [], inside({says: OK})), 'OSMP501').couldBe, ['the app answers 503 itself', 'the proxy cannot connect to :8080']));
  it('a failing answer of the proxy shows whose it is', async () => assert.deepEqual(findingOf(await reportOf(fails503(), [], inside({says: {15902: envoy(503, 'no healthy upstream'), 8080: app(200)}})), 'OSMP501').couldBe, ['Envoy answers 503 itself: no healthy upstream; directly: 200 after 4 ms']));

  for (const words of ['member started, advertise-client-urls=http://10.0.0.7:8080', 'listening failed: bind [::1]:8080: address already in use', 'upstream connection to 10.0.0.7:8080 refused; not listening', 'Stopped listening on [::1]:8080', 'Server running at http://localhost:8080/'])
    it(`the log does not say that it listens elsewhere: ${words}`, async () => assert.deepEqual(await sureOf(fails503(), {...inside({says: {15902: CANNOT_CONNECT, 8080: refused}}), log: ({container: of}) => (of === 'app' ? [words] : [])}), ['OSMP402 could be app']));
  for (const words of ['listening on 10.0.0.7:8080', 'Listening at: http://10.0.0.7:8080 (12)', ' * Running on http://10.0.0.7:8080/'])
    it(`the log says where it listens: ${words}`, async () => assert.deepEqual(await sureOf(fails503(), {...inside({says: {15902: CANNOT_CONNECT, 8080: refused}}), log: ({container: of}) => (of === 'app' ? [words] : [])}), ['OSMP402 sure app']));
});

describe('answers: no more than they prove', () => {
  const began = async (age: number, first: number) => {
    const world = plain({age, status: {app: unready}, events: [fails('Readiness', REFUSED(8080, '/ok'), {count: 8, first, last: 3})]});
    const {couldBe, blame} = findingOf(await reportOf(world, [], inside({dump: dump(), says: {8080: app(200)}})), 'OSMP418');
    return {couldBe: couldBe?.length ?? 0, blame};
  };
  it('an app that started a minute ago may have begun to listen between the refusal and the tunnel', async () => assert.deepEqual(await began(90, 80), {couldBe: 2, blame: 'not yet known'}));
  it('a port that is closed for more than half of the start may be opened yet', async () => {
    const world = pod({age: 200, containers: [container('app', {liveness: {...http(), failureThreshold: 30}})]});
    const {severity, effect} = findingOf(await reportOf(world, [], inside({dump: dump({type: 'liveness', port: 8080}), says: {15901: CANNOT_CONNECT, 8080: refused}})), 'OSMP402');
    assert.equal(severity, 'warning');
    assert.match(effect ?? '', /^fails from \S+ on, unless the app begins to listen$/);
  });
  it('one that has run for an hour listens on its loopback only', async () => assert.deepEqual(await began(3600, 3000), {couldBe: 0, blame: 'app'}));
});
