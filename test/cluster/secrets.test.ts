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
    ['spring.datasource.password: hunter2', 'spring.datasource.password: ***'],
    ['{"conn":"{\\"password\\":\\"hunter2\\"}"}', '{"conn":"{\\"password\\":\\***}"}'],
    ['AccountName=x;AccountKey=abc==;EndpointSuffix=y', 'AccountName=x;AccountKey=***;EndpointSuffix=y'],
    ['REDISCLI_AUTH=hunter2 redis-cli', 'REDISCLI_AUTH=*** redis-cli'],
    ['SMTP_PASS: hunter2', 'SMTP_PASS: ***'],
    ['DB_PASSWORD=ab,hun&ter2', 'DB_PASSWORD=***'],
    ['GET https://x/y?X-Amz-Signature=abc&z=1', 'GET https://x/y?X-Amz-Signature=***&z=1'],
    ['parse "postgres://app:ab/hunter2@db": invalid port', 'parse "postgres://app:***@db": invalid port'],
    ['<password>hunter2</password>', '<password>***</password>'],
    ["'password' => 'hunter2'", "'password' => ***"],
    ['glpat-abcdefghij0123456789 and AIzaSyA0123456789abcdefghij', '*** and ***'],
    ['curl --user ada:hunter2 http://x', 'curl --user ada:*** http://x'],
    ['mongosh --quiet -u ada -p hunter2 db', 'mongosh --quiet -u ada -p *** db'],
    ['MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj', '***'],
    // What only looks like it
    ['http://10.0.0.7:8080/a?b=c@d', 'http://10.0.0.7:8080/a?b=c@d'],
    ['readiness probe failed with statuscode: 503', 'readiness probe failed with statuscode: 503'],
    ['unexpected token } in JSON', 'unexpected token } in JSON'],
    ['tokens are refreshed each hour', 'tokens are refreshed each hour'],
    ['http://10.0.0.7:15902/ready', 'http://10.0.0.7:15902/ready'],
    ['cannot bind \'0.0.0.0:15902\': Address already in use', 'cannot bind \'0.0.0.0:15902\': Address already in use'],
  ];
  for (const [line, want] of rows) it(line, () => assert.equal(withoutSecrets(line), want));
  it('and twice is as good as once', () => fc.assert(fc.property(fc.oneof(fc.string(), fc.constantFrom(...rows.map(([line]) => line))), (line) => assert.equal(withoutSecrets(withoutSecrets(line)), withoutSecrets(line)))));
});
