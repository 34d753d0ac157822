import assert from 'node:assert/strict';
import {mkdtempSync, readdirSync, readFileSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import type {Cluster} from '../../src/lib/cluster/cluster.ts';
import {recording} from '../../src/lib/cluster/snapshot/record.ts';
import {replay} from '../../src/lib/cluster/snapshot/replay.ts';
import {events} from '../../src/lib/events/events.ts';
import {forward} from '../../src/lib/forward/forward.ts';
import type {Ask} from '../../src/lib/model/answer.ts';
import {EVENT_FORMATS, renderEvents} from '../../src/lib/render/events.ts';
import {FORMATS, FORWARD_FORMATS, render, renderForward} from '../../src/lib/render/index.ts';
import {verify} from '../../src/lib/verify.ts';
import {app, banner, dump, inside, passedOn, plaintext, redirect} from '../support/live.ts';
import {clusterOf, container, crashLoop, event, exec, fails, http, https, pod, STATUS, tcp, unready, waiting, type Live, type Piece, type Raw} from '../support/pods.ts';

// A mark in every place of a cluster where a person may have put a secret: no screen and no file may hold it.

const MARK = 'S3cr3tPw';
/** What only its form gives away. */
const RANDOM = 'xK9fQ2mZ7pL4vB8nR3tW6yH1';
const UUID = '3f2b8c1e-77aa-4d0b-9c55-0a1b2c3d4e5f';

const COMMANDS = {kubectl: (args: string) => `kubectl ${args}`, self: (args: string) => `kubectl osm-probes ${args}`};
const SCOPE = {namespaces: [], targets: []};
const LOOK = {color: false, utf8: true, columns: undefined};
const ONCE = {count: 1, intervalMs: 0, pause: async () => undefined, begins: () => undefined};

interface World {
  piece: Piece;
  live: Live;
}

/** All that is printed of a cluster, by the command and its format. */
async function screens(cluster: Cluster): Promise<Record<string, string>> {
  const shown: Record<string, string> = {};
  const report = await verify(cluster, SCOPE, COMMANDS, 'always');
  for (const format of FORMATS) shown[`verify ${format}`] = render(format, report, LOOK, {all: true, program: 'kubectl osm-probes'});
  const told = await events(cluster, SCOPE, COMMANDS, {all: true, logs: true});
  for (const format of EVENT_FORMATS) shown[`events ${format}`] = renderEvents(format, told, LOOK);
  const replayed = await forward(cluster, SCOPE, COMMANDS, {containers: [], types: [], allPods: true, repeat: ONCE});
  for (const format of FORWARD_FORMATS) shown[`forward ${format}`] = renderForward(format, replayed, LOOK);
  return shown;
}

/** The files of a snapshot, and what is printed of it. */
async function recorded(cluster: Cluster): Promise<Record<string, string>> {
  const folder = mkdtempSync(join(tmpdir(), 'marks-'));
  try {
    const recorder = recording(cluster, []);
    await screens(recorder.cluster);
    await recorder.write(folder, new AbortController().signal);
    const files = readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'utf8')]);
    const again = Object.entries(await screens(await replay(folder))).map(([name, text]) => [`${name} --from`, text]);
    return Object.fromEntries([...files, ...again]) as Record<string, string>;
  } finally {
    rmSync(folder, {recursive: true});
  }
}

