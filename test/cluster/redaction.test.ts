import assert from 'node:assert/strict';
import {safeMessage, withoutSecrets} from '../../src/lib/cluster/secrets.ts';
import {redactMessage} from '../../src/lib/cluster/snapshot/messages.ts';
import {redact, tokens} from '../../src/lib/cluster/snapshot/redact.ts';

const SECRET = 'S3cr3tPw';
const token = tokens();
const kept = (message: string) => redactMessage(message, token);

describe('a message on its way to the screen', () => {
  const rows: [message: string, want: string][] = [
    [`Readiness probe failed: command timed out: "mysqladmin ping -uroot -p${SECRET}" timed out after 1s`, 'Readiness probe failed: command timed out: "mysqladmin ping -uroot -p***" timed out after 1s'],
    [`Liveness probe failed: command "redis-cli -a ${SECRET} ping" timed out`, 'Liveness probe failed: command "redis-cli -a *** ping" timed out'],
    [`Readiness probe failed: AUTH failed for redis://app:${SECRET}@cache:6379`, 'Readiness probe failed: AUTH failed for redis://app:***@cache:6379'],
    [`command '/bin/sh -c login --token ${SECRET}' exited with 1: denied`, "command '/bin/sh -c login --token ***' exited with 1: denied"],
    [`Error: exec: "login --password=${SECRET}": executable file not found in $PATH`, 'Error: exec: "login --password=***": executable file not found in $PATH'],
    [`DB_PASS=${SECRET} SECRET_KEY_BASE=${SECRET} passphrase=${SECRET}`, 'DB_PASS=*** SECRET_KEY_BASE=*** passphrase=***'],
    [`--token ${SECRET} -u admin:${SECRET}`, '--token *** -u admin:***'],
    [`cloning https://${SECRET}@host/ and postgres://u:p@${SECRET}@db`, 'cloning https://***@host/ and postgres://u:***@db'],
    [`ran mysql -uroot -p${SECRET}`, 'ran mysql -uroot -p***'],
    [`Readiness probe failed: curl -u ada:${SECRET} says 401`, 'Readiness probe failed: curl -u ada:*** says 401'],
    // What only looks like one
    ['exec: "/etc/passwd": permission denied', 'exec: "/etc/passwd": permission denied'],
    ['Readiness probe failed: command timed out: "nc -z localhost 8080" timed out after 1s', 'Readiness probe failed: command timed out: "nc -z localhost 8080" timed out after 1s'],
    ['Readiness probe failed: HTTP probe failed with statuscode: 503', 'Readiness probe failed: HTTP probe failed with statuscode: 503'],
    ['Get "http://10.0.0.7:15902/osm-readiness-probe": EOF', 'Get "http://10.0.0.7:15902/osm-readiness-probe": EOF'],
  ];
  for (const [message, want] of rows) {
    it(want, () => {
      assert.equal(safeMessage(message), want);
      assert.equal(safeMessage(safeMessage(message)), want, 'twice is as good as once');
    });
  }
});

