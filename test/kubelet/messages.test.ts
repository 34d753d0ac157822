import assert from 'node:assert/strict';
import fc from 'fast-check';
import {containerOf, readKilling, readProbeEvent} from '../../src/lib/kubelet/messages.ts';

const read = (message: string, reason = 'Unhealthy') => readProbeEvent({reason, message});

describe('wordings of the kubelet', () => {
  const rows: [text: string, failure: string][] = [
    ['HTTP probe failed with statuscode: 503', 'status'],
    ['Get "http://10.244.0.23:15903/osm-startup-probe": dial tcp 10.244.0.23:15903: connect: connection refused', 'refused'],
    ['Get "http://10.244.0.141:15902/p": EOF', 'eof'],
    ['Get "http://10.244.0.126:8080/login": read tcp 10.244.0.1:47578->10.244.0.126:8080: read: connection reset by peer', 'reset'],
    ['Get "https://10.244.0.9:15902/a": http: server gave HTTP response to HTTPS client', 'tls-plain-server'],
    ['Get "http://10.244.0.12:15902/osm-readiness-probe": context deadline exceeded (Client.Timeout exceeded while awaiting headers)', 'timeout'],
    ['Get "https://10.0.0.1:15902/a": net/http: request canceled (Client.Timeout exceeded while awaiting headers)', 'timeout'],
    ['Get "http://app.example.com:15902/x": dial tcp: lookup app.example.com on 10.96.0.10:53: i/o timeout', 'dns'],
    ['Get "/loc": stopped after 10 redirects', 'redirect-loop'],
    ['Get "http://1.2.3.4:1/": net/http: HTTP/1.x transport connection broken: malformed HTTP status code "mail.example.org"', 'not-http'],
    ['Get "https://1.2.3.4:1/": remote error: tls: bad certificate', 'tls'],
    ['timeout: failed to connect service "10.244.0.22:50051" within 1s: context deadline exceeded', 'grpc'],
    ['service unhealthy (responded with "NOT_SERVING")', 'grpc-unhealthy'],
    ['curl: (22) The requested URL returned error: 503\n', 'unclassified'],
    ['command timed out: "sleep 9" timed out after 1s', 'exec-timeout'],
    ['dial tcp 10.0.0.1:3999: connect: no route to host', 'no-route'],
    ['Get "https://10.0.0.7:15902/ok": net/http: TLS handshake timeout', 'timeout'],
    ['Get "http://10.0.0.7:8080/ok": net/http: request canceled while waiting for connection (Client.Timeout exceeded while awaiting headers)', 'connect-timeout'],
    ['Get "https://10.0.0.7:8443/ok": net/http: request canceled while waiting for connection (Client.Timeout exceeded while awaiting headers)', 'timeout'],
    ['Get "http://10.0.0.7:8080/ok": dial tcp 10.0.0.7:8080: connect: host is down', 'no-route'],
    ['Get "http://10.0.0.7:8080/ok": dial tcp 10.0.0.7:8080: connect: cannot assign requested address', 'node-socket'],
    ['Get "http://10.0.0.7:8080/ok": write tcp 10.0.0.1:1->10.0.0.7:8080: write: broken pipe', 'reset'],
    ['Get "http://10.0.0.7:8080/ok": net/http: HTTP/1.x transport connection broken: malformed MIME header line: x', 'not-http'],
    ['Get "http://10.0.0.7:8080/ok": failed to parse Location header "http://[fe80::1"', 'bad-location'],
    ['Get "https://10.0.0.7:15902/ok": EOF\nbody: ', 'eof'],
    ['words of a release to come', 'unclassified'],
  ];
  for (const [text, failure] of rows) it(`${failure}: ${text.trim()}`, () => assert.equal(read(`Readiness probe failed: ${text}`)?.failure, failure));

  const spoken: [who: string, text: string, failure: string][] = [
    ['the command prints a gRPC error', 'failed: rpc error: code = Unavailable desc = backend down', 'exec'],
    ['runc finds no executable', 'errored: rpc error: code = Unknown desc = failed to exec in container: failed to start exec "1": OCI runtime exec failed: exec failed: unable to start container process: exec: "/bin/foo": stat /bin/foo: no such file or directory: unknown', 'exec-missing'],
    ['crun finds no executable', 'errored: rpc error: code = Unknown desc = crun: executable file `/bin/foo` not found: No such file or directory', 'exec-missing'],
    ['runc may not run it', 'errored: OCI runtime exec failed: exec failed: unable to start container process: exec: "/etc/passwd": permission denied: unknown', 'exec-denied'],
    ['CRI-O hands on a line of its log', 'errored: rpc error: code = Unknown desc = command error: time="2023-05-09T14:31:06Z" level=error msg="exec failed: unable to start container process: exec: \\"cat\\": executable file not found in $PATH", stdout: , stderr: , exit code -1', 'exec-missing'],
    ['the container had ended', 'errored: rpc error: code = NotFound desc = failed to exec in container: failed to load task: no running task found: task 5b6 not found: not found', 'exec-ended'],
    ['the working directory is gone', 'errored: OCI runtime exec failed: exec failed: unable to start container process: chdir to cwd ("/app") set in config.json failed: no such file or directory: unknown', 'exec-runtime'],
    ['the runtime may not make its directory', 'errored: OCI runtime exec failed: mkdir /run/runc: permission denied: unknown', 'exec-runtime'],
  ];
  for (const [who, text, failure] of spoken) it(`of an exec probe, ${who}: ${failure}`, () => assert.equal(readProbeEvent({reason: 'Unhealthy', message: `Readiness probe ${text}`}, () => 'exec')?.failure, failure));
  it('an error is not a failure, old words and new', () => {
    assert.deepEqual(read('Liveness probe errored: strconv.Atoi: parsing "nosuch": invalid syntax')?.outcome, 'errored');
    const reading = read('Startup probe errored and resulted in unknown state: unexpected EOF');
    assert.deepEqual([reading?.outcome, reading?.failure, reading?.probe], ['errored', 'truncated', 'startup']);
  });
  it('a redirect to another host is a warning', () => assert.equal(read('Readiness probe warning: Probe terminated redirects, Response body: /p 302\n', 'ProbeWarning')?.failure, 'redirect-left'));
  it('texts that differ in the source port only are one', () => {
    const at = (port: number) => read(`(combined from similar events): Readiness probe failed: read tcp 10.244.0.1:${port}->10.244.0.16:8080: read: connection reset by peer`)?.text;
    assert.equal(at(47578), at(1));
  });
  it('stays silent on events of something else', () => {
    assert.equal(read('Back-off restarting failed container', 'BackOff'), undefined);
    assert.equal(read('Readiness is a virtue'), undefined);
  });
  it('names the container and the probe of a kill', () => {
    assert.deepEqual(readKilling({reason: 'Killing', message: 'Container app failed liveness probe, will be restarted'}), {container: 'app', cause: 'liveness', init: false});
    assert.equal(readKilling({reason: 'Killing', message: 'Stopping container app'})?.cause, 'other');
  });
  it('names the container of a field path', () => {
    assert.deepEqual(containerOf('spec.initContainers{osm-init}'), {container: 'osm-init', init: true});
    assert.equal(containerOf(''), undefined);
  });
  it('never throws, and its text is stable', () =>
    fc.assert(
      fc.property(fc.string(), (text) => {
        const once = read(`Liveness probe failed: ${text}`)?.text ?? '';
        assert.equal(read(`Liveness probe failed: ${once}`)?.text ?? '', once);
      }),
    ));
});
