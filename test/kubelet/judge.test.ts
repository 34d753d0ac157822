import assert from 'node:assert/strict';
import {judge} from '../../src/lib/kubelet/judge.ts';
import {malformed} from '../../src/lib/kubelet/malformed.ts';
import type {Answer} from '../../src/lib/model/answer.ts';

type Response = Extract<Answer, {kind: 'response'}>;
const response = (status: number, over: Partial<Response> = {}): Answer => ({kind: 'response', protocol: 'HTTP/1.1', status, reason: '', headers: [], body: 'words', end: 'whole', ms: 1, ...over});
const URL = 'http://10.0.0.1:8080/ready';
const SLOW = `Get "${URL}": context deadline exceeded (Client.Timeout exceeded while awaiting headers)`;

describe('what the kubelet makes of an answer', () => {
  const rows: [answer: Answer, outcome: string, text: string][] = [
    [response(200), 'success', ''],
    [response(299, {end: 'cut'}), 'success', ''],
    [response(204), 'success', ''],
    [response(304), 'warning', 'Probe terminated redirects, Response body: words'],
    [response(302), 'warning', 'Probe terminated redirects, Response body: words'],
    [response(404), 'failure', 'HTTP probe failed with statuscode: 404'],
    [response(503), 'failure', 'HTTP probe failed with statuscode: 503'],
    [response(101), 'failure', 'HTTP probe failed with statuscode: 101'],
    [response(200, {end: 'short'}), 'error', 'unexpected EOF'],
    [response(503, {end: 'short'}), 'error', 'unexpected EOF'],
    [response(200, {end: 'late'}), 'error', 'context deadline exceeded (Client.Timeout or context cancellation while reading body)'],
    [{kind: 'refused', text: 'x', ms: 1}, 'failure', `Get "${URL}": dial tcp 10.0.0.1:8080: connect: connection refused`],
    [{kind: 'closed', reset: false, text: 'EOF', ms: 1}, 'failure', `Get "${URL}": EOF`],
    [{kind: 'closed', reset: false, text: 'unexpected EOF', ms: 1}, 'failure', `Get "${URL}": unexpected EOF`],
    [{kind: 'closed', reset: true, text: 'x', ms: 1}, 'failure', `Get "${URL}": read: connection reset by peer`],
    [{kind: 'timeout', ms: 1000}, 'failure', SLOW],
    [{kind: 'open', said: '', ms: 500}, 'failure', SLOW],
    [{kind: 'tls', plaintext: true, text: 'http: server gave HTTP response to HTTPS client', ms: 1}, 'failure', `Get "${URL}": http: server gave HTTP response to HTTPS client`],
    [{kind: 'not-http', said: '', text: 'malformed HTTP status code "ESMTP"', ms: 1}, 'failure', `Get "${URL}": net/http: HTTP/1.x transport connection broken: malformed HTTP status code "ESMTP"`],
    [{kind: 'not-http', said: '', text: 'net/http: server response headers exceeded 10485760 bytes; aborted', ms: 1}, 'failure', `Get "${URL}": net/http: server response headers exceeded 10485760 bytes; aborted`],
    [{kind: 'unsendable', text: 'net/http: invalid header field value for "X"'}, 'failure', `Get "${URL}": net/http: invalid header field value for "X"`],
  ];
  for (const [answer, outcome, text] of rows) it(`${answer.kind === 'response' ? `${answer.status} ${answer.end}` : answer.kind} is a ${outcome}: ${text}`, () => assert.deepEqual(judge(answer, URL), {outcome, text}));

  const checks: [answer: Answer, text: string][] = [
    [{kind: 'grpc', code: 0, message: '', status: 'SERVING', ms: 1}, ''],
    [{kind: 'grpc', code: 0, message: '', status: 'NOT_SERVING', ms: 1}, 'service unhealthy (responded with "NOT_SERVING")'],
    [{kind: 'grpc', code: 5, message: 'unknown service', status: '', ms: 1}, 'error: health rpc probe failed: rpc error: code = NotFound desc = unknown service'],
    [{kind: 'grpc', code: 99, message: 'x', status: '', ms: 1}, 'error: health rpc probe failed: rpc error: code = Code(99) desc = x'],
    [{kind: 'grpc', code: 12, message: 'unknown service grpc.health.v1.Health', status: '', ms: 1}, 'error: this server does not implement the grpc health protocol (grpc.health.v1.Health): unknown service grpc.health.v1.Health'],
    [{kind: 'grpc', code: 4, message: '', status: '', ms: 2000}, 'timeout: health rpc did not complete within 2s'],
    [{kind: 'refused', text: 'x', ms: 1}, 'timeout: failed to connect service "10.0.0.1:50051" within 2s: context deadline exceeded'],
    [{kind: 'closed', reset: false, text: 'EOF', ms: 1}, 'timeout: failed to connect service "10.0.0.1:50051" within 2s: context deadline exceeded'],
    [{kind: 'timeout', ms: 2000}, 'timeout: failed to connect service "10.0.0.1:50051" within 2s: context deadline exceeded'],
  ];
  for (const [answer, text] of checks) it(`gRPC: ${answer.kind}${answer.kind === 'grpc' ? ` ${answer.code} ${answer.status}` : ''} is a ${text === '' ? 'success' : `failure: ${text}`}`, () => assert.deepEqual(judge(answer, 'grpc://10.0.0.1:50051', 2000), {outcome: text === '' ? 'success' : 'failure', text}));

  const connects: [answer: Answer, outcome: string, text: string][] = [
    [{kind: 'open', said: '', ms: 500}, 'success', ''],
    [{kind: 'closed', reset: false, text: 'EOF', ms: 1}, 'success', ''],
    [{kind: 'refused', text: 'x', ms: 1}, 'failure', 'dial tcp [fd00::1]:80: connect: connection refused'],
    [{kind: 'timeout', ms: 1}, 'failure', 'dial tcp [fd00::1]:80: i/o timeout'],
  ];
  for (const [answer, outcome, text] of connects) it(`a tcpSocket that is ${answer.kind} is a ${outcome}`, () => assert.deepEqual(judge(answer, 'tcp://[fd00::1]:80'), {outcome, text}));
});

describe('answers that are no HTTP, in Go\'s words', () => {
  const rows: [bytes: string, text: string][] = [
    ['\u0015\u0003\u0001\u0000\u0002\u0002F', 'malformed HTTP response "\\x15\\x03\\x01\\x00\\x02\\x02F"'],
    ['220 mail.example.org ESMTP\r\n', 'malformed HTTP status code "mail.example.org"'],
    ['+OK hello\r\n', 'malformed HTTP status code "hello"'],
    ['SSH-2.0-OpenSSH_9\r\n', 'malformed HTTP response "SSH-2.0-OpenSSH_9"'],
    ['ICY 200 OK\r\n', 'malformed HTTP version "ICY"'],
    ['"\\\t\n', 'malformed HTTP response "\\"\\\\\\t"'],
  ];
  for (const [bytes, text] of rows) it(text, () => assert.equal(malformed(bytes), text));
});
