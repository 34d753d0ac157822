import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import type {RawObject} from '../../src/lib/cluster/cluster.ts';
import {breaksOff, json, list, listText, paged, serve, silence, stalls, status, text, type ApiServer, type Script} from '../support/api-server.ts';
import {kubeconfigFile} from '../support/connection.ts';
import {proxy} from '../support/proxy.ts';
import {run, start, type Ran} from '../support/run.ts';

interface Recorded {
  question: string;
  items?: RawObject[];
  object?: RawObject;
}

const ANSWERS = JSON.parse(readFileSync('test/fixtures/demo/answers.json', 'utf8')) as Recorded[];
const itemsOf = (resource: string) => ANSWERS.find(({question}) => question === `list ${resource} -n demo`)!.items!;
const NAMESPACE = '/api/v1/namespaces/demo';
const PODS = `${NAMESPACE}/pods`;
const EVENTS = `${NAMESPACE}/events`;
const REPLICASETS = '/apis/apps/v1/namespaces/demo/replicasets';
const DEMO: Script = {
  [NAMESPACE]: json({kind: 'Namespace', apiVersion: 'v1', ...ANSWERS.find(({question}) => question === 'get namespaces/demo')!.object}),
  [PODS]: paged(itemsOf('pods')),
  [EVENTS]: paged(itemsOf('events')),
  [REPLICASETS]: paged(itemsOf('replicasets')),
};
const healthy = itemsOf('pods').filter(({metadata}) => (metadata as {name: string}).name.startsWith('bookstore-'));
const QUIET: Script = {...DEMO, [PODS]: list(healthy), [EVENTS]: list([])};
const refuse = (what: string) => status(403, `${what} is forbidden: User "dev" cannot list resource "${what}" in API group "" in the namespace "demo"`);

async function withServer<T>(script: Script, work: (server: ApiServer, args: string[]) => Promise<T>, version?: string): Promise<T> {
  const server = await serve(script, version === undefined ? {} : {version});
  try {
    return await work(server, ['verify', '-n', 'demo', '--kubeconfig', kubeconfigFile(server.url)]);
  } finally {
    await server.close();
  }
}

const verify = (script: Script, more: string[] = []) => withServer(script, (_, args) => run([...args, ...more]));

function decent({stdout, stderr, killedBy}: Ran): void {
  assert.equal(killedBy, null);
  assert.doesNotMatch(stderr, /\n\s+at |node:internal|(Type|Range|Reference|Cluster)Error/, 'no stack');
  assert.doesNotMatch(stdout + stderr, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/, 'no control characters');
}

