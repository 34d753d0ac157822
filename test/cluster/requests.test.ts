import assert from 'node:assert/strict';
import {gzipSync} from 'node:zlib';
import {retryAfterMs} from '../../src/lib/cluster/live/errors.ts';
import type {Cluster, ListOptions, Resource} from '../../src/lib/cluster/cluster.ts';
import {breaksOff, hangUp, inPieces, json, list, listText, paged, serve, silence, stalls, status, text, type Answer, type ApiServer, type Script, type ServerOptions} from '../support/api-server.ts';
import {failure, names, pod, using, type Options} from '../support/connection.ts';

const PODS = '/api/v1/pods';
const AB = [pod('a'), pod('b')];
const many = (count: number) => Array.from({length: count}, (_, at) => pod(`p${at}`));
const whole = listText(AB);
const half = whole.slice(0, -20);
const HTML = text(200, '<html><body>Please log in\u001b[2J</body></html>', {'content-type': 'text/html'});
const gzipped: Answer = (request, response) => {
  const wanted = String(request.headers['accept-encoding'] ?? '*');
  if (/gzip|\*/.test(wanted)) response.writeHead(200, {'content-encoding': 'gzip'}).end(gzipSync(whole));
  else response.writeHead(200).end(whole);
};

interface Told {
  server: ApiServer;
  names: string[];
}

async function asked(script: Script, {question = (cluster) => names(cluster), server: wish, options}: {question?: (cluster: Cluster) => Promise<string[]>; server?: ServerOptions; options?: Options} = {}): Promise<Told> {
  const server = await serve(script, wish);
  try {
    return {server, names: await using(server, {}, question, options)};
  } finally {
    await server.close();
  }
}

const old = {server: {version: 'v1.24.17+k3s1'}};
const ALL: [Resource, ListOptions, string][] = [
  ['pods', {}, '/api/v1/pods'],
  ['pods', {namespace: 'shop'}, '/api/v1/namespaces/shop/pods'],
  ['events', {namespace: 'shop', fieldSelector: 'type!=Normal'}, '/api/v1/namespaces/shop/events?fieldSelector=type%21%3DNormal'],
  ['namespaces', {}, '/api/v1/namespaces'],
  ['replicasets', {labelSelector: 'app in (a,b)'}, '/apis/apps/v1/replicasets?labelSelector=app+in+%28a%2Cb%29'],
  ['jobs', {namespace: 'shop'}, '/apis/batch/v1/namespaces/shop/jobs'],
];

