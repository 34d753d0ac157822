import assert from 'node:assert/strict';
import {spawn} from 'node:child_process';
import {serve, json, list, status, type Answer, type ApiServer} from '../support/api-server.ts';
import {kubeconfigFile} from '../support/connection.ts';
import {ago, event, fails, namespaceRaw, pod, STATUS, unready, type Raw} from '../support/pods.ts';
import {run} from '../support/run.ts';

const DEMO = ['events', '--from', 'test/fixtures/demo', '-n', 'demo'];

describe('the command events', () => {
  const rows: [what: string, args: string[], code: number, says: RegExp][] = [
    ['answers though probes fail', [...DEMO, 'deploy/app-503'], 0, /readiness of app, GET :8080\/ready {2}:8080 answered 503 .* going on/],
    ['gives a quiet workload one line', ['events', '--from', 'test/fixtures/zoo', '-n', 'osm-probes-zoo', 'deploy/healthy-exec'], 0, /^✓ {2}deploy\/healthy-exec {2}-n osm-probes-zoo {2}1 pod {2}nothing happened\n\n1 workload/],
    ['has nothing in scope', [...DEMO, '-l', 'app=nosuch'], 3, /another scope/],
    ['does not know the target', [...DEMO, 'deploy/nosuch'], 3, /deploy\/nosuch/],
    ['does not know the format', [...DEMO, '-o', 'xml'], 2, /xml/],
    ['does not know the duration', [...DEMO, '--since', 'soon'], 2, /--since "soon" is no duration/],
    ['does not know the probe', [...DEMO, '--probe', 'lively'], 2, /lively/],
    ['cannot watch a snapshot', [...DEMO, '--watch'], 2, /a snapshot does not change: --watch needs a cluster/],
    ['leaves out other probes', [...DEMO, 'deploy/app-503', '--probe', 'liveness', '--probe', 'startup'], 0, /nothing that was asked for/],
    ['says that logs were not recorded', ['events', '--from', 'test/forward/demo', '-n', 'demo', 'deploy/app-503'], 0, /got +not recorded in this snapshot/],
    ['does without logs where told so', [...DEMO, 'deploy/app-503', '--no-logs'], 0, /3 runtime +no restarts\n {2}timeline/],
    ['shows every event', [...DEMO, 'deploy/app-503', '--all'], 0, /LAST SEEN +TYPE +REASON +OBJECT[\s\S]*Warning +Unhealthy +pod\/app-503/],
  ];
  for (const [what, args, code, says] of rows) {
    it(`${what}: ${code}`, async () => {
      const ran = await run(args);
      assert.match(ran.stdout + ran.stderr, says);
      assert.equal(ran.code, code, ran.stderr);
    });
  }
  it('is byte-identical in two runs', async () => assert.equal((await run([...DEMO, '-o', 'yaml'])).stdout, (await run([...DEMO, '-o', 'yaml'])).stdout));
  it('does without UTF-8 where the locale has none', async () => assert.doesNotMatch((await run(DEMO, {LANG: 'C'})).stdout, /[^\n -~]/));
});

const PATHS: Record<string, string> = {pods: '/api/v1/namespaces/shop/pods', events: '/api/v1/namespaces/shop/events', replicasets: '/apis/apps/v1/namespaces/shop/replicasets', namespaces: '/api/v1/namespaces/shop'};

/** An API server with one unready pod, whose watches say what `later` is told. */
async function cluster(): Promise<{server: ApiServer; later: Record<string, (line: object) => void>}> {
  const of = (kind: string) => objects.filter(([resource]) => resource === kind).map(([, raw]) => raw);
  const {objects} = pod({age: 600, status: {app: unready}, events: [fails('Readiness', STATUS(503), {first: 500, last: 9, count: 5})]});
  const later: Record<string, (line: object) => void> = {};
  const both = (kind: string): Answer => (request, response) => {
    if (!request.url!.includes('watch=true')) return list(of(kind), {resourceVersion: '7'})(request, response);
    response.writeHead(200, {'content-type': 'application/json'}).write(' \n');
    later[kind] = (line) => void response.write(`${JSON.stringify(line)}\n`);
  };
  return {server: await serve({[PATHS['pods']!]: both('pods'), [PATHS['events']!]: both('events'), [PATHS['replicasets']!]: list(of('replicasets')), [PATHS['namespaces']!]: json(namespaceRaw('shop'))}), later};
}

