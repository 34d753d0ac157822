import assert from 'node:assert/strict';
import fc from 'fast-check';
import {withoutSecrets} from '../../src/lib/cluster/secrets.ts';

describe('a line of a log goes without secrets', () => {
  const rows: [line: string, want: string][] = [
    ['GET / Authorization: Bearer abc.def-123', 'GET / Authorization: ***'],
    ['curl -H "authorization: Basic dXNlcjpwYXNz" http://x', 'curl -H "authorization: ***" http://x'],
    ['sent Bearer abcdefghij to pay', 'sent Bearer *** to pay'],
    ['{"user":"ada","password":"hunter2","port":80}', '{"user":"ada","password":***,"port":80}'],
    ['DB_PASSWORD=hunter2 port=80', 'DB_PASSWORD=*** port=80'],
    ['GET /cb?access_token=abc&state=1', 'GET /cb?access_token=***&state=1'],
    ['api-key: 123', 'api-key: ***'],
    ['connecting to postgres://ada:hunter2@db:5432/shop', 'connecting to postgres://ada:***@db:5432/shop'],
    ['jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln is old', 'jwt *** is old'],
    ['key AKIAABCDEFGHIJKLMNOP', 'key ***'],
    ['Set-Cookie: sid=1; Path=/', 'Set-Cookie: ***'],
    // What only looks like it
    ['readiness probe failed with statuscode: 503', 'readiness probe failed with statuscode: 503'],
    ['unexpected token } in JSON', 'unexpected token } in JSON'],
    ['tokens are refreshed each hour', 'tokens are refreshed each hour'],
    ['http://10.0.0.7:15902/ready', 'http://10.0.0.7:15902/ready'],
    ['cannot bind \'0.0.0.0:15902\': Address already in use', 'cannot bind \'0.0.0.0:15902\': Address already in use'],
  ];
  for (const [line, want] of rows) it(line, () => assert.equal(withoutSecrets(line), want));
  it('and twice is as good as once', () => fc.assert(fc.property(fc.oneof(fc.string(), fc.constantFrom(...rows.map(([line]) => line))), (line) => assert.equal(withoutSecrets(withoutSecrets(line)), withoutSecrets(line)))));
});
