import assert from 'node:assert/strict';
import {certificate} from '../support/certificates.ts';
import {CA, list, serve, type ApiServer, type Received, type ServerOptions} from '../support/api-server.ts';
import {base64, failure, kubeconfigFile, names, pod, connectWith, type Options, type Parts} from '../support/connection.ts';

const OTHER_CA = certificate({name: 'other ca'});
const ANN = certificate({name: 'ann', issuer: CA});
const BOB = certificate({name: 'bob', issuer: CA});
const NONE = {'certificate-authority-data': undefined};

interface Given extends Parts {
  /** Files beside the kubeconfig. */
  beside?: Record<string, string>;
  options?: Options;
  server?: ServerOptions;
  /** Stands for the server's address in the kubeconfig. */
  address?: (server: ApiServer) => string;
}

/** What the server received last, after one list. */
async function received({beside, options, server: wish, address = ({url}) => url, ...parts}: Given): Promise<Received> {
  const server = await serve({'/api/v1/pods': list([pod('a')]), '/prefix/api/v1/pods': list([pod('a')]), '/prefix/version': list([])}, wish);
  const cluster = connectWith({kubeconfig: kubeconfigFile(address(server), parts, beside), ...options});
  try {
    await names(cluster);
    return server.received.at(-1)!;
  } finally {
    cluster.close();
    await server.close();
  }
}

/** Client certificates are checked by the server's own record of them; the rest by headers. */
const authorization = ({headers}: Received) => headers.authorization;
const client = (one: Received) => one.client;
const impersonated = ({headers}: Received) => Object.fromEntries(Object.entries(headers).filter(([name]) => name.startsWith('impersonate-')));
const arrived = ({url}: Received) => url.replace(/\?.*/, '');

describe('the server sees who asks', () => {
  const rows: [sentence: string, given: Given, seen: (one: Received) => unknown, expected: unknown][] = [
    ['nobody, without a user', {context: {user: undefined}}, authorization, undefined],
    ['a token', {user: {token: 'sesame'}}, authorization, 'Bearer sesame'],
    ['the content of tokenFile', {user: {tokenFile: 'token'}, beside: {token: 'from-file\n'}}, authorization, 'Bearer from-file'],
    ['tokenFile before token', {user: {tokenFile: 'token', token: 'old'}, beside: {token: 'new'}}, authorization, 'Bearer new'],
    ['token where tokenFile is not there', {user: {tokenFile: 'nosuch', token: 'old'}}, authorization, 'Bearer old'],
    ['a name and password', {user: {username: 'ann', password: 'p:w'}}, authorization, `Basic ${base64('ann:p:w')}`],
    ['a name without password', {user: {username: 'ann'}}, authorization, `Basic ${base64('ann:')}`],
    ['a certificate of data', {user: {'client-certificate-data': base64(ANN.cert), 'client-key-data': base64(ANN.key)}}, client, 'ann'],
    ['a certificate of files', {user: {'client-certificate': 'cert', 'client-key': 'key'}, beside: {cert: ANN.cert, key: ANN.key}}, client, 'ann'],
    [
      'data before files',
      {user: {'client-certificate-data': base64(ANN.cert), 'client-key-data': base64(ANN.key), 'client-certificate': 'cert', 'client-key': 'key'}, beside: {cert: BOB.cert, key: BOB.key}},
      client,
      'ann',
    ],
    ['no certificate of files that are not needed', {user: {'client-certificate-data': base64(ANN.cert), 'client-key-data': base64(ANN.key), 'client-certificate': 'nosuch'}}, client, 'ann'],
    ['--as', {options: {as: 'dev'}}, impersonated, {'impersonate-user': 'dev'}],
    ['--as and groups, one header each', {options: {as: 'dev', asGroups: ['a', 'b']}}, impersonated, {'impersonate-user': 'dev', 'impersonate-group': 'a, b'}],
    [
      'as, as-groups, as-uid and as-user-extra of the kubeconfig',
      {user: {token: 't', as: 'dev', 'as-groups': ['a'], 'as-uid': '7', 'as-user-extra': {'example.com/team': ['x', 'y']}}},
      impersonated,
      {'impersonate-user': 'dev', 'impersonate-group': 'a', 'impersonate-uid': '7', 'impersonate-extra-example.com%2fteam': 'x, y'},
    ],
    ['--as before as, and groups of the kubeconfig, as kubectl puts them together', {user: {as: 'dev', 'as-groups': ['a']}, options: {as: 'ops'}}, impersonated, {'impersonate-user': 'ops', 'impersonate-group': 'a'}],
    ['--as-group before as-groups', {user: {as: 'dev', 'as-groups': ['a']}, options: {asGroups: ['b']}}, impersonated, {'impersonate-user': 'dev', 'impersonate-group': 'b'}],
    ['a name beyond ASCII in UTF-8', {options: {as: 'jürgen€'}}, ({headers}) => Buffer.from(String(headers['impersonate-user']), 'latin1').toString('utf8'), 'jürgen€'],
    ['a real user beside the impersonated one', {user: {token: 'sesame'}, options: {as: 'dev'}}, authorization, 'Bearer sesame'],
  ];
  for (const [sentence, given, seen, expected] of rows) it(sentence, async () => assert.deepEqual(seen(await received(given)), expected));
});

