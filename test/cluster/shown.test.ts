import assert from 'node:assert/strict';
import {looksRandom, shownAnswer, shownHeader, shownHost, shownPath, shownUrls, shownWords} from '../../src/lib/cluster/shown.ts';
import {provenOfMesh} from '../../src/lib/mesh/own.ts';
import {isSecretName} from '../../src/lib/model/credential.ts';

describe('a path as it may be shown', () => {
  const rows: [path: string, want: string][] = [
    ['/h?token=abc', '/h?token=***'],
    ['/login?user=a&password=b', '/login?user=a&password=***'],
    ['/h?a=1;sig=abc#key=x', '/h?a=1;sig=***#key=***'],
    ['/h?%74oken=abc', '/h?%74oken=***'],
    ['/h?next=http%3A%2F%2Fu%3Ap%40h', '/h?next=***'],
    ['http://user:pw@host/h', 'http://user:***@host/h'],
    ['http://t0ken@host:80/h', 'http://***@host:80/h'],
    ['http://user:p?w#x/y@host/h', 'http://user:***@host/h'],
    ['//user:p@w@host/h', '//user:***@host/h'],
    ['/hook/xK9fQ2mZ7pL4vB8nR3tW6yH1/x', '/hook/***/x'],
    ['/ping/3f2b8c1e-77aa-4d0b-9c55-0a1b2c3d4e5f', '/ping/***'],
    ['/token/abc123', '/token/***'],
    ['/x;session=abc/y', '/x;session=***/y'],
    // What only looks like one
    ...['/', '', '/healthz?full=1', '/ready?verbose=true&timeout=5s', '/status?code=503', '/oauth/token/health', '/keys/ready', '/api/v1/health-check-2', '/osm-readiness-probe/3f2b8c1e77aa4d0b9c550a1b2c3d4e5f', '/osm-readiness-probe/abc123def456abc123def456', '/h?x=***', '/***', '/a/b.c_d-e/~f', '/h?', '/%zz?a=%zz', '/users/@me', '/h?mail=a'].map((path): [string, string] => [path, path]),
  ];
  for (const [path, want] of rows) {
    it(`${path} → ${want}`, () => {
      assert.equal(shownPath(path), want);
      assert.equal(shownPath(want), want, 'twice is as good as once');
    });
  }
  it('has a bound, and the same the second time', () => {
    for (const long of ['/a'.repeat(9000), '/h?key=a&'.repeat(2000), `/${'?token=a'.repeat(1000)}`]) {
      assert.ok(shownPath(long).length < 4100);
      assert.equal(shownPath(shownPath(long)), shownPath(long));
    }
  });
  it('a host goes without its user info', () => assert.deepEqual(['h', 'u:p@h', 't@h', 'u:p@q@h:80'].map(shownHost), ['h', 'u:***@h', '***@h', 'u:***@h:80']));
  it('URLs of a message too', () => assert.equal(shownUrls('Get "http://u:p@h:1/h?token=a": EOF, Get https://h/x?sig=b: EOF, hook (/x?key=c)'), 'Get "http://u:***@h:1/h?token=***": EOF, Get https://h/x?sig=***: EOF, hook (/x?key=***)'));
});

describe('a name whose value is a credential', () => {
  const secret = 'Authorization Proxy-Authorization Cookie Set-Cookie X-Pass X-Session-Id X-Credential Apikey X-Api-Key x-apikey X-Auth-User X-Auth-Token Private-Token X-Client-Secret X-Functions-Key Ocp-Apim-Subscription-Key X-Amz-Security-Token X-Csrf-Token X-Hub-Signature-256 dbPassword userpasswd access_key key jwt sid client_assertion'.split(' ');
  const harmless = 'Accept Host User-Agent X-Request-Id Idempotency-Key Cache-Key Surrogate-Key Sec-WebSocket-Key Partition-Key WWW-Authenticate Access-Control-Allow-Headers X-Author :authority X-Compass X-Monkey-Business Content-Type Original-Tcp-Port Original-Http-Path X-Forwarded-For keyboard passive'.split(' ');
  for (const name of secret) it(name, () => assert.equal(isSecretName(name), true));
  for (const name of harmless) it(`but not ${name}`, () => assert.equal(isSecretName(name), false));
});