describe('a message in a snapshot', () => {
  const words = ['the command\'s own words', `rpc error: code = Unauthenticated desc = bad login ${SECRET}`, `OCI runtime exec failed: ${SECRET}`, `Get "http://10.0.0.7:1/x": ${SECRET} is wrong`, `error: health rpc probe failed ${SECRET}`, `dial tcp db:5432: password ${SECRET} rejected`, `Get "http://x/?a=${SECRET}" failed`, `timeout: failed to connect service "${SECRET}" within 1s`, `HTTP probe failed with statuscode: 503 ${SECRET}`, `psql: ${SECRET}`];
  for (const text of words) {
    it(`holds a token for what a command printed: ${text.replace(SECRET, '…')}`, () => assert.match(kept(`Readiness probe failed: ${text}`), /^Readiness probe failed: redacted-[0-9a-f]{8}$/));
  }
  const own = [
    'Readiness probe failed: HTTP probe failed with statuscode: 503',
    'Liveness probe failed: Get "http://10.0.0.7:15901/osm-liveness-probe": dial tcp 10.0.0.7:15901: connect: connection refused',
    'Readiness probe failed: Get "https://10.0.0.7:15902/ok": context deadline exceeded (Client.Timeout exceeded while awaiting headers)',
    'Readiness probe failed: timeout: failed to connect service "10.0.0.7:50051" within 1s: context deadline exceeded',
    'Readiness probe errored: unexpected EOF',
    'Startup probe errored and resulted in unknown state: strconv.Atoi: parsing "web": invalid syntax',
    'Readiness probe failed: dial tcp 10.0.0.7:9000: connect: connection refused',
    ...['tls: first record does not look like a TLS handshake', 'tls: server selected unsupported protocol version 301', 'local error: tls: protocol version not supported', 'net/http: TLS handshake timeout', 'http: server closed idle connection', 'stream error: stream ID 1; INTERNAL_ERROR; received from peer', 'write tcp 10.0.0.1:1->10.0.0.7:15902: write: broken pipe'].map((words) => `Readiness probe failed: Get "https://10.0.0.7:15902/ok": ${words}`),
    'Readiness probe failed: dial tcp: lookup db on 10.0.0.2:53: no such host',
    'Readiness probe errored: read tcp 10.0.0.1:1->10.0.0.7:15902: read: connection reset by peer',
    'Readiness probe errored: parse "http://10.0.0.7:8080/a": net/url: invalid control character in URL',
    'Readiness probe errored: invalid port number: 0',
    'Readiness probe failed: Get "http://10.0.0.7:8080/ok": net/http: HTTP/1.x transport connection broken: unexpected EOF',
    'Back-off restarting failed container app in pod cart-1_shop(uid)',
    'Error: secret "db" not found',
  ];
  for (const message of own) it(`keeps the kubelet's own: ${message}`, () => assert.equal(kept(message), message));
  it('keeps the status that OpenShift tells with a body, and a token for that', () => assert.match(kept(`Readiness probe error: HTTP probe failed with statuscode: 503\nbody: ${SECRET}\n`), /^Readiness probe error: HTTP probe failed with statuscode: 503\nbody: redacted-[0-9a-f]{8}$/));
  it('holds tokens for what CRI-O hands on of a command', () => assert.match(kept(`Liveness probe errored and resulted in unknown state: rpc error: code = DeadlineExceeded desc = command error: command timed out: context deadline exceeded, stdout: connecting with ${SECRET}\n, stderr: , exit code -1`), /stdout: redacted-[0-9a-f]{8}, stderr: , exit code -1$/));
  it('holds a token wherever a runtime repeats the command', () => assert.doesNotMatch(kept(`Error: failed to start: exec: "/app run --pw ${SECRET}": stat /app run --pw ${SECRET}: no such file or directory`), new RegExp(SECRET)));
  it('keeps the frame of a quoted command, and a token for it', () => assert.match(kept(`Readiness probe failed: command timed out: "mysqladmin ping -p${SECRET}" timed out after 1s`), /^Readiness probe failed: command timed out: "redacted-[0-9a-f]{8}" timed out after 1s$/));
  it('keeps that a shell did not find a program, and not which', () => assert.match(kept('Readiness probe failed: /bin/sh: 1: secrettool: not found'), /^Readiness probe failed: sh: redacted-[0-9a-f]{8}: not found$/));
  it('keeps a redirect without the values of its query', () => assert.equal(kept(`Readiness probe failed: Get "http://10.0.0.7:8080/login?next=${SECRET}": EOF`), 'Readiness probe failed: Get "http://10.0.0.7:8080/login?…": EOF'));
  it('holds a token for what a hook ran and printed', () => assert.doesNotMatch(kept(`Exec lifecycle hook ([/bin/sh -c login ${SECRET}]) for Container "app" in Pod "x" failed - error: command '/bin/sh -c login ${SECRET}' exited with 1: no ${SECRET}, message: "no ${SECRET}"`), new RegExp(SECRET)));

  // What a command prints that imitates the kubelet has no room for a secret.
  const imitated = [
    `Get "http://10.0.0.7:1/x": dial tcp 10.0.0.7:1: connect: hunter is my password`,
    `Get "https://10.0.0.7:1/x": tls: my password is hunter`,
    `Get "https://10.0.0.7:1/x": x509: ${'hunter'} two`,
    `dial tcp: lookup ${SECRET} on 10.0.0.2:53: no such host`,
    `dial tcp 10.0.0.7:1: connect: hunter`,
    `strconv.Atoi: parsing "${SECRET}": invalid syntax`,
    `timeout: failed to connect service "10.0.0.7:1" within ${SECRET}: context deadline exceeded`,
    `command "x" timed out after ${SECRET}`,
    `parse "${SECRET}": net/url: invalid control character in URL`,
    `OCI runtime exec failed: exec failed: unable to start container process: exec: "x": stat ${SECRET}: no such file or directory: unknown`,
    `Get "http://10.0.0.7:1/x": http2: server sent GOAWAY and closed the connection; LastStreamID=1, ErrCode=${SECRET}, debug=""`,
  ];
  for (const text of imitated) it(`holds a token for ${text}`, () => assert.match(kept(`Readiness probe failed: ${text}`), /^Readiness probe failed: redacted-[0-9a-f]{8}$/));
  const RANDOM = 'xK9fQ2mZ7pL4vB8nR3tW6yH1';
  const partly = [`Get "http://10.0.0.7:1/hook/${RANDOM}": EOF`, `Get "http://u:${RANDOM}@10.0.0.7:1/x?${RANDOM}": EOF`, `Get "http://10.0.0.7:1/x": net/http: invalid header field value for "${RANDOM}"`, `OCI runtime exec failed: exec failed: unable to start container process: exec: "${RANDOM}": permission denied: unknown`, `dial tcp: lookup ${RANDOM.toLowerCase()} on 10.0.0.2:53: no such host`];
  for (const text of partly) it(`keeps the kubelet's words around what is random: ${text}`, () => assert.doesNotMatch(kept(`Readiness probe failed: ${text}`), new RegExp(RANDOM, 'i')));
  it('keeps of an HTTP hook neither its path nor what came back', () => assert.equal(kept(`HTTP lifecycle hook (/x/${SECRET}) for Container "app" in Pod "x" failed - error: Get "http://10.0.0.7:80/y?t=${SECRET}": EOF, message: "${SECRET}"`).replaceAll(/redacted-[0-9a-f]{8}/g, '…'), 'HTTP lifecycle hook (…) for Container "app" in Pod "x" failed - error: Get "http://10.0.0.7:80/y?…": EOF, message: "…"'));

  const event = (message: string) => redact('events', {message, reason: 'Unhealthy', type: 'Warning'}, token);
  const waits = (message: string) => redact('pods', {status: {containerStatuses: [{name: 'app', state: {waiting: {reason: 'PostStartHookError', message}}}], conditions: [{type: 'Ready', status: 'False', message}]}}, token);
  it('holds for events, waiting containers and conditions', () => {
    for (const object of [event(`Readiness probe failed: ${SECRET}`), waits(`command '/bin/sh -c ${SECRET}' exited with 1: ${SECRET}`)]) assert.doesNotMatch(JSON.stringify(object), new RegExp(SECRET));
  });
  it('has tokens that no dictionary of another snapshot tells', () => {
    assert.equal(token('a'), token('a'));
    assert.notEqual(token('a'), tokens()('a'));
  });
});

