import assert from 'node:assert/strict';
import fc from 'fast-check';
import {callOf, declaredTarget} from '../../src/lib/mesh/call.ts';
import {reachOf} from '../../src/lib/mesh/compare.ts';
import {PROFILES, profileOf, type ProfileId} from '../../src/lib/mesh/profiles.ts';
import {rewrite} from '../../src/lib/mesh/rewrite.ts';
import {expectedSidecar} from '../../src/lib/mesh/sidecar.ts';
import {trace} from '../../src/lib/mesh/trace.ts';
import type {Container} from '../../src/lib/model/pod.ts';
import {PROBE_TYPES, type Handler, type Header, type Probe, type ProbeType} from '../../src/lib/model/probe.ts';

const http = (port: number | string = 8080, path = '/a', more = {}): Handler => ({kind: 'httpGet', scheme: 'HTTP', host: '', port, path, headers: [], ...more});
const https = (port: number | string = 8443, path = '/a'): Handler => ({kind: 'httpGet', scheme: 'HTTPS', host: '', port, path, headers: []});
const tcp = (port: number | string = 3000): Handler => ({kind: 'tcpSocket', host: '', port});
const exec: Handler = {kind: 'exec', hosts: []};
const grpc = (port = 50051): Handler => ({kind: 'grpc', port, service: ''});

function probe(type: ProbeType, handler: Handler, timeoutSeconds = 1): Probe {
  return {type, handler, initialDelaySeconds: 0, periodSeconds: 10, timeoutSeconds, successThreshold: 1, failureThreshold: 3};
}

function container(name: string, probes: Partial<Record<ProbeType, Handler>>, ports: Container['ports'] = []): Container {
  const made = Object.fromEntries(Object.entries(probes).map(([type, handler]) => [type, probe(type as ProbeType, handler)]));
  return {name, image: 'app', ports, probes: made, hooks: [], args: [], env: []};
}

/** Where each probe of a template ends under a profile: `declared`, `weaker`, `other`, or the name of its break. */
function ends(id: ProfileId, ...containers: Container[]): string[] {
  const profile = profileOf(id);
  const sidecar = expectedSidecar(profile, {containers});
  const rewritten = rewrite(profile, {containers});
  return containers.flatMap((one) =>
    PROBE_TYPES.flatMap((type) => {
      const declared = one.probes[type];
      if (!declared) return [];
      const {end} = trace(callOf(one, rewritten.get(one.name)![type]!), sidecar, {podIP: '10.0.0.1'});
      const reach = reachOf(end, declaredTarget(one, declared));
      return [reach === 'broken' && end.at === 'break' ? end.reason : reach];
    }),
  );
}

describe('one container: where a probe of each handler ends, by release', () => {
  const handlers = {HTTP: http(), HTTPS: https(), TCP: tcp(), exec, gRPC: grpc()};
  const rows: [ProfileId, Record<keyof typeof handlers, string>][] = [
    ['osm-0.7', {HTTP: 'declared', HTTPS: 'tls-to-plaintext', TCP: 'redirected', exec: 'declared', gRPC: 'redirected'}],
    ['osm-0.9', {HTTP: 'declared', HTTPS: 'declared', TCP: 'proxy-accepts', exec: 'declared', gRPC: 'redirected'}],
    ['osm-0.10', {HTTP: 'declared', HTTPS: 'declared', TCP: 'proxy-accepts', exec: 'declared', gRPC: 'redirected'}],
    ['osm-0.11', {HTTP: 'declared', HTTPS: 'declared', TCP: 'proxy-accepts', exec: 'declared', gRPC: 'redirected'}],
    ['osm-1.1', {HTTP: 'declared', HTTPS: 'declared', TCP: 'declared', exec: 'declared', gRPC: 'redirected'}],
    ['osm-main', {HTTP: 'declared', HTTPS: 'declared', TCP: 'declared', exec: 'declared', gRPC: 'redirected'}],
    ['edge-1.1', {HTTP: 'unknown', HTTPS: 'unknown', TCP: 'declared', exec: 'declared', gRPC: 'redirected'}],
    ['edge-1.3.5', {HTTP: 'declared', HTTPS: 'weaker', TCP: 'declared', exec: 'declared', gRPC: 'redirected'}],
    ['edge-1.3.5-envoy', {HTTP: 'no-route', HTTPS: 'no-listener', TCP: 'declared', exec: 'declared', gRPC: 'redirected'}],
    ['fsm', {HTTP: 'declared', HTTPS: 'weaker', TCP: 'declared', exec: 'declared', gRPC: 'redirected'}],
    ['fsm-node-level', {HTTP: 'declared', HTTPS: 'declared', TCP: 'declared', exec: 'declared', gRPC: 'declared'}],
  ];
  it('covers every profile', () => assert.deepEqual(rows.map(([id]) => id), PROFILES.map(({id}) => id)));
  for (const [id, want] of rows) {
    for (const [name, handler] of Object.entries(handlers)) {
      it(`${id}: ${name} ends: ${want[name as keyof typeof want]}`, () => assert.deepEqual(ends(id, container('app', {liveness: handler})), [want[name as keyof typeof want]]));
    }
  }
});

