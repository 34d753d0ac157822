import assert from 'node:assert/strict';
import {readdirSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import {json, list, serve, status, type Script} from '../support/api-server.ts';
import {folderOf, kubeconfigFile} from '../support/connection.ts';
import {container, fails, http, pod, STATUS, unready, type Raw} from '../support/pods.ts';
import {run} from '../support/run.ts';

const MARK = 'S3cr3tPw';

/** A pod whose probe has secrets, from a server whose refusals have some, too. */
function script(): Script {
  const probe = http(8080, `/h?token=${MARK}`, {httpHeaders: [{name: 'Authorization', value: MARK}]});
  const {objects} = pod({containers: [container('app', {readiness: probe})], status: {app: unready}, events: [fails('Readiness', `${STATUS(503)}`), fails('Readiness', `psql: password=${MARK}`)]});
  const of = (resource: string) => objects.filter(([kind]) => kind === resource).map(([, raw]) => raw);
  return {
    '/api/v1/namespaces/shop': json({kind: 'Namespace', apiVersion: 'v1', ...(of('namespaces')[0] as Raw)}),
    '/api/v1/namespaces/shop/pods': list(of('pods')),
    '/api/v1/namespaces/shop/events': list(of('events')),
    '/apis/apps/v1/namespaces/shop/replicasets': status(403, `denied by a webhook: token=${MARK}, https://u:${MARK}@policy/`),
  };
}

describe('no word of a command holds a secret', () => {
  const rows: [sentence: string, args: string[]][] = [
    ...['table', 'wide', 'json', 'yaml', 'name'].map((format): [string, string[]] => [`verify -o ${format}`, ['verify', '-o', format]]),
    ...['table', 'wide', 'json', 'yaml'].map((format): [string, string[]] => [`events -o ${format}`, ['events', '-o', format, '--all']]),
    ...['table', 'wide', 'json'].map((format): [string, string[]] => [`forward -o ${format}`, ['forward', 'deploy/cart', '-o', format]]),
    ['snapshot', ['snapshot']],
  ];
  for (const [sentence, args] of rows) {
    it(sentence, async () => {
      const server = await serve(script());
      const folder = folderOf({});
      const to = args[0] === 'snapshot' ? ['--to', join(folder, 'case')] : ['-v', '9'];
      try {
        const ran = await run([...args, '-n', 'shop', '--kubeconfig', kubeconfigFile(server.url, {user: {token: MARK}}), ...to]);
        assert.ok([0, 1, 3, 4].includes(ran.code!), `${ran.code}: ${ran.stderr}`);
        assert.ok(server.received.some(({headers}) => headers.authorization === `Bearer ${MARK}`), 'the token is used');
        const files = readdirSync(folder, {recursive: true, withFileTypes: true}).filter((entry) => entry.isFile()).map(({name, parentPath}) => readFileSync(join(parentPath, name), 'utf8'));
        if (args[0] === 'snapshot') assert.equal(files.length, 2);
        for (const text of [ran.stdout, ran.stderr, ...files]) {
          const at = text.indexOf(MARK);
          assert.equal(at, -1, text.slice(Math.max(0, at - 100), at + 20));
        }
      } finally {
        await server.close();
      }
    });
  }
});