describe('events --watch', () => {
  const cart = (more: object = {}) => pod({age: 600, ...more}).objects.find(([kind]) => kind === 'pods')![1];
  const kubelet = (raw: Raw, uid: string) => ({...raw, metadata: {name: uid, namespace: 'shop', uid, resourceVersion: '8'}, involvedObject: {kind: 'Pod', namespace: 'shop', name: 'cart-1', uid: 'uid-shop-cart-1', ...(raw['involvedObject'] as Raw)}});

  it('reports, prints what changes once, and ends with 0 on Ctrl-C', async () => {
    const {server, later} = await cluster();
    const child = spawn(process.execPath, ['bin/run.js', 'events', '-n', 'shop', '--watch', '--no-logs', '--kubeconfig', kubeconfigFile(server.url)], {env: {PATH: process.env['PATH'], LANG: 'C.UTF-8'}});
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    const until = async (pattern: RegExp) => {
      for (let tries = 0; !pattern.test(stdout); tries++) {
        assert.ok(tries < 400, `${pattern} did not come: ${stdout}${stderr}`);
        await new Promise((done) => setTimeout(done, 20));
      }
    };
    try {
      await until(/1 workload in 1 pod/);
      later['events']!({type: 'ADDED', object: kubelet(fails('Readiness', STATUS(503), {first: 500, last: 9, count: 5}), 'uid-shop-cart-1-e0')});
      later['events']!({type: 'MODIFIED', object: kubelet(fails('Readiness', STATUS(503), {first: 500, last: 1, count: 6}), 'uid-shop-cart-1-e0')});
      later['events']!({type: 'ADDED', object: kubelet(event('Started', 'Started container app', {}, 'Normal'), 'e9')});
      later['pods']!({type: 'MODIFIED', object: cart()});
      await until(/app is ready/);
      later['pods']!({type: 'MODIFIED', object: cart({status: {app: {restartCount: 1, ready: false, state: {running: {startedAt: ago(1)}}, lastState: {terminated: {exitCode: 137, reason: 'OOMKilled', finishedAt: ago(2)}}}}})});
      later['pods']!({type: 'DELETED', object: cart()});
      await until(/pod is gone/);
      child.kill('SIGINT');
      const code = await new Promise((done) => child.on('close', done));
      const lines = stdout.slice(stdout.indexOf('1 workload in 1 pod')).split('\n').slice(1).map((line) => line.replace(/^\S+ \S+Z {2}/, '')).filter((line) => line !== '');
      assert.deepEqual(lines.sort(), [
        'deploy/cart  cart-1  app ended: OOMKilled, exit code 137, 1 restart',
        'deploy/cart  cart-1  app is not ready any more',
        'deploy/cart  cart-1  app is ready',
        'deploy/cart  cart-1  pod is gone',
        'deploy/cart  cart-1  readiness of app, GET :8080/ok  503  6 times',
      ]);
      assert.deepEqual([code, stderr], [0, '']);
    } finally {
      child.kill('SIGKILL');
      await server.close();
    }
  });
  it('says that it may not watch, and what to ask', async () => {
    const {server} = await cluster();
    const events = server.script[PATHS['events']!] as Answer;
    server.script[PATHS['events']!] = (request, response) => (request.url!.includes('watch=true') || request.url!.includes('limit=1') ? status(403, 'events is forbidden')(request, response) : events(request, response));
    try {
      const {code, stderr} = await run(['events', '-n', 'shop', '--watch', '--no-logs', '--kubeconfig', kubeconfigFile(server.url)]);
      assert.match(stderr, /can-i watch events -n shop/);
      assert.equal(code, 3);
    } finally {
      await server.close();
    }
  });
  it('exits with 4 where events may not be read, and tells what the pods tell', async () => {
    const {server} = await cluster();
    server.script[PATHS['events']!] = status(403, 'events is forbidden');
    try {
      const {code, stdout} = await run(['events', '-n', 'shop', '--no-logs', '--kubeconfig', kubeconfigFile(server.url)]);
      assert.match(stdout, /ready: false +no event +going on/);
      assert.match(stdout, /can-i list events -n shop/);
      assert.equal(code, 4);
    } finally {
      await server.close();
    }
  });
});
