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

describe('each form of a credential goes', () => {
  const S = 'S3cr3tPw';
  /** Where the secret is no mark of ours but has the form of its maker, the part that must go. */
  const forms: (string | [text: string, gone: string])[] = [
    // Flags of a command
    `--token ${S}`, `--password=${S}`, `-password ${S}`, `--pass ${S}`, `--api-key ${S}`, `--access-token "${S} x"`, `--secret-key ${S}`, `--key=${S}`, `--auth ${S}`, `-u admin:${S}`, `-uadmin:${S}`, `--user=admin:${S}`,
    `mysql -uroot -p${S} -h db`, `mariadb -p${S}`, `mysqldump -p${S}`, `redis-cli -h db -a ${S} ping`, `PGPASSWORD=${S} psql`, `sshpass -p ${S} ssh`, `sqlcmd -U sa -P ${S}`,
    // JSON, once and more often in quotes, and other notations
    `{"pass":"${S}"}`, `{"pass": "${S}"}`, `{\\"pass\\":\\"${S}\\"}`, `{\\"password\\": \\"${S}\\"}`, `{\\\\\\"token\\\\\\":\\\\\\"${S}\\\\\\"}`, `{"accessToken":"${S}"}`, `{"secretAccessKey": "${S}"}`, `{"key":"${S}"}`, `{"auth":{"bearer":"${S}"}}`, `{"credentials":"${S}"}`, `{"sessionId":"${S}"}`, `{"refresh_token":"a b ${S}"}`, `{"password":"a\\"b${S}"}`,
    `'pass': '${S}'`, `pass=${S}`, `pass: ${S}`, `token='${S} x'`, `{password: ${S}}`, `password := "${S}"`, `password -> ${S}`, `:password=>"${S}"`, `<password>${S}</password>`, `<add key="Password" value="${S}"/>`, `\`token\`=\`${S}\``, `password is ${S}`,
    `DB_PASS=${S}`, `DB_PWD: ${S}`, `STRIPE_KEY=${S}`, `AWS_SECRET_ACCESS_KEY=${S}`, `x_token: ${S}`, `privateKey: ${S}`, `sasl.jaas.config=x required username="a" password="${S}";`,
    // Headers
    `Authorization: Bearer ${S}`, `authorization=${S}`, `Authorization: Digest username="a", response="${S}"`, `"Authorization": "ApiKey ${S}"`, `Proxy-Authorization: Basic ${S}`, `Cookie: a=1; b=${S}`, `Set-Cookie: sid=${S}; Path=/`, `X-Api-Key: ${S}`, `X-Auth-Token: ${S}`, `X-Amz-Security-Token: ${S}`, `X-Session-Id: ${S}`, `bearer ${S}`, `Negotiate ${S}ABCDEFGH`,
    // URLs and connection strings
    `postgres://u:${S}@h/d`, `postgresql://${S}@h`, `postgres://u:8080/${S}@h`, `mongodb+srv://u:${S}@h/d?x=1`, `redis://:${S}@h`, `amqp://u:${S}@h:5672/vhost`, `https://u:p%40${S}@h`, `postgres://u:a@b${S}@h/d`, `u:${S}@tcp(h:3306)/d`, `root:${S}@unix(/tmp/x)`, `dsn=u:${S}@h`,
    `jdbc:postgresql://h/d?user=u&password=${S}`, `jdbc:sqlserver://h;user=sa;password=${S};x=1`, `jdbc:oracle:thin:u/${S}@h:1521`, `Server=h;User Id=sa;Password=${S};`, `Server=h;Uid=sa;Pwd=${S};`, `AccountKey=${S}==;`, `SharedAccessKey=${S}=`, `SharedAccessSignature sr=x&sig=${S}&se=1`,
    `?X-Amz-Signature=${S}&a`, `?X-Amz-Credential=${S}`, `?key=${S}`, `?code=${S}`, `?jwt=${S}`, `?sid=${S}`, `?a=1&amp;token=${S}`, `?q=%3Ftoken%3D${S}`, `GET /h?user=a&password=${S} HTTP/1.1`,
    ['https://hooks.slack.com/services/T000/B000/XXXXXXXX', 'XXXX'], ['https://discord.com/api/webhooks/123456/abcdefABCDEF', 'abcdef'],
    // By their own form
    ...['ghp_0123456789abcdefghijABCDEFGHIJ', 'github_pat_11ABCDEFG0abcdefghijkl', 'glpat-abcdefghij0123456789', 'glrt-0123456789abcdefghij', 'dckr_pat_0123456789abcdefghij', 'xoxb-123456789012-abcdefghij', 'xapp-1-A0123-456-abcdef0123', 'sk_live_0123456789abcdef', 'rk_live_0123456789abcdef', 'whsec_0123456789abcdef0123', 'npm_0123456789abcdefghij0123456789abcdef', 'pypi-AgEIcHlwaS5vcmcCJDAwMDAwMDAw', 'AKIAABCDEFGHIJKLMNOP', 'AIzaSyA0123456789abcdefghijklmnopqrstuv', 'ya29.a0AfH6SMBx_0123456789abcdefghij', 'GOCSPX-0123456789abcdefghijklmnop', 'dop_v1_0123456789abcdef0123456789abcdef', 'SG.abcdefghij0123456789.abcdefghij0123456789', 'sk-ant-api03-0123456789abcdefghij', 'sk-0123456789abcdefghij0123456789', 'hf_0123456789abcdefghijABCDEFGHIJ', 'shpat_0123456789abcdef0123456789abcdef', 'hvs.0123456789abcdefghij', 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY', 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln'].map((text): [string, string] => [`with ${text} at hand`, text.slice(-10)]),
    `-----BEGIN OPENSSH PRIVATE KEY-----\\nMIIE${S}\\n-----END OPENSSH PRIVATE KEY-----`, `-----BEGIN ENCRYPTED PRIVATE KEY----- MIIE${S}`, `-----BEGIN PGP PRIVATE KEY BLOCK-----\n${S}`,
  ];
  for (const form of forms) {
    const [text, gone] = typeof form === 'string' ? [form, S] : form;
    it(text, () => {
      const masked = withoutSecrets(text);
      assert.ok(!masked.includes(gone), masked);
      assert.equal(withoutSecrets(masked), masked, 'twice is as good as once');
    });
  }
});

