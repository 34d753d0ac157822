import type {Header, Sent} from './probe.ts';

/** Stands in the requests of ours that a proxy logs, so that nobody takes them for the kubelet's. */
export const OWN_REQUEST_ID = '05a9b0be-5000-4000-8000-000000000000';

/** One question to a port of a pod, over a stream of its own: each is a new TCP connection inside the pod. */
export interface Ask {
  port: number;
  /** An HTTP GET with these headers in this order, none added (`sent`: what really goes out, where path and headers are masked; `after`: the second one of its connection, so long after the first was answered); or only: does somebody accept, and what does he say first? Or a gRPC health check, in plaintext. */
  send: {kind: 'get'; scheme: 'HTTP' | 'HTTPS'; path: string; headers: Header[]; sent?: Sent; after?: {idleMs: number}} | {kind: 'connect'} | {kind: 'grpc'; service: string; authority: string; userAgent: string};
  /** One deadline for TLS, headers and body, counted from the moment that the stream is open, in milliseconds. */
  timeoutMs: number;
  /** Bytes of the body that are kept; the rest is not waited for. */
  maxBytes: number;
}

/** A question that is an HTTP GET. */
export type GetAsk = Ask & {send: Extract<Ask['send'], {kind: 'get'}>};

/** The same question with another path or other headers, in what is shown of it and in what is sent. */
export function changed(ask: GetAsk, change: (given: Sent) => Sent): GetAsk {
  const {sent, ...send} = ask.send;
  const next = {...send, ...change({path: send.path, headers: send.headers})};
  return {...ask, send: sent ? {...next, sent: change(sent)} : next};
}

/** A question as a report holds it: what is really sent stays with who asks. */
export function askShown(ask: Ask): Ask {
  if (ask.send.kind !== 'get') return ask;
  const send = {...ask.send};
  delete send.sent;
  return {...ask, send};
}

/** An answer as a report holds it: where a redirect really leads stays with who follows it. */
export function answerShown(answer: Answer): Answer {
  if (answer.kind !== 'response') return answer;
  const shown = {...answer};
  delete shown.location;
  return shown;
}

/** What came back. `ms` counts from the open stream to the end of the answer, where a length tells it, never to EOF. */
export type Answer =
  | {
      kind: 'response';
      protocol: 'HTTP/1.0' | 'HTTP/1.1' | 'HTTP/2';
      status: number;
      /** The reason phrase, where the protocol has one. */
      reason: string;
      headers: Header[];
      /** Where a redirect really leads, where the header is masked: only who follows it reads it. */
      location?: string;
      /** At most `maxBytes`, without control characters. */
      body: string;
      /** `cut`: longer than was kept. `short`: it ended before its Content-Length. `late`: the deadline came first. */
      end: 'whole' | 'cut' | 'short' | 'late';
      ms: number;
    }
  /** The end of a gRPC call: its code (0 is OK), and if OK what the health service says, `SERVING` or another. */
  | {kind: 'grpc'; code: number; message: string; status: string; ms: number}
  /** Nobody refused; `said` is what came without being asked for. */
  | {kind: 'open'; said: string; ms: number}
  /** The runtime could not connect inside the pod: nothing listens on its loopback. */
  | {kind: 'refused'; text: string; ms: number}
  /** Accepted, then ended without an answer; `reset` where it was an RST, else in Go's words. Its `ms` is when that was told, a second late. */
  | {kind: 'closed'; reset: boolean; text: string; ms: number}
  | {kind: 'timeout'; ms: number}
  /** A TLS handshake that failed; `plaintext` where the other side spoke no TLS. */
  | {kind: 'tls'; plaintext: boolean; text: string; ms: number}
  /** An answer that is no HTTP; `said` are its first bytes. */
  | {kind: 'not-http'; said: string; text: string; ms: number}
  /** A header or a path that no HTTP client writes; nothing was sent. */
  | {kind: 'unsendable'; text: string};

/** The answers of one round, in the order of the questions, and what opening the tunnel took, which is no latency of theirs. */
export interface Exchange {
  setupMs: number;
  answers: Answer[];
}

/** Whether the sender ends the connection with this answer; `options` are the values of its Connection headers (RFC 9112 §9.3). */
export function endsConnection(protocol: string, options: string[]): boolean {
  const given = options.map((one) => one.toLowerCase());
  return given.includes('close') || (protocol === 'HTTP/1.0' && !given.includes('keep-alive'));
}
