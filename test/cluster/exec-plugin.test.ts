import assert from 'node:assert/strict';
import {existsSync, readFileSync} from 'node:fs';
import {delimiter, dirname, join} from 'node:path';
import {certificate} from '../support/certificates.ts';
import {CA, list, serve, type ApiServer} from '../support/api-server.ts';
import {base64, connectWith, failure, kubeconfigFile, names, pod, type Options} from '../support/connection.ts';

const NODE = `#!${process.execPath}\n`;
/** Notes each of its runs beside itself, with what it was told. */
const NOTES = `${NODE}require('fs').appendFileSync(require('path').join(__dirname, 'runs'), JSON.stringify({info: JSON.parse(process.env.KUBERNETES_EXEC_INFO), args: process.argv.slice(2), colour: process.env.COLOUR}) + '\\n');\n`;
const prints = (status: unknown) => `${NOTES}console.log(${JSON.stringify(JSON.stringify({apiVersion: 'client.authentication.k8s.io/v1', kind: 'ExecCredential', status}))});\n`;
const SESAME = prints({token: 'sesame'});
const ANN = certificate({name: 'ann', issuer: CA});

interface Seen {
  server: ApiServer;
  runs: {info: {apiVersion: string; kind: string; spec: {interactive: boolean; cluster?: Record<string, unknown>}}; args: string[]; colour?: string}[];
}

/** Lists twice with credentials of a plugin `./plugin`. */
async function twice(plugin: string | undefined, exec: Record<string, unknown>, {cluster = {}, user = {}, options = {}}: {cluster?: object; user?: object; options?: Options} = {}): Promise<Seen> {
  const server = await serve({'/api/v1/pods': list([pod('a')])});
  const file = kubeconfigFile(server.url, {cluster: cluster as Record<string, unknown>, user: {...user, exec: {apiVersion: 'client.authentication.k8s.io/v1', command: './plugin', ...exec}}}, {...(plugin === undefined ? {} : {plugin}), ca: CA.cert});
  const connected = connectWith({kubeconfig: file, ...options, env: {PATH: `${dirname(file)}${delimiter}${process.env['PATH']}`, ...options.env}});
  try {
    await names(connected);
    await names(connected);
    const runs = join(dirname(file), 'runs');
    return {server, runs: existsSync(runs) ? readFileSync(runs, 'utf8').trim().split('\n').map((line) => JSON.parse(line)) : []};
  } finally {
    connected.close();
    await server.close();
  }
}

const authorization = ({server}: Seen) => server.received.at(-1)!.headers.authorization;
const told = ({runs}: Seen) => runs[0]!.info.spec.cluster;
const EXTENSION = {extensions: [{name: 'other', extension: 1}, {name: 'client.authentication.k8s.io/exec', extension: {audience: 'x'}}]};