describe('two containers with a readiness probe each: the first, then the last', () => {
  const [a, b] = [
    {HTTP: http(8080, '/a'), HTTPS: https(8443, '/a'), TCP: tcp(3000), exec, gRPC: grpc()},
    {HTTP: http(8081, '/b'), HTTPS: https(8444, '/b'), TCP: tcp(3001), exec, gRPC: grpc()},
  ];
  const rows: [keyof typeof a, keyof typeof b, osm: [string, string], fsm: [string, string]][] = [
    ['HTTP', 'HTTP', ['other', 'declared'], ['declared', 'other']],
    ['TCP', 'TCP', ['declared', 'declared'], ['declared', 'declared']],
    ['HTTP', 'TCP', ['no-listener', 'declared'], ['declared', 'declared']],
    ['TCP', 'HTTP', ['no-healthcheck', 'declared'], ['no-healthcheck', 'no-listener']],
    ['HTTP', 'HTTPS', ['plaintext-to-tls', 'declared'], ['declared', 'other']],
    ['HTTPS', 'HTTP', ['tls-to-plaintext', 'declared'], ['no-healthcheck', 'no-healthcheck']],
    ['HTTPS', 'HTTPS', ['other', 'declared'], ['weaker', 'weaker']],
    ['HTTPS', 'TCP', ['no-listener', 'declared'], ['weaker', 'declared']],
    ['TCP', 'HTTPS', ['no-healthcheck', 'declared'], ['declared', 'no-listener']],
    ['exec', 'HTTP', ['declared', 'declared'], ['declared', 'no-listener']],
    ['gRPC', 'HTTP', ['redirected', 'declared'], ['redirected', 'no-listener']],
  ];
  for (const [first, last, osm, fsm] of rows) {
    const containers = [container('a', {readiness: a[first]}), container('b', {readiness: b[last]})];
    it(`OSM 1.1–1.2: ${first} + ${last} end: ${osm.join(', ')}`, () => assert.deepEqual(ends('osm-1.1', ...containers), osm));
    it(`FSM: ${first} + ${last} end: ${fsm.join(', ')}`, () => assert.deepEqual(ends('fsm', ...containers), fsm));
  }
  it('OSM main serves each container', () => assert.deepEqual(ends('osm-main', container('a', {readiness: a.HTTP}), container('b', {readiness: b.HTTP})), ['declared', 'declared']));
  it('OSM main: a name that begins like another matches both routes', () => assert.deepEqual(ends('osm-main', container('app', {readiness: a.HTTP}), container('app2', {readiness: b.HTTP})), ['declared', 'ambiguous-route']));
  it('TCP + HTTP heals where another type ends in TCP', () =>
    assert.deepEqual(ends('osm-1.1', container('a', {readiness: a.TCP}), container('b', {readiness: b.HTTP, liveness: tcp(8081)})), ['declared', 'declared', 'declared']));
  it('different types do not meet', () => assert.deepEqual(ends('osm-1.1', container('a', {liveness: a.HTTP}), container('b', {readiness: b.HTTP})), ['declared', 'declared']));
  it('the same target in both is no fault', () => assert.deepEqual(ends('osm-1.1', container('a', {readiness: a.HTTP}), container('b', {readiness: a.HTTP})), ['declared', 'declared']));
});

