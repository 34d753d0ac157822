import assert from 'node:assert/strict';
import https from 'node:https';
import fc from 'fast-check';
import {credentialsOf, type Credentials} from '../../src/lib/cluster/live/credentials.ts';
import {readKubeconfig} from '../../src/lib/cluster/live/kubeconfig.ts';
import {specOf} from '../../src/lib/cluster/reduce/template.ts';
import {PROBE_PORTS, SIDECAR_NAMES} from '../../src/lib/mesh/names.ts';
import {profileOf} from '../../src/lib/mesh/profiles.ts';
import {rewrite} from '../../src/lib/mesh/rewrite.ts';
import {expectedSidecar} from '../../src/lib/mesh/sidecar.ts';
import {PROBE_TYPES} from '../../src/lib/model/probe.ts';
import {forget, joinMesh} from './kubectl.ts';

const NAMESPACE = 'osm-probes-dry-run';
/** Pods to compare; each is one server-side dry run, which creates nothing. */
const PODS = Number(process.env['OSM_PROBES_DIFF'] ?? 300);
const profile = profileOf('osm-1.1');

const PORTS = [{name: 'web', containerPort: 8080}, {name: 'admin', containerPort: 9090}, {containerPort: 7070}];
const port = fc.oneof(fc.integer({min: 1, max: 65535}), fc.constantFrom<number | string>('web', 'admin', 'nosuch', 8080, 15901, 15904));
const path = fc.constantFrom('/', '', '/ready', '/ready?full=1&b=2', 'noslash', '/a b', '/ü', '/osm-readiness-probe', '/x#y');
const headers = fc.array(fc.record({name: fc.constantFrom('Host', 'X-Probe', 'Original-Tcp-Port', 'x-probe'), value: fc.constantFrom('', '1', 'shop.example')}), {maxLength: 3});
const optional = <T>(value: fc.Arbitrary<T>) => fc.option(value, {nil: undefined});
const handler = fc.oneof(
  {weight: 5, arbitrary: fc.record({httpGet: fc.record({port, path: optional(path), scheme: optional(fc.constantFrom('HTTP', 'HTTPS')), host: optional(fc.constantFrom('127.0.0.1', 'shop.example')), httpHeaders: optional(headers)})})},
  {weight: 3, arbitrary: fc.record({tcpSocket: fc.record({port, host: optional(fc.constant('10.0.0.1'))})})},
  {weight: 1, arbitrary: fc.constant({exec: {command: ['true']}})},
  {weight: 1, arbitrary: fc.record({grpc: fc.record({port: fc.integer({min: 1, max: 65535}), service: optional(fc.constant('s'))})})},
);
const probe = fc.tuple(handler, fc.record({timeoutSeconds: optional(fc.integer({min: 0, max: 30})), periodSeconds: optional(fc.integer({min: 0, max: 60})), initialDelaySeconds: optional(fc.integer({min: 0, max: 9})), failureThreshold: optional(fc.integer({min: 0, max: 9}))})).map(([one, timing]) => ({...one, ...timing}));
const container = fc.record({ports: fc.subarray(PORTS), startupProbe: optional(probe), livenessProbe: optional(probe), readinessProbe: optional(probe)});
const pod = fc.record({containers: fc.array(container, {minLength: 1, maxLength: 4}), init: fc.boolean(), os: optional(fc.constant('linux')), exclusion: optional(fc.constantFrom('8080', '8080,9090'))});

type Drawn = typeof pod extends fc.Arbitrary<infer T> ? T : never;

function manifest({containers, init, os, exclusion}: Drawn, index: number) {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {name: `drawn-${index}`, annotations: exclusion ? {'openservicemesh.io/inbound-port-exclusion-list': exclusion} : {}},
    spec: {
      ...(os ? {nodeSelector: {'kubernetes.io/os': os}} : {}),
      ...(init ? {initContainers: [{name: 'prepare', image: 'x'}]} : {}),
      containers: containers.map((one, at) => ({name: `c${at}`, image: 'x', ...one})),
    },
  };
}

function post(credentials: Credentials, body: object): Promise<{code: number; body: Record<string, unknown>}> {
  const {url, agent, headers: own} = credentials;
  return new Promise((done, fail) => {
    const request = https.request({host: url.hostname, port: url.port, method: 'POST', path: `/api/v1/namespaces/${NAMESPACE}/pods?dryRun=All`, agent, headers: {...own, 'content-type': 'application/json'}, timeout: 30_000}, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (more: string) => (text += more));
      response.on('end', () => done({code: response.statusCode ?? 0, body: JSON.parse(text) as Record<string, unknown>}));
    });
    request.on('error', fail).end(JSON.stringify(body));
  });
}

describe('the rewriting rules against the real injector', () => {
  let credentials: Credentials;
  before(async () => {
    joinMesh(NAMESPACE);
    credentials = await credentialsOf(readKubeconfig({env: process.env}), {}, process.env, new AbortController().signal);
  });
  after(() => {
    credentials.agent.destroy();
    forget([NAMESPACE]);
  });

  it(`${PODS} drawn pods: each probe, injected container and probe port is as computed`, async () => {
    let compared = 0;
    let refused = 0;
    for (const [index, drawn] of fc.sample(pod, {numRuns: PODS, seed: 3773}).entries()) {
      const sent = JSON.parse(JSON.stringify(manifest(drawn, index))) as {spec: Record<string, unknown>};
      const {code, body} = await post(credentials, sent);
      if (code !== 201) {
        // What the API server does not accept never reaches a kubelet; only that it is its own refusal matters.
        assert.match(String(body['message']), /is invalid|must be|unable to parse|strict decoding/, JSON.stringify(sent));
        refused++;
        continue;
      }
      compare(sent.spec, body['spec'] as Record<string, unknown>);
      compared++;
    }
    console.log(`      ${compared} compared, ${refused} refused by the API server`);
    assert.ok(compared > PODS / 2, 'most drawn pods are valid');
  });
});

function compare(sent: Record<string, unknown>, got: Record<string, unknown>): void {
  const declared = specOf(sent);
  const actual = specOf(got);
  const expected = rewrite(profile, declared);
  for (const {name} of declared.containers) {
    for (const type of PROBE_TYPES) {
      assert.deepEqual(actual.containers.find((one) => one.name === name)?.probes[type], expected.get(name)?.[type], `${type} of ${JSON.stringify(sent)}`);
    }
  }
  const sidecar = expectedSidecar(profile, declared);
  const injected = actual.containers.filter(({name}) => !declared.containers.some((one) => one.name === name));
  assert.deepEqual(injected.map(({name}) => name), sidecar.containers, JSON.stringify(sent));
  const proxy = injected.find(({name}) => SIDECAR_NAMES.includes(name));
  const ports = (proxy?.ports ?? []).map(({containerPort}) => containerPort).filter((one) => Object.values(PROBE_PORTS).includes(one));
  assert.deepEqual(ports.sort(), sidecar.declaredPorts, JSON.stringify(sent));
}
