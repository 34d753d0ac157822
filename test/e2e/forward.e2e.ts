import assert from 'node:assert/strict';
import {execFileSync, spawn, type ChildProcess} from 'node:child_process';
import {once} from 'node:events';
import {run} from '../support/run.ts';
import {apply, forget, IMAGE, joinMesh, kubectl} from './kubectl.ts';
import {manifestsOf, type Situation} from './situations.ts';

const NAMESPACE = 'osm-probes-forward';
const ENV = {KUBECONFIG: process.env['KUBECONFIG']};

const http = (path: string, port = 8080) => ({httpGet: {path, port}, periodSeconds: 2});
/** Each with what forward must say of it: the verdict of each probe, and the exit code. */
const ROWS: (Omit<Situation, 'row'> & {says: Record<string, string>; code: number})[] = [
  {name: 'all', parts: [{args: ['-listen=http::8080', '-route=/r=200', '-listen=https::8443', '-route=/l=200', '-listen=tcp::9000'], startup: {tcpSocket: {port: 9000}, periodSeconds: 2}, liveness: {httpGet: {path: '/l', port: 8443, scheme: 'HTTPS'}, periodSeconds: 2}, readiness: http('/r')}], says: {'app startup': 'pass', 'app liveness': 'pass', 'app readiness': 'pass'}, code: 0},
  {name: 'app-503', parts: [{args: ['-listen=http::8080', '-route=/r=503'], readiness: http('/r')}], says: {'app readiness': 'fail'}, code: 1},
  {name: 'port-closed', parts: [{args: ['-listen=http::8080'], readiness: http('/r', 8081)}], says: {'app readiness': 'fail'}, code: 1},
  {name: 'tcp-closed', parts: [{args: ['-listen=http::8080'], readiness: {tcpSocket: {port: 9000}, periodSeconds: 2}}], says: {'app readiness': 'fail'}, code: 1},
  {name: 'slow', parts: [{args: ['-listen=http::8080', '-route=/r=200,delay=3s'], readiness: http('/r')}], says: {'app readiness': 'fail'}, code: 1},
  {name: 'http-tcp', parts: [{name: 'a', args: ['-listen=http::8080', '-route=/a=200'], readiness: http('/a')}, {name: 'b', args: ['-listen=tcp::3001'], readiness: {tcpSocket: {port: 3001}, periodSeconds: 2}}], says: {'a readiness': 'fail', 'b readiness': 'pass'}, code: 1},
  {name: 'grpc', parts: [{args: ['-listen=grpc::50051', '-grpc==SERVING'], readiness: {grpc: {port: 50051}, periodSeconds: 2}}], says: {'app readiness': 'unknown'}, code: 4},
  {name: 'grpc-excluded', annotations: {'openservicemesh.io/inbound-port-exclusion-list': '50051'}, parts: [{args: ['-listen=grpc::50051', '-grpc==SERVING'], readiness: {grpc: {port: 50051}, periodSeconds: 2}}], says: {'app readiness': 'pass'}, code: 0},
  {name: 'grpc-down', annotations: {'openservicemesh.io/inbound-port-exclusion-list': '50051'}, parts: [{args: ['-listen=grpc::50051', '-grpc==NOT_SERVING'], readiness: {grpc: {port: 50051}, periodSeconds: 2}}], says: {'app readiness': 'fail'}, code: 1},
  {name: 'exec', parts: [{args: ['-listen=http::8080'], readiness: {exec: {command: ['/bin/true']}, periodSeconds: 2}}], says: {'app readiness': 'unknown'}, code: 4},
  {name: 'bare', kind: 'Pod', parts: [{args: ['-listen=http::8080', '-route=/r=200'], readiness: http('/r')}], says: {'app readiness': 'pass'}, code: 0},
];

interface Said {
  pods: {pod: string; probes: {container: string; probe: string; verdict: string; through: {kubelet?: string}; rounds?: {through: {count: number; failed: number; max: number}}}[]}[];
}
interface Event {
  event: string;
  pod: string;
  to: string;
  port: number;
  ports: {remote: number; local: number}[];
  curl: {for: string; command: string}[];
}

const targetOf = ({kind = 'Deployment', name}: {kind?: string; name: string}) => `${kind === 'Pod' ? 'pod' : 'deploy'}/${name}`;
const said = async (...args: string[]) => JSON.parse((await run(['forward', '-n', NAMESPACE, '-o', 'json', ...args], ENV)).stdout) as Said;

/** A forward that is kept, and the events that it tells. */
function keeping(...args: string[]): {child: ChildProcess; until(what: string): Promise<Event>; events: Event[]; stderr(): string} {
  const child = spawn(process.execPath, ['bin/run.js', 'forward', '-n', NAMESPACE, '--keep', '-o', 'json', ...args], {env: {...process.env, ...ENV}, stdio: ['ignore', 'pipe', 'pipe']});
  const events: Event[] = [];
  let text = '';
  let stderr = '';
  child.stderr.on('data', (more: Buffer) => (stderr += String(more)));
  child.stdout.on('data', (more: Buffer) => {
    const lines = (text + String(more)).split('\n');
    text = lines.pop()!;
    events.push(...lines.map((line) => JSON.parse(line) as Event));
  });
  const until = async (what: string) => {
    for (let wait = 0; wait < 600; wait++) {
      const found = events.find(({event}) => event === what);
      if (found) return found;
      if (child.exitCode !== null) break;
      await new Promise((done) => setTimeout(done, 100));
    }
    throw new Error(`no ${what} came: ${JSON.stringify(events)} ${stderr}`);
  };
  return {child, until, events, stderr: () => stderr};
}