describe('lists', () => {
  const rows: [sentence: string, run: () => Promise<Told>, seen: (told: Told) => unknown, expected: unknown][] = [
    ['come whole', () => asked({[PODS]: list(AB)}), (told) => told.names, ['a', 'b']],
    ['may be empty', () => asked({[PODS]: list([])}), (told) => told.names, []],
    ['may be null', () => asked({[PODS]: list(null)}), (told) => told.names, []],
    ['may have their metadata last', () => asked({[PODS]: text(200, JSON.stringify({items: AB, metadata: {}, kind: 'PodList'}))}), (told) => told.names, ['a', 'b']],
    ['may come byte by byte', () => asked({[PODS]: inPieces(whole, 1)}), (told) => told.names, ['a', 'b']],
    ['may come in pieces that cut letters in two', () => asked({[PODS]: inPieces(listText([pod('ä€𝄞')]), 3)}), (told) => told.names, ['ä€𝄞']],
    ['are asked for in JSON', () => asked({[PODS]: list(AB)}), ({server}) => server.received.map(({headers}) => headers.accept), ['application/json', 'application/json']],
    ['are not asked for in gzip', () => asked({[PODS]: gzipped}), (told) => told.names, ['a', 'b']],
    ['come on one connection, one after another, however many', () => asked(Object.fromEntries(ALL.map(([, , path]) => [path.split('?')[0]!, list(AB)])), {question: (cluster) => ALL.reduce<Promise<string[]>>(async (before, [resource, options]) => [...(await before), ...(await names(cluster, resource, options))], Promise.resolve([]))}), ({server}) => [server.received.length, server.connections], [ALL.length + 1, 1]],
    ['come in one stream from 1.31 on', () => asked({[PODS]: paged(many(1200))}), ({server, names: {length}}) => [server.asked(), length], [[PODS], 1200]],
    ['come in one stream from 2.0 on', () => asked({[PODS]: paged(AB)}, {server: {version: 'v2.0.0'}}), ({server}) => server.asked(), [PODS]],
    ['come in pages of 500 from older servers', () => asked({[PODS]: paged(many(1200))}, old), ({server, names: {length}}) => [server.asked(), length], [[`${PODS}?limit=500`, `${PODS}?limit=500&continue=500`, `${PODS}?limit=500&continue=1000`], 1200]],
    ['come in pages where the version may not be read', () => asked({'/version': status(403, 'no'), [PODS]: list(AB)}), ({server}) => server.asked(), [`${PODS}?limit=500`]],
    ['come in pages where the version makes no sense', () => asked({'/version': json({gitVersion: 7}), [PODS]: list(AB)}), ({server}) => server.asked(), [`${PODS}?limit=500`]],
    ['keep the selector on each page', () => asked({[PODS]: paged(many(501))}, {...old, question: (cluster) => names(cluster, 'pods', {labelSelector: 'a=b'})}), ({server}) => server.asked(), [`${PODS}?labelSelector=a%3Db&limit=500`, `${PODS}?labelSelector=a%3Db&limit=500&continue=500`]],
    ['write the token back as it came', () => asked({[PODS]: [list([pod('a')], {continue: 'a/+=&?'}), list([pod('b')])]}, old), ({server}) => new URL(server.asked()[1]!, 'http://x').searchParams.get('continue'), 'a/+=&?'],
    ['begin anew after 410, and nothing comes twice', () => asked({[PODS]: [list([pod('a')], {continue: 'x'}), status(410, 'The provided continue parameter is too old'), list([pod('a')], {continue: 'y'}), list([pod('b')])]}, old), ({server, names: found}) => [found, server.asked().map((url) => new URL(url, 'http://x').searchParams.get('continue'))], [['a', 'b'], [null, 'x', null, 'y']]],
    ['wait for 429 as long as Retry-After says', () => asked({[PODS]: [status(429, 'slow down', {'retry-after': '0'}), list(AB)]}), ({server, names: found}) => [found, server.asked().length], [['a', 'b'], 2]],
    ['wait for a date too', () => asked({[PODS]: [status(429, 'slow down', {'retry-after': new Date(0).toUTCString()}), list(AB)]}), (told) => told.names, ['a', 'b']],
    ['are asked for again after 500 and 503', () => asked({[PODS]: [status(500, 'oops'), status(503, 'starting'), list(AB)]}), ({server, names: found}) => [found, server.asked().length], [['a', 'b'], 3]],
    ['are asked for again when the connection breaks before the answer', () => asked({[PODS]: [hangUp, list(AB)]}), (told) => told.names, ['a', 'b']],
    ['are asked for again when the answer breaks off, and nothing comes twice', () => asked({[PODS]: [breaksOff(half), list(AB)]}), (told) => told.names, ['a', 'b']],
    ['are asked for again when the JSON is cut', () => asked({[PODS]: [text(200, half), list(AB)]}), (told) => told.names, ['a', 'b']],
    ['are asked for again when the JSON is cut in its metadata', () => asked({[PODS]: [text(200, whole.slice(0, 30)), list(AB)]}), (told) => told.names, ['a', 'b']],
    ['are asked for again when an item is no JSON', () => asked({[PODS]: [text(200, '{"metadata":{},"items":[{"a":nonsense}]}'), list(AB)]}), (told) => told.names, ['a', 'b']],
    ['have all the time with --request-timeout 0', () => asked({[PODS]: inPieces(whole, 9)}, {options: {timeoutMs: 0}}), (told) => told.names, ['a', 'b']],
    ...ALL.map(([resource, options, path]): [string, () => Promise<Told>, (told: Told) => unknown, unknown] => [`of ${resource} ${JSON.stringify(options)} are at ${path}`, () => asked({[path.split('?')[0]!]: list(AB)}, {question: (cluster) => names(cluster, resource, options)}), ({server}) => server.asked(), [path]]),
    ['are one object by its name', () => asked({'/apis/apps/v1/namespaces/shop/deployments/a%2Fb': json({...pod('a/b'), kind: 'Deployment'})}, {question: async (cluster) => [String(((await cluster.get('deployments', 'shop', 'a/b'))['metadata'] as {name: string}).name)]}), (told) => told.names, ['a/b']],
    ['ask for the version once', () => asked({[PODS]: list(AB)}, {question: async (cluster) => [await cluster.version(), ...(await names(cluster)), ...(await names(cluster))]}), ({server}) => server.received.length, 3],
  ];
  for (const [sentence, run, seen, expected] of rows) it(sentence, async () => assert.deepEqual(seen(await run()), expected));
});