describe('a header as it may be shown', () => {
  const rows: [name: string, value: string, want: string][] = [
    ['Authorization', 'Bearer abc', '***'],
    ['X-Api-Key', '', ''],
    ['X-Forwarded', 'Bearer abcdefgh', 'Bearer ***'],
    ['Referer', 'http://h/x?token=a', 'http://h/x?token=***'],
    ['location', '/login?next=%2F&session=abc', '/login?next=%2F&session=***'],
    ['Original-Http-Path', '/h?token=a', '/h?token=***'],
    ['Original-Tcp-Port', '9000', '9000'],
    ['Host', '10.0.0.7:15902', '10.0.0.7:15902'],
    ['X-Request-Id', '3f2b8c1e-77aa-4d0b-9c55-0a1b2c3d4e5f', '3f2b8c1e-77aa-4d0b-9c55-0a1b2c3d4e5f'],
    ['WWW-Authenticate', 'Basic realm="shop"', 'Basic realm="shop"'],
  ];
  for (const [name, value, want] of rows) it(`${name}: ${value}`, () => assert.equal(shownHeader({name, value}).value, want));
  it('of an answer, where a redirect leads is kept beside it', () => {
    const shown = shownAnswer({kind: 'response', protocol: 'HTTP/1.1', status: 302, reason: 'token=a', headers: [{name: 'Location', value: '/x?token=a'}], body: '', end: 'whole', ms: 1});
    assert.deepEqual(shown, {kind: 'response', protocol: 'HTTP/1.1', status: 302, reason: 'token=***', headers: [{name: 'Location', value: '/x?token=***'}], body: '', end: 'whole', ms: 1, location: '/x?token=a'});
  });
});

describe('what no person has thought of', () => {
  for (const text of ['xK9fQ2mZ7pL4vB8nR3tW6yH1', '3f2b8c1e-77aa-4d0b-9c55-0a1b2c3d4e5f', '0123456789abcdef01234567', 'a1b2c3d4e5f6g7h8i9j0k1']) it(text, () => assert.equal(looksRandom(text), true));
  for (const text of ['osm-readiness-probe', 'api-v1-health-check-endpoint2', 'checkout2024service01', 'a', '', '10.244.123.213', 'bookstore-v1', 'cart-5848999cb6-hp6qg', 'com.example.shop.HealthCheckController2', '20260301T120000Z', '1234567890123456789']) it(`but ${text || 'nothing'}`, () => assert.equal(looksRandom(text), false));
});

describe('a container is proven to be the mesh\'s', () => {
  const INIT = {name: 'osm-init', image: 'x/init:v1', words: ['/bin/sh', '-c', 'iptables-restore --noflush <<EOF']};
  const proxy = (name: string, image: string, ...words: string[]) => ({name, image, words});
  const rows: [sentence: string, labels: string[], containers: ReturnType<typeof proxy>[], init: (typeof INIT)[], want: string[]][] = [
    ['by the label and the image', ['osm-proxy-uuid'], [proxy('envoy', 'docker.io/envoyproxy/envoy:v1.22')], [], ['envoy']],
    ['by the init container and the image', [], [proxy('envoy', 'mirror/envoy-alpine@sha256:0')], [INIT], ['envoy', 'osm-init']],
    ['by its first word, whatever a mirror calls the image', ['osm-proxy-uuid'], [proxy('sidecar', 'mirror/x', '/usr/local/bin/pipy', '--y')], [], ['sidecar']],
    ['FSM\'s', ['fsm-proxy-uuid'], [proxy('sidecar', 'flomesh/pipy:1.5')], [{...INIT, name: 'fsm-init'}], ['sidecar', 'fsm-init']],
    ['but not by its name alone', [], [proxy('envoy', 'envoyproxy/envoy:v1.22', 'envoy')], [], []],
    ['nor by the label alone', ['osm-proxy-uuid'], [proxy('sidecar', 'shop/vault-agent', 'agent'), proxy('envoy', 'shop/envoyish', 'sh')], [], []],
    ['nor by another name', ['osm-proxy-uuid'], [proxy('app', 'envoyproxy/envoy', 'envoy')], [], []],
    ['nor an init container that sets no rules', [], [proxy('envoy', 'envoyproxy/envoy')], [{...INIT, words: ['login']}], []],
  ];
  for (const [sentence, labels, containers, initContainers, want] of rows) {
    it(sentence, () => {
      const proven = provenOfMesh({labels, containers, initContainers});
      assert.deepEqual([...proven.containers, ...proven.initContainers], want);
    });
  }
  it('and its words go without what looks like a secret', () => assert.deepEqual(shownWords(['envoy', '--token', 'a', '--password=b', '--log-level', 'error', '--key', '-x']), ['envoy', '--token', '***', '--password=***', '--log-level', 'error', '--key', '-x']));
});

describe('showing takes no longer than its text', () => {
  for (const seed of ['/', '?a=b', '@', 'a@', '://', 'http://a', '%', '%41', ';a', 'Get "http://a/', 'hook (/a', '"path":"', 'A1a', 'aA', '-']) {
    it(`a megabyte of ${seed}`, () => {
      const text = seed.repeat(1_000_000 / seed.length);
      const started = performance.now();
      for (const show of [shownPath, shownHost, shownUrls, looksRandom, (value: string) => shownHeader({name: 'Location', value}), (name: string) => shownHeader({name, value: 'x'})]) show(text);
      assert.ok(performance.now() - started < 4000, `${performance.now() - started} ms`);
    });
  }
});
