import assert from 'node:assert/strict';
import fc from 'fast-check';
import type {LogOptions, Resource} from '../../src/lib/cluster/cluster.ts';
import type {Answer, Ask} from '../../src/lib/model/answer.ts';
import type {ProbeType} from '../../src/lib/model/probe.ts';
import {PROBE_PORTS} from '../../src/lib/mesh/names.ts';
import {PROBE_TYPES} from '../../src/lib/model/probe.ts';
import {app, dump, inside, line, passedOn, serving} from '../support/live.ts';
import {ago, container, event, exec, fails, grpc, http, https, namespaceRaw, pod, REFUSED, reportOf, tcp, type Piece, type Raw} from '../support/pods.ts';

// Pods that are entirely well, in all their variety: no probe of them fails, and nothing above info is said of them,
// whoever looks and whatever he may not see.

/** As many pods in one run. */
const PODS = Number(process.env['OSM_PROBES_PODS'] ?? 10_000);

type Kind = 'http' | 'https' | 'tcp' | 'exec' | 'grpc';
const HANDLERS: Record<Kind, Raw> = {http: http(8080, '/ok'), https: https(8443, '/ok'), tcp: tcp(9000), exec: exec('true'), grpc: grpc(50051)};

const timing = fc.record({periodSeconds: fc.constantFrom(1, 5, 10, 60), timeoutSeconds: fc.constantFrom(1, 3), failureThreshold: fc.constantFrom(1, 3, 30), initialDelaySeconds: fc.constantFrom(0, 5, 20)});
const probe = fc.tuple(fc.constantFrom<Kind>('http', 'https', 'tcp', 'exec', 'grpc'), timing, fc.constantFrom(1, 1, 3)).map(([kind, times, successThreshold]) => ({kind, times, successThreshold}));

const world = fc.record({
  probes: fc.record({startup: probe, liveness: probe, readiness: probe}, {requiredKeys: []}),
  mesh: fc.constantFrom('osm-1.1' as const, 'osm-1.1' as const, 'osm-0.11' as const, 'none' as const),
  dials: fc.constantFrom('Localhost', 'PodIP'),
  /** A second container, whose probes are of no type that the first one has. */
  neighbour: fc.boolean(),
  /** Seconds: how old, and since when Ready. */
  age: fc.constantFrom(61, 120, 900, 7200, 90_000),
  /** Of the start: refused so often, in the same second as it and later. */
  refusals: fc.constantFrom(0, 1, 3),
  refusedAt: fc.constantFrom(0, 1, 9),
  restarts: fc.constantFrom(0, 0, 1),
  bytes: fc.constantFrom(0, 3, 10_240, 120_000, 2_000_000),
  denied: fc.subarray<Resource>(['replicasets', 'events']),
  look: fc.constantFrom('never', 'always', 'no-log', 'denied'),
  unmeshed: fc.constantFrom('its loopback, too', 'its address only'),
});
type World = typeof world extends fc.Arbitrary<infer T> ? T : never;

/** Only what this dialect and its one target per type let through, as a careful owner would write it. */
function wellMade({probes, mesh, neighbour}: World): {containers: Raw[]; excluded: number[]; types: Partial<Record<ProbeType, Kind>>} {
  const types: Partial<Record<ProbeType, Kind>> = {};
  const mine: Partial<Record<ProbeType, Raw>> = {};
  for (const type of PROBE_TYPES) {
    const one = probes[type];
    if (!one) continue;
    // A TCP probe of the releases before 1.1 can never fail, which is a finding.
    const kind = mesh === 'osm-0.11' && one.kind === 'tcp' ? 'http' : one.kind;
    types[type] = kind;
    mine[type] = {...HANDLERS[kind], ...one.times, ...(type === 'readiness' ? {successThreshold: one.successThreshold} : {})};
  }
  const free = PROBE_TYPES.find((type) => !types[type]);
  const beside = neighbour ? [container('beside', free ? {[free]: http(8081, '/b')} : {readiness: exec('true')})] : [];
  if (neighbour && free) types[free] = 'http';
  return {containers: [...beside, container('app', mine, {ports: [{containerPort: 8080}, {containerPort: 8443}]})], excluded: [50_051], types};
}

/** What the kubelet says while nobody listens yet. */
function refusalOf(kind: Kind, type: ProbeType, meshed: boolean): string {
  if (kind === 'tcp') return meshed ? REFUSED(15_904, '/osm-healthcheck') : 'dial tcp 10.0.0.7:9000: connect: connection refused';
  if (kind === 'https') return REFUSED(meshed ? PROBE_PORTS[type] : 8443, '/ok').replace('http:', 'https:');
  return meshed ? REFUSED(PROBE_PORTS[type], `/osm-${type}-probe`) : REFUSED(8080, '/ok');
}