/** What a pasted line answers: the status. */
function paste(command: string): string {
  return execFileSync('sh', ['-c', `${command} -s -m 10 -o /dev/null -w '%{http_code}' || true`], {encoding: 'utf8'});
}

describe('forward on a real mesh', () => {
  before(async function () {
    this.timeout(180_000);
    if (!ENV.KUBECONFIG) throw new Error('KUBECONFIG names no cluster');
    joinMesh(NAMESPACE);
    apply(NAMESPACE, ROWS.flatMap((row) => manifestsOf({...row, row: '-'}, IMAGE)));
    for (const row of ROWS.filter(({code, name}) => code === 0 || name === 'exec')) kubectl(row.kind === 'Pod' ? ['wait', '--for=condition=Ready', 'pod/bare', '-n', NAMESPACE, '--timeout=120s'] : ['rollout', 'status', `deploy/${row.name}`, '-n', NAMESPACE, '--timeout=120s']);
    await new Promise((done) => setTimeout(done, 10_000));
  });
  after(() => forget([NAMESPACE]));

  for (const row of ROWS) {
    it(`${row.name}: ${Object.values(row.says).join(', ')}, exit ${row.code}, and the kubelet agrees`, async () => {
      const {stdout, stderr, code} = await run(['forward', targetOf(row), '-n', NAMESPACE, '-o', 'json'], ENV);
      const {pods: [pod]} = JSON.parse(stdout) as Said;
      assert.deepEqual(Object.fromEntries(pod!.probes.map(({container, probe, verdict}) => [`${container} ${probe}`, verdict])), row.says, stderr);
      assert.equal(code, row.code);
      const statuses = (JSON.parse(kubectl(['get', 'pod', pod!.pod, '-n', NAMESPACE, '-o', 'json'])) as {status: {containerStatuses: {name: string; ready: boolean}[]}}).status.containerStatuses;
      for (const {container, probe, verdict} of pod!.probes) {
        if (probe === 'readiness' && verdict !== 'unknown') assert.equal(statuses.find(({name}) => name === container)!.ready, verdict !== 'fail', `${container} of ${row.name}`);
      }
    });
  }

  it('asks as often as it is told', async () => {
    const {pods: [pod]} = await said('deploy/all', '--probe', 'readiness', '--count', '5', '--interval', '100ms');
    const {through} = pod!.probes[0]!.rounds!;
    assert.equal(through.count, 5);
    assert.equal(through.failed, 0);
    assert.ok(through.max < 1000);
  });

  it('of several pods takes one that is not Ready, or all', async () => {
    kubectl(['scale', 'deploy/all', '--replicas=2', '-n', NAMESPACE]);
    kubectl(['rollout', 'status', 'deploy/all', '-n', NAMESPACE, '--timeout=120s']);
    assert.equal((await said('deploy/all')).pods.length, 1);
    assert.equal((await said('deploy/all', '--all-pods')).pods.length, 2);
    kubectl(['scale', 'deploy/all', '--replicas=1', '-n', NAMESPACE]);
  });

  it('Ctrl-C between rounds prints what is known, and exits 130', async () => {
    const child = spawn(process.execPath, ['bin/run.js', 'forward', 'deploy/app-503', '-n', NAMESPACE, '--duration', '1m', '--interval', '200ms', '-o', 'json'], {env: {...process.env, ...ENV}, stdio: ['ignore', 'pipe', 'pipe']});
    let text = '';
    child.stdout.on('data', (more: Buffer) => (text += String(more)));
    setTimeout(() => child.kill('SIGINT'), 10_000);
    const [code] = (await once(child, 'close')) as [number];
    assert.equal(code, 130);
    assert.ok((JSON.parse(text) as Said).pods[0]!.probes[0]!.rounds!.through.count >= 2);
  });

  it('--keep: pasted lines work, a refused port leaves the others, a rollout is followed, Ctrl-C ends with 0', async () => {
    const kept = keeping('deploy/all', '--local-port', '0:7999');
    const ready = await kept.until('ready');
    const lines = (event: Event) => event.curl.filter(({command}) => !command.includes('telnet')).map(({command}) => paste(command));
    assert.deepEqual(lines(ready), ready.curl.filter(({command}) => !command.includes('telnet')).map(() => '200'));
    const closed = ready.ports.find(({remote}) => remote === 7999)!.local;
    assert.equal(paste(`curl http://localhost:${closed}/`), '000');
    await kept.until('refused');
    assert.deepEqual(lines(ready)[0], '200', 'the others go on');
    kubectl(['rollout', 'restart', 'deploy/all', '-n', NAMESPACE]);
    const moved = await kept.until('moved');
    assert.notEqual(moved.to, ready.pod);
    assert.notEqual(moved.curl[0]!.command, ready.curl[0]!.command, 'the Host changes');
    kubectl(['rollout', 'status', 'deploy/all', '-n', NAMESPACE, '--timeout=120s']);
    assert.deepEqual(lines(moved), lines(moved).map(() => '200'));
    const asked = Date.now();
    kept.child.kill('SIGINT');
    const [code] = (await once(kept.child, 'close')) as [number];
    assert.equal(code, 0, kept.stderr());
    assert.ok(Date.now() - asked < 2000, 'at once');
    assert.equal(kept.events.at(-1)!.event, 'ended');
  });

  it('--keep of a pod that is named itself ends with 3 when it is gone', async () => {
    const kept = keeping('pod/bare');
    await kept.until('ready');
    kubectl(['delete', 'pod/bare', '-n', NAMESPACE, '--wait=false']);
    const [code] = (await once(kept.child, 'close')) as [number];
    assert.equal(code, 3);
    assert.match(kept.stderr(), /forwarding pod\/bare in namespace \S+ failed\n {2}got {4}it (is being|was) deleted; name its workload/);
  });
});
