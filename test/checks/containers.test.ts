import assert from 'node:assert/strict';
import {type Changed, container, crashLoop, ended, event, exec, fails, findingOf, http, killing, namespaceRaw, pod, REFUSED, reportOf, restarted, startedAgo, STATUS, tcp, unready, waiting, type Raw} from '../support/pods.ts';
import {loud, silent, table} from '../support/table.ts';

const root = 'container has runAsNonRoot and image will run as root (pod: "cart-1_shop(u)", container: osm-healthcheck)';
const hooked = (status: Record<string, Raw>, events: Raw[] = []) => pod({containers: [container('app', {readiness: http()}, {lifecycle: {postStart: exec('/init.sh')}})], status, events});
const pending = {app: waiting('PodInitializing'), envoy: waiting('PodInitializing')};

export const ROWS = table("containers: whether the pod's containers are there and run", [
  loud('OSMP201', 'the namespace joined after the pod was made', () => [pod({mesh: 'none'}), {objects: [['namespaces', namespaceRaw('shop')]]}], {severity: 'warning', verdict: {'app readiness': 'warn: no sidecar'}}),
  silent('OSMP201', 'the pod is on the network of its host', () => [pod({mesh: 'none', spec: {hostNetwork: true}}), {objects: [['namespaces', namespaceRaw('shop')]]}]),
  silent('OSMP201', 'an annotation disables the injection', () => [pod({mesh: 'none', annotations: {'openservicemesh.io/sidecar-injection': 'disabled'}}), {objects: [['namespaces', namespaceRaw('shop')]]}]),
  silent('OSMP201', 'the namespace is not in the mesh', () => pod({mesh: 'none'})),

  loud('OSMP202', 'the proxy was taken away', () => pod({change: (raw: Changed) => (raw.spec.containers = raw.spec.containers.filter(({name}) => name !== 'envoy'))}), {verdict: {'app readiness': 'fail: no proxy'}}),
  silent('OSMP202', 'FSM intercepts at the node', () => pod({mesh: 'fsm-node-level'})),
  silent('OSMP202', 'a Windows pod has no init container', () => pod({noInit: true, spec: {nodeSelector: {'kubernetes.io/os': 'windows'}}}), {verdict: {'app readiness': 'pass'}}),

  loud('OSMP203', "osm-init's rules do not return 15904", () => pod({containers: [container('app', {readiness: tcp()})], change: without15904}), {verdict: {'app readiness': 'fail: redirected to the mTLS listener'}}),
  silent('OSMP203', 'they return it', () => pod({containers: [container('app', {readiness: tcp()})]})),

  loud('OSMP205', 'the proxy is killed for memory again and again, and the kubelet kills the app for it', () =>
    pod({containers: [container('app', {liveness: http()})], status: {envoy: crashLoop(137, 60, 9, 'OOMKilled'), app: crashLoop(137, 200, 5)}, events: [killing('liveness', {last: 200, count: 4}), fails('Liveness', REFUSED(15901, '/osm-liveness-probe'), {count: 12, first: 2000, last: 210})]}), {severity: 'error', verdict: {'app liveness': 'fail: envoy was killed for memory'}}),
  loud('OSMP205', 'the proxy crashes and no event is left of the probes', () => pod({containers: [container('app', {liveness: http()})], status: {envoy: crashLoop(139, 60)}}), {severity: 'error', verdict: {'app liveness': 'fail: envoy exits 139'}}),
  loud('OSMP205', 'the proxy ended once, a minute ago', () => pod({status: {envoy: restarted(60, {exitCode: 0})}}), {severity: 'warning', verdict: {'app readiness': 'warn: envoy exits 0'}}),
  loud('OSMP205', 'the proxy ended once and the app fails for another reason', () => pod({status: {envoy: restarted(300), app: unready}, events: [fails('Readiness', STATUS(401), {count: 30, first: 3000})]}), {severity: 'warning', also: ['OSMP501'], verdict: {'app readiness': 'fail: 401'}}),
  loud('OSMP205', 'osm-init fails', () => pod({phase: 'Pending', initStatus: {'osm-init': crashLoop(1, 30)}, status: pending}), {severity: 'error', verdict: {'app readiness': 'unknown: not started: osm-init exits 1'}}),
  loud('OSMP205', 'osm-healthcheck crashes, which is no matter of an exec probe', () => pod({containers: [container('app', {liveness: tcp(), readiness: exec('true')})], status: {'osm-healthcheck': crashLoop(1, 30)}}), {severity: 'error', verdict: {'app liveness': 'fail: osm-healthcheck exits 1', 'app readiness': 'pass'}}),
  silent('OSMP205', 'the proxy is being created, after the app', () => pod({age: 8, status: {app: unready, envoy: waiting('ContainerCreating')}}), {verdict: {'app readiness': 'unknown: envoy does not run yet'}}),
  silent('OSMP205', 'all containers ended together, as a restarted node ends them', () => pod({containers: [container('app', {readiness: tcp()})], status: {app: restarted(120, {exitCode: 255}), envoy: restarted(125, {exitCode: 0}), 'osm-healthcheck': restarted(121, {exitCode: 1})}}), {verdict: {'app readiness': 'pass'}}),
  silent('OSMP205', 'osm-healthcheck ended with 1 at a SIGTERM of an hour ago', () => pod({age: 9000, containers: [container('app', {readiness: tcp()})], status: {'osm-healthcheck': restarted(3600, {exitCode: 1})}})),
  silent('OSMP205', 'a finished Job leaves the proxy running', () => pod({workload: {kind: 'Job', name: 'batch'}, status: {app: {ready: false, started: false, state: ended(0, 600)}}}), {verdict: {'app readiness': 'unknown: finished'}}),

  loud('OSMP510', 'the app exits with 1', () => pod({status: {app: crashLoop(1, 60)}}), {severity: 'error', verdict: {'app readiness': 'unknown: crashed: app exits 1'}}),
  loud('OSMP510', 'the app is killed for memory, whatever probe it has', () => pod({containers: [container('app', {liveness: http()})], status: {app: crashLoop(137, 60, 7, 'OOMKilled')}}), {verdict: {'app liveness': 'unknown: crashed: app was killed for memory'}}),
  loud('OSMP510', 'a init container of the owner fails', () => pod({phase: 'Pending', initContainers: [container('prepare')], initStatus: {prepare: crashLoop(1, 30), 'osm-init': waiting('PodInitializing')}, status: pending}), {verdict: {'app readiness': 'unknown: not started: prepare exits 1'}}),
  loud('OSMP510', 'it exits with 1 long after a kill that is over', () => pod({containers: [container('app', {liveness: http()})], status: {app: restarted(120, {exitCode: 1, restartCount: 5})}, events: [killing('liveness', {last: 3000})]}), {severity: 'error', verdict: {'app liveness': 'warn: app exits 1'}}),
  silent('OSMP510', 'a liveness probe killed it', () => pod({containers: [container('app', {liveness: http()})], status: {app: crashLoop(137, 60)}, events: [killing('liveness', {last: 61})]}), {but: ['OSMP511'], verdict: {'app liveness': 'fail: killed by its liveness probe'}}),
  silent('OSMP510', 'it restarted yesterday', () => pod({age: 100_000, status: {app: restarted(86_000, {exitCode: 1, restartCount: 3})}}), {verdict: {'app readiness': 'pass'}}),
  silent('OSMP510', 'a Job is done', () => pod({workload: {kind: 'Job', name: 'batch'}, containers: [container('app')], status: {app: {ready: false, state: ended(0, 60)}}})),

  loud('OSMP609', 'the hook fails, and the kubelet waits to start the container again', () => hooked({app: waiting('PostStartHookError', "command '/init.sh' exited with 1", {restartCount: 4, lastState: ended(137, 20)})}), {severity: 'error', verdict: {'app readiness': 'unknown: not started: its postStart hook fails'}}),
  loud('OSMP609', 'the container is killed for it again and again', () => hooked({app: crashLoop(137, 20, 5)}, [event('FailedPostStartHook', 'PostStartHook failed', {count: 5, first: 200, last: 22})])),
  silent('OSMP609', 'it failed once, and the container runs since', () => hooked({app: startedAgo(300, {restartCount: 1})}, [event('FailedPostStartHook', 'PostStartHook failed', {last: 302})])),
  loud('OSMP609', 'the status names the hook, whatever the app ends with', () => hooked({app: waiting('PostStartHookError', "command '/init.sh' exited with 1", {restartCount: 5, lastState: ended(1, 20)})}, [event('FailedPostStartHook', 'PostStartHook failed', {count: 5, first: 300, last: 20})]), {severity: 'error'}),
  loud('OSMP609', 'either may have come first', () => hooked({app: crashLoop(1, 20, 5)}, [event('FailedPostStartHook', 'PostStartHook failed', {count: 5, first: 300, last: 20})]), {severity: 'error'}),
  silent('OSMP609', 'the app ends by itself', () => hooked({app: crashLoop(1, 20, 5)}), {but: ['OSMP510']}),

  silent('OSMP601', 'a queue holds the pod back', () => pod({phase: 'Pending', node: null, conditions: [{type: 'PodScheduled', status: 'False', reason: 'SchedulingGated', message: 'Scheduling is blocked due to non-empty scheduling gates'}], status: pending}), {but: ['OSMP601 info']}),
  loud('OSMP601', 'the scheduler finds no node', () => pod({phase: 'Pending', node: null, conditions: [{type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: '0/3 nodes are available: 3 Insufficient cpu.'}], status: pending}), {verdict: {'app readiness': 'unknown: not started: no node takes the pod'}}),
  silent('OSMP601', 'it was scheduled after all', () => pod({events: [event('FailedScheduling', '0/3 nodes are available', {container: '', last: 3500})]})),

  loud('OSMP602', 'the image of the app is missing', () => pod({status: {app: waiting('ImagePullBackOff', 'Back-off pulling image "shop/app:1"')}}), {verdict: {'app readiness': 'unknown: not started: ImagePullBackOff'}}),
  loud('OSMP602', 'the image of osm-healthcheck is missing on a Windows node', () => pod({containers: [container('app', {readiness: tcp()})], status: {app: unready, 'osm-healthcheck': waiting('ErrImagePull', 'no matching manifest for windows/amd64')}, events: [fails('Readiness', REFUSED(15904, '/osm-healthcheck'), {count: 30, first: 3000})]}), {verdict: {'app readiness': 'fail: osm-healthcheck: ErrImagePull'}}),
  silent('OSMP602', 'the image came at the second try', () => pod({events: [event('BackOff', 'Back-off pulling image "shop/app:1"', {last: 3500}, 'Normal'), event('Failed', 'Error: ImagePullBackOff', {last: 3500})]})),
  silent('OSMP602', 'BackOff is of a restart', () => pod({status: {app: crashLoop(1, 60)}, events: [event('BackOff', 'Back-off restarting failed container app in pod cart-1', {count: 5, last: 20})]}), {but: ['OSMP510']}),

  loud('OSMP603', 'runAsNonRoot forbids osm-healthcheck', () => pod({containers: [container('app', {readiness: tcp()})], status: {app: unready, 'osm-healthcheck': waiting('CreateContainerConfigError', root)}, events: [fails('Readiness', REFUSED(15904, '/osm-healthcheck'), {count: 30, first: 3000})]}), {verdict: {'app readiness': 'fail: osm-healthcheck: CreateContainerConfigError'}}),
  loud('OSMP603', 'a Secret is missing', () => pod({status: {app: waiting('CreateContainerConfigError', 'secret "nosuch" not found')}}), {verdict: {'app readiness': 'unknown: not started: CreateContainerConfigError'}}),
  loud('OSMP603', 'osm-init may not run as root', () => pod({phase: 'Pending', initStatus: {'osm-init': waiting('CreateContainerConfigError', root)}, status: pending}), {verdict: {'app readiness': 'unknown: not started: osm-init: CreateContainerConfigError'}}),
  silent('OSMP603', 'the container is being created', () => pod({age: 5, phase: 'Pending', status: {app: waiting('ContainerCreating'), envoy: waiting('ContainerCreating')}}), {verdict: {'app readiness': 'unknown: not started: the pod is starting'}}),

  loud('OSMP604', 'the bootstrap Secret is gone', () => pod({phase: 'Pending', initStatus: {'osm-init': waiting('PodInitializing')}, status: pending, events: [event('FailedMount', 'MountVolume.SetUp failed for volume "envoy-bootstrap-config-volume" : secret "envoy-bootstrap-config-u" not found', {container: '', count: 9})]}), {verdict: {'app readiness': 'unknown: not started: FailedMount'}}),
  silent('OSMP604', 'the node is busy and its cache late', () => pod({age: 20, phase: 'Pending', initStatus: {'osm-init': waiting('PodInitializing')}, status: pending, events: [event('FailedMount', 'MountVolume.SetUp failed for volume "envoy-bootstrap-config-volume" : failed to sync secret cache: timed out waiting for the condition', {container: ''})]})),
  silent('OSMP604', 'the volume came later and an init container runs', () => pod({phase: 'Pending', initStatus: {'osm-init': {ready: false, ...startedAgo(10)}}, status: pending, events: [event('FailedMount', 'MountVolume.SetUp failed for volume "v" : secret "late" not found', {container: '', last: 60})]})),
  silent('OSMP604', 'the pod runs', () => pod({events: [event('FailedMount', 'MountVolume.SetUp failed for volume "v" : secret "late" not found', {container: '', last: 3500})]})),
]);

describe('containers: who ended', () => {
  const native = (restartPolicy?: string) => pod({initContainers: [container('log', {liveness: http(9090)}, restartPolicy ? {restartPolicy} : {})], initStatus: {log: crashLoop(1, 30)}});
  it('a native sidecar crashes like a container', async () => assert.match(JSON.stringify(findingOf(await reportOf(native('Always')), 'OSMP510')), /log ended with exit code 1/));
  it('an init container keeps the pod from starting', async () => assert.match(JSON.stringify(findingOf(await reportOf(native()), 'OSMP510')), /init container log fails, so the pod does not start/));
});

function without15904(raw: Changed): void {
  const init = raw.spec.initContainers.find(({name}) => name === 'osm-init')!;
  init['args'] = (init['args'] as string[]).map((words) => words.split('\n').filter((line) => !line.includes('15904')).join('\n'));
}
