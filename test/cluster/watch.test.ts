import assert from 'node:assert/strict';
import type {Change} from '../../src/lib/cluster/cluster.ts';
import {hangUp, list, serve, status, text, type Answer, type ApiServer} from '../support/api-server.ts';
import {failure, pod, using} from '../support/connection.ts';

const at = (name: string, resourceVersion: string) => ({...pod(name), metadata: {name, namespace: 'shop', uid: `uid-${name}`, resourceVersion}});
const change = (type: string, object: unknown) => `${JSON.stringify({type, object})}\n`;
const expired = change('ERROR', {kind: 'Status', code: 410, reason: 'Expired', message: 'too old resource version'});

/** Lists answer from one script, watches from another; the last answer of each stays. */
function pods(lists: Answer[], watches: Answer[]): Record<string, Answer> {
  const next = (answers: Answer[]) => (answers.length > 1 ? answers.shift()! : answers[0]!);
  return {'/api/v1/namespaces/shop/pods': (request, response) => next(request.url!.includes('watch=true') ? watches : lists)(request, response)};
}

/** Stays open after these lines, as a watch does. */
const open = (...lines: string[]): Answer => (_, response) => void response.writeHead(200, {'content-type': 'application/json'}).write(lines.join('') || ' \n');
const ends = (...lines: string[]): Answer => text(200, lines.join(''));

/** Watches until `enough` changes came, or the watch ended by itself. */
async function watched(script: Record<string, Answer>, enough: number): Promise<{seen: string[]; server: ApiServer; asked: URL[]}> {
  const server = await serve(script);
  const seen: string[] = [];
  const stop = new AbortController();
  const late = setTimeout(() => stop.abort(), 4000);
  try {
    await using(server, {}, (cluster) =>
      cluster.watch('pods', {namespace: 'shop'}, ({type, object}: Change) => {
        seen.push(`${type} ${(object['metadata'] as {name: string}).name}`);
        if (seen.length >= enough) stop.abort();
      }, stop.signal),
    );
    return {seen, server, asked: server.asked().map((url) => new URL(url, 'http://server'))};
  } finally {
    clearTimeout(late);
    await server.close();
  }
}

const version = (url: URL) => url.searchParams.get('resourceVersion');

describe('a watch', () => {
  it('begins at the version of the list, of which it reads one object', async () => {
    const {seen, asked} = await watched(pods([list([at('old', '5')], {resourceVersion: '7'})], [open(change('ADDED', at('a', '8')), change('MODIFIED', at('a', '9')), change('DELETED', at('a', '10')))]), 3);
    assert.deepEqual(seen, ['ADDED a', 'MODIFIED a', 'DELETED a']);
    assert.equal(asked[0]!.searchParams.get('limit'), '1');
    assert.deepEqual([asked[1]!.searchParams.get('allowWatchBookmarks'), version(asked[1]!)], ['true', '7']);
    assert.ok(Number(asked[1]!.searchParams.get('timeoutSeconds')) >= 60);
  });
  it('goes on at the last version that it saw when the server ends it, a bookmark included', async () => {
    const {seen, asked} = await watched(pods([list([], {resourceVersion: '7'})], [ends(change('ADDED', at('a', '8')), change('BOOKMARK', {metadata: {resourceVersion: '20'}})), open(change('ADDED', at('b', '21')))]), 2);
    assert.deepEqual(seen, ['ADDED a', 'ADDED b']);
    assert.deepEqual(asked.map(version), [null, '7', '20']);
  });
  it('hands the list over anew when its version has expired', async () => {
    const {seen, asked} = await watched(pods([list([], {resourceVersion: '7'}), list([at('missed', '90')], {resourceVersion: '99'})], [ends(expired), open(change('ADDED', at('b', '100')))]), 2);
    assert.deepEqual(seen, ['ADDED missed', 'ADDED b']);
    assert.deepEqual(asked.map(version), [null, '7', null, '99']);
    assert.equal(asked[2]!.searchParams.get('limit'), null);
  });
  it('does the same when 410 comes as the answer itself', async () => {
    assert.deepEqual((await watched(pods([list([], {resourceVersion: '7'}), list([at('missed', '90')], {resourceVersion: '99'})], [status(410, 'too old'), open()]), 1)).seen, ['ADDED missed']);
  });
  it('waits for a server that is away, and goes on where it was', async () => {
    const {seen, asked} = await watched(pods([list([], {resourceVersion: '7'})], [ends(change('ADDED', at('a', '8'))), hangUp, status(503, 'starting'), status(429, 'slow down'), open(change('ADDED', at('b', '9')))]), 2);
    assert.deepEqual(seen, ['ADDED a', 'ADDED b']);
    assert.deepEqual(asked.slice(1).map(version), ['7', '8', '8', '8', '8']);
  });
  it('opens anew after words that are no change', async () => {
    assert.deepEqual((await watched(pods([list([], {resourceVersion: '7'})], [ends('<html>'), ends(change('ERROR', {code: 500, message: 'etcd'})), open(change('ADDED', at('b', '9')))]), 1)).seen, ['ADDED b']);
  });
  it('cuts lines wherever the bytes are split', async () => {
    const line = Buffer.from(change('ADDED', at('größe', '8')) + change('ADDED', at('b', '9')));
    const drips: Answer = (_, response) => {
      response.writeHead(200);
      const drip = (from: number): void => void (from < line.length && response.write(line.subarray(from, from + 7), () => setImmediate(drip, from + 7)));
      drip(0);
    };
    assert.deepEqual((await watched(pods([list([], {resourceVersion: '7'})], [drips]), 2)).seen, ['ADDED größe', 'ADDED b']);
  });
  it('leaves the connection of the other requests alone', async () => {
    const server = await serve(pods([list([at('a', '1')], {resourceVersion: '7'})], [open()]));
    const stop = new AbortController();
    try {
      await using(server, {}, async (cluster) => {
        const watching = cluster.watch('pods', {namespace: 'shop'}, () => undefined, stop.signal);
        while (!server.asked().some((url) => url.includes('watch=true'))) await new Promise((done) => setTimeout(done, 5));
        let count = 0;
        await cluster.list('pods', {namespace: 'shop'}, () => count++);
        assert.equal(count, 1);
        stop.abort();
        await watching;
      });
    } finally {
      await server.close();
    }
  });
  it('says that it may not, and what to ask', async () => {
    const server = await serve(pods([status(403, 'pods is forbidden')], [open()]));
    try {
      const error = await using(server, {}, (cluster) => failure(cluster.watch('pods', {namespace: 'shop'}, () => undefined, new AbortController().signal)));
      assert.equal(error.reason, 'forbidden');
      assert.match(error.try ?? '', /can-i watch pods -n shop/);
    } finally {
      await server.close();
    }
  });
});
