import assert from 'node:assert/strict';
import {delimiter, join} from 'node:path';
import {readKubeconfig, type KubeconfigOptions, type Resolved} from '../../src/lib/cluster/live/kubeconfig.ts';
import {ClusterError} from '../../src/lib/cluster/cluster.ts';
import {folderOf} from '../support/connection.ts';

/** Files by name, the list of KUBECONFIG by name, and the rest of the question. */
interface Given extends Partial<KubeconfigOptions> {
  files: Record<string, string>;
  list?: string[];
  flag?: string;
}

function read({files, list, flag, env = {}, ...rest}: Given): Resolved & {home: string} {
  const home = folderOf(files);
  const KUBECONFIG = list?.map((name) => (name === '' ? '' : join(home, name))).join(delimiter);
  return {home, ...readKubeconfig({...rest, ...(flag === undefined ? {} : {kubeconfig: join(home, flag)}), env: {HOME: home, ...(KUBECONFIG === undefined ? {} : {KUBECONFIG}), ...env}})};
}

function config({current = 'c', server = 'https://one', user = {}, context = {}, cluster = {}}: {current?: string; server?: string; user?: object; context?: object; cluster?: object} = {}): string {
  return JSON.stringify({
    ...(current === '' ? {} : {'current-context': current}),
    clusters: [{name: 'k', cluster: {server, ...cluster}}],
    users: [{name: 'u', user}],
    contexts: [{name: 'c', context: {cluster: 'k', user: 'u', ...context}}],
  });
}

const ONE = config();
const TWO = config({server: 'https://two', user: {token: 'two'}});
const OTHER = JSON.stringify({'current-context': 'd', clusters: [{name: 'l', cluster: {server: 'https://other'}}], contexts: [{name: 'd', context: {cluster: 'l', namespace: 'shop'}}]});
const BAD_ENTRIES = JSON.stringify({clusters: [{name: 'broken'}, null, 'x', {cluster: {server: 'https://nameless'}}], users: [{name: 'v', user: {exec: 7}}], contexts: [{name: 'e', context: {cluster: 'gone', user: 'gone'}}]});

