import assert from 'node:assert/strict';
import fc from 'fast-check';
import {PROFILES} from '../../src/lib/mesh/profiles.ts';
import {container, crashLoop, ended, event, exec, fails, grpc, http, https, killing, pod, REFUSED, reportOf, restarted, startedAgo, STATUS, tcp, TIMEOUT, unready, waiting, type Raw} from '../support/pods.ts';

const handler = fc.constantFrom<Raw>(http(), http(8081, '/b'), http('web'), http(8081, 'b'), http(15902, '/osm-readiness-probe'), http(8080, '/', {host: 'x'}), https(), tcp(), tcp('web'), exec('true'), exec('curl', 'http://pay.svc/'), grpc(), {quic: {}});
const probes = fc.record({startup: handler, liveness: handler, readiness: handler}, {requiredKeys: []});
const seconds = fc.constantFrom(1, 8, 25, 70, 290, 700, 3000);
const status = seconds.chain((at) =>
  fc.constantFrom<Raw>({}, unready, {ready: false, started: false}, waiting('ImagePullBackOff'), waiting('ContainerCreating'), waiting('PostStartHookError'), crashLoop(1, at), crashLoop(137, at), crashLoop(137, at, 9, 'OOMKilled'), restarted(at), restarted(at, {exitCode: 1, restartCount: 5}), startedAgo(at, {ready: false}), {ready: false, state: ended(0, at)}, {ready: false, state: ended(1, at)}),
);
const events = fc.array(
  fc.tuple(fc.constantFrom('a', 'b', 'envoy'), fc.constantFrom('Liveness' as const, 'Readiness' as const, 'Startup' as const), fc.constantFrom(STATUS(503), STATUS(404), REFUSED(), TIMEOUT, 'the moon is full'), fc.constantFrom(1, 3, 40), seconds).chain(([of, type, text, count, last]) =>
    fc.constantFrom(fails(type, text, {container: of, count, first: last + 30, last}), killing('liveness', {container: of, count, last}), event('FailedMount', 'secret "x" not found', {container: '', count, last}), event('FailedPostStartHook', 'PostStartHook failed', {container: of, last})),
  ),
  {maxLength: 4},
);
const world = fc.record({
  mesh: fc.constantFrom(...PROFILES.map(({id}) => id), 'none' as const),
  containers: fc.tuple(probes, probes).map(([a, b]) => [container('a', a), container('b', b)]),
  status: fc.record({a: status, b: status, envoy: status}, {requiredKeys: []}),
  age: fc.constantFrom(5, 40, 3600),
  events,
});

describe('whatever happens to a pod', () => {
  it('a container that waits to be ready passes no readiness probe, and each failure has a finding', () =>
    fc.assert(
      fc.asyncProperty(world, async (options) => {
        const {rows, findings} = await reportOf(pod(options));
        for (const {container: name, probe, verdict, why, codes} of rows) {
          const own = options.status[name as 'a' | 'b'];
          const say = JSON.stringify({name, probe, verdict, why, codes});
          if (probe === 'readiness' && own?.['ready'] === false) assert.ok(['fail', 'unknown'].includes(verdict), say);
          if (verdict === 'fail') assert.ok(codes.length > 0 && findings.some(({code}) => codes.includes(code)), say);
          if (verdict !== 'pass') assert.notEqual(why, '', say);
          if (verdict === 'pass') assert.equal(findings.some((one) => one.severity === 'error' && one.container === name && one.probe === probe), false, say);
        }
        for (const {because, couldBe, code} of findings) assert.ok(because !== undefined || (couldBe?.length ?? 0) > 1, `${code} says neither a cause nor those that remain`);
      }),
      {numRuns: 300, seed: 20260301},
    ));
  it('the order of events does not matter', () =>
    fc.assert(
      fc.asyncProperty(world, async (options) => {
        const strip = (report: Awaited<ReturnType<typeof reportOf>>) => report.findings.map(({fingerprint, severity}) => [fingerprint, severity]);
        assert.deepEqual(strip(await reportOf(pod(options))), strip(await reportOf(pod({...options, events: [...options.events].reverse()}))));
      }),
      {numRuns: 100, seed: 20260301},
    ));
});
