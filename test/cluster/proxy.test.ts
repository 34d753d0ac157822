import assert from 'node:assert/strict';
import {proxyOf, proxyUrl} from '../../src/lib/cluster/live/proxy.ts';
import {list, serve} from '../support/api-server.ts';
import {base64, failure, names, pod, using, type Parts} from '../support/connection.ts';
import {proxy, type Proxy} from '../support/proxy.ts';

interface Told {
  proxy: Proxy;
  connections: number;
  authorization: string | undefined;
}

/** Lists three times from a server that only the proxy can find. */
async function through({parts = () => ({}), env = () => ({}), plain = false, code = 200, timeoutMs = 5000}: {parts?: (proxy: Proxy) => Parts; env?: (proxy: Proxy) => NodeJS.ProcessEnv; plain?: boolean; code?: number; timeoutMs?: number}): Promise<Told> {
  const server = await serve({'/api/v1/pods': list([pod('a')])}, {plain});
  const between = await proxy(server.port, code);
  try {
    const address = `${plain ? 'http' : 'https'}://api.test:6443`;
    await using(
      address,
      parts(between),
      async (cluster) => {
        for (let turn = 0; turn < 3; turn++) assert.deepEqual(await names(cluster), ['a']);
      },
      {env: env(between), timeoutMs},
    );
    return {proxy: between, connections: server.connections, authorization: server.received.at(-1)!.headers.authorization};
  } finally {
    await between.close();
    await server.close();
  }
}

const withPassword = ({url}: Proxy) => url.replace('//', '//ann:p%40w@');

describe('a SOCKS proxy', () => {
  // Go lets it look names up, whichever of the two is written.
  for (const [written, want] of [['socks5://p:1080', 'socks5h://p:1080'], ['socks5h://p:1080', 'socks5h://p:1080'], ['socks5://u:pw@p:1', 'socks5h://u:pw@p:1']] as const) it(`${written} looks names up itself`, () => assert.equal(proxyUrl(written).href, want));
});

describe('a cluster behind a proxy', () => {
  const ONE = {tunnels: ['api.test:6443'], connections: 1};
  const rows: [sentence: string, how: Parameters<typeof through>[0]][] = [
    ['is reached by proxy-url', {parts: ({url}) => ({cluster: {'proxy-url': url}})}],
    ['is reached by HTTPS_PROXY', {env: ({url}) => ({HTTPS_PROXY: url})}],
    ['is reached by https_proxy', {env: ({url}) => ({https_proxy: url})}],
    ['is reached by HTTPS_PROXY without scheme', {env: ({url}) => ({HTTPS_PROXY: url.replace('http://', '')})}],
    ['is reached by proxy-url before HTTPS_PROXY', {parts: ({url}) => ({cluster: {'proxy-url': url}}), env: () => ({HTTPS_PROXY: 'http://127.0.0.1:1'})}],
    ['is reached by proxy-url whatever NO_PROXY says', {parts: ({url}) => ({cluster: {'proxy-url': url}}), env: () => ({NO_PROXY: '*'})}],
    ['is reached where NO_PROXY names others', {env: ({url}) => ({HTTPS_PROXY: url, NO_PROXY: 'elsewhere,.corp'})}],
    ['is reached with a client that has a token', {parts: ({url}) => ({cluster: {'proxy-url': url}, user: {token: 'sesame'}})}],
    ['may speak plain HTTP', {plain: true, env: ({url}) => ({HTTP_PROXY: url})}],
  ];
  for (const [sentence, how] of rows) {
    it(`${sentence}, by one connection for all lists`, async () => {
      const {proxy: {tunnels}, connections, authorization} = await through(how);
      assert.deepEqual({tunnels, connections}, ONE);
      if (sentence.endsWith('token')) assert.equal(authorization, 'Bearer sesame');
    });
  }
  it('tells the proxy its password', async () => assert.deepEqual((await through({parts: (between) => ({cluster: {'proxy-url': withPassword(between)}})})).proxy.passwords, [`Basic ${base64('ann:p@w')}`]));

  const refusals: [sentence: string, how: Parameters<typeof through>[0], reason: string, says: RegExp][] = [
    ['a proxy that wants a password', {code: 407, env: ({url}) => ({HTTPS_PROXY: url})}, 'unreachable', /the proxy 127\.0\.0\.1:\d+ refuses the way to api\.test:6443: 407 No$/],
    ['a proxy that is not there', {env: () => ({HTTPS_PROXY: 'http://ann:secret@127.0.0.1:1'})}, 'unreachable', /the proxy 127\.0\.0\.1:1 refuses connections$/],
    ['a proxy that never answers', {code: 0, timeoutMs: 150, env: ({url}) => ({HTTPS_PROXY: url})}, 'unreachable', /did not answer within 0\.15s$/],
    ['a proxy address that is none', {env: () => ({HTTPS_PROXY: 'http://a b'})}, 'config', /"http:\/\/a b" is no address of a proxy$/],
  ];
  for (const [sentence, how, reason, says] of refusals) {
    it(`${sentence} gets one sentence`, async () => {
      const error = await failure(through(how));
      assert.equal(error.name, 'ClusterError', error.stack);
      assert.match(error.message, says);
      assert.equal(error.reason, reason);
      assert.doesNotMatch(error.message, /secret/);
    });
  }
});