const FAILS = {says: {'15902': passedOn(503, {body: 'no'}), '8080': app(503)}};
const probed = (probe: Raw, more: Raw = {}): Raw => container('app', {readiness: probe, liveness: probe}, more);
/** A pod whose readiness probe fails, and whose answers say so. */
function failing(probe: Raw, {live = inside(FAILS), more = {}, ...rest}: {live?: Live; more?: Raw} & Parameters<typeof pod>[0] = {}): World {
  return {piece: pod({containers: [probed(probe, more)], status: {app: unready}, events: [fails('Readiness', STATUS(503), {count: 40})], ...rest}), live};
}
const get = (path: string, more: Raw = {}) => failing(http(8080, path, more));
const header = (name: string, value = MARK) => failing(http(8080, '/ok', {httpHeaders: [{name, value}]}));
const said = (message: string, options: Parameters<typeof failing>[1] = {}) => failing(http(), {events: [event('Unhealthy', `Readiness probe failed: ${message}`)], ...options});
const answers = (answer: ReturnType<typeof app>) => failing(http(), {live: inside({says: {'15902': answer, '8080': answer}})});
const logs = (line: string): World => ({piece: pod({status: {app: crashLoop(1, 60)}}), live: {...inside(FAILS), log: () => [line]}});
const accessLine = (more: Raw) => JSON.stringify({start_time: '2026-03-01T11:59:00Z', method: 'GET', path: '/osm-readiness-probe', response_code: 503, response_code_details: 'via_upstream', response_flags: '-', duration: 3, upstream_cluster: 'readiness_cluster', upstream_host: '127.0.0.1:8080', user_agent: 'kube-probe/1.32', ...more});
const accessLog = (more: Raw) => failing(http(), {live: inside({...FAILS, log: [accessLine(more)]})});
const envoyRoute = (path: string) => failing(http(8080, path), {live: inside({...FAILS, dump: dump({port: 8080, path})})});