describe('a credential plugin is run as kubectl runs it', () => {
  const rows: [sentence: string, run: () => Promise<Seen>, seen: (seen: Seen) => unknown, expected: unknown][] = [
    ['its token is sent', () => twice(SESAME, {}), authorization, 'Bearer sesame'],
    ['its certificate is shown', () => twice(prints({clientCertificateData: ANN.cert, clientKeyData: ANN.key}), {}), ({server}) => server.received.at(-1)!.client, 'ann'],
    ['it runs once, not for each request', () => twice(SESAME, {}), ({runs, server}) => [runs.length, server.received.length], [1, 3]],
    ['a command without slash is looked up in PATH', () => twice(SESAME, {command: 'plugin'}), authorization, 'Bearer sesame'],
    ['it gets its arguments', () => twice(SESAME, {args: ['get-token', '--x']}), ({runs}) => runs[0]!.args, ['get-token', '--x']],
    ['it gets the environment and its own variables', () => twice(SESAME, {env: [{name: 'COLOUR', value: 'red'}]}, {options: {env: {COLOUR: 'blue'}}}), ({runs}) => runs[0]!.colour, 'red'],
    ['env and args may be null', () => twice(SESAME, {env: null, args: null}), authorization, 'Bearer sesame'],
    ['it is told the version that the kubeconfig wants', () => twice(SESAME, {apiVersion: 'client.authentication.k8s.io/v1beta1'}), ({runs}) => [runs[0]!.info.kind, runs[0]!.info.apiVersion], ['ExecCredential', 'client.authentication.k8s.io/v1beta1']],
    ['it is told that nobody can answer', () => twice(SESAME, {interactiveMode: 'Never'}), ({runs}) => runs[0]!.info.spec.interactive, false],
    ['it is not told of the cluster unless it wants to', () => twice(SESAME, {}), told, undefined],
    ['it is told of the cluster where it wants to', () => twice(SESAME, {provideClusterInfo: true}, {cluster: {'tls-server-name': 'api.test', ...EXTENSION}}), (seen) => told(seen), (seen: Seen) => ({server: seen.server.url, 'certificate-authority-data': base64(CA.cert), 'tls-server-name': 'api.test', config: {audience: 'x'}})],
    ['the content of a CA file is told, not its path', () => twice(SESAME, {provideClusterInfo: true}, {cluster: {'certificate-authority-data': undefined, 'certificate-authority': 'ca'}}), (seen) => told(seen)!['certificate-authority-data'], base64(CA.cert)],
    ['a plugin that reads stdin finds its end', () => twice(`${NODE}process.stdin.resume().on('end', () => { ${SESAME.slice(NODE.length).replaceAll('\n', ' ')} });\n`, {}), authorization, 'Bearer sesame'],
    ['impersonation stays beside it', () => twice(SESAME, {}, {user: {as: 'dev'}}), ({server}) => server.received.at(-1)!.headers['impersonate-user'], 'dev'],
    ["the user's own token wins", () => twice(SESAME, {}, {user: {token: 'own'}}), (seen) => [authorization(seen), seen.runs.length], ['Bearer own', 0]],
  ];
  for (const [sentence, run, seen, expected] of rows) {
    it(sentence, async () => {
      const found = await run();
      assert.deepEqual(seen(found), typeof expected === 'function' ? expected(found) : expected);
    });
  }
});

describe('a credential plugin that fails gets one sentence', () => {
  const rows: [sentence: string, plugin: string | undefined, exec: Record<string, unknown>, says: RegExp][] = [
    ['one that is not there', undefined, {}, /credentials from \.\/plugin: the program is not there\.$/],
    ['one that is not there, with the hint of the kubeconfig', undefined, {command: 'no-such-plugin', installHint: 'Get it\nfrom the shop.\n'}, /no-such-plugin: the program is not there\. Get it from the shop\.$/],
    ['one that may not be run', 'x', {}, /credentials from \.\/plugin: the program may not be run$/],
    ['one that ends with 3', `${NODE}process.exit(3)`, {}, /it ended with exit code 3$/],
    ['one that is killed', `${NODE}process.kill(process.pid, 'SIGKILL')`, {}, /it was ended by SIGKILL$/],
    ['one that prints no JSON', `${NODE}console.log('welcome!')`, {}, /it printed no JSON$/],
    ['one that prints nothing', NODE, {}, /it printed no JSON$/],
    ['one that prints {}', `${NODE}console.log('{}')`, {}, /it printed neither a token nor a certificate$/],
    ['one that prints null', `${NODE}console.log('null')`, {}, /it printed neither a token nor a certificate$/],
    ['one that prints an empty token', prints({token: ''}), {}, /it printed neither a token nor a certificate$/],
    ['one that prints a certificate without key', prints({clientCertificateData: ANN.cert}), {}, /it printed a certificate without its key$/],
    ['one whose token is no text', prints({token: 7}), {}, /it printed neither a token nor a certificate$/],
    ['no command', NODE, {command: undefined}, /the kubeconfig names no command$/],
  ];
  for (const [sentence, plugin, exec, says] of rows) {
    it(sentence, async () => {
      const error = await failure(twice(plugin, exec));
      assert.equal(error.name, 'ClusterError', error.stack);
      assert.match(error.message, says);
      assert.equal(error.reason, 'config');
    });
  }
  it('one that hangs ends with the command', async () => {
    const abort = new AbortController();
    setTimeout(() => abort.abort(), 50);
    const error = await failure(twice(`${NODE}setInterval(() => {}, 1000)`, {}, {options: {signal: abort.signal}}));
    assert.equal(error.reason, 'aborted');
  });
});