describe('a list that does not come gets one sentence', () => {
  const flags = {options: {kubectlFlags: ' --context c --as dev'}};
  const inShop = (cluster: Cluster) => names(cluster, 'events', {namespace: 'shop'});
  const EVENTS = '/api/v1/namespaces/shop/events';
  const refusal = 'events is forbidden: User "dev" cannot list resource "events" in API group "" in the namespace "shop"';
  const rows: [sentence: string, script: Script, how: Parameters<typeof asked>[1] & {tries?: number}, reason: string, says: RegExp, attempt?: string][] = [
    ['403 in a namespace', {[EVENTS]: status(403, refusal)}, {...flags, question: inShop}, 'forbidden', /^events in namespace shop: 403 Forbidden: events is forbidden: User "dev" cannot list .* in the namespace "shop"$/, 'kubectl auth can-i list events -n shop --context c --as dev'],
    ['403 in all namespaces', {[PODS]: status(403, 'no')}, flags, 'forbidden', /^pods in all namespaces: 403 Forbidden: no$/, 'kubectl auth can-i list pods -A --context c --as dev'],
    ['403 of what has no namespace', {'/api/v1/namespaces': status(403, 'no')}, {question: (cluster) => names(cluster, 'namespaces')}, 'forbidden', /^namespaces: 403 Forbidden: no$/, 'kubectl auth can-i list namespaces'],
    ['403 of one object', {'/api/v1/namespaces/shop': status(403, 'no')}, {question: async (cluster) => [String(await cluster.get('namespaces', undefined, 'shop'))]}, 'forbidden', /^namespaces\/shop: 403/, 'kubectl auth can-i get namespaces/shop'],
    ['401', {[PODS]: status(401, 'Unauthorized')}, flags, 'unauthorized', /^pods in all namespaces: 401 Unauthorized: Unauthorized$/, 'kubectl auth can-i list pods -A --context c --as dev'],
    ['404 for a resource that an old server lacks', {}, {question: (cluster) => names(cluster, 'jobs')}, 'not-found', /^jobs in all namespaces: 404 Not Found: the server could not find the requested resource$/],
    ['400 for a selector', {[PODS]: status(400, 'unable to parse requirement')}, {}, 'invalid', /400 Bad Request: unable to parse requirement$/],
    ['410 that does not heal', {[PODS]: [list([pod('a')], {continue: 'x'}), status(410, 'too old')]}, {...old, tries: 4}, 'gone', /410 Gone: too old$/],
    ['429 that wants more time than there is', {[PODS]: status(429, 'slow down', {'retry-after': '86400'})}, {tries: 1}, 'busy', /429 Too Many Requests: slow down; the server wants 86400s to pass before it is asked again$/],
    ['429 that does not end', {[PODS]: status(429, 'slow down', {'retry-after': '0'})}, {tries: 4}, 'busy', /429 Too Many Requests: slow down \(asked 4 times\)$/],
    ['503 that does not end', {[PODS]: status(503, 'starting')}, {tries: 4}, 'busy', /503 Service Unavailable: starting \(asked 4 times\)$/],
    ['500 with a page of HTML', {[PODS]: text(500, '<html>\u001b[2Joops</html>', {'content-type': 'text/html'})}, {tries: 4}, 'busy', /500 Internal Server Error: <html>\[2Joops<\/html> \(asked 4 times\)$/],
    ['a connection that always breaks', {[PODS]: hangUp}, {tries: 4}, 'bad-answer', /^pods in all namespaces: https:\/\/127\.0\.0\.1:\d+ ended the connection without an answer \(asked 4 times\)$/],
    ['an answer that always breaks off', {[PODS]: breaksOff(half)}, {tries: 4}, 'bad-answer', /ended the answer in the middle \(asked 4 times\)$/],
    ['JSON that is always cut', {[PODS]: text(200, half)}, {tries: 4}, 'bad-answer', /the answer is no JSON, or stopped in the middle \(asked 4 times\)$/],
    ['HTML in place of a list', {[PODS]: HTML}, {tries: 1}, 'bad-answer', /^pods in all namespaces: no JSON came back, but text\/html: <html><body>Please log in\[2J<\/body><\/html>$/],
    ['HTML in place of the version', {'/version': HTML}, {question: async (cluster) => [await cluster.version()]}, 'bad-answer', /^the API server's version: no JSON came back, but text\/html/],
    ['JSON that is no list', {[PODS]: json({kind: 'Pod\u009b1m', metadata: {}})}, {tries: 1}, 'bad-answer', /no list of pods came back, but kind "Pod1m"$/],
    ['a page token that comes again', {[PODS]: [list([pod('a')], {continue: 'x'}), list([pod('b')], {continue: 'x'}), list([pod('c')], {continue: 'x'})]}, {...old, tries: 2}, 'bad-answer', /^pods in all namespaces: the list does not end: its page token comes again$/],
    ['a page that brings nothing new', {[PODS]: [list([pod('a')], {continue: 'x'}), list([pod('a')], {continue: 'y'}), list([pod('a')], {continue: 'z'})]}, {...old, tries: 2}, 'bad-answer', /the list does not end: a page brings nothing new$/],
    ['a page token that is no text', {[PODS]: list([pod('a')], {continue: 5})}, {tries: 1}, 'bad-answer', /the list's page token is no text$/],
    ['a list of something else', {[PODS]: json({kind: 'ConfigMapList', apiVersion: 'v1', metadata: {}, items: [pod('a')]})}, {tries: 1}, 'bad-answer', /no list of pods came back, but kind "ConfigMapList"$/],
    ...['null', '42', '"x"', 'true', '[]'].map((body): [string, Script, Parameters<typeof asked>[1] & {tries?: number}, string, RegExp] => [`JSON that is no object: ${body}`, {[PODS]: text(200, body)}, {tries: 1}, 'bad-answer', /no list of pods came back, but kind null$/]),
    ...['null', '42', '"x"', '[]', '{}', '{"metadata":null}', '{"metadata":{"name":7}}', '{"kind":"Secret","metadata":{"name":"a"}}'].map((item): [string, Script, Parameters<typeof asked>[1] & {tries?: number}, string, RegExp] => [`an item that is no pod: ${item}`, {[PODS]: text(200, `{"kind":"PodList","metadata":{},"items":[${item}]}`)}, {tries: 1}, 'partial', /^pods in all namespaces: 1 of its items is no Pod with a name$/]),
    ['an item that does not end', {[PODS]: text(200, `{"kind":"PodList","metadata":{},"items":[{"metadata":{"name":"${'a'.repeat(9_000_000)}"}}]}`)}, {tries: 1}, 'bad-answer', /an item of the list has more than 8 MiB$/],
    ['an envelope that does not end', {[PODS]: text(200, `{"kind":"PodList","metadata":{"x":"${'a'.repeat(2_000_000)}"},"items":[]}`)}, {tries: 1}, 'bad-answer', /more than 1 MiB around its items$/],
    ['a hundred thousand brackets', {[PODS]: text(200, `{"kind":"PodList","metadata":{},"items":[${'['.repeat(100_000)}`)}, {tries: 1}, 'bad-answer', /more than 200 objects within one another$/],
    ['a redirect', {[PODS]: text(302, '', {location: 'https://login'})}, {tries: 1}, 'bad-answer', /302 Found$/],
    ['gzip that nobody asked for', {[PODS]: (_, response) => void response.writeHead(200, {'content-encoding': 'gzip'}).end(gzipSync(whole))}, {tries: 1}, 'bad-answer', /the answer is in gzip, which was not asked for$/],
    ['a server that never answers', {[PODS]: silence}, {options: {timeoutMs: 150}, tries: 1}, 'unreachable', /did not answer within 0\.15s/, '--request-timeout=0'],
    ['a server that stops in the middle', {[PODS]: stalls(half)}, {options: {timeoutMs: 150}, tries: 1}, 'unreachable', /did not end its answer within 0\.15s/, '--request-timeout=0'],
  ];
  for (const [sentence, script, {tries, ...how}, reason, says, attempt] of rows) {
    it(sentence, async () => {
      const server = await serve(script, how.server);
      const error = await failure(using(server, {}, how.question ?? ((cluster) => names(cluster)), how.options));
      await server.close();
      assert.equal(error.name, 'ClusterError', error.stack);
      assert.match(error.message, says);
      assert.equal(error.reason, reason);
      if (attempt !== undefined) assert.ok(error.try?.includes(attempt), error.try);
      if (tries !== undefined) assert.equal(server.asked().length, tries);
      assert.doesNotMatch(error.message + (error.try ?? ''), /[\u0000-\u001f\u007f-\u009f]/);
    });
  }

  it('Ctrl-C ends a list that flows', async () => {
    const abort = new AbortController();
    const server = await serve({[PODS]: stalls(half)});
    const cut = using(server, {}, (cluster) => cluster.list('pods', {}, () => abort.abort()), {signal: abort.signal});
    assert.equal((await failure(cut)).reason, 'aborted');
    assert.equal(server.asked().length, 1, 'and it is not asked for again');
    await server.close();
  });
  it('Ctrl-C ends a pause', async () => {
    const abort = new AbortController();
    const busy: Answer = (request, response) => {
      status(429, 'slow down', {'retry-after': '4'})(request, response);
      response.on('finish', () => setTimeout(() => abort.abort(), 20));
    };
    const server = await serve({[PODS]: busy});
    assert.equal((await failure(using(server, {}, (cluster) => names(cluster), {signal: abort.signal}))).reason, 'aborted');
    await server.close();
  });
  it('a fault of our own is not taken for the server’s', async () => {
    const server = await serve({[PODS]: list(AB)});
    const error = await failure(
      using(server, {}, (cluster) =>
        cluster.list('pods', {}, () => {
          throw new RangeError('ours');
        }),
      ),
    );
    await server.close();
    assert.equal(error.name, 'RangeError');
    assert.equal(server.asked().length, 1);
  });
});

describe('Retry-After', () => {
  const now = Date.parse('2026-11-24T12:00:00Z');
  const rows: [header: string | undefined, ms: number | undefined][] = [
    [undefined, undefined],
    ['0', 0],
    ['1', 1000],
    ['30', 30_000],
    ['3600', 3_600_000],
    ['Tue, 24 Nov 2026 12:00:02 GMT', 2000],
    ['Tue, 24 Nov 2026 13:00:00 GMT', 3_600_000],
    ['Tue, 24 Nov 2026 11:00:00 GMT', 0],
    ['soon', undefined],
    ['', undefined],
  ];
  for (const [header, ms] of rows) it(`${header} means ${ms === undefined ? 'our own pause' : `${ms} ms`}`, () => assert.equal(retryAfterMs(header, now), ms));
});