describe('the server is who it should be', () => {
  const elsewhere = {identity: certificate({name: 'elsewhere', hosts: ['api.elsewhere'], issuer: CA})};
  const selfSigned = {identity: certificate({name: 'lonely', hosts: ['127.0.0.1']})};
  const path = '/api/v1/pods';
  const rows: [sentence: string, given: Given, expected: string][] = [
    ['by CA data', {}, path],
    ['by a CA file', {cluster: {...NONE, 'certificate-authority': 'ca'}, beside: {ca: CA.cert}}, path],
    ['by CA data, whatever the file', {cluster: {'certificate-authority': 'ca'}, beside: {ca: OTHER_CA.cert}}, path],
    ['by one of several CAs', {cluster: {'certificate-authority-data': base64(OTHER_CA.cert + CA.cert)}}, path],
    ['by the CA, for a context without user too', {context: {user: undefined}}, path],
    ['by another name', {cluster: {'tls-server-name': 'api.elsewhere'}, server: elsewhere}, path],
    ['not asked: insecure-skip-tls-verify', {cluster: {...NONE, 'insecure-skip-tls-verify': true}, server: selfSigned}, path],
    ['not asked: http://', {server: {plain: true}}, path],
    ['by its own certificate as CA', {cluster: {'certificate-authority-data': base64(selfSigned.identity.cert)}, server: selfSigned}, path],
    ['under a path', {address: ({url}) => `${url}/prefix/`}, '/prefix/api/v1/pods'],
    ['an address without scheme is http, as for kubectl', {server: {plain: true}, address: ({port}) => `127.0.0.1:${port}`, cluster: NONE}, path],
    ['an address without scheme is https with a CA', {cluster: {'certificate-authority-data': base64(CA.cert)}, address: ({port}) => `127.0.0.1:${port}`}, path],
  ];
  for (const [sentence, given, expected] of rows) it(sentence, async () => assert.equal(arrived(await received(given)), expected));

  const refusals: [sentence: string, given: Given, reason: string, says: RegExp][] = [
    ['a certificate of an unknown CA', {cluster: NONE}, 'unreachable', /^https:\/\/127\.0\.0\.1:\d+ shows a certificate that no known CA has signed: is certificate-authority set\?$/],
    ['a certificate of another CA', {cluster: {'certificate-authority-data': base64(OTHER_CA.cert)}}, 'unreachable', /shows a certificate that no known CA has signed/],
    ['a certificate that signs itself', {cluster: NONE, server: selfSigned}, 'unreachable', /shows a certificate that no known CA has signed/],
    ['a certificate for another name', {server: elsewhere}, 'unreachable', /shows a certificate for another name \(.*api\.elsewhere.*\): is tls-server-name set\?$/],
    ['a certificate that has expired', {server: {identity: certificate({name: 'old', hosts: ['127.0.0.1'], issuer: CA, days: -1})}}, 'unreachable', /shows a certificate that has expired$/],
    ['another name than tls-server-name', {cluster: {'tls-server-name': 'nobody'}}, 'unreachable', /shows a certificate for another name/],
    ['a server that does not speak TLS', {server: {plain: true}, address: ({port}) => `https://127.0.0.1:${port}`}, 'unreachable', /does not speak TLS: should it be http:\/\/\?$/],
    ['a CA that is no PEM', {cluster: {'certificate-authority-data': base64('nonsense')}}, 'config', /certificate/],
    ['a CA file that is not there', {cluster: {...NONE, 'certificate-authority': 'nosuch'}}, 'config', /nosuch.*no such file/],
    ['a key that is no PEM', {user: {'client-certificate-data': base64(ANN.cert), 'client-key-data': base64('nonsense')}}, 'config', /credentials|certificate|key/],
    ["a key that is another certificate's", {user: {'client-certificate-data': base64(ANN.cert), 'client-key-data': base64(BOB.key)}}, 'config', /credentials|certificate|key/],
    ['a token file that is not there', {user: {tokenFile: 'nosuch'}}, 'config', /nosuch.*no such file/],
    ['a token that fits no header', {user: {token: 'a\nb'}}, 'config', /a token, name or group holds a line end or another character that no header can carry/],
    ['groups without a user', {options: {asGroups: ['a']}}, 'config', /groups.* without a user: is --as missing\?$/],
    ['as-groups without a user', {user: {'as-groups': ['a']}}, 'config', /groups.* without a user/],
    ['an address that is none', {address: () => 'https://a b'}, 'config', /"https:\/\/a b" is no address of a server$/],
    ['an address of something else', {address: () => 'ftp://127.0.0.1'}, 'config', /"ftp:\/\/127\.0\.0\.1" is no address of a server$/],
  ];
  for (const [sentence, given, reason, says] of refusals) {
    it(`${sentence} gets one sentence`, async () => {
      const error = await failure(received(given));
      assert.equal(error.name, 'ClusterError', error.stack);
      assert.match(`${error.asked}: ${error.got}`.includes('\n') ? 'more than a line' : says.source.startsWith('^') ? error.got : error.message, says);
      assert.equal(error.reason, reason);
    });
  }
});