describe('verify against an API server', () => {
  const rows: [sentence: string, script: Script, more: string[], code: number, says: RegExp[]][] = [
    ['a healthy workload is green', QUIET, [], 0, [/3 probes in 1 pod: 3 pass/]],
    ['what fails is found', DEMO, [], 1, [/OSMP501/, /OSMP101/]],
    ['events that may not be read are said, and nothing is green', {...QUIET, [EVENTS]: refuse('events')}, [], 4, [/3 probes in 1 pod/, /events in namespace demo/, /cannot list resource "events"/, /kubectl auth can-i list events -n demo --kubeconfig \S+config/]],
    ['replica sets that may not be read are said', {...QUIET, [REPLICASETS]: refuse('replicasets')}, [], 4, [/3 probes in 1 pod/, /replicasets in namespace demo/, /kubectl auth can-i list replicasets -n demo/]],
    ['a namespace that may not be read is said', {...QUIET, [NAMESPACE]: status(403, 'namespaces "demo" is forbidden')}, [], 4, [/3 probes in 1 pod/, /namespaces\/demo/, /kubectl auth can-i get namespaces\/demo/]],
    ...[{kind: 'Status', apiVersion: 'v1', code: 404}, [], {}, 'x', null, {kind: 'Namespace', metadata: {name: 'other'}}, {kind: 'Pod', metadata: {name: 'demo'}}].map((answer): [string, Script, string[], number, RegExp[]] => [`an answer that is no Namespace is no answer: ${JSON.stringify(answer)}`, {...QUIET, [NAMESPACE]: json(answer)}, [], 4, [/3 probes in 1 pod/, /namespaces\/demo/, /no Namespace of that name came back/]]),
    ['a namespace that may not be read is no loss where all that is named is in the mesh', {...QUIET, [NAMESPACE]: status(403, 'namespaces "demo" is forbidden')}, ['deploy/bookstore'], 0, [/3 probes in 1 pod: 3 pass/, /namespaces\/demo/]],
    ['all of them missing, the rewriting is judged still', {...QUIET, [NAMESPACE]: status(403, 'no'), [EVENTS]: refuse('events'), [REPLICASETS]: refuse('replicasets')}, [], 4, [/3 probes in 1 pod/, /list events/, /list replicasets/, /get namespaces\/demo/]],
    ['a finding wins over what is missing', {...DEMO, [REPLICASETS]: refuse('replicasets')}, [], 1, [/replicasets in namespace demo/]],
    ['what is missing may be allowed', {...QUIET, [EVENTS]: refuse('events')}, ['--allow-unknown', '--only', 'OSMP101'], 0, [/events in namespace demo/]],
    ['the flags of the user are in the command to try', {...QUIET, [EVENTS]: refuse('events')}, ['--as', 'dev', '--as-group', 'the team'], 4, [/kubectl auth can-i list events -n demo --kubeconfig \S+ --as dev --as-group 'the team'/]],
    ['a server that fails at events only is said', {...QUIET, [EVENTS]: text(500, 'etcd is away', {'retry-after': '0'})}, [], 4, [/3 probes in 1 pod/, /500 Internal Server Error: etcd is away/]],
    ['events that never come are said, with what they would have told', {...QUIET, [EVENTS]: silence}, ['--request-timeout', '1s'], 4, [/3 probes in 1 pod/, /events in namespace demo\n.*did not answer within 0\.5s\n {4}tells {5}which probes fail since when/]],
    ['all that is optional may be silent at the price of one request', {...QUIET, '/version': silence, [NAMESPACE]: silence, [EVENTS]: silence, [REPLICASETS]: silence}, ['--request-timeout', '1s'], 4, [/3 probes in 1 pod/, /namespaces\/demo\n/, /events in namespace demo\n/, /replicasets in namespace demo\n/]],
    ...['null', '42', '"x"', '[]', '{}', '<html>'].map((body): [string, Script, string[], number, RegExp[]] => [`a version that is ${body} takes nothing away`, {...QUIET, '/version': text(200, body)}, [], 0, [/3 probes in 1 pod: 3 pass/]]),
    ['of several namespaces only the one that fails is lost', {...QUIET, '/api/v1/namespaces/other/pods': refuse('pods')}, ['-n', 'other'], 4, [/3 probes in 1 pod/, /pods in namespace other\n/, /tells {5}the probes of its pods/]],
    ['a list that holds more than pods tells of the pods', {...QUIET, [PODS]: list([...healthy, null, {}, {kind: 'Secret', metadata: {name: 'a'}}])}, [], 4, [/3 probes in 1 pod/, /pods in namespace demo\n.*3 of its items are no Pod with a name/]],
    ['a pod that comes twice counts once', {...QUIET, [PODS]: list([...healthy, ...healthy])}, [], 0, [/3 probes in 1 pod: 3 pass/]],
    ["the server's clock counts", {...DEMO, '/version': text(200, '{"gitVersion":"v1.32.2"}', {date: 'Sat, 28 Nov 2099 12:00:00 GMT'}), [NAMESPACE]: text(404, '{}', {date: 'Sat, 28 Nov 2099 12:00:00 GMT'})}, ['-n', 'demo'], 3, [/note: the clock of this machine is \d+m behind the server's/]],
    ['pods that may not be read leave nothing to say', {...DEMO, [PODS]: refuse('pods')}, [], 3, [/^error: could not read pods in namespace demo\n {2}got {4}403 Forbidden: .*\n {2}try {4}kubectl auth can-i list pods -n demo --kubeconfig/]],
    ['401 for all leaves nothing to say', {'/version': status(401, 'Unauthorized'), [NAMESPACE]: status(401, 'Unauthorized'), [PODS]: status(401, 'Unauthorized')}, [], 3, [/^error: could not read pods in namespace demo\n {2}got {4}401 Unauthorized: Unauthorized\n/]],
    ['a namespace that is not there is a typing error', {...DEMO, [NAMESPACE]: status(404, 'namespaces "demo" not found')}, [], 3, [/^error: could not read namespace demo\n.*not found/]],
    ['an empty namespace is never green', {...QUIET, [PODS]: list([]), [REPLICASETS]: list([])}, [], 4, [/./]],
    ['a login page is no cluster', {'/version': text(200, '<html>Log in</html>', {'content-type': 'text/html'}), [NAMESPACE]: text(200, '<html>Log in</html>', {'content-type': 'text/html'}), [PODS]: text(200, '<html>Log in</html>', {'content-type': 'text/html'})}, [], 3, [/text\/html: <html>Log in/]],
    ['a server that dies in the middle of a list', {...DEMO, [PODS]: breaksOff(listText(itemsOf('pods')).slice(0, 5000))}, [], 3, [/^error: could not read pods in namespace demo\n.*ended the answer in the middle \(asked 4 times\)\n$/]],
    ['a server that never answers', {...DEMO, [PODS]: silence}, ['--request-timeout', '200ms'], 3, [/did not answer within 0\.2s\n {2}try .*--request-timeout/]],
    ['a server that stops in the middle', {...DEMO, [PODS]: stalls(listText(itemsOf('pods')).slice(0, 5000))}, ['--request-timeout', '200ms'], 3, [/did not end its answer within 0\.2s/]],
  ];
  for (const [sentence, script, more, code, says] of rows) {
    it(`${sentence}: ${code}`, async () => {
      const ran = await verify(script, more);
      for (const words of says) assert.match(code === 3 ? ran.stderr : ran.stdout + ran.stderr, words);
      assert.equal(ran.code, code, ran.stderr);
      decent(ran);
      if (code === 3) assert.equal(ran.stdout, '');
    });
  }

  it('says in JSON too what is missing', async () => {
    const {code, stdout} = await verify({...QUIET, [EVENTS]: refuse('events')}, ['-o', 'json']);
    assert.equal(code, 4);
    assert.match(stdout, /kubectl auth can-i list events -n demo/);
    assert.doesNotThrow(() => JSON.parse(stdout));
  });

  it('a dead server refuses', async () => {
    const server = await serve({});
    await server.close();
    const ran = await run(['verify', '-n', 'demo', '--kubeconfig', kubeconfigFile(server.url)]);
    assert.match(ran.stderr, /refuses connections: is that the right host and port\?/);
    assert.equal(ran.code, 3);
    decent(ran);
  });
});

describe('what a run costs the server', () => {
  const REQUESTS = ['/version', NAMESPACE, PODS, EVENTS, REPLICASETS].sort();
  const copies = (count: number) => Array.from({length: count}, (_, at) => ({...healthy[0], metadata: {...(healthy[0]!['metadata'] as object), name: `bookstore-${at}`, uid: `uid-${at}`}}));
  for (const count of [1, 400]) {
    it(`one connection and five requests for ${count} pods`, () =>
      withServer({...QUIET, [PODS]: list(copies(count))}, async (server, args) => {
        const ran = await run(args);
        assert.match(ran.stdout, new RegExp(`in ${count} pod`));
        assert.deepEqual(server.received.map(({url}) => url).sort(), REQUESTS);
        assert.equal(server.connections, 1);
      }));
  }
  it('one connection and a request more for each 500 pods of an old server', () =>
    withServer({...QUIET, [PODS]: paged(copies(1001))}, async (server, args) => {
      assert.match((await run(args)).stdout, /in 1001 pods/);
      assert.equal(server.asked().filter((url) => url.startsWith(PODS)).length, 3);
      assert.equal(server.connections, 1);
    }, 'v1.24.0'));
});

describe('a run that is cut short', () => {
  const until = async (holds: () => boolean) => {
    for (const since = performance.now(); !holds(); await new Promise((next) => setTimeout(next, 5))) assert.ok(performance.now() - since < 8000, 'asked in time');
  };
  const begun = (server: ApiServer, path: string) => until(() => server.asked().some((url) => url.startsWith(path)));
  for (const [sentence, answer] of [['that does not come', silence], ['that stops in the middle', stalls(listText(itemsOf('pods')).slice(0, 5000))]] as const) {
    it(`Ctrl-C in a list ${sentence}: interrupted, 130`, () =>
      withServer({...DEMO, [PODS]: answer}, async (server, args) => {
        const running = start(args);
        await begun(server, PODS);
        const since = performance.now();
        running.kill('SIGINT');
        const ran = await running.ended;
        assert.ok(performance.now() - since < 3000, 'at once, and not when the time is over');
        assert.equal(ran.code, 130);
        assert.equal(ran.stderr, 'interrupted\n');
        assert.equal(ran.stdout, '');
        decent(ran);
      }));
  }
  it('Ctrl-C in the lists that are optional: what is known is printed, 130', () =>
    withServer({...DEMO, [EVENTS]: silence}, async (server, args) => {
      const running = start(args);
      await begun(server, EVENTS);
      const since = performance.now();
      running.kill('SIGINT');
      const ran = await running.ended;
      assert.ok(performance.now() - since < 3000);
      assert.equal(ran.code, 130);
      assert.match(ran.stdout, /events in namespace demo\n.*interrupted[\s\S]*interrupted: incomplete\n$/);
      decent(ran);
    }));
  it('Ctrl-C while pods are looked into: the first report is printed, 130', () =>
    withServer({...DEMO, ...Object.fromEntries(itemsOf('pods').map((pod) => [`${PODS}/${(pod['metadata'] as {name: string}).name}/log`, silence]))}, async (server, args) => {
      const running = start([...args, '-o', 'json']);
      await until(() => server.asked().some((url) => url.includes('/log?')));
      running.kill('SIGINT');
      const ran = await running.ended;
      assert.equal(ran.code, 130);
      const report = JSON.parse(ran.stdout) as {interrupted?: boolean; findings: unknown[]; unseen: {asked: string}[]};
      assert.equal(report.interrupted, true);
      assert.ok(report.findings.length > 0);
      assert.ok(report.unseen.some(({asked}) => /^a look into \d+ more pods$/.test(asked)));
      decent(ran);
    }));
  it('Ctrl-C between tries: interrupted, 130', () =>
    withServer({...DEMO, [PODS]: status(429, 'slow down', {'retry-after': '20'})}, async (server, args) => {
      const running = start(args);
      await begun(server, PODS);
      running.kill('SIGINT');
      assert.equal((await running.ended).code, 130);
    }));
  it('Ctrl-C behind a proxy that never answers: interrupted, 130', async () => {
    const between = await proxy(1, 0);
    const running = start(['verify', '-n', 'demo', '--kubeconfig', kubeconfigFile('https://api.test')], {HTTPS_PROXY: between.url});
    await until(() => between.tunnels.length > 0);
    running.kill('SIGINT');
    const ran = await running.ended;
    await between.close();
    assert.equal(ran.code, 130);
    assert.equal(ran.stderr, 'interrupted\n');
  });
  for (const [format, code] of [['table', 3], ['json', 3]] as const) {
    it(`a reader of ${format} that left before the end has no answer: ${code}`, () =>
      withServer(DEMO, async (_, args) => {
        const running = start([...args, '-o', format]);
        running.closeStdoutAtOnce();
        const ran = await running.ended;
        assert.equal(ran.stderr, 'error: writing to stdout failed\n  got    the reader left before the end\n');
        assert.equal(ran.code, code);
        decent(ran);
      }));
  }
});

describe('control characters of a cluster', () => {
  const ESCAPE = '\u001b]0;owned\u0007\u001b[2J\u009b1m\r\u0008\u202e';
  /** Each text of an object with an escape in its middle, but those that the reader needs as they are. */
  const dirty = (value: unknown, key = ''): unknown => {
    if (typeof value === 'string') return /^(uid|namespace|.*[tT]ime.*|.*Timestamp|kind|type|status|started|startedAt|finishedAt|phase|creationTimestamp)$/.test(key) ? value : `${value.slice(0, 3)}${ESCAPE}${value.slice(3)}`;
    if (Array.isArray(value)) return value.map((one) => dirty(one, key));
    if (typeof value === 'object' && value !== null) return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, name === 'labels' || name === 'volumes' ? one : dirty(one, name)]));
    return value;
  };
  const DIRTY: Script = {
    [NAMESPACE]: json({kind: 'Namespace', apiVersion: 'v1', ...ANSWERS.find(({question}) => question === 'get namespaces/demo')!.object}),
    [PODS]: list(itemsOf('pods').map((one) => dirty(one))),
    [EVENTS]: list(itemsOf('events').map((one) => dirty(one))),
    [REPLICASETS]: list(itemsOf('replicasets').map((one) => dirty(one))),
  };
  for (const format of ['table', 'wide', 'json', 'name']) {
    it(`never reach the screen in ${format}`, async () => {
      const ran = await verify(DIRTY, ['-o', format, ...(format === 'table' ? ['--show', 'all'] : [])]);
      assert.match(ran.stdout, /2J/, 'the text is there, without its escapes');
      decent(ran);
      assert.doesNotMatch(ran.stdout, /\u202e|\\u001b|\\u009b|\\u202e/);
    });
  }
  it('never reach the screen by a refusal', async () => decent(await verify({...QUIET, [PODS]: status(403, `no${ESCAPE}`)})));
  it('never reach the screen by a version', async () => decent(await verify({...QUIET, '/version': text(500, ESCAPE, {'retry-after': '0'})})));
});