const ROWS: [place: string, world: World, mark?: string][] = [
  // A probe's own path and host
  ['token in the query of a probe', get(`/h?token=${MARK}`)],
  ['password beside a user in the query', get(`/login?user=a&password=${MARK}`)],
  ['key in the query', get(`/h?key=${MARK}`)],
  ['code in the query', get(`/h?code=${MARK}`)],
  ['signature of Azure', get(`/h?sv=1&sig=${MARK}`)],
  ['escaped name in the query', get(`/h?%74oken=${MARK}`)],
  ['nothing but a token behind the question mark', get(`/h?${RANDOM}`), RANDOM],
  ['random value of a harmless name', get(`/h?x=${RANDOM}`), RANDOM],
  ['URL in the query', get(`/h?next=http%3A%2F%2Fu%3A${MARK}%40h`)],
  ['fragment of a path', get(`/h#token=${MARK}`)],
  ['matrix parameter', get(`/h;token=${MARK}/x`)],
  ['random part of a path', get(`/hook/${RANDOM}/x`), RANDOM],
  ['UUID in a path', get(`/ping/${UUID}`), UUID],
  ['part of a path behind "token"', get(`/token/${MARK}`)],
  ['JWT in a path', get('/t/eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln'), 'c2ln'],
  ['user info of a URL as path', get(`http://user:${MARK}@host/x`)],
  ['token as user info of a URL', get(`//${MARK}@host/x`)],
  ['user info of a host', get('/h', {host: `user:${MARK}@10.0.0.7`})],
  ['host of a TCP probe', failing({tcpSocket: {port: 9000, host: `user:${MARK}@10.0.0.7`}})],
  ['path of an HTTPS probe', failing(https(8443, `/h?token=${MARK}`), {live: inside({says: {'15902 HTTPS': app(503), '8443 HTTPS': app(503)}})})],
  ['path of an HTTPS probe without TLS', failing(https(8443, `/h?token=${MARK}`), {live: inside({says: {'15902': plaintext, '8443': plaintext}})})],
  ['path of a probe outside the mesh', failing(http(8080, `/h?token=${MARK}`), {mesh: 'none'})],
  ['path of a probe of osm-edge', failing(http(8080, `/h?token=${MARK}`), {mesh: 'edge-1.3.5'})],
  ['path of a probe of FSM', failing(http(8080, `/h?token=${MARK}`), {mesh: 'fsm'})],
  ['path of a probe of OSM 0.9', failing(http(8080, `/h?token=${MARK}`), {mesh: 'osm-0.9'})],
  ['path of a bare pod', failing(http(8080, `/h?token=${MARK}`), {workload: {kind: 'Pod', name: 'cart'}})],
  ['path in Envoy\'s configuration', envoyRoute(`/h?token=${MARK}`)],
  ['random path in Envoy\'s configuration', envoyRoute(`/hook/${RANDOM}`), RANDOM],
  ['header in Envoy\'s configuration', failing(http(), {live: inside({...FAILS, dump: dump({port: 8080}).replace('"prefix_rewrite"', `"request_headers_to_add":[{"header":{"key":"x-a","value":"${MARK}"}}],"prefix_rewrite"`)})})],
  // A probe's headers
  ...['Authorization', 'Proxy-Authorization', 'Cookie', 'X-Api-Key', 'Apikey', 'X-Auth-User', 'X-Vault-Token', 'X-Client-Secret', 'X-Session-Id', 'X-Pass', 'X-Credential', 'X-Amz-Security-Token', 'X-Functions-Key', 'Ocp-Apim-Subscription-Key', 'dbPassword', 'X-Signature'].map((name): [string, World] => [`header ${name}`, header(name)]),
  ['bearer token of a harmless header', header('X-Forwarded', `Bearer ${MARK}`)],
  ['query of a Referer', header('Referer', `http://x/?token=${MARK}`)],
  ['header in a relayed probe', failing(https(8443, '/ok'), {containers: [container('app', {readiness: {httpGet: {port: 8443, scheme: 'HTTPS', path: '/ok', httpHeaders: [{name: 'Authorization', value: MARK}]}}})], live: inside({says: {'15902 HTTPS': app(401), '8443 HTTPS': app(401)}})})],
  // Hooks
  ['path of a hook', failing(http(), {more: {lifecycle: {postStart: {httpGet: {port: 80, path: `/x?token=${MARK}`}}, preStop: {httpGet: {port: 80, path: `/x/${MARK}`, httpHeaders: [{name: 'X-A', value: MARK}]}}}}})],
  ['query of a hook that nobody reads', failing(http(), {more: {lifecycle: {preStop: {httpGet: {port: 80, path: `/x?${MARK}`}}}}})],
  ['command of a hook', failing(http(), {more: {lifecycle: {preStop: {exec: {command: ['sh', '-c', `login ${MARK}`]}}}}})],
  ['message of a hook that failed', failing(http(), {events: [event('FailedPostStartHook', `Exec lifecycle hook ([sh -c login --token ${MARK}]) for Container "app" in Pod "cart-1" failed - error: command 'sh -c login --token ${MARK}' exited with 1: token=${MARK}, message: "token=${MARK}"`)]})],
  ['message of an HTTP hook that failed', failing(http(), {events: [event('FailedPostStartHook', `HTTP lifecycle hook (/x?token=${MARK}) for Container "app" in Pod "cart-1_shop(u)" failed - error: Get "http://10.0.0.7:80/x?token=${MARK}": EOF, message: "password=${MARK}"`)]})],
  // Commands
  ['command of an exec probe', failing(exec('curl', '-u', `a:${MARK}`, `http://x:${MARK}@other/${MARK}`))],
  ['arguments of a container', failing(http(), {more: {command: ['/app', `--password=${MARK}`], args: [MARK]}})],
  ['arguments of a user\'s container named sidecar', failing(http(), {containers: [probed(http()), container('sidecar', {}, {command: ['login', MARK], args: [`--password=${MARK}`], env: [{name: MARK, value: MARK}]})]})],
  ['arguments of a user\'s container named envoy, outside the mesh', failing(http(), {mesh: 'none', containers: [probed(http()), container('envoy', {}, {image: 'envoyproxy/envoy:v1', command: ['envoy', MARK], env: [{name: MARK}]})]})],
  ['arguments of a user\'s init container named osm-init', failing(http(), {mesh: 'none', initContainers: [container('osm-init', {}, {args: [MARK], env: [{name: MARK}]})]})],
  ['password of the real proxy\'s arguments', failing(http(), {change: ({spec}) => (spec.containers.at(-1)!['args'] = ['--log-level', 'error', '--password', MARK, `--token=${MARK}`])})],
  ['environment', failing(http(), {more: {env: [{name: 'DB', value: MARK}, {name: 'B', valueFrom: {secretKeyRef: {name: 'x', key: MARK}}}]}})],
  ['annotations and labels', failing(http(), {change: ({metadata}) => Object.assign(metadata, {annotations: {'kubectl.kubernetes.io/last-applied-configuration': JSON.stringify({spec: {containers: [{name: 'app', env: [{name: 'x', value: MARK}], readinessProbe: {httpGet: {port: 8080, path: `/h?token=${MARK}`}}}]}}), other: MARK}})})],
  // What the kubelet says
  ['what a command printed', said(`psql: error: postgres://app:${MARK}@db refused`)],
  ['URL that the kubelet names', said(`Get "http://10.0.0.7:8080/h?token=${MARK}": dial tcp 10.0.0.7:8080: connect: connection refused`)],
  ['random path that the kubelet names', said(`Get "http://10.0.0.7:8080/hook/${RANDOM}": EOF`), RANDOM],
  ['redirect that the kubelet names', said(`Get "http://10.0.0.7:8080/login?session=${MARK}": stopped after 10 redirects`)],
  ['bad Location', said(`Get "http://10.0.0.7:8080/x": failed to parse Location header "http://a:${MARK}@h:p/?token=${MARK}": parse "x": y`)],
  ['body that OpenShift adds', said(`HTTP probe failed with statuscode: 503\nbody: password=${MARK}`)],
  ['command that timed out', said(`command timed out: "mysqladmin -p${MARK} ping" timed out after 1s`)],
  ['words of a server that is no HTTP', said(`Get "http://10.0.0.7:8080/x": net/http: HTTP/1.x transport connection broken: malformed HTTP response "token=${MARK}"`)],
  ['gRPC message', said(`error: health rpc probe failed: rpc error: code = Unauthenticated desc = token: ${MARK}`)],
  ['condition', failing(http(), {conditions: [{type: 'Ready', status: 'False', reason: 'x', message: `password=${MARK}`}]})],
  ['waiting message', failing(http(), {status: {app: waiting('CreateContainerConfigError', `couldn't find key: password=${MARK}`)}})],
  ['end of a container', failing(http(), {status: {app: {...crashLoop(1, 60), lastState: {terminated: {exitCode: 1, reason: 'Error', message: `fatal: --token ${MARK}`, finishedAt: '2026-03-01T11:59:00Z'}}}}})],
  ['image pull', failing(http(), {status: {app: waiting('ErrImagePull', `failed to authorize: GET https://u:${MARK}@registry/token?account=x&token=${MARK}`)}})],
  // Logs
  ['log of an app', logs(`connecting with postgres://app:${MARK}@db and {"password":"${MARK}"}`)],
  ['path in Envoy\'s access log', accessLog({path: `/osm-readiness-probe?token=${MARK}`})],
  ['random path in Envoy\'s access log', accessLog({path: `/hook/${RANDOM}`}), RANDOM],
  ['host in Envoy\'s access log', accessLog({authority: `user:${MARK}@h`})],
  // Live answers
  ['body of an app', answers(app(500, {body: `password=${MARK}\n{"token":"${MARK}"}`}))],
  ['body of an app through the mesh', answers(passedOn(401, {body: `Authorization: Bearer ${MARK}`}))],
  ['cookie that is set', answers(app(500, {headers: [{name: 'Set-Cookie', value: `sid=${MARK}`}]}))],
  ['credential among an answer\'s headers', answers(app(500, {headers: [{name: 'X-Auth-Token', value: MARK}, {name: 'x-envoy-original-path', value: `/h?token=${MARK}`}]}))],
  ['reason phrase', answers({...app(500), reason: `token=${MARK}`} as never)],
  ['redirect to another host', answers(redirect(`http://u:${MARK}@elsewhere/x?token=${MARK}`) as never)],
  ['redirect without end', answers(redirect(`/login?token=${MARK}`) as never)],
  ['redirect to a port of the mesh', answers(redirect(`http://10.0.0.7:9999/login?session=${MARK}#token=${MARK}`) as never)],
  ['redirect to nowhere', answers(redirect(`http://[${MARK}?token=${MARK}`) as never), `token=${MARK}`],
  ['banner', answers({...banner, said: `220 token=${MARK}`, text: `malformed HTTP response "220 token=${MARK}"`} as never)],
  ['what a port says at once', failing(tcp(8080), {live: inside({says: {'15904': app(200), '8080': {kind: 'open', said: `token=${MARK}`, ms: 1}}})})],
  ['TLS text', answers({kind: 'tls', plaintext: false, text: `remote error: password=${MARK}`, ms: 1} as never)],
  ['end of a connection', answers({kind: 'closed', reset: false, text: `EOF token=${MARK}`, ms: 1} as never)],
  ['gRPC status', failing({grpc: {port: 50051}}, {live: inside({says: {'50051': {kind: 'grpc', code: 16, message: `token=${MARK}`, status: '', ms: 1}}})})],
  ['state of Envoy', failing(http(), {live: inside({...FAILS, ready: `token=${MARK}`})})],
];

