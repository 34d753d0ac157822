import assert from 'node:assert/strict';
import {askedUrl, askOf, redirectOf, type Redirect} from '../../src/lib/kubelet/request.ts';
import {escapePath, parseGoUrl, resolveGoUrl} from '../../src/lib/kubelet/url.ts';
import type {Answer, Ask} from '../../src/lib/model/answer.ts';
import type {Call} from '../../src/lib/model/path.ts';
import type {Header} from '../../src/lib/model/probe.ts';

type HttpCall = Extract<Call, {kind: 'http'}>;
const ASKER = {podIP: '10.244.0.9', userAgent: 'kube-probe/1.32', timeoutSeconds: 1};
const call = (over: Partial<HttpCall> = {}): HttpCall => ({kind: 'http', scheme: 'HTTP', host: '', port: 15902, path: '/p', headers: [], ...over});
const headersOf = (ask: Ask) => (ask.send.kind === 'get' ? ask.send.headers.map(({name, value}) => `${name}: ${value}`) : []);
const pathOf = (ask: Ask) => (ask.send.kind === 'get' ? ask.send.path : '');
const header = (line: string): Header => ({name: line.slice(0, line.indexOf(':')), value: line.slice(line.indexOf(':') + 1).trim()});

describe('the kubelet\'s request', () => {
  it('has its headers in its order, its deadline and its share of the body', () => {
    const ask = askOf(call(), {...ASKER, timeoutSeconds: 3});
    assert.deepEqual(headersOf(ask), ['Host: 10.244.0.9:15902', 'User-Agent: kube-probe/1.32', 'Accept: */*', 'Connection: close']);
    assert.deepEqual([ask.port, ask.timeoutMs, ask.maxBytes], [15902, 3000, 10240]);
  });

  // Order, doubled Connection, removed lines, escapes and Referer were seen on the wire of a 1.32 kubelet.
  const headers: [sentence: string, given: string[], sent: string[]][] = [
    ['a header goes where its name sorts', ['x-b: 1', 'Aa: 2'], ['Host: 10.244.0.9:15902', 'User-Agent: kube-probe/1.32', 'Aa: 2', 'Accept: */*', 'X-B: 1', 'Connection: close']],
    ['names are written as HTTP writes them', ['original-tcp-port: 9000'], ['Host: 10.244.0.9:15902', 'User-Agent: kube-probe/1.32', 'Accept: */*', 'Original-Tcp-Port: 9000', 'Connection: close']],
    ['a name with other characters stays', ['x y: 1'], ['Host: 10.244.0.9:15902', 'User-Agent: kube-probe/1.32', 'Accept: */*', 'x y: 1', 'Connection: close']],
    ['equal names keep their order', ['X: 2', 'x: 1'], ['Host: 10.244.0.9:15902', 'User-Agent: kube-probe/1.32', 'Accept: */*', 'X: 2', 'X: 1', 'Connection: close']],
    ['Host replaces', ['host: shop.example'], ['Host: shop.example', 'User-Agent: kube-probe/1.32', 'Accept: */*', 'Connection: close']],
    ['an empty Host does not', ['Host:'], ['Host: 10.244.0.9:15902', 'User-Agent: kube-probe/1.32', 'Accept: */*', 'Connection: close']],
    ['User-Agent replaces', ['user-agent: me'], ['Host: 10.244.0.9:15902', 'User-Agent: me', 'Accept: */*', 'Connection: close']],
    ['an empty User-Agent removes the line', ['User-Agent:'], ['Host: 10.244.0.9:15902', 'Accept: */*', 'Connection: close']],
    ['Accept replaces', ['accept: text/html'], ['Host: 10.244.0.9:15902', 'User-Agent: kube-probe/1.32', 'Accept: text/html', 'Connection: close']],
    ['an empty Accept removes the line', ['Accept:'], ['Host: 10.244.0.9:15902', 'User-Agent: kube-probe/1.32', 'Connection: close']],
    ['a Connection of the owner is sent as well', ['Connection: keep-alive'], ['Host: 10.244.0.9:15902', 'User-Agent: kube-probe/1.32', 'Accept: */*', 'Connection: keep-alive', 'Connection: close']],
    ['but is not doubled', ['Connection: close'], ['Host: 10.244.0.9:15902', 'User-Agent: kube-probe/1.32', 'Accept: */*', 'Connection: close']],
    ['lengths are not sent', ['Content-Length: 3', 'Transfer-Encoding: chunked'], ['Host: 10.244.0.9:15902', 'User-Agent: kube-probe/1.32', 'Accept: */*', 'Connection: close']],
  ];
  for (const [sentence, given, sent] of headers) it(sentence, () => assert.deepEqual(headersOf(askOf(call({headers: given.map(header)}), ASKER)), sent));

  it('brackets an IPv6 address, and names port 80', () => assert.equal(headersOf(askOf(call({port: 80}), {...ASKER, podIP: 'fd00::1'}))[0], 'Host: [fd00::1]:80'));
  it('names another host', () => assert.equal(headersOf(askOf(call({host: 'shop.example', port: 443}), ASKER))[0], 'Host: shop.example:443'));

  const paths: [given: string, sent: string][] = [
    ['', '/'],
    ['/', '/'],
    ['ready', '/ready'],
    ['/a?b=1&c=%2F', '/a?b=1&c=%2F'],
    ['?x', '/?x'],
    ['/x?', '/x?'],
    ['/a#frag', '/a'],
    ['/a b', '/a%20b'],
    ['/a b?c=%zz', '/a%20b?c=%zz'],
    ['/a b%zz?c', '/a%20b%25zz%3Fc'],
    ['/ü', '/%C3%BC'],
    ['/%7e', '/%7e'],
    ["/it's(1)*", "/it's(1)*"],
    ['/a%2Fb', '/a%2Fb'],
    ['/a%2Fb c', '/a/b%20c'],
    ['*', '/*'],
    ['//other/x', '/x'],
    ['///x', '///x'],
    ['http://other:1/x?y', '/x?y'],
    ['1:2', '/1:2'],
    ['/#%zz', '/%23%25zz'],
  ];
  for (const [given, sent] of paths) it(`path ${JSON.stringify(given)} is sent as ${sent}`, () => assert.equal(pathOf(askOf(call({path: given}), ASKER)), sent));

  it('is named as in the kubelet\'s messages', () => {
    assert.equal(askedUrl(askOf(call({path: 'a?b', scheme: 'HTTPS'}), ASKER), '10.244.0.9'), 'https://10.244.0.9:15902/a?b');
    assert.equal(askedUrl({port: 1, send: {kind: 'connect'}, timeoutMs: 1, maxBytes: 1}, 'fd00::1'), 'tcp://[fd00::1]:1');
  });
});

