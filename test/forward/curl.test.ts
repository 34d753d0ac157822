import assert from 'node:assert/strict';
import {curlsOf} from '../../src/lib/forward/curl.ts';
import {grpcAskOf, askOf} from '../../src/lib/kubelet/request.ts';
import type {Ask} from '../../src/lib/model/answer.ts';
import type {Header, Sent} from '../../src/lib/model/probe.ts';
import {attachableFirst} from '../../src/lib/diagnosis/attachable.ts';
import type {Pod} from '../../src/lib/model/pod.ts';
import {keptText} from '../../src/lib/render/keep.ts';
import {sparkline} from '../../src/lib/render/sparkline.ts';

const asker = {podIP: '10.0.0.1', userAgent: 'kube-probe/1.32', timeoutSeconds: 1};
const http = (port: number, path: string, {scheme = 'HTTP' as 'HTTP' | 'HTTPS', headers = [] as Header[], shown = undefined as Sent | undefined} = {}) => askOf({kind: 'http', scheme, host: '', port, ...(shown ? {...shown, sent: {path, headers}} : {path, headers})}, asker);
const probe = (container: string, type: string) => ({container, type}) as never;
const one = (ask: Ask, addresses = ['127.0.0.1', '::1'], local = ask.port) => curlsOf([{probe: probe('app', 'readiness'), through: ask}], [{remote: ask.port, local, addresses}])[0]!.command;

describe('lines to paste', () => {
  const rows: [sentence: string, line: string, expected: string][] = [
    ["the mesh's HTTP", one(http(15902, '/osm-readiness-probe')), "curl -i -H 'Host: 10.0.0.1:15902' http://localhost:15902/osm-readiness-probe"],
    ['HTTPS', one(http(15901, '/live', {scheme: 'HTTPS'})), "curl -i -k -H 'Host: 10.0.0.1:15901' https://localhost:15901/live"],
    ['the healthcheck container', one(http(15904, '/osm-healthcheck', {headers: [{name: 'Original-Tcp-Port', value: '9000'}]})), "curl -i -H 'Host: 10.0.0.1:15904' -H 'Original-Tcp-Port: 9000' http://localhost:15904/osm-healthcheck"],
    ['another local port', one(http(15902, '/'), ['127.0.0.1'], 18001), "curl -i -H 'Host: 10.0.0.1:15902' http://localhost:18001/"],
    ['an address of its own', one(http(80, '/'), ['192.0.2.1']), "curl -i -H 'Host: 10.0.0.1:80' http://192.0.2.1:80/"],
    ['IPv6', one(http(80, '/'), ['fd00::1']), "curl -i -H 'Host: 10.0.0.1:80' 'http://[fd00::1]:80/'"],
    ['a query', one(http(80, '/r?full=1&b=2')), "curl -i -H 'Host: 10.0.0.1:80' 'http://localhost:80/r?full=1&b=2'"],
    ['a quote', one(http(80, "/it's")), "curl -i -H 'Host: 10.0.0.1:80' 'http://localhost:80/it'\\''s'"],
    ['dots, which curl would take away', one(http(80, '/a/../b')), "curl -i --path-as-is -H 'Host: 10.0.0.1:80' http://localhost:80/a/../b"],
    ['brackets, which curl would read', one(http(80, '/a[1]')), "curl -i -g -H 'Host: 10.0.0.1:80' 'http://localhost:80/a[1]'"],
    ['an empty header', one(http(80, '/', {headers: [{name: 'X-A', value: ''}]})), "curl -i -H 'Host: 10.0.0.1:80' -H 'X-A;' http://localhost:80/"],
    ["the owner's own headers", one(http(80, '/', {headers: [{name: 'Host', value: 'shop.example'}, {name: 'user-agent', value: 'me'}]})), "curl -i -H 'Host: shop.example' -H 'User-Agent: me' http://localhost:80/"],
    ['a credential among the headers', one(http(80, '/', {headers: [{name: 'Authorization', value: 'Bearer x'}], shown: {path: '/', headers: [{name: 'Authorization', value: '***'}]}})), "curl -i -H 'Host: 10.0.0.1:80' -H \"Authorization: $AUTHORIZATION\" http://localhost:80/"],
    ['a credential in the query', one(http(80, '/h?token=x&a=1', {shown: {path: '/h?token=***&a=1', headers: []}})), "curl -i -H 'Host: 10.0.0.1:80' \"http://localhost:80/h?token=$TOKEN&a=1\""],
    ['a credential in the path, behind a sign of the shell', one(http(80, '/$a/x', {shown: {path: '/$a/***', headers: []}})), `curl -i -H 'Host: 10.0.0.1:80' 'http://localhost:80/$a/'"$SECRET"`],
    ['a name of the shell\'s own', one(http(80, '/h?pwd=x', {shown: {path: '/h?pwd=***', headers: []}})), "curl -i -H 'Host: 10.0.0.1:80' \"http://localhost:80/h?pwd=$PROBE_PWD\""],
    ['stars of the owner\'s own', one(http(80, '/***')), "curl -i -H 'Host: 10.0.0.1:80' 'http://localhost:80/***'"],
    ['TCP', one({port: 9000, send: {kind: 'connect'}, timeoutMs: 1, maxBytes: 1}), 'curl -v telnet://localhost:9000'],
    ['gRPC', one(grpcAskOf({kind: 'grpc', port: 50051, service: 's'}, asker)), `grpcurl -plaintext -authority '10.0.0.1:50051' -d '{"service":"s"}' localhost:50051 grpc.health.v1.Health/Check`],
  ];
  for (const [sentence, line, expected] of rows) it(sentence, () => assert.equal(line, expected));

  it('name the container where there are several, and come once', () => {
    const ask = http(15902, '/p');
    const lines = curlsOf([{probe: probe('a', 'readiness'), through: ask, past: http(80, '/a')}, {probe: probe('b', 'readiness'), through: ask, past: http(81, '/b')}], [15902, 80, 81].map((port) => ({remote: port, local: port, addresses: ['127.0.0.1']})));
    assert.deepEqual(lines.map((line) => line.for), ['readiness of a', 'a', 'b']);
  });
});

