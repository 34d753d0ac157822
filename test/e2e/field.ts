import type {Situation} from './situations.ts';

// What people meet in the field, made small: each situation was reported of some tool or app, or is one of its kind. They
// differ from the others in what the app does: a script of a few lines serves where the test image has no flag for it.

/** A server whose first argument says what is odd about it. */
export const ODD = `
use strict; use IO::Socket::INET; use Time::HiRes 'sleep';
my ($odd, $port) = @ARGV; $SIG{CHLD} = 'IGNORE'; $| = 1;
my $server = IO::Socket::INET->new(LocalAddr => '0.0.0.0', LocalPort => $port, Listen => 50, ReuseAddr => 1) or die $!;
my $begun = time;
while (1) {
  my $client = $server->accept or next;
  if (fork) { close $client; next }
  for (my $count = 1; ; $count++) {
    my $line = <$client>; last unless defined $line;
    my ($path) = $line =~ m{^\\S+ (.*) HTTP}; my %header;
    while (my $next = <$client>) { last if $next =~ /^\\r?\\n$/; $header{lc $1} = $2 if $next =~ /^([^:]+):\\s*(.*?)\\r?$/ }
    my ($status, $body, $more) = (200, "ok\\n", '');
    my $proto = $header{'x-forwarded-proto'} // ''; my $host = $header{host} // '';
    last if $odd eq 'no-reuse' && $count > 1;
    last if $odd eq 'ends-for-http' && $proto eq 'http';
    if ($odd eq 'two-encodings') { print $client "HTTP/1.1 200 OK\\r\\nTransfer-Encoding: chunked\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\n3\\r\\nok\\n\\r\\n0\\r\\n\\r\\n"; $client->flush; next }
    $status = 503 if $odd eq 'alternates' && int((time - $begun) / 5) % 2;
    $status = 403 if $odd eq 'forbids-http' && $proto eq 'http';
    $status = 400 if $odd eq 'rejects-request-id' && exists $header{'x-request-id'};
    $status = 400 if $odd eq 'wants-localhost' && $host !~ /^localhost/;
    $status = 404 if $odd eq 'one-path' && $path ne '/ok';
    $body = 'x' x 120000 if $odd eq 'large';
    ($status, $more) = (301, "Location: https://" . ($host =~ s/:\\d+$//r) . "$path\\r\\n") if $odd eq 'to-https' && $proto eq 'http';
    ($status, $more) = (302, "Location: /login\\r\\n") if $odd eq 'login' && $path ne '/login';
    if ($odd eq 'drips') { print $client "HTTP/1.1 200 OK\\r\\nContent-Length: 40\\r\\n\\r\\n"; $client->flush; for (1 .. 40) { print $client 'x'; $client->flush; sleep 0.5 } next }
    print $client "HTTP/1.1 $status Odd\\r\\nContent-Length: " . length($body) . "\\r\\n$more\\r\\n$body"; $client->flush;
  }
  close $client; exit 0;
}
`;

const http = (path = '/ok', port = 8080, more: object = {}) => ({httpGet: {path, port}, periodSeconds: 2, ...more});
const command = (line: string, more: object = {}) => ({exec: {command: ['/bin/sh', '-c', line]}, periodSeconds: 2, ...more});
const odd = (name: string, port = 8080) => ({more: {command: ['perl', '/odd/odd.pl', name, String(port)], volumeMounts: [{name: 'odd', mountPath: '/odd'}]}});
const VOLUME = {volumes: [{name: 'odd', configMap: {name: 'odd'}}]};
const OK = ['-listen=http::8080', '-route=/ok=200'];
const POD_IP = {env: [{name: 'POD_IP', valueFrom: {fieldRef: {fieldPath: 'status.podIP'}}}]};
const EXCLUDED = {'openservicemesh.io/inbound-port-exclusion-list': '50051,8443'};
const GRPC = (port = 50051) => ({grpc: {port}, periodSeconds: 2});
/** A start that is not over while the tests look. */
const LONG = {failureThreshold: 10_000};
const FAILS = {'app readiness': 'fail'} as const;

