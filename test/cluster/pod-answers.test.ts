import assert from 'node:assert/strict';
import {mkdtempSync, readFileSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {ClusterError, type Cluster} from '../../src/lib/cluster/cluster.ts';
import {recording} from '../../src/lib/cluster/snapshot/record.ts';
import {replay} from '../../src/lib/cluster/snapshot/replay.ts';
import type {Answer, Ask} from '../../src/lib/model/answer.ts';

const POD = {namespace: 'shop', name: 'cart-1'};
const get = (port: number, path: string, headers: {name: string; value: string}[] = []): Ask => ({port, send: {kind: 'get', scheme: 'HTTP', path, headers}, timeoutMs: 1000, maxBytes: 10_240});
const response = (body: string, headers: {name: string; value: string}[] = []): Answer => ({kind: 'response', protocol: 'HTTP/1.1', status: 200, reason: 'OK', headers, body, end: 'whole', ms: 3});

/** A cluster whose pods answer what is queued. */
function clusterOf(queue: (Answer[] | ClusterError)[], lines: string[] = []): Cluster {
  const no = (): never => assert.fail('not asked for');
  return {
    origin: {kind: 'live', name: 'c'},
    defaultNamespaces: ['shop'],
    now: () => Date.UTC(2026, 0, 1),
    version: no,
    list: no,
    get: no,
    async exchange() {
      const answers = queue.shift()!;
      if (answers instanceof ClusterError) throw answers;
      return {setupMs: 20, answers};
    },
    log: async (_pod, {keep}) => lines.filter(keep),
    watch: async () => undefined,
    close: () => undefined,
  };
}

describe('a recorded pod', () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'osm-probes-test-'))));
  afterEach(() => rmSync(folder, {recursive: true, force: true}));
  const record = async (cluster: Cluster, ask: (cluster: Cluster) => Promise<unknown>): Promise<Cluster> => {
    const recorder = recording(cluster, ['shop']);
    await ask(recorder.cluster).catch(() => undefined);
    await recorder.write(folder, new AbortController().signal);
    return replay(folder);
  };
  const text = () => readFileSync(join(folder, 'answers.json'), 'utf8');

  it('answers the same questions with the same answers, in any company', async () => {
    const refused: Answer = {kind: 'refused', text: 'connection refused', ms: 1};
    const replayed = await record(clusterOf([[response('ready'), refused]]), (cluster) => cluster.exchange(POD, [get(15_902, '/p'), {...get(80, ''), send: {kind: 'connect'}}]));
    assert.deepEqual(await replayed.exchange(POD, [{...get(80, ''), send: {kind: 'connect'}}, get(15_902, '/p', [{name: 'X', value: 'redacted'}])]), {setupMs: 20, answers: [refused, response('ready')]});
  });
  it('tells probes of 15904 apart by the port that they mean', async () => {
    const tcp = (port: string) => get(15_904, '/osm-healthcheck', [{name: 'Original-Tcp-Port', value: port}]);
    const replayed = await record(clusterOf([[response('a'), response('b')]]), (cluster) => cluster.exchange(POD, [tcp('1'), tcp('2')]));
    assert.deepEqual((await replayed.exchange(POD, [tcp('2'), tcp('1')])).answers, [response('b'), response('a')]);
  });
  it('answers a repeated question in turn, and ever after as at last', async () => {
    const replayed = await record(clusterOf([[response('1')], [response('2')]]), async (cluster) => (await cluster.exchange(POD, [get(80, '/')]), await cluster.exchange(POD, [get(80, '/')])));
    const bodies: string[] = [];
    for (let turn = 0; turn < 3; turn++) bodies.push((await replayed.exchange(POD, [get(80, '/')])).answers.map((answer) => (answer.kind === 'response' ? answer.body : ''))[0]!);
    assert.deepEqual(bodies, ['1', '2', '2']);
  });
  it('is refused again what was refused', async () => {
    const replayed = await record(clusterOf([new ClusterError('forbidden', {asked: 'a port-forward', got: '403', try: 'kubectl auth can-i'})]), (cluster) => cluster.exchange(POD, [get(80, '/'), get(81, '/')]));
    for (const port of [80, 81]) await assert.rejects(replayed.exchange(POD, [get(port, '/')]), {name: 'ClusterError', reason: 'forbidden', asked: 'a port-forward', got: '403', try: 'kubectl auth can-i'});
  });
  it('says what was not recorded', async () => {
    const replayed = await record(clusterOf([]), async () => undefined);
    await assert.rejects(replayed.exchange(POD, [get(80, '/')]), {reason: 'not-found', asked: 'ask pod/cart-1 -n shop get http://:80/'});
    await assert.rejects(replayed.log(POD, {container: 'app', tailLines: 1, limitBytes: 1, keep: () => true}), {reason: 'not-found', asked: 'logs pod/cart-1 -n shop -c app'});
  });
  it('keeps of an answer one line, and the headers that are read', async () => {
    const headers = ['date: now', 'Set-Cookie: secret', 'server: envoy', 'x-envoy-upstream-service-time: 1', 'Location: /x'].map((line) => ({name: line.split(': ')[0]!, value: line.split(': ')[1]!}));
    await record(clusterOf([[response(`${'x'.repeat(300)}\nsecret`, headers)]]), (cluster) => cluster.exchange(POD, [get(80, '/')]));
    assert.doesNotMatch(text(), /secret|date/);
    assert.match(text(), /"x{200}"/);
    assert.match(text(), /envoy.*x-envoy-upstream-service-time.*Location/);
  });
  it('keeps the proxy\'s statistics, and of its configuration what belongs to probes', async () => {
    const own = [{name: 'readiness_listener', address: {socket_address: {port_value: 15_902}}}, {name: 'readiness_cluster'}];
    const dump = {configs: [{'@type': 'b', bootstrap: {node: {id: 'secret'}, static_resources: {listeners: [own[0], {name: 'secret', address: {socket_address: {port_value: 8080}}}], clusters: [own[1], {name: 'secret'}], secrets: ['secret']}}}, {dynamic: 'secret'}]};
    const replayed = await record(clusterOf([[response(JSON.stringify(dump, null, 1)), response('a: 1\nb: 2\n'), response('secret no JSON\nsecret')]]), (cluster) => cluster.exchange(POD, [get(15_000, '/config_dump?mask=bootstrap.static_resources'), get(15_000, '/stats'), get(80, '/config_dump')]));
    const {answers} = await replayed.exchange(POD, [get(15_000, '/config_dump?mask=bootstrap.static_resources'), get(15_000, '/stats')]);
    assert.deepEqual(answers.map((answer) => (answer.kind === 'response' ? answer.body : '')), [JSON.stringify({configs: [{'@type': 'b', bootstrap: {static_resources: {listeners: [own[0]], clusters: [own[1]]}}}]}), 'a: 1\nb: 2\n']);
  });
  it('keeps of a log the lines that are evidence, container by container, this life and the last', async () => {
    const log = (cluster: Cluster, previous: boolean, keep: (line: string) => boolean) => cluster.log(POD, {container: 'app', previous, tailLines: 9, limitBytes: 999, keep});
    const replayed = await record(clusterOf([], ['error: a', 'secret', 'error: b']), (cluster) => log(cluster, true, (line) => line.startsWith('error')));
    assert.doesNotMatch(text(), /secret/);
    assert.deepEqual(await log(replayed, true, (line) => line.endsWith('b')), ['error: b']);
    await assert.rejects(log(replayed, false, () => true), {reason: 'not-found'});
  });
  it('may come from anybody: its words are cleaned', async () => {
    const replayed = await record(clusterOf([[response('a\u001b[2J')]]), (cluster) => cluster.exchange(POD, [get(80, '/')]));
    assert.deepEqual((await replayed.exchange(POD, [get(80, '/')])).answers, [response('a[2J')]);
  });
});
