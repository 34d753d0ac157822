import {ago, container, event, fails, http, killing, pod, REFUSED, restarted, STATUS, unready, type Raw} from '../support/pods.ts';
import {inside, dump} from '../support/live.ts';
import {loud, silent, table} from '../support/table.ts';

const GATE = 'target-health.example.org/lb';
const gated = (message: string, more = {}) => pod({spec: {readinessGates: [{conditionType: GATE}]}, conditions: [{type: 'Ready', status: 'False', reason: 'ReadinessGatesNotReady', message, lastTransitionTime: ago(3000)}], ...more});
const notReady = (more: Raw = {}) => [{type: 'Ready', status: 'False', lastTransitionTime: ago(300), ...more}];
const nodeEvent = (last: number): Raw => ({reason: 'NodeNotReady', type: 'Warning', message: 'Node is not ready', count: 1, firstTimestamp: ago(last), lastTimestamp: ago(last), source: {component: 'node-controller'}});

/** A pod of a StatefulSet whose template is newer than the pod. */
function behind({update = 'cart-2', policy = {}, ready = false} = {}) {
  const piece = pod({workload: {kind: 'StatefulSet', name: 'cart'}, status: ready ? {} : {app: unready}, events: ready ? [] : [fails('Readiness', STATUS(503), {count: 30, first: 3000, last: 200})]});
  for (const [kind, raw] of piece.objects) {
    const metadata = raw['metadata'] as Record<string, Raw>;
    if (kind === 'pods') metadata['labels'] = {...metadata['labels'], 'controller-revision-hash': 'cart-1'};
    if (kind === 'statefulsets') Object.assign(raw, {spec: {...(raw['spec'] as Raw), ...policy}, status: {replicas: 1, currentRevision: 'cart-1', updateRevision: update}});
  }
  const template = (piece.objects.find(([kind]) => kind === 'statefulsets')![1]['spec'] as Raw)['template'];
  const revision = {metadata: {name: 'cart-1', namespace: 'shop', uid: 'uid-revision', ownerReferences: [{kind: 'StatefulSet', name: 'cart', uid: 'uid-StatefulSet-cart', controller: true}]}, data: {spec: {template}}};
  return {objects: [...piece.objects, ['controllerrevisions', revision] as (typeof piece.objects)[number]]};
}

const live = {containers: [container('app', {liveness: http()})]};
const late = (more = {}) => pod({...live, age: 100, status: {app: restarted(40, {restartCount: 1})}, events: [killing('liveness', {last: 42}), fails('Liveness', REFUSED(15901, '/osm-liveness-probe'), {count: 3, first: 62, last: 42})], ...more});