describe('the words of the kubelet, the runtimes and the proxy stay', () => {
  const words = [
    'MountVolume.SetUp failed for volume "envoy-bootstrap-config-volume" : failed to sync secret cache: timed out waiting for the condition',
    'Error: secret "db" not found',
    'Error: couldn\'t find key password in Secret shop/db',
    'failed to fetch anonymous token: unexpected status: 401 Unauthorized',
    'failed to authorize: failed to fetch oauth token: denied',
    'pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed',
    'Failed to pull image "registry.io/a/b@sha256:0f3b8c1e77aa4d0b9c550a1b2c3d4e5f0f3b8c1e77aa4d0b9c550a1b2c3d4e5f": not found',
    'exec: "/etc/passwd": permission denied',
    'WWW-Authenticate: Bearer realm="x"',
    'Container image "shop/token-service:1" already present on machine',
    'Basic authentication is required',
    'password is incorrect',
    '3 probes: 2 pass: 1 fail',
    'upstream connect error or disconnect/reset before headers. reset reason: connection termination',
    'pod/monkey-5d8f9c7b6-abcde and keyboard=us',
    'running as uid 1500, -u root, ssh user@host',
    'http://127.0.0.1:8080/a and http://[::1]:80/b@c',
    '/var/lib/kubelet/pods/3f2b8c1e-77aa-4d0b-9c55-0a1b2c3d4e5f/volumes/kubernetes.io~secret/db',
  ];
  for (const text of words) it(text, () => assert.equal(withoutSecrets(text), text));
});
