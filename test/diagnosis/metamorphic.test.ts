import assert from 'node:assert/strict';
import fc from 'fast-check';
import type {Resource} from '../../src/lib/cluster/cluster.ts';
import type {Answer} from '../../src/lib/model/answer.ts';
import {PROFILES} from '../../src/lib/mesh/profiles.ts';
import type {Report} from '../../src/lib/model/report.ts';
import {app, APP_CLOSED, CANNOT_CONNECT, closed, inside, line, passedOn, redirect, refused, silence} from '../support/live.ts';
import {ago, container, crashLoop, event, exec, fails, grpc, http, https, killing, pod, REFUSED, reportOf, restarted, startedAgo, STATUS, tcp, TIMEOUT, unready, waiting, type PodOptions, type Raw} from '../support/pods.ts';

// What must hold of any two reports that differ in one thing, whatever the pods are.

const MISSING = 'rpc error: code = Unknown desc = failed to exec in container: exec: "x": executable file not found in $PATH';
const handler = fc.constantFrom<Raw>(http(), http(8081, '/b'), http(8080, '/ok#x'), https(), tcp(), exec('true'), grpc());
const timed = fc.tuple(handler, fc.constantFrom(1, 5, 10, 60), fc.constantFrom(1, 3, 1000)).map(([one, periodSeconds, failureThreshold]) => ({...one, periodSeconds, failureThreshold}));
const probes = fc.record({startup: timed, liveness: timed, readiness: fc.tuple(timed, fc.constantFrom(1, 4)).map(([one, successThreshold]) => ({...one, successThreshold}))}, {requiredKeys: []});
const seconds = fc.constantFrom(0, 1, 8, 25, 70, 290, 700, 3000);
const status = seconds.chain((at) => fc.constantFrom<Raw>({}, {}, unready, {ready: false, started: false}, waiting('ImagePullBackOff'), crashLoop(1, at), crashLoop(137, at, 9, 'OOMKilled'), restarted(at), restarted(at, {exitCode: 1, restartCount: 5}), startedAgo(at, {ready: false})));
const type = fc.constantFrom('Liveness' as const, 'Readiness' as const, 'Startup' as const);
const failure = fc.tuple(fc.constantFrom('a', 'b'), type, fc.constantFrom(STATUS(503), STATUS(404), REFUSED(), TIMEOUT, 'the moon is full'), fc.constantFrom(1, 2, 3, 40), seconds, fc.constantFrom(0, 5, 30, 2000)).map(([of, kind, text, count, last, span]) => fails(kind, text, {container: of, count, first: last + span, last}));
const errored = fc.tuple(fc.constantFrom('a', 'b'), type, fc.constantFrom('unexpected EOF', MISSING), fc.constantFrom(1, 20), seconds).map(([of, kind, text, count, last]) => event('Unhealthy', `${kind} probe errored: ${text}`, {container: of, count, first: last + 60, last}));
const kill = fc.tuple(fc.constantFrom('a', 'b'), seconds).map(([of, last]) => killing('liveness', {container: of, last}));
const events = fc.array(fc.oneof(failure, failure, errored, kill), {maxLength: 4});
const world = fc.record({
  mesh: fc.constantFrom(...PROFILES.map(({id}) => id), 'osm-1.1' as const, 'osm-1.1' as const, 'none' as const),
  containers: fc.tuple(probes, probes).map(([a, b]) => [container('a', a), container('b', b)]),
  status: fc.record({a: status, b: status, envoy: status}, {requiredKeys: []}),
  age: fc.constantFrom(5, 40, 3600),
  events,
});
const answer = fc.constantFrom<Answer>(app(200), passedOn(200), passedOn(503), app(404), CANNOT_CONNECT, APP_CLOSED, refused, closed, silence, redirect('/login'), redirect('https://10.0.0.7/ok'), redirect('http://example.com/'));
const live = fc.record({says: fc.dictionary(fc.constantFrom('15901', '15902', '15903', '15904', '8080', '8081', '8443', '9000', '50051'), answer), log: fc.array(fc.tuple(seconds, fc.constantFrom<[number, string]>([200, '-'], [503, 'UF'], [200, 'DC'], [0, 'DC'], [503, 'UC'])).map(([at, [code, flags]]) => line(at, code, flags)), {maxLength: 5})});

const verdicts = ({rows}: Report) => new Map(rows.map((row) => [`${row.container} ${row.probe}`, row.verdict]));
const say = (a: Report, b: Report) => JSON.stringify([a, b].map((one) => ({rows: one.rows.map((row) => [row.container, row.probe, row.verdict, row.why]), findings: one.findings.map(({code, severity, container: of}) => [code, severity, of])})), null, 1);
const runs = (numRuns: number) => ({numRuns: Number(process.env['OSM_PROBES_RUNS'] ?? numRuns), seed: 20260302});

