import {type Changed, container, crashLoop, event, exec, fails, grpc, http, https, killing, pod, REFUSED, restarted, STATUS, tcp, unready, waiting} from '../support/pods.ts';
import {loud, silent, table} from '../support/table.ts';

const two = (a: object, b: object, more = {}) => pod({containers: [container('a', {readiness: a as never}), container('b', {readiness: b as never})], ...more});
const one = (readiness: object, more = {}) => pod({containers: [container('app', {readiness: readiness as never})], ...more});

export const ROWS = table('rewriting: the pod against its template', [
  loud('OSMP101', 'two containers have an httpGet probe of one type, even if all are Ready', () => two(http(8080, '/a'), http(8081, '/b')), {verdict: {'a readiness': 'fail: answered by container b', 'b readiness': 'pass'}}),
  loud('OSMP101', 'two containers have an HTTPS probe of one type', () => two(https(8443, '/a'), https(8444, '/b')), {verdict: {'a readiness': 'fail', 'b readiness': 'pass'}}),
  loud('OSMP101', 'Pipy serves the first of two', () => two(http(8080, '/a'), http(8081, '/b'), {mesh: 'fsm'}), {verdict: {'a readiness': 'pass', 'b readiness': 'fail: answered by container a'}}),
  loud('OSMP101', 'a liveness probe is answered by another container, and the kubelet kills for it', () =>
    pod({containers: [container('a', {liveness: http(8080, '/a')}), container('b', {liveness: http(8081, '/b')})], status: {a: crashLoop(137, 60)}, events: [killing('liveness', {container: 'a', last: 60}), fails('Liveness', STATUS(404), {container: 'a', count: 9, last: 60})]}), {verdict: {'a liveness': 'fail: answered by container b'}}),
  loud('OSMP101', 'the last container names a port that it does not declare', () => two(http(8080, '/a'), http('web')), {also: ['OSMP108'], verdict: {'a readiness': 'fail: answered by container b', 'b readiness': 'fail: port "web" is not declared'}}),
  loud('OSMP101', 'the path of the last container has no slash', () => two(http(8080, '/a'), http(8081, 'b')), {also: ['OSMP110'], verdict: {'a readiness': 'fail: answered by container b', 'b readiness': 'fail: path without /'}}),
  loud('OSMP101', 'the last container was exported from a running pod', () => two(http(8080, '/a'), http(15902, '/osm-readiness-probe')), {also: ['OSMP107'], verdict: {'a readiness': 'fail: answered by container b'}}),
  silent('OSMP101', 'both containers probe one endpoint', () => two(http(8080, '/a'), http(8080, '/a')), {verdict: {'a readiness': 'pass'}}),
  silent('OSMP101', 'the types differ', () => pod({containers: [container('a', {liveness: http()}), container('b', {readiness: http(8081)})]})),
  silent('OSMP101', 'the path has a query', () => one(http(8080, '/ok?full=1&b=2')), {verdict: {'app readiness': 'pass'}}),
  silent('OSMP101', 'the other container has exec', () => two(exec('true'), http())),
  silent('OSMP101', 'OSM main serves each', () => two(http(8080, '/a'), http(8081, '/b'), {mesh: 'osm-main'})),

  loud('OSMP102', 'the last container of the type has a TCP probe', () => two(http(), tcp()), {verdict: {'a readiness': 'fail: no listener: the readiness probe of b decides', 'b readiness': 'pass'}}),
  loud('OSMP102', 'it is refused for good, and the refusals hang under it', () => two(https(), tcp(), {status: {a: unready}, events: [fails('Readiness', REFUSED(), {container: 'a', count: 40, first: 3000})]})),
  loud('OSMP102', 'Pipy sees an exec probe first', () => two(exec('true'), http(), {mesh: 'fsm'}), {verdict: {'b readiness': 'fail: no listener: the readiness probe of a decides'}}),
  silent('OSMP102', 'one to three refusals follow the start of a healthy pod', () => one(http(), {age: 3600, events: [fails('Readiness', REFUSED(), {count: 3, first: 3595, last: 3590})]}), {verdict: {'app readiness': 'pass'}}),
  silent('OSMP102', 'the injector declares the port at the proxy and another container is TCP of another type', () => pod({containers: [container('a', {readiness: http()}), container('b', {liveness: tcp()})]})),

  loud('OSMP103', 'the last container of the type has an httpGet probe', () => two(tcp(), http()), {verdict: {'a readiness': 'fail: nothing on :15904', 'b readiness': 'pass'}}),
  loud('OSMP103', 'something took the healthcheck container away', () => one(tcp(), {change: drop('osm-healthcheck')})),
  loud('OSMP103', 'it was taken away from two TCP probes', () => two(tcp(), tcp(9001), {change: drop('osm-healthcheck')})),
  silent('OSMP103', 'two TCP probes share the healthcheck container', () => two(tcp(9000), tcp(9001)), {verdict: {'a readiness': 'pass', 'b readiness': 'pass'}}),
  silent('OSMP103', 'another type ends in TCP and brings the container', () => pod({containers: [container('a', {readiness: tcp()}), container('b', {readiness: http(), liveness: tcp(8081)})]})),

  loud('OSMP104', 'HTTP meets the TLS port of the last container', () => two(http(), https()), {verdict: {'a readiness': 'fail: plaintext to the TLS port of b'}}),
  loud('OSMP104', 'HTTPS meets the plaintext listener of the last container', () => two(https(), http())),
  loud('OSMP104', 'OSM before 0.9 rewrote the path of an HTTPS probe', () => one(https(), {mesh: 'osm-0.7'})),
  loud('OSMP104', 'OSM before 0.9 did so to both containers', () => two(https(), https(8444), {mesh: 'osm-0.7'})),
  silent('OSMP104', 'an HTTPS probe keeps its path and scheme', () => one(https()), {verdict: {'app readiness': 'pass'}}),

  loud('OSMP105', 'another webhook added a container after the injector', () => one(http(), {change: (raw: Changed) => raw.spec.containers.push(container('daprd', {liveness: http(3500, '/v1.0/healthz')}))})),
  loud('OSMP105', 'a native sidecar keeps its restartPolicy and its probe', () => pod({mesh: 'fsm', initContainers: [container('proxy', {readiness: http(9090)}, {restartPolicy: 'Always'})]}), {verdict: {'proxy readiness': 'fail: native sidecars are not rewritten', 'app readiness': 'pass'}}),
  silent('OSMP105', 'the late port is excluded', () => one(http(), {excluded: [3500], change: (raw: Changed) => raw.spec.containers.push(container('daprd', {liveness: http(3500, '/v1.0/healthz')}))})),
  silent('OSMP105', 'a native sidecar has an exec probe', () => pod({mesh: 'fsm', initContainers: [container('proxy', {readiness: exec('true')}, {restartPolicy: 'Always'})]}), {verdict: {'proxy readiness': 'pass'}}),
  silent('OSMP105', 'the port is excluded, though the probe is rewritten all the same', () => one(http(), {excluded: [8080], annotations: {'openservicemesh.io/inbound-port-exclusion-list': '8080'}}), {verdict: {'app readiness': 'pass'}}),
  silent('OSMP105', 'FSM intercepts at the node', () => one(http(), {mesh: 'fsm-node-level'})),

  loud('OSMP106', 'the pod holds a path that the proxy does not know', () => one(http(), {mesh: 'edge-1.3.5-envoy'})),
  silent('OSMP106', 'header names differ in case', () => one(tcp(), {change: (raw: Changed) => ((raw.spec.containers[0]!['readinessProbe'] as {httpGet: {httpHeaders: object[]}}).httpGet.httpHeaders = [{name: 'original-tcp-port', value: '9000'}])}), {verdict: {'app readiness': 'pass'}}),
  silent('OSMP106', 'the owner set Original-Tcp-Port on an httpGet probe', () => one(http(8080, '/ok', {httpHeaders: [{name: 'Original-Tcp-Port', value: '7'}]})), {verdict: {'app readiness': 'pass'}}),

  loud('OSMP107', 'the template was exported from a running pod', () => one(http(15902, '/osm-readiness-probe')), {verdict: {'app readiness': 'fail: the proxy calls itself'}}),
  loud('OSMP107', 'a TCP probe was exported', () => one(http(15904, '/osm-healthcheck', {httpHeaders: [{name: 'Original-Tcp-Port', value: '9000'}]}))),
  silent('OSMP107', 'the port only looks alike', () => one(http(15900))),

  loud('OSMP108', 'no port of the container bears the name', () => one(http('web')), {verdict: {'app readiness': 'fail: port "web" is not declared'}}),
  loud('OSMP108', 'another container bears it, and its own probe wins', () => pod({containers: [container('a', {readiness: http('web')}), container('b', {readiness: http(8081)}, {ports: [{name: 'web', containerPort: 8080}]})]}), {also: ['OSMP101']}),
  silent('OSMP108', 'the same container declares it', () => pod({containers: [container('app', {readiness: http('web')}, {ports: [{name: 'web', containerPort: 8080}]})]})),

  loud('OSMP109', 'httpGet names a host', () => one(http(8080, '/ok', {host: 'shop.example'})), {verdict: {'app readiness': 'fail: host is set'}}),
  silent('OSMP109', 'the host is a header', () => one(http(8080, '/ok', {httpHeaders: [{name: 'Host', value: 'shop.example'}]}))),
  silent('OSMP109', 'a TCP probe names one, which the injector drops', () => one({tcpSocket: {host: 'x', port: 9000}})),

  loud('OSMP110', 'the path has no slash', () => one(http(8080, 'ok')), {verdict: {'app readiness': 'fail: path without /'}}),
  silent('OSMP110', 'there is no path at all', () => one({httpGet: {port: 8080}})),

  loud('OSMP111', 'a gRPC probe meets the mTLS listener', () => one(grpc()), {verdict: {'app readiness': 'fail: gRPC is not rewritten'}}),
  silent('OSMP111', 'its port is excluded', () => one(grpc(), {excluded: [50051]}), {verdict: {'app readiness': 'pass'}}),

  loud('OSMP112', 'postStart calls a port', () => pod({containers: [container('app', {readiness: http()}, {lifecycle: {postStart: http()}})]}), {severity: 'warning', verdict: {'app readiness': 'warn'}}),
  loud('OSMP112', 'the hook fails and the container never starts', () =>
    pod({containers: [container('app', {readiness: http()}, {lifecycle: {postStart: http()}})], status: {app: waiting('PostStartHookError', 'PostStartHook failed', {restartCount: 3, lastState: {terminated: {exitCode: 143, reason: 'Error'}}})}, events: [event('FailedPostStartHook', 'PostStartHook failed', {count: 4})]}), {severity: 'error', verdict: {'app readiness': "unknown: not started: postStart can't reach its port"}}),
  silent('OSMP112', 'the hook is exec', () => pod({containers: [container('app', {readiness: http()}, {lifecycle: {preStop: exec('sleep', '5')}})]})),

  loud('OSMP113', 'restartPolicy of an init container is gone', () =>
    pod({initContainers: [container('side', {}, {restartPolicy: 'Always'})], phase: 'Pending', change: (raw: Changed) => delete raw.spec.initContainers[0]!['restartPolicy'], initStatus: {side: {ready: false, state: {running: {}}}, 'osm-init': waiting('PodInitializing')}, status: {app: waiting('PodInitializing'), envoy: waiting('PodInitializing')}}), {verdict: {'app readiness': 'unknown: not started: native sidecar became an init container'}}),
  silent('OSMP113', 'it is an ordinary init container', () => pod({initContainers: [container('side')]})),

  loud('OSMP114', 'a command asks another host', () => one(exec('curl', 'http://pay.shop.svc/ok')), {severity: 'info', verdict: {'app readiness': 'pass'}}),
  silent('OSMP114', 'a command asks localhost', () => one(exec('curl', 'http://localhost:8080/ok'))),

  loud('OSMP115', 'OSM before 1.1 made a TCP probe of a TCP probe', () => one(tcp(), {mesh: 'osm-0.11'}), {verdict: {'app readiness': 'fail: passes whatever the app does'}}),
  silent('OSMP115', 'OSM 1.1 asks the healthcheck container', () => one(tcp())),

  loud('OSMP116', 'FSM makes a connect of an HTTPS probe', () => one(https(), {mesh: 'fsm'}), {severity: 'warning', verdict: {'app readiness': 'warn'}}),
  silent('OSMP116', 'OSM relays TLS', () => one(https())),

  loud('OSMP117', 'the header is gone from the call to 15904', () => one(tcp(), {change: (raw: Changed) => ((raw.spec.containers[0]!['readinessProbe'] as {httpGet: {httpHeaders?: object[]}}).httpGet.httpHeaders = [])})),
  silent('OSMP117', 'the header is there', () => one(tcp())),

  loud('OSMP121', 'a fragment is sent, which the kubelet drops', () => one(http(8080, '/ok#x')), {severity: 'warning', verdict: {'app readiness': 'warn'}}),
  loud('OSMP121', 'a whole URL is sent, of which the kubelet takes the path', () => one(http(8080, 'http://localhost:8080/ok')), {severity: 'warning'}),
  loud('OSMP121', 'two slashes are sent, where the kubelet reads a host', () => one(http(8080, '//realms/master')), {severity: 'warning'}),
  loud('OSMP121', 'a blank is sent, which the kubelet escapes', () => one(http(8080, '/a b')), {severity: 'warning'}),
  loud('OSMP121', 'Pipy sends it as it is written, too', () => pod({mesh: 'fsm', containers: [container('app', {readiness: http(8080, '/ok#x')})]}), {severity: 'warning'}),
  silent('OSMP121', 'the path has a query', () => one(http(8080, '/ok?a=b&c=%20'))),
  silent('OSMP121', 'the mesh is not between', () => pod({mesh: 'none', containers: [container('app', {readiness: http(8080, '/ok#x')})]})),
  silent('OSMP121', 'the path is no path in any reading', () => one(http(8080, 'C:/Program Files/Git/ok')), {but: ['OSMP110']}),

  loud('OSMP118', 'the pod has an IPv6 address', () => one(http(), {podIP: 'fd00::7'})),
  loud('OSMP118', 'the pod has an IPv6 address, and Pipy listens on IPv4 only, too', () => pod({mesh: 'fsm', podIP: 'fd00::7'}), {verdict: {'app readiness': 'fail'}}),
  silent('OSMP118', 'nothing of the mesh stands before the pod with an IPv6 address', () => pod({mesh: 'fsm-node-level', podIP: 'fd00::7'})),

  loud('OSMP119', 'the app declares a port of the mesh and the proxy cannot bind it', () =>
    pod({containers: [container('app', {readiness: http()}, {ports: [{containerPort: 15902}]})], status: {envoy: crashLoop(1, 60), app: unready}, events: [fails('Readiness', STATUS(404), {count: 30, first: 3000})]}), {severity: 'error', verdict: {'app readiness': 'fail: uses port 15902 of the mesh'}}),
  loud('OSMP119', 'the app declares one and nothing fails so far', () => pod({containers: [container('app', {readiness: http()}, {ports: [{containerPort: 15000}]})]}), {severity: 'warning'}),
  loud('OSMP119', 'the app runs as the user of the proxy', () => pod({spec: {securityContext: {runAsUser: 1500}}}), {severity: 'warning'}),
  silent('OSMP119', 'the proxy declares them itself', () => one(http())),
  silent('OSMP119', 'the pod is outside the mesh', () => pod({mesh: 'none', containers: [container('app', {}, {ports: [{containerPort: 15000}]})]})),

  loud('OSMP120', "the route gives up before the probe's own timeout", () => pod({mesh: 'osm-main', containers: [container('app', {readiness: {...http(), timeoutSeconds: 5}})]}), {severity: 'warning', verdict: {'app readiness': 'warn'}}),
  silent('OSMP120', 'the route has the timeout of the probe', () => pod({containers: [container('app', {readiness: {...http(), timeoutSeconds: 20}})]})),
  silent('OSMP120', 'a restart of yesterday is all there is', () => pod({age: 90_000, status: {app: restarted(86_400)}}), {verdict: {'app readiness': 'pass'}}),
]);

function drop(name: string) {
  return (raw: Changed) => (raw.spec.containers = raw.spec.containers.filter((one) => one['name'] !== name));
}