export const ROWS = table('pod: trouble that is no probe\'s', [
  loud('OSMP606', 'nobody has set the condition of a readiness gate', () => gated(`corresponding condition of pod readiness gate "${GATE}" does not exist.`), {severity: 'error', verdict: {'app readiness': 'pass'}}),
  loud('OSMP606', 'its controller says False', () => gated(`the status of pod readiness gate "${GATE}" is not "True", but False`), {verdict: {'app readiness': 'pass'}}),
  silent('OSMP606', 'it is about to be set', () => gated('', {age: 20, conditions: [{type: 'Ready', status: 'False', reason: 'ReadinessGatesNotReady'}]})),
  silent('OSMP606', 'the containers are not ready either', () => pod({spec: {readinessGates: [{conditionType: GATE}]}, status: {app: unready}, events: [fails('Readiness', STATUS(503), {count: 30, first: 3000, last: 200})]}), {but: ['OSMP501']}),

  loud('OSMP607', 'the node controller says that the node is not ready', () => pod({conditions: notReady(), events: [nodeEvent(300)]}), {severity: 'error', verdict: {'app readiness': 'unknown: node node1 is not ready'}}),
  loud('OSMP607', 'the condition is Unknown', () => pod({conditions: notReady({status: 'Unknown', reason: 'NodeStatusUnknown'})}), {verdict: {'app readiness': 'unknown: node node1 is not ready'}}),
  loud('OSMP607', 'nothing but the condition is left, which is not the kubelet\'s', () => pod({conditions: notReady()}), {verdict: {'app readiness': 'unknown'}}),
  silent('OSMP607', 'the node came back', () => pod({events: [nodeEvent(600)]}), {verdict: {'app readiness': 'pass'}}),
  silent('OSMP607', 'the kubelet says that a container is not ready', () => pod({status: {app: unready}, events: [nodeEvent(3000), fails('Readiness', STATUS(503), {count: 30, first: 2000, last: 200})], conditions: notReady({reason: 'ContainersNotReady', lastTransitionTime: ago(1900)})}), {but: ['OSMP501']}),
  silent('OSMP607', 'the node was away for a while, long after the container ceased to be ready', () => pod({status: {app: unready}, events: [nodeEvent(600), fails('Readiness', STATUS(503), {count: 30, first: 2000, last: 200})], conditions: notReady({reason: 'ContainersNotReady', lastTransitionTime: ago(1900)})}), {but: ['OSMP501']}),
  silent('OSMP607', 'it was away before a readiness gate closed', () => gated(`the status of pod readiness gate "${GATE}" is not "True", but False`, {events: [nodeEvent(3200)]}), {but: ['OSMP606']}),

  loud('OSMP608', 'a newer template waits for a pod that is not Ready', () => behind(), {also: ['OSMP501'], severity: 'warning'}),
  loud('OSMP608', 'pods are replaced by hand only', () => behind({policy: {updateStrategy: {type: 'OnDelete'}}}), {also: ['OSMP501']}),
  silent('OSMP608', 'pods are managed in parallel, so it is replaced at once', () => behind({policy: {podManagementPolicy: 'Parallel'}}), {but: ['OSMP501']}),
  silent('OSMP608', 'a partition keeps the pod at its revision', () => behind({policy: {updateStrategy: {type: 'RollingUpdate', rollingUpdate: {partition: 2}}}}), {but: ['OSMP501']}),
  loud('OSMP608', 'a partition keeps lower pods only', () => behind({policy: {updateStrategy: {type: 'RollingUpdate', rollingUpdate: {partition: 1}}}}), {also: ['OSMP501']}),
  silent('OSMP608', 'the pod is of the newest template', () => behind({update: 'cart-1'}), {but: ['OSMP501']}),
  silent('OSMP608', 'the pod is Ready, and will be replaced in its turn', () => behind({ready: true})),

  loud('OSMP304', 'the app was killed, and all that is known is that nobody listened at the proxy', () => late(), {severity: 'warning', verdict: {'app liveness': 'warn: killed before the proxy was up'}}),
  loud('OSMP304', 'the proxy waited for the control plane in vain', () => late(), {also: ['OSMP303'], live: inside({dump: dump({type: 'liveness', port: 8080}), counters: {'control_plane.connected_state': 1, 'cluster_manager.cds.init_fetch_timeout': 1, 'listener_manager.lds.init_fetch_timeout': 1}, says: {15901: {kind: 'response', protocol: 'HTTP/1.1', status: 200, reason: '', headers: [], body: '', end: 'whole', ms: 3}, 8080: {kind: 'response', protocol: 'HTTP/1.1', status: 200, reason: '', headers: [], body: '', end: 'whole', ms: 3}}})}),
  loud('OSMP304', 'it runs for minutes, and still waits for the control plane', () => pod({age: 200, containers: [container('app', {startup: http()})], status: {app: {...restarted(40, {restartCount: 2}), ready: false, started: false}}, events: [fails('Startup', REFUSED(15903, '/osm-startup-probe'), {count: 6, first: 180, last: 45}), killing('startup', {count: 2, first: 120, last: 43})]}), {also: ['OSMP302'], live: inside({dump: dump({type: 'startup', port: 8080}), says: {15903: {kind: 'refused', text: 'connection refused', ms: 3}, 8080: {kind: 'response', protocol: 'HTTP/1.1', status: 200, reason: '', headers: [], body: '', end: 'whole', ms: 3}}, ready: 'INITIALIZING', counters: {'control_plane.connected_state': 0}})}),
  silent('OSMP304', 'the proxy had been up for an hour', () => late({age: 3600}), {but: ['OSMP511']}),
  silent('OSMP304', 'the app itself was reached, and answered 503', () => late({events: [killing('liveness', {last: 42}), fails('Liveness', STATUS(503), {count: 3, first: 62, last: 42})]}), {but: ['OSMP511']}),
  silent('OSMP304', 'the proxy crashed, which explains more', () => late({status: {app: restarted(40), envoy: restarted(45, {exitCode: 139, restartCount: 4})}}), {but: ['OSMP205']}),
  silent('OSMP304', 'an event says that the container was stopped', () => pod({...live, events: [event('Killing', 'Stopping container app', {}, 'Normal')]})),
]);
