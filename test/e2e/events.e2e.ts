import assert from 'node:assert/strict';
import {spawn} from 'node:child_process';
import {run} from '../support/run.ts';
import {apply, forget, IMAGE, joinMesh, kubectl} from './kubectl.ts';
import type {WorkloadEvents} from '../../src/lib/model/events-report.ts';

const NAMESPACE = 'osm-probes-events';
const ENV = {KUBECONFIG: process.env['KUBECONFIG']};
const http = (path: string, port = 8080) => ({httpGet: {path, port}, periodSeconds: 2});

function deployment(name: string, container: object, pod: object = {}): object {
  return {apiVersion: 'apps/v1', kind: 'Deployment', metadata: {name}, spec: {selector: {matchLabels: {app: name}}, template: {metadata: {labels: {app: name}}, spec: {terminationGracePeriodSeconds: 1, containers: [{name: 'app', image: IMAGE, imagePullPolicy: 'IfNotPresent', ...container}], ...pod}}}};
}

const WORKLOADS = [
  deployment('calm', {args: ['-listen=http::8080', '-route=/r=200'], readinessProbe: http('/r')}),
  deployment('closed', {args: ['-listen=http::8080'], readinessProbe: http('/r', 8081)}),
  deployment('killed', {args: ['-listen=http::8080', '-route=/l=200,after=8s:503'], livenessProbe: http('/l')}),
  deployment('pending', {args: ['-listen=http::8080'], readinessProbe: http('/r')}, {nodeSelector: {disk: 'none'}}),
];

async function told(name?: string): Promise<WorkloadEvents[]> {
  const {stdout, stderr} = await run(['events', ...(name === undefined ? [] : [`deploy/${name}`]), '-n', NAMESPACE, '-o', 'json'], ENV);
  assert.notEqual(stdout, '', stderr);
  return (JSON.parse(stdout) as {workloads: WorkloadEvents[]}).workloads;
}

/** Asks until the answer has it, for at most `seconds`. */
async function until<T>(seconds: number, what: string, ask: () => Promise<T | undefined>): Promise<T> {
  for (const deadline = Date.now() + seconds * 1000; ; await new Promise((done) => setTimeout(done, 2000))) {
    const found = await ask();
    if (found !== undefined) return found;
    assert.ok(Date.now() < deadline, `${what} within ${seconds}s`);
  }
}

describe('events on a real mesh', () => {
  before(() => {
    if (!ENV.KUBECONFIG) throw new Error('KUBECONFIG names no cluster');
    joinMesh(NAMESPACE);
    apply(NAMESPACE, WORKLOADS);
  });
  after(() => forget([NAMESPACE]));

  const probe = (name: string, said: RegExp, state: string) =>
    until(120, `${name}: ${said} ${state}`, async () => (await told(name))[0]?.probes.find((one) => said.test(one.said) && one.state === state));

  it('says by its log that Envoy could not connect', () => probe('closed', /^Envoy answered 503, it could not connect to :8081$/, 'going-on'));
  it('says what killed a container, and what came before', () =>
    until(120, 'a kill', async () => (await told('killed'))[0]?.runtime.find(({reason, before}) => reason === 'killed by its liveness probe' && before === 'liveness fails: 503')));
  it('says what the scheduler says', () => until(60, 'FailedScheduling', async () => (await told('pending'))[0]?.starting.find(({reason, state}) => reason === 'FailedScheduling' && state === 'going-on')));
  it('tells a start from a fault', () =>
    until(120, 'a quiet workload', async () => {
      const [one] = await told('calm');
      return one?.quiet && one.pods.every(({ready}) => ready === '2/2') ? one : undefined;
    }));
  it('goes on without events, and says that they are gone', async () => {
    const pod = kubectl(['get', 'pods', '-n', NAMESPACE, '-l', 'app=closed', '-o', 'name']).trim().replace('pod/', '');
    const gone = await until(120, 'a report without events', async () => {
      // Until the kubelet has used up its burst it writes them anew.
      kubectl(['delete', 'events', '-n', NAMESPACE, '--field-selector', `involvedObject.name=${pod}`]);
      const [one] = await told('closed');
      return one?.probes.some(({times}) => times === undefined) ? one : undefined;
    });
    assert.match(gone.probes[0]!.said, /could not connect to :8081/);
    assert.match(gone.notes.join(), /no event is left of this/);
  });
  it('prints what a rollout does while somebody watches', async () => {
    const child = spawn(process.execPath, ['bin/run.js', 'events', 'deploy/calm', '-n', NAMESPACE, '--watch', '--no-logs'], {env: {PATH: process.env['PATH'], LANG: 'C.UTF-8', ...ENV}});
    let stdout = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    try {
      await until(30, 'the report', async () => (stdout.includes('1 workload') ? true : undefined));
      kubectl(['rollout', 'restart', '-n', NAMESPACE, 'deploy/calm']);
      await until(120, 'the rollout', async () => (/pod created[\s\S]*app is ready[\s\S]*pod is gone/.test(stdout) ? true : undefined));
      child.kill('SIGINT');
      assert.equal(await new Promise((done) => child.on('close', done)), 0);
    } finally {
      child.kill('SIGKILL');
    }
  });
});