describe('redirects of a probe', () => {
  const redirected = (status: number, location?: string): Answer => ({kind: 'response', protocol: 'HTTP/1.1', status, reason: '', headers: location === undefined ? [] : [{name: 'location', value: location}], body: '', end: 'whole', ms: 1});
  const to = (redirect: Redirect | undefined): string => (redirect === undefined ? 'none' : 'stop' in redirect ? redirect.stop : 'error' in redirect ? redirect.error : redirect.url);
  const rows: [sentence: string, answer: Answer, leads: string][] = [
    ['a 200 is none', redirected(200, '/x'), 'none'],
    ['a path of its own', redirected(302, '/login'), 'http://10.244.0.9:15902/login'],
    ['beside it', redirected(301, 'login?a=1'), 'http://10.244.0.9:15902/a/login?a=1'],
    ['above it', redirected(301, '../x'), 'http://10.244.0.9:15902/x'],
    ['the same port in full', redirected(307, 'http://10.244.0.9:15902/x'), 'http://10.244.0.9:15902/x'],
    ['another port', redirected(308, 'http://10.244.0.9:8080/x'), 'http://10.244.0.9:8080/x'],
    ['another scheme', redirected(303, 'https://10.244.0.9/'), 'https://10.244.0.9/'],
    ['another host', redirected(302, 'http://shop.example/x'), 'warning'],
    ['another host without scheme', redirected(302, '//shop.example/x'), 'warning'],
    ['a 304', redirected(304), 'warning'],
    ['a 300', redirected(300, '/x'), 'warning'],
    ['a 302 without Location', redirected(302), 'warning'],
    ['a Location that can\'t be read', redirected(302, '/%zz'), 'failed to parse Location header "/%zz"'],
    ['a scheme that is none', redirected(302, 'ftp://10.244.0.9/x'), 'unsupported protocol scheme "ftp"'],
    ['no answer at all', {kind: 'timeout', ms: 1000}, 'none'],
  ];
  for (const [sentence, answer, leads] of rows) it(`${sentence}: ${leads}`, () => assert.equal(to(redirectOf(answer, askOf(call({path: '/a/b'}), ASKER), '10.244.0.9')), leads));

  const own = askOf(call({path: '/a', headers: [{name: 'Host', value: 'shop.example'}, {name: 'Connection', value: 'keep-alive'}]}), ASKER);
  const followed = (location: string, from = own) => {
    const redirect = redirectOf(redirected(302, location), from, '10.244.0.9');
    assert.ok(redirect && 'to' in redirect);
    return redirect.to;
  };
  it('keep the owner\'s Host where they are relative, and say where they come from', () =>
    assert.deepEqual(headersOf(followed('/b')), ['Host: shop.example', 'User-Agent: kube-probe/1.32', 'Accept: */*', 'Connection: keep-alive', 'Referer: http://10.244.0.9:15902/a', 'Connection: close']));
  it('lose it where they are absolute', () => assert.equal(headersOf(followed('http://10.244.0.9:8080/b'))[0], 'Host: 10.244.0.9:8080'));
  it('lead to the port that is meant', () => assert.deepEqual([followed('http://10.244.0.9:8080/b').port, followed('https://10.244.0.9/b').port, followed('/b').port], [8080, 443, 15902]));
  it('go on from hop to hop', () => assert.equal(headersOf(followed('/c', followed('/b'))).find((line) => line.startsWith('Referer')), 'Referer: http://10.244.0.9:15902/b'));
});

describe('URLs as Go reads them', () => {
  for (const text of [':8080/x', '\u0001', '/%', 'a:b', 'x y:z/']) it(`rejects ${JSON.stringify(text)}`, () => assert.equal(parseGoUrl(text), undefined));
  it('escapes what was never escaped', () => assert.equal(escapePath('/a b?c=%zz'), '/a%20b%3Fc=%25zz'));
  it('resolves a query alone', () => assert.equal(resolveGoUrl(parseGoUrl('http://h/a?b')!, parseGoUrl('?c')!).query, '?c'));
});
