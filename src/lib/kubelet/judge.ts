import type {Answer} from '../model/answer.ts';

export interface Judgement {
  /** `warning` counts as success; an `error` is tried again at once, and then counts as nothing. */
  outcome: 'success' | 'warning' | 'failure' | 'error';
  /** What the kubelet's event says after "probe failed: " and the like; empty for a success without words. */
  text: string;
}

/**
 * What the kubelet makes of this answer (pkg/probe/http, tcp and grpc), in its own words. `url` is what was asked,
 * `http://10.0.0.1:8080/ready`, or `tcp://10.0.0.1:8080` for a tcpSocket, `grpc://…` for a health check, whose texts
 * name the time that it was given. Redirects are followed before.
 */
export function judge(answer: Answer, url: string, limitMs = 1000): Judgement {
  const address = /^\w+:\/\/([^/?]*)/.exec(url)?.[1] ?? '';
  if (url.startsWith('tcp:')) return judgeConnect(answer, address);
  if (url.startsWith('grpc:')) return judgeGrpc(answer, address, limitMs);
  const failure = (text: string): Judgement => ({outcome: 'failure', text: `Get "${url}": ${text}`});
  switch (answer.kind) {
    case 'response':
      return judgeResponse(answer);
    case 'refused':
      return failure(`dial tcp ${address}: connect: connection refused`);
    case 'closed':
      return failure(answer.reset ? 'read: connection reset by peer' : answer.text);
    case 'timeout':
    case 'open':
    case 'grpc':
      return failure('context deadline exceeded (Client.Timeout exceeded while awaiting headers)');
    case 'tls':
    case 'unsendable':
      return failure(answer.text);
    case 'not-http':
      return failure(`${answer.text.startsWith('net/http: ') ? '' : 'net/http: HTTP/1.x transport connection broken: '}${answer.text}`);
  }
}

/** The body is read before the status is looked at, so one that can't be read is an error whatever the status says. */
function judgeResponse({status, end, body}: Extract<Answer, {kind: 'response'}>): Judgement {
  if (end === 'short') return {outcome: 'error', text: 'unexpected EOF'};
  if (end === 'late') return {outcome: 'error', text: 'context deadline exceeded (Client.Timeout or context cancellation while reading body)'};
  if (status >= 200 && status < 300) return {outcome: 'success', text: ''};
  if (status >= 300 && status < 400) return {outcome: 'warning', text: `Probe terminated redirects, Response body: ${body}`};
  return {outcome: 'failure', text: `HTTP probe failed with statuscode: ${status}`};
}

/** A connection that is accepted is all that is asked for. */
function judgeConnect(answer: Answer, address: string): Judgement {
  if (answer.kind === 'refused') return {outcome: 'failure', text: `dial tcp ${address}: connect: connection refused`};
  if (answer.kind === 'timeout') return {outcome: 'failure', text: `dial tcp ${address}: i/o timeout`};
  return {outcome: 'success', text: ''};
}

const CODES = ['OK', 'Canceled', 'Unknown', 'InvalidArgument', 'DeadlineExceeded', 'NotFound', 'AlreadyExists', 'PermissionDenied', 'ResourceExhausted', 'FailedPrecondition', 'Aborted', 'OutOfRange', 'Unimplemented', 'Internal', 'Unavailable', 'DataLoss', 'Unauthenticated'];

/** Whoever speaks no HTTP/2 is dialled until the time is over, a refused port too. */
function judgeGrpc(answer: Answer, address: string, limitMs: number): Judgement {
  const failure = (text: string): Judgement => ({outcome: 'failure', text});
  const limit = `${limitMs / 1000}s`;
  if (answer.kind !== 'grpc') return failure(`timeout: failed to connect service "${address}" within ${limit}: context deadline exceeded`);
  if (answer.code === 0) return answer.status === 'SERVING' ? {outcome: 'success', text: ''} : failure(`service unhealthy (responded with "${answer.status}")`);
  if (answer.code === 12) return failure(`error: this server does not implement the grpc health protocol (grpc.health.v1.Health): ${answer.message}`);
  if (answer.code === 4) return failure(`timeout: health rpc did not complete within ${limit}`);
  return failure(`error: health rpc probe failed: rpc error: code = ${CODES[answer.code] ?? `Code(${answer.code})`} desc = ${answer.message}`);
}