describe('a kubeconfig is read as kubectl reads it', () => {
  const rows: [sentence: string, given: Given, expected: (found: Resolved & {home: string}) => [unknown, unknown]][] = [
    ['the first file wins for a name that two have', {files: {a: ONE, b: TWO}, list: ['a', 'b']}, ({cluster}) => [cluster['server'], 'https://one']],
    ['the order is that of KUBECONFIG', {files: {a: ONE, b: TWO}, list: ['b', 'a']}, ({cluster, user}) => [[cluster['server'], user['token']], ['https://two', 'two']]],
    ['names of several files are put together', {files: {a: ONE, b: OTHER}, list: ['a', 'b'], context: 'd'}, ({cluster}) => [cluster['server'], 'https://other']],
    ['a context may name what another file has', {files: {a: JSON.stringify({'current-context': 'c', contexts: [{name: 'c', context: {cluster: 'l'}}]}), b: OTHER}, list: ['a', 'b']}, ({cluster}) => [cluster['server'], 'https://other']],
    ['files that are missing are skipped', {files: {b: TWO}, list: ['nosuch', 'b']}, ({cluster}) => [cluster['server'], 'https://two']],
    ['empty places of the list are skipped', {files: {b: TWO}, list: ['', 'b', '']}, ({cluster}) => [cluster['server'], 'https://two']],
    ['the same file twice is once', {files: {a: ONE}, list: ['a', 'a']}, ({cluster}) => [cluster['server'], 'https://one']],
    ['an empty file says nothing', {files: {a: '', b: TWO}, list: ['a', 'b']}, ({cluster}) => [cluster['server'], 'https://two']],
    ['a file of comments says nothing', {files: {a: '# mine\n', b: TWO}, list: ['a', 'b']}, ({cluster}) => [cluster['server'], 'https://two']],
    ['entries that nobody uses may be bad', {files: {a: BAD_ENTRIES, b: ONE}, list: ['a', 'b']}, ({cluster}) => [cluster['server'], 'https://one']],
    ['lists that are null are empty', {files: {a: 'clusters: null\nusers:\ncontexts: ~\n', b: ONE}, list: ['a', 'b']}, ({cluster}) => [cluster['server'], 'https://one']],
    ['the current context is that of the first file', {files: {a: ONE, b: OTHER}, list: ['a', 'b']}, ({contextName}) => [contextName, 'c']],
    ['the current context is that of the first file that has one', {files: {a: config({current: ''}), b: OTHER, c: ONE}, list: ['a', 'b', 'c']}, ({contextName}) => [contextName, 'd']],
    ['an empty current context is none', {files: {a: JSON.stringify({'current-context': ''}), b: OTHER}, list: ['a', 'b']}, ({contextName}) => [contextName, 'd']],
    ['--context wins over the current one', {files: {a: ONE, b: OTHER}, list: ['a', 'b'], context: 'd'}, ({contextName, namespace}) => [[contextName, namespace], ['d', 'shop']]],
    ['--kubeconfig is read alone', {files: {a: ONE, b: OTHER}, list: ['a'], flag: 'b'}, ({contextName}) => [contextName, 'd']],
    ['without KUBECONFIG it is ~/.kube/config', {files: {'.kube/config': TWO}}, ({cluster}) => [cluster['server'], 'https://two']],
    ['an empty KUBECONFIG is none', {files: {'.kube/config': TWO}, env: {KUBECONFIG: ''}}, ({cluster}) => [cluster['server'], 'https://two']],
    ['the namespace is that of the context', {files: {a: config({context: {namespace: 'shop'}})}, list: ['a']}, ({namespace}) => [namespace, 'shop']],
    ['a context without namespace means default', {files: {a: config({context: {namespace: ''}})}, list: ['a']}, ({namespace}) => [namespace, 'default']],
    ['a context without user is nobody', {files: {a: OTHER}, list: ['a']}, ({user}) => [user, {}]],
    ['an empty name is a name, where a context bears it', {files: {a: JSON.stringify({'current-context': '', clusters: [{name: '', cluster: {server: 'https://nameless'}}], contexts: [{name: '', context: {cluster: ''}}]})}, list: ['a']}, ({contextName, cluster}) => [`${contextName}${String(cluster['server'])}`, 'https://nameless']],
    ['YAML is read, and quoted keys', {files: {a: "current-context: c\nclusters:\n- name: k\n  cluster: {server: 'https://yaml'}\ncontexts:\n- context:\n    cluster: k\n  name: c\n"}, list: ['a']}, ({cluster}) => [cluster['server'], 'https://yaml']],
    [
      'paths are relative to the file that names them',
      {files: {'x/a': config({user: {tokenFile: 'token', 'client-certificate': '../cert', 'client-key': '/k/key'}, cluster: {'certificate-authority': 'ca'}})}, list: ['x/a']},
      ({user, cluster, home, folder}) => [
        [user['tokenFile'], user['client-certificate'], user['client-key'], cluster['certificate-authority'], folder],
        [join(home, 'x/token'), join(home, 'cert'), '/k/key', join(home, 'x/ca'), join(home, 'x')],
      ],
    ],
    [
      'each path is relative to its own file',
      {files: {'x/a': JSON.stringify({'current-context': 'c', contexts: [{name: 'c', context: {cluster: 'k', user: 'u'}}], users: [{name: 'u', user: {tokenFile: 't'}}]}), 'y/b': config({cluster: {'certificate-authority': 'ca'}})}, list: ['x/a', 'y/b']},
      ({user, cluster, home}) => [[user['tokenFile'], cluster['certificate-authority']], [join(home, 'x/t'), join(home, 'y/ca')]],
    ],
  ];
  for (const [sentence, given, expected] of rows) {
    it(sentence, () => {
      const [actual, wanted] = expected(read(given));
      assert.deepEqual(actual, wanted);
    });
  }
});