describe('the proxy of the environment', () => {
  const rows: [address: string, env: NodeJS.ProcessEnv, expected: string | undefined][] = [
    ['https://api.shop', {HTTPS_PROXY: 'http://p:1'}, 'http://p:1'],
    ['https://api.shop', {HTTP_PROXY: 'http://p:1'}, undefined],
    ['http://api.shop', {HTTP_PROXY: 'http://p:1'}, 'http://p:1'],
    ['https://api.shop', {HTTPS_PROXY: '', https_proxy: 'http://q:1'}, 'http://q:1'],
    ['https://api.shop', {HTTPS_PROXY: 'socks5://p:1'}, 'socks5://p:1'],
    ['https://localhost:6443', {HTTPS_PROXY: 'http://p:1'}, undefined],
    ['https://127.0.0.1:6443', {HTTPS_PROXY: 'http://p:1'}, undefined],
    ['https://[::1]:6443', {HTTPS_PROXY: 'http://p:1'}, undefined],
    ['https://api.shop', {HTTPS_PROXY: 'http://p:1', NO_PROXY: '*'}, undefined],
    ['https://api.shop', {HTTPS_PROXY: 'http://p:1', NO_PROXY: 'api.shop'}, undefined],
    ['https://api.shop', {HTTPS_PROXY: 'http://p:1', NO_PROXY: ' x , SHOP '}, undefined],
    ['https://api.shop', {HTTPS_PROXY: 'http://p:1', NO_PROXY: '.shop'}, undefined],
    ['https://api.shop', {HTTPS_PROXY: 'http://p:1', NO_PROXY: '*.shop'}, undefined],
    ['https://shop', {HTTPS_PROXY: 'http://p:1', NO_PROXY: '.shop'}, 'http://p:1'],
    ['https://api.workshop', {HTTPS_PROXY: 'http://p:1', NO_PROXY: 'shop'}, 'http://p:1'],
    ['https://api.shop', {HTTPS_PROXY: 'http://p:1', NO_PROXY: '', no_proxy: 'shop'}, undefined],
    ['https://api.shop:6443', {HTTPS_PROXY: 'http://p:1', NO_PROXY: 'api.shop:6443'}, undefined],
    ['https://api.shop:6443', {HTTPS_PROXY: 'http://p:1', NO_PROXY: 'api.shop:443'}, 'http://p:1'],
    ['https://10.1.2.3:6443', {HTTPS_PROXY: 'http://p:1', NO_PROXY: '10.0.0.0/8'}, undefined],
    ['https://11.1.2.3:6443', {HTTPS_PROXY: 'http://p:1', NO_PROXY: '10.0.0.0/8'}, 'http://p:1'],
    ['https://10.1.2.3:6443', {HTTPS_PROXY: 'http://p:1', NO_PROXY: '10.1.2.3'}, undefined],
    ['https://[fd00::5]:6443', {HTTPS_PROXY: 'http://p:1', NO_PROXY: 'fd00::/8'}, undefined],
    ['https://api.shop', {HTTPS_PROXY: 'http://p:1', NO_PROXY: '10.0.0.0/99,/,:'}, 'http://p:1'],
  ];
  for (const [address, env, expected] of rows) it(`to ${address} with ${JSON.stringify(env)} is ${expected ?? 'none'}`, () => assert.equal(proxyOf(new URL(address), env), expected));
});