describe('no screen and no file holds', () => {
  for (const [place, {piece, live}, mark = MARK] of ROWS) {
    it(place, async () => {
      const shown = {...(await screens(clusterOf([piece], [], live))), ...(await recorded(clusterOf([piece], [], live)))};
      const leaks = Object.entries(shown).flatMap(([where, text]) => {
        const at = text.indexOf(mark);
        return at < 0 ? [] : [`${where}: …${text.slice(Math.max(0, at - 60), at + mark.length + 10).replaceAll('\n', '⏎')}…`];
      });
      assert.deepEqual(leaks, []);
    });
  }
});

describe('what is sent is what the owner wrote', () => {
  const path = `/login?user=a&password=${MARK}`;
  const given = {httpHeaders: [{name: 'Authorization', value: MARK}]};
  const asked = async (world: World, live: Live): Promise<Ask[]> => {
    const asks: Ask[] = [];
    await verify(clusterOf([world.piece], [], {...live, answer: (ask) => (asks.push(ask), live.answer(ask))}), SCOPE, COMMANDS, 'always');
    return asks.filter(({port}) => port !== 15000);
  };
  const sent = ({send}: Ask) => (send.kind === 'get' ? (send.sent ?? send) : undefined);

  it('past the mesh, path and headers', async () => {
    const asks = await asked(failing(http(8080, path, given)), inside(FAILS));
    const past = sent(asks.find(({port}) => port === 8080)!)!;
    assert.equal(past.path, path);
    assert.ok(past.headers.some(({name, value}) => name === 'Authorization' && value === MARK));
  });
  it('through the mesh, the headers, and the mark of ours', async () => {
    const through = sent((await asked(failing(http(8080, path, given)), inside(FAILS))).find(({port}) => port === 15902)!)!;
    assert.equal(through.path, '/osm-readiness-probe');
    assert.deepEqual(through.headers.map(({name}) => name), ['Host', 'User-Agent', 'Accept', 'Authorization', 'X-Request-Id', 'Connection']);
    assert.equal(through.headers.find(({name}) => name === 'Authorization')!.value, MARK);
  });
  it('after a redirect, where it leads', async () => {
    const asks = await asked(failing(http()), inside({says: {...FAILS.says, '15902': redirect(`/login?token=${MARK}`), [`15902 /login?token=***`]: passedOn(200)}}));
    assert.ok(asks.some((ask) => sent(ask)?.path === `/login?token=${MARK}`));
  });
  it('and it passes as expected, with a path that Envoy leads on', async () => {
    const piece = pod({containers: [probed(http(8080, path, given))]});
    const live = inside({says: {'15902': passedOn(200), '8080': app(200), '15901': passedOn(200)}, dump: dump({port: 8080, path}, {type: 'liveness', port: 8080, path})});
    const report = await verify(clusterOf([piece], [], live), SCOPE, COMMANDS, 'always');
    assert.deepEqual(report.rows.map(({verdict}) => verdict as string), ['pass', 'pass']);
  });
});