describe('masking takes no longer than its text', () => {
  // Where time grew with the square of it, one line of an app denied the tool to its operator.
  for (const [name, line] of [['dashes', 'a-'], ['letters', 'x'], ['slashes', 'http://a'], ['equals', 'password='], ['quotes', '"'], ['blanks', ' '], ['escapes', '\\"'], ['escaped pairs', '\\"pass\\":\\"'], ['dots', 'SG.'], ['users', 'u:p@'], ['flags', '--a-'], ['clients', 'mysql a '], ['digits', 'A1a/'], ['keys', '-----BEGIN RSA PRIVATE KEY-----']] as const) {
    it(`a megabyte of ${name}`, () => {
      const started = performance.now();
      withoutSecrets(line.repeat(1_000_000 / line.length));
      safeMessage(`command timed out: "${line.repeat(1_000_000 / line.length)}`);
      assert.ok(performance.now() - started < 250, `${performance.now() - started} ms`);
    });
  }
  for (const [name, text] of [['shells', 'Liveness probe failed: ' + '\nsh: '.repeat(200_000)], ['streams', 'Liveness probe errored: rpc error: code = A desc = command error: ' + ', stdout: , stderr: '.repeat(50_000)], ['addresses', 'Liveness probe errored: rpc error: code = A desc = command error: ' + 'http://x:y'.repeat(100_000)]] as const) {
    it(`a megabyte of ${name} in a snapshot`, () => {
      const started = performance.now();
      kept(text);
      assert.ok(performance.now() - started < 500);
    });
  }
});