/** `or` holds codes that may be said as well, as the look's own moment has it. */
export const FIELD: Situation[] = [
  // A later witness does not silence a failure
  {name: 'no-reuse', row: 'keep-alive', parts: [{...odd('no-reuse'), readiness: http('/ok', 8080, {periodSeconds: 5})}], pod: VOLUME, verdicts: {'app readiness': 'warn'}, codes: ['OSMP421'], or: ['OSMP412']},
  {name: 'alternates', row: 'flapping', parts: [{...odd('alternates'), readiness: http('/ok', 8080, {periodSeconds: 5})}], pod: VOLUME, verdicts: {'app readiness': 'warn'}, codes: ['OSMP412'], or: ['OSMP401']},

  // No accusation by a witness that could not see
  {name: 'grpc-pod-ip', row: 'address', annotations: EXCLUDED, parts: [{args: ['-listen=grpc:podip:50051', '-grpc==SERVING'], readiness: GRPC(), more: POD_IP}]},
  {name: 'grpc-loopback', row: 'address', annotations: EXCLUDED, parts: [{args: ['-listen=grpc:127.0.0.1:50051', '-grpc==SERVING'], readiness: GRPC()}], verdicts: FAILS, codes: ['OSMP418']},
  {name: 'large', row: '200 DC', parts: [{...odd('large'), readiness: http(), liveness: http()}], pod: VOLUME},
  {name: 'drips', row: 'slow body', parts: [{...odd('drips'), readiness: http('/ok', 8080, {periodSeconds: 5, timeoutSeconds: 3})}], pod: VOLUME, verdicts: FAILS, codes: ['OSMP403']},
  {name: 'neighbour', row: 'whose port', parts: [{args: OK, readiness: http('/n', 8081)}, {name: 'beside', args: ['-listen=http::8081', '-route=/n=200', '-exit-after=3s'], ports: [{containerPort: 8081}]}], verdicts: FAILS, codes: ['OSMP510']},
  {name: 'never-created', row: 'phase', parts: [{args: ['-listen=http::8080', '-route=/ok=503'], readiness: http()}, {name: 'beside', args: OK, more: {envFrom: [{secretRef: {name: 'nosuch'}}]}}], verdicts: FAILS, codes: ['OSMP401', 'OSMP603']},
  {name: 'user-sidecar', row: 'whose container', parts: [{args: OK, readiness: http()}, {name: 'sidecar', args: ['-listen=http::9090', '-route=/live=200'], liveness: http('/live', 9090)}]},
  {name: 'grpc-says-no', row: 'address', annotations: EXCLUDED, parts: [{args: ['-listen=grpc:podip:50051', '-grpc==NOT_SERVING'], readiness: GRPC(), more: POD_IP}], verdicts: FAILS, codes: ['OSMP501']},
  {name: 'never-starts', row: 'ends', parts: [{args: OK, readiness: http(), more: {command: ['/nosuch']}}], verdicts: {'app readiness': 'unknown'}, codes: ['OSMP603']},
  {name: 'hook-fails', row: 'ends', parts: [{args: OK, readiness: http(), more: {lifecycle: {postStart: {exec: {command: ['false']}}}}}], verdicts: {'app readiness': 'unknown'}, codes: ['OSMP609']},

  // Words before handlers
  {name: 'says-status', row: 'words', parts: [{args: OK, readiness: command('echo HTTP probe failed with statuscode: 503; exit 1')}], verdicts: FAILS, codes: ['OSMP506']},
  {name: 'says-refused', row: 'words', parts: [{args: OK, readiness: command('echo "dial tcp 10.96.7.7:6379: connect: connection refused"; exit 1')}], verdicts: FAILS, codes: ['OSMP506']},
  {name: 'says-deadline', row: 'words', parts: [{args: OK, readiness: command('echo "failed to commit: context deadline exceeded"; exit 1')}], verdicts: FAILS, codes: ['OSMP506']},
  {name: 'denied', row: 'words', parts: [{args: OK, readiness: {exec: {command: ['/etc/passwd']}, periodSeconds: 2}}], verdicts: FAILS, codes: ['OSMP506']},

  // The kubelet's arithmetic
  {name: 'many-successes', row: 'successThreshold', parts: [{args: OK, readiness: http('/ok', 8080, {periodSeconds: 15, successThreshold: 200})}], verdicts: {'app readiness': 'unknown'}, codes: []},
  {name: 'never-carried-out', row: 'errors', parts: [{args: OK, liveness: {exec: {command: ['nosuch']}, periodSeconds: 2}, readiness: http()}], verdicts: {'app liveness': 'fail'}, codes: ['OSMP506']},

  // What the mesh does to the request
  {name: 'to-https', row: 'X-Forwarded-Proto', parts: [{...odd('to-https'), readiness: http()}], pod: VOLUME, verdicts: FAILS, codes: ['OSMP419']},
  {name: 'forbids-http', row: 'X-Forwarded-Proto', parts: [{...odd('forbids-http'), readiness: http()}], pod: VOLUME, verdicts: FAILS, codes: ['OSMP419']},
  {name: 'rejects-request-id', row: 'headers', parts: [{...odd('rejects-request-id'), readiness: http()}], pod: VOLUME, verdicts: FAILS, codes: ['OSMP419']},
  {name: 'ends-for-http', row: 'X-Forwarded-Proto', parts: [{...odd('ends-for-http'), readiness: http()}], pod: VOLUME, verdicts: FAILS, codes: ['OSMP419']},
  {name: 'two-encodings', row: 'odd HTTP', parts: [{...odd('two-encodings'), readiness: http()}], pod: VOLUME, verdicts: FAILS, codes: ['OSMP422']},
  {name: 'wants-localhost', row: 'Host', parts: [{...odd('wants-localhost'), readiness: http()}], pod: VOLUME, verdicts: FAILS, codes: ['OSMP410']},
  {name: 'fragment', row: 'path as URL', parts: [{...odd('one-path'), readiness: http('/ok#now')}], pod: VOLUME, verdicts: FAILS, codes: ['OSMP420']},
  {name: 'whole-url', row: 'path as URL', parts: [{args: OK, readiness: http('http://localhost:8080/ok')}], verdicts: {'app readiness': 'warn'}, codes: ['OSMP121']},
  {name: 'two-slashes', row: 'path as URL', parts: [{...odd(''), readiness: http('//realms/master')}], pod: VOLUME, verdicts: {'app readiness': 'warn'}, codes: ['OSMP121']},
  {name: 'windows-path', row: 'path as URL', parts: [{args: OK, readiness: http('C:/Program Files/Git/ok')}], verdicts: FAILS, codes: ['OSMP110']},
  {name: 'grpc-over-tls', row: 'gRPC', annotations: EXCLUDED, parts: [{args: ['-listen=https::8443', '-route=/ok=200'], readiness: GRPC(8443)}], verdicts: FAILS, codes: ['OSMP405']},

  // Trouble that is no probe's
  {name: 'gated', row: 'readiness gate', pod: {readinessGates: [{conditionType: 'lb.example.org/registered'}]}, parts: [{args: OK, readiness: http(), liveness: http()}], codes: ['OSMP606']},

  // A start is not blind
  {name: 'starts-at-login', row: 'starting', parts: [{...odd('login'), startup: http('/', 8080, LONG)}], pod: VOLUME, verdicts: {'app startup': 'unknown'}, codes: ['OSMP409']},
  {name: 'starts-over-tls', row: 'starting', parts: [{args: ['-listen=https::8080', '-route=/ok=200'], startup: http('/ok', 8080, LONG)}], verdicts: {'app startup': 'unknown'}, codes: ['OSMP405']},
  {name: 'starts-with-503', row: 'starting', parts: [{args: ['-listen=http::8080', '-route=/ok=503'], startup: http('/ok', 8080, LONG)}], verdicts: {'app startup': 'unknown'}, codes: ['OSMP401']},
];