describe('whatever is changed', () => {
  it('more evidence of a failure never makes a verdict better', () =>
    fc.assert(
      fc.asyncProperty(world, fc.oneof(failure, errored), async (options, more) => {
        const before = await reportOf(pod(options));
        const after = await reportOf(pod({...options, events: [...options.events, more]}));
        const of = (more['involvedObject'] as Raw)['fieldPath'] as string;
        for (const [probe, verdict] of verdicts(before)) {
          const now = verdicts(after).get(probe)!;
          // Of its own probe; what it says of another one's end may be better explained by it.
          const own = probe === `${of.replace(/^.*\{|\}$/g, '')} ${(more['message'] as string).split(' ')[0]!.toLowerCase()}`;
          // A failure that is over tells since when it succeeds, which it must do successThreshold times.
          const again = after.rows.some((row) => `${row.container} ${row.probe}` === probe && row.until !== undefined && row.until > Date.parse(ago(0)));
          if (verdict === 'fail' && !again) assert.equal(now, 'fail', `${probe}\n${JSON.stringify(more)}\n${say(before, after)}`);
          if (own && verdict !== 'pass') assert.notEqual(now, 'pass', `${probe}\n${JSON.stringify(more)}\n${say(before, after)}`);
        }
      }),
      runs(1500),
    ));

  it('a permission that is taken away makes nothing fail', () =>
    fc.assert(
      fc.asyncProperty(world, fc.option(live), fc.subarray<Resource>(['replicasets', 'events'], {minLength: 1}), async (options, seen, denied) => {
        const look = seen ? inside(seen) : undefined;
        const before = await reportOf(pod(options), [], look);
        const after = await reportOf(pod(options), denied, look);
        const without = await reportOf(pod(options), denied);
        for (const [probe, verdict] of verdicts(before)) {
          if (verdict === 'fail') continue;
          assert.notEqual(verdicts(after).get(probe), 'fail', `${probe} without ${denied.join()}\n${say(before, after)}`);
          assert.notEqual(verdicts(without).get(probe), 'fail', `${probe} without ${denied.join()} and a look\n${say(before, without)}`);
        }
      }),
      runs(600),
    ));

  it('one answer alone makes no probe fail of which the kubelet has nothing to say', () =>
    fc.assert(
      fc.asyncProperty(world, live, async (options, {says}) => {
        const {rows} = await reportOf(pod({...options, age: 3600, status: {}, events: []}), [], inside({says}));
        const blind = await reportOf(pod({...options, age: 3600, status: {}, events: []}));
        for (const row of rows) {
          const structural = blind.rows.find((one) => one.container === row.container && one.probe === row.probe)!.verdict === 'fail' || row.codes.includes('OSMP301');
          if (!structural) assert.notEqual(row.verdict, 'fail', JSON.stringify(row));
        }
      }),
      runs(600),
    ));

  it('neither the names of containers, nor the order of lists, nor the zone of times matter', () =>
    fc.assert(
      fc.asyncProperty(world, async (options) => {
        const before = await reportOf(pod(options));
        const renamed = JSON.parse(JSON.stringify(options).replaceAll('"a"', '"zeta"').replaceAll('{a}', '{zeta}').replaceAll('Container a ', 'Container zeta ')) as PodOptions;
        const piece = pod({...renamed, events: [...renamed.events!].reverse()});
        const objects = JSON.parse(JSON.stringify(piece.objects).replaceAll(/"(\d{4}-\d\d-\d\dT[\d:.]+)Z"/g, (_, at: string) => `"${new Date(Date.parse(`${at}Z`) + 7_200_000).toISOString().replace('Z', '+02:00')}"`)) as typeof piece.objects;
        for (const [, raw] of objects) (raw['status'] as {containerStatuses?: unknown[]} | undefined)?.containerStatuses?.reverse();
        const after = await reportOf({objects});
        for (const [probe, verdict] of verdicts(before)) assert.equal(verdicts(after).get(probe.replace(/^a /, 'zeta ')), verdict, `${probe}\n${say(before, after)}`);
      }),
      runs(400),
    ));

  it('a neighbour that is well changes nothing', () =>
    fc.assert(
      fc.asyncProperty(world, async (options) => {
        const before = await reportOf(pod(options));
        const after = await reportOf([pod(options), pod({name: 'well-1', namespace: 'other', workload: {kind: 'Deployment', name: 'well'}})]);
        const mine = (report: Report) => JSON.stringify([report.rows, report.findings].map((list) => list.filter(({workload}) => workload.name === 'cart')));
        assert.equal(mine(after), mine(before));
        assert.deepEqual(after.findings.filter(({workload}) => workload.name === 'well'), []);
      }),
      runs(200),
    ));
});

describe('times of one second', () => {
  // The API's times have whole seconds, so a kill, an end and the next start often bear the same one.
  const liveness = {containers: [container('app', {liveness: http(), readiness: http()})]};
  const at = (reportAt: number, ready: boolean) =>
    reportOf(pod({...liveness, age: 9000, conditions: [{type: 'Ready', status: ready ? 'True' : 'False', lastTransitionTime: ago(reportAt)}], status: {app: {restartCount: 1, ready, lastState: {terminated: {exitCode: 0, reason: 'Completed', startedAt: ago(reportAt + 400), finishedAt: ago(reportAt)}}, state: {running: {startedAt: ago(reportAt)}}}}, events: [killing('liveness', {last: reportAt}), fails('Liveness', STATUS(503), {count: 3, first: reportAt + 20, last: reportAt})]}));
  it('a kill and the start after it: well for eleven minutes is well', async () => assert.deepEqual((await at(660, true)).rows.map(({verdict}) => verdict), ['pass', 'pass']));
  it('and a minute after it may come again', async () => assert.equal((await at(60, true)).rows.find(({probe}) => probe === 'liveness')?.verdict, 'warn'));
  it('the last failure and the moment in which the pod became Ready', async () => assert.equal((await reportOf(pod({conditions: [{type: 'Ready', status: 'True', lastTransitionTime: ago(5)}], events: [fails('Readiness', STATUS(503), {count: 4, first: 35, last: 5})]}))).rows[0]?.verdict, 'pass'));
  it('the end of a container and its next start: it ended by itself all the same', async () => {
    const {findings} = await reportOf(pod({status: {app: {restartCount: 4, ready: false, lastState: {terminated: {exitCode: 1, reason: 'Error', startedAt: ago(30), finishedAt: ago(20)}}, state: {running: {startedAt: ago(20)}}}}}));
    assert.deepEqual(findings.map(({code}) => code), ['OSMP510']);
  });
});