describe('ports, hosts and paths', () => {
  const one = (handler: Handler, ports: Container['ports'] = []) => ends('osm-1.1', container('app', {readiness: handler}, ports))[0];
  it('a named port of the same container is found', () => assert.equal(one(http('web'), [{name: 'web', containerPort: 8080}]), 'declared'));
  it('a query is kept', () => assert.equal(one(http(8080, '/a?full=1')), 'declared'));
  it('a path without slash breaks', () => assert.equal(one(http(8080, 'a')), 'bad-path'));
  it('a host leads elsewhere', () => assert.equal(one(http(8080, '/a', {host: 'shop.example'})), 'elsewhere'));
  it('the host of a tcpSocket is dropped', () => assert.equal(one({kind: 'tcpSocket', host: 'x', port: 3000}), 'declared'));
  it('a template that holds 15902 makes the proxy call itself', () => assert.equal(one(http(15902, '/osm-readiness-probe')), 'self-loop'));
  it('a copied 15904 probe ends at a closed port', () => assert.equal(one(http(15904, '/osm-healthcheck')), 'no-healthcheck'));
  it('an unresolved name becomes port 0', () => {
    const containers = [container('app', {readiness: http('nosuch'), liveness: tcp('nosuch')})];
    const sidecar = expectedSidecar(profileOf('osm-1.1'), {containers});
    const probes = rewrite(profileOf('osm-1.1'), {containers}).get('app')!;
    for (const type of ['readiness', 'liveness'] as const) {
      const {end} = trace(callOf(containers[0]!, probes[type]!), sidecar);
      assert.equal(end.at === 'break' && end.reason, 'unresolved-port');
    }
  });
  it('header names compare without case', () => {
    const sidecar = expectedSidecar(profileOf('osm-1.1'), {containers: [container('app', {liveness: tcp()})]});
    const call = {kind: 'http', scheme: 'HTTP', host: '', port: 15904, path: '/osm-healthcheck', headers: [{name: 'original-tcp-port', value: '9000'}]} as const;
    const {end} = trace({...call, headers: [...call.headers]}, sidecar);
    assert.equal(end.at === 'target' && end.target.port, 9000);
  });
});

describe('properties of rewriting and tracing', () => {
  const port = fc.oneof(fc.integer({min: 1, max: 65535}), fc.constantFrom('web', 'nosuch', 15901, 15902, 15904));
  const handler: fc.Arbitrary<Handler> = fc.oneof(
    fc.record({kind: fc.constant('httpGet' as const), scheme: fc.constantFrom('HTTP' as const, 'HTTPS' as const), host: fc.constantFrom('', 'h'), port, path: fc.constantFrom('/', '/a', 'a', '/osm-liveness-probe', '/osm-healthcheck'), headers: fc.constant<Header[]>([])}),
    fc.record({kind: fc.constant('tcpSocket' as const), host: fc.constant(''), port}),
    fc.constant(exec),
    fc.record({kind: fc.constant('grpc' as const), port: fc.integer({min: 1, max: 65535}), service: fc.string()}),
    fc.record({kind: fc.constant('unknown' as const), keys: fc.array(fc.string())}),
  );
  const containers = fc.array(fc.dictionary(fc.constantFrom(...PROBE_TYPES), handler), {maxLength: 4}).map((all) => all.map((probes, index) => container(`c${index}`, probes, [{name: 'web', containerPort: 80}])));
  const profile = fc.constantFrom(...PROFILES);

  it('exec, grpc and unknown handlers are never rewritten', () =>
    fc.assert(
      fc.property(profile, containers, (of, all) => {
        const made = rewrite(of, {containers: all});
        for (const one of all) for (const type of PROBE_TYPES) if (['exec', 'grpc', 'unknown'].includes(one.probes[type]?.handler.kind ?? '')) assert.deepEqual(made.get(one.name)![type], one.probes[type]);
      }),
    ));
  it('each trace ends in one target or one named break, and never throws', () =>
    fc.assert(
      fc.property(profile, containers, handler, (of, all, any) => {
        const sidecar = expectedSidecar(of, {containers: all});
        const {end} = trace(callOf(all[0] ?? container('x', {}), probe('liveness', any)), sidecar);
        assert.ok(end.at === 'target' ? end.target.port >= 0 : end.reason.length > 0);
      }),
    ));
});