describe('a kubeconfig that leads nowhere gets one sentence', () => {
  const rows: [sentence: string, given: Given, says: RegExp][] = [
    ['--kubeconfig must exist', {files: {a: ONE}, list: ['a'], flag: 'nosuch'}, /nosuch: no such file$/],
    ['a folder is no file', {files: {'x/a': ONE}, list: ['x']}, /EISDIR/],
    ['text is no YAML map', {files: {a: 'hello'}, list: ['a']}, /a: it is no YAML map$/],
    ['bad YAML is named with its file', {files: {a: '{"clusters": ['}, list: ['a']}, /kubeconfig .*a: /],
    ['no kubeconfig at all names where it was looked for', {files: {}}, /no kubeconfig \(looked at .*\.kube\/config\)$/],
    ['files that are all missing are named', {files: {}, list: ['a', 'b']}, /looked at .*\/a, .*\/b\)$/],
    ['no current context', {files: {a: config({current: ''})}, list: ['a']}, /the kubeconfig names none$/],
    ['a context that is not there names those that are', {files: {a: ONE, b: OTHER}, list: ['a', 'b'], context: 'x'}, /context "x": the kubeconfig has c, d$/],
    ['a current context that is not there', {files: {a: config({current: 'gone'})}, list: ['a']}, /context "gone": the kubeconfig has c$/],
    ['a cluster that is not there', {files: {a: config({context: {cluster: 'gone'}})}, list: ['a']}, /its cluster "gone" has no server/],
    ['a cluster without server', {files: {a: config({server: ''})}, list: ['a']}, /its cluster "k" has no server/],
    ['a user that is not there', {files: {a: config({context: {user: 'gone'}})}, list: ['a']}, /its user "gone" is not in the kubeconfig$/],
  ];
  for (const [sentence, given, says] of rows) {
    it(sentence, () =>
      assert.throws(
        () => read(given),
        (error) => {
          assert.ok(error instanceof ClusterError);
          assert.equal(error.reason, 'config');
          assert.match(error.message, says);
          assert.doesNotMatch(error.message, /\n/);
          return true;
        },
      ));
  }
});

describe("in a pod without kubeconfig the pod's own service account is used", () => {
  const account = {token: 'sesame', namespace: 'shop\n', 'ca.crt': 'pem'};
  const inPod = (files: Record<string, string>, env: NodeJS.ProcessEnv, given: Partial<Given> = {}) => {
    const serviceAccount = folderOf(files);
    return {serviceAccount, ...read({files: {}, ...given, serviceAccount, env})};
  };
  const env = {KUBERNETES_SERVICE_HOST: '10.96.0.1', KUBERNETES_SERVICE_PORT: '6443'};
  it('with its token, CA and namespace', () => {
    const {serviceAccount, cluster, user, namespace, contextName} = inPod(account, env);
    assert.deepEqual({cluster, user, namespace, contextName}, {
      cluster: {server: 'https://10.96.0.1:6443', 'certificate-authority': join(serviceAccount, 'ca.crt')},
      user: {tokenFile: join(serviceAccount, 'token')},
      namespace: 'shop',
      contextName: 'in-cluster',
    });
  });
  it('over IPv6', () => assert.equal(inPod(account, {...env, KUBERNETES_SERVICE_HOST: 'fd00::1'}).cluster['server'], 'https://[fd00::1]:6443'));
  it('POD_NAMESPACE wins', () => assert.equal(inPod(account, {...env, POD_NAMESPACE: 'other'}).namespace, 'other'));
  it('a kubeconfig wins', () => assert.equal(inPod(account, env, {files: {'.kube/config': ONE}}).contextName, 'c'));
  it('stays silent outside of a pod', () => assert.throws(() => inPod(account, {}), /no kubeconfig/));
  it('stays silent where no token is mounted', () => assert.throws(() => inPod({}, env), /no kubeconfig/));
});