describe('what is said while ports are kept open', () => {
  it('ready: lines, aligned', () => assert.deepEqual(keptText({event: 'ready', pod: 'p', follows: 'deploy/d', ports: [], curl: [{for: 'readiness', command: 'x'}, {for: 'app', command: 'y'}]}), {lines: 'forwarding pod/p, follows deploy/d (Ctrl-C ends)\n  readiness  x\n  app        y\n', notes: ''}));
  it('moved: on both', () => assert.deepEqual(keptText({event: 'moved', from: 'p', to: 'q', ports: [], curl: [{for: 'a', command: 'x'}]}), {lines: 'forwarding pod/q\n  a  x\n', notes: 'moved from pod/p to pod/q: the Host is another\n'}));
  it('ready: what to set first, where something is not shown', () => assert.equal(keptText({event: 'ready', pod: 'p', ports: [], curl: [{for: 'readiness', command: 'x', set: ['TOKEN']}, {for: 'app', command: 'y', set: ['TOKEN', 'AUTHORIZATION']}]}).notes, 'set first, to what the probe sends (it is not shown): TOKEN, AUTHORIZATION\n'));
  it("refused: the kubelet's text", () => assert.deepEqual(keptText({event: 'refused', port: 81, text: 'said'}), {lines: '', notes: ':81 refused: said\n'}));
  it('a connection: nothing', () => assert.deepEqual(keptText({event: 'connection', port: 81, local: 1}), {lines: '', notes: ''}));
});

describe('a line of bars', () => {
  const rows: [times: (number | null)[], bars: string][] = [
    [[1, 2, 4, 8], '▁▂▄█'],
    [[5, null, 5], '█×█'],
    [[500, 3000, 1000], '▄██'],
    [[0], '▁'],
    [Array<number>(70).fill(1), '█'.repeat(60)],
  ];
  for (const [times, bars] of rows) it(bars, () => assert.equal(sparkline(times, 1000), bars));
});

describe('the pod to talk with', () => {
  const pod = (name: string, more: Partial<Pod> & {ready?: boolean; since?: number; restarts?: number} = {}): Pod =>
    ({name, node: 'n', phase: 'Running', createdAt: 5, conditions: [{type: 'Ready', status: more.ready === false ? 'False' : 'True', since: more.since ?? 0}], containers: [{restartCount: more.restarts ?? 0}], ...more}) as Pod;
  const rows: [sentence: string, better: Pod, worse: Pod][] = [
    ['one that is not Ready before one that is', pod('b', {ready: false}), pod('a')],
    ['one that runs before one that is pending, though neither is Ready', pod('b', {ready: false}), pod('a', {phase: 'Pending', ready: false})],
    ['a Ready one before one that is pending', pod('b'), pod('a', {phase: 'Pending', ready: false})],
    ['one that stays before one that goes', pod('b'), pod('a', {deletedAt: 1})],
    ['the longest Ready', pod('b', {since: 1}), pod('a', {since: 2})],
    ['fewer restarts', pod('b', {restarts: 1}), pod('a', {restarts: 2})],
    ['the oldest', pod('b', {createdAt: 1}), pod('a', {createdAt: 2})],
    ['else the first by name', pod('a'), pod('b')],
  ];
  for (const [sentence, better, worse] of rows) {
    it(sentence, () => {
      for (const order of [[better, worse], [worse, better]]) assert.equal(attachableFirst(order)[0], better);
    });
  }
});