function pieceOf(one: World): Piece {
  const {age, refusals, refusedAt, restarts, mesh, dials} = one;
  const {containers, excluded} = wellMade(one);
  const startedAt = age - 1;
  const run = {restartCount: restarts, ready: true, started: true, ...(restarts > 0 ? {lastState: {terminated: {exitCode: 0, reason: 'Completed', startedAt: ago(startedAt + 5000), finishedAt: ago(startedAt)}}} : {}), state: {running: {startedAt: ago(restarts > 0 && startedAt > 700 ? startedAt : age)}}};
  const calm = restarts === 0 || startedAt > 700;
  const name = (type: ProbeType) => `${type[0]!.toUpperCase()}${type.slice(1)}` as 'Liveness' | 'Readiness' | 'Startup';
  const began = Math.max(0, startedAt - refusedAt);
  const {types} = wellMade(one);
  const starts = PROBE_TYPES.filter((type) => one.probes[type] && types[type] !== 'exec' && types[type] !== 'grpc').map((type) => fails(name(type), refusalOf(types[type]!, type, mesh !== 'none'), {count: refusals, first: startedAt, last: began}));
  const piece = pod({
    mesh,
    age,
    containers,
    excluded: mesh === 'none' ? [] : excluded,
    status: calm ? {app: run} : {},
    conditions: [{type: 'Ready', status: 'True', lastTransitionTime: ago(Math.max(0, began))}],
    events: refusals > 0 ? [...starts, event('FailedMount', 'MountVolume.SetUp failed for volume "x" : failed to sync secret cache: timed out waiting for the condition', {container: '', count: 1, last: startedAt})] : [],
    change: (raw) => dials === 'PodIP' && (raw.spec.initContainers ?? []).forEach((init) => (init['args'] = [...((init['args'] as string[] | undefined) ?? []), '-A OUTPUT -j DNAT --to-destination $POD_IP'])),
  });
  // Without a sidecar it is judged because its namespace is in the mesh, and as plain Kubernetes.
  return mesh === 'none' ? {objects: [...piece.objects, ['namespaces', namespaceRaw('shop')]]} : piece;
}

/** What such a pod answers: all is well, in bodies of any size. */
function liveOf(one: World) {
  const {bytes, look, mesh, unmeshed} = one;
  if (look === 'never' || look === 'denied') return undefined;
  const {types} = wellMade(one);
  const body = {body: 'x'.repeat(Math.min(bytes, 64)), end: bytes > 10_240 ? ('cut' as 'whole') : ('whole' as const)};
  const served = PROBE_TYPES.flatMap((type): Parameters<typeof dump> => {
    const kind = types[type];
    const port = one.neighbour && !one.probes[type] ? 8081 : 8080;
    return kind === 'http' ? [{type, port, path: port === 8081 ? '/b' : '/ok', timeout: `${one.probes[type]?.times.timeoutSeconds ?? 1}s`}] : kind === 'https' ? [{type, port: 8443, relay: true}] : [];
  });
  const log = PROBE_TYPES.filter((type) => types[type] === 'http').flatMap((type) => [40, 30, 20, 10].map((at) => line(at, 200, bytes > 10_240 ? 'DC' : '-', {type, duration: 4, details: 'via_upstream'})));
  const open = (ask: Ask): Answer => (ask.port === 15_904 ? app(200, {body: 'Successfully established connection'}) : ask.send.kind === 'grpc' ? serving('SERVING') : ask.send.kind === 'connect' ? {kind: 'open', said: '', ms: 5} : ask.port > 15_900 && !(ask.send.kind === 'get' && ask.send.scheme === 'HTTPS') ? passedOn(200, body) : app(200, body));
  const admin = inside({says: {}, dump: dump(...served), log: look === 'no-log' ? [] : log});
  const lost = mesh === 'none' && unmeshed === 'its address only';
  return {answer: (ask: Ask) => (ask.port === 15_000 ? admin.answer(ask) : lost ? ({kind: 'refused', text: 'refused', ms: 1} as Answer) : open(ask)), log: (options: LogOptions) => admin.log!(options)};
}

describe('pods that are well', () => {
  it(`${PODS} of them, whoever looks: no probe fails, and nothing above info is said`, async function () {
    this.timeout(600_000);
    let probes = 0;
    await fc.assert(
      fc.asyncProperty(world, async (one) => {
        const {rows, findings} = await reportOf(pieceOf(one), one.denied, liveOf(one));
        probes += rows.length;
        const outside = one.mesh === 'none';
        const loud = findings.filter(({severity, code}) => severity !== 'info' && !(outside && code === 'OSMP201'));
        assert.deepEqual(loud.map(({code, because, couldBe, evidence}) => [code, because ?? couldBe, evidence.map(({text}) => text)]), []);
        for (const row of rows) {
          assert.notEqual(row.verdict, 'fail', JSON.stringify(row));
          assert.ok(one.denied.length > 0 || row.verdict === 'pass' || row.verdict === 'warn', JSON.stringify(row));
        }
      }),
      {numRuns: PODS, seed: 20260303},
    );
    assert.ok(probes > PODS / 2, `${probes} probes`);
  });
});
