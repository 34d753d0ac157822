import assert from 'node:assert/strict';
import {setMaxListeners} from 'node:events';
import {existsSync, readdirSync} from 'node:fs';
import type {Duplex} from 'node:stream';
import {exchange} from '../../src/lib/cluster/live/exchange.ts';
import {verify} from '../../src/lib/verify.ts';
import {dump} from '../support/live.ts';
import {clusterOf, pod} from '../support/pods.ts';
import {portforwardServer} from '../support/portforward-server.ts';

const PODS = 300;

/** Answers each GET with what `body` makes of its path, and keeps the connection, as a server may. */
function web(body: (path: string) => string, headers = ''): (connection: Duplex) => void {
  return (connection) => {
    connection.on('data', (bytes: Buffer) => {
      const text = body(/^GET (\S+)/.exec(String(bytes))?.[1] ?? '/');
      connection.write(`HTTP/1.1 200 OK\r\nContent-Length: ${Buffer.byteLength(text)}\r\n${headers}\r\n${text}`);
    });
  };
}

const ADMIN = web((path) => (path.startsWith('/config_dump') ? dump({port: 8080}) : path.startsWith('/stats') ? 'control_plane.connected_state: 1\n' : 'LIVE\n'));
const ENVOY = web(() => 'ok', 'server: envoy\r\nx-envoy-upstream-service-time: 1\r\n');

describe(`a look into each of ${PODS} pods`, () => {
  it('asks sixteen at a time, finds nothing, and leaves no descriptor open', async function () {
    if (!existsSync('/proc/self/fd')) return this.skip();
    const server = await portforwardServer({apps: {15000: ADMIN, 15902: ENVOY, 8080: web(() => 'ok')}});
    let most = 0;
    let open = 0;
    const listed = clusterOf(Array.from({length: PODS}, (_, index) => pod({name: `cart-${index}`})));
    const signal = new AbortController().signal;
    setMaxListeners(0, signal);
    const live = {
      ...listed,
      origin: {kind: 'live' as const, name: 'many'},
      exchange: async (...[name, asks]: Parameters<typeof listed.exchange>) => {
        most = Math.max(most, ++open);
        return exchange(server.credentials, name, asks, {timeoutMs: 10_000, signal, kubectlFlags: ''}).finally(() => open--);
      },
    };
    const before = readdirSync('/proc/self/fd').length;
    const report = await verify(live, {namespaces: ['shop'], targets: []}, {kubectl: (args) => args, self: (args) => args}, 'always');
    assert.deepEqual([report.looked, report.findings, report.unseen], [PODS, [], []]);
    assert.equal(server.upgrades.length, PODS, 'one WebSocket a pod');
    assert.equal(most, 16);
    for (let wait = 0; server.sockets.size > 0 && wait < 50; wait++) await new Promise((done) => setTimeout(done, 20));
    await server.close();
    assert.ok(readdirSync('/proc/self/fd').length <= before, 'no descriptor is left');
  }).timeout(30_000);
});
