import {quotedCommands, withoutSecrets} from '../secrets.ts';

// Of a message only what kubelet, runtime or API server say themselves is written into a snapshot; a command that it quotes
// and what that printed become tokens, as they may hold anything.

const ADDRESS = String.raw`\[?[0-9a-f.:]+\]?:\d+`;

/** What Go's HTTP client ends with, each to the end of the text. */
const GO = [
  String.raw`dial tcp (${ADDRESS}|lookup [\w.-]+ on ${ADDRESS}): (connect: )?[a-z/ ]+( \(Client\.Timeout exceeded while awaiting headers\))?`,
  String.raw`dial tcp: lookup [\w.-]+( on ${ADDRESS})?: [a-z/ ]+`,
  String.raw`(read|write) tcp (${ADDRESS})?->${ADDRESS}: ((read|write): )?[a-z/ ]+`,
  String.raw`(net/http: HTTP/1\.x transport connection broken: )?(unexpected )?EOF`,
  String.raw`net/http: invalid header field value for "[\w-]+"`,
  String.raw`(net/http: )?(context deadline exceeded|request canceled)( while waiting for connection)?( \(Client\.Timeout exceeded while awaiting headers\))?`,
  String.raw`http: server gave HTTP response to HTTPS client`,
  String.raw`http: server closed idle connection`,
  String.raw`http2: (server sent GOAWAY and closed the connection; LastStreamID=\d+, ErrCode=\w+, debug=""|frame too large)`,
  String.raw`stream error: stream ID \d+; [A-Z_]+(; received from peer)?`,
  String.raw`net/http: TLS handshake timeout`,
  String.raw`((remote|local) error: )?tls: ([a-z ]+|first record does not look like a TLS handshake|server selected unsupported protocol version \w+|failed to parse certificate from server: x509: [a-z ]+)`,
  String.raw`x509: [a-z ]+`,
].join('|');

/** The kubelet's own words about a probe, each to the end: a command may print something that only begins like one. */
const KUBELETS: readonly RegExp[] = [
  /^HTTP probe failed with statuscode: \d+$/,
  new RegExp(`^Get "?https?://[^\\s"]+"?: (${GO})$`),
  /^Get "[^\s"]*": stopped after 10 redirects$/,
  new RegExp(`^dial tcp ${ADDRESS}: (connect: [a-z ]+|i/o timeout)$`),
  new RegExp(`^dial tcp: (lookup [\\w.-]+( on ${ADDRESS})?: [a-z/ ]+|address \\d+: invalid port)$`),
  new RegExp(`^(read|write) tcp (${ADDRESS})?->${ADDRESS}: (read|write): (connection reset by peer|broken pipe)$`),
  /^(net\/http: )?(unexpected EOF|context deadline exceeded|request canceled)( \(Client\.Timeout or context cancellation while reading body\))?$/,
  /^parse "[^\s"?]*": net\/url: invalid control character in URL$/,
  /^invalid port number: \d+$/,
  /^strconv\.Atoi: parsing "[\w-]+": invalid syntax$/,
  new RegExp(`^timeout: failed to connect service "${ADDRESS}" within \\S+: context deadline exceeded$`),
  /^timeout: health rpc did not complete within \d[\d.]*m?s$/,
  /^service unhealthy \(responded with "(NOT_SERVING|UNKNOWN|SERVICE_UNKNOWN)"\)$/,
  /^command (timed out: )?"[\s\S]*" timed out( after \S+)?$/,
  /^OCI runtime exec failed: exec failed: unable to start container process: exec: "[^"]*": (executable file not found in \$PATH|permission denied|stat \S+: no such file or directory): unknown$/,
];

/** Frames whose end is somebody else's: a server's words, or the bytes that it sent. */
const FRAMES: readonly RegExp[] = [
  /^(Get "?https?:\/\/[^\s"]+"?: (?:net\/http: HTTP\/1\.x transport connection broken: )?malformed (?:HTTP|MIME) [a-z ]+:? ?)([\s\S]+)$/,
  // OpenShift adds what was read of the body.
  /^((?:Get "?https?:\/\/[^\s"]+"?: EOF|HTTP probe failed with statuscode: \d+)\s+body: ?)([\s\S]+)$/,
  /^(error: health rpc probe failed: rpc error: code = \w+ desc = )([\s\S]+)$/,
  /^(error: this server does not implement the grpc health protocol \(grpc\.health\.v1\.Health\): )([\s\S]+)$/,
  /^(Probe terminated redirects, Response body: )([\s\S]+)$/,
];

const PROBE = /^((?:\(combined from similar events\): )?(?:Liveness|Readiness|Startup) probe (?:failed|errored|warning|error)(?: and resulted in \w+ state)?: ?)([\s\S]*)$/;
/** What a shell says of a program that is not there; the program itself is the owner's word. */
const NOT_FOUND = /^([\s\S]*?)((?:[abdkz]a?)?sh): (?:(?:line )?\d+: )?(\S+): (?:command )?not found$/m;

/** No message of kubelet or API server is longer; what follows is left out. */
const MOST = 4096;

/** An event's or a condition's message as a snapshot keeps it. */
export function redactMessage(whole: string, token: (word: string) => string): string {
  const message = whole.slice(0, MOST);
  const form = PROBE.exec(message);
  return form ? `${form[1]}${ofProbe(form[2]!.trim(), / probe errored/.test(form[1]!), token)}` : framed(message, token);
}

/** A probe that errs was not carried out to its end: the words are the runtime's or the kubelet's, but for what it says was printed. */
function ofProbe(text: string, errored: boolean, token: (word: string) => string): string {
  const frame = FRAMES.map((form) => form.exec(text)).find((found) => found !== null);
  if (frame) return `${withoutQuery(frame[1]!)}${token(frame[2]!)}`;
  if (text === 'Probe terminated redirects, Response body:') return text;
  const printed = errored ? printedIn(text) : undefined;
  if (printed) return [printed[0], wordOf(printed[1], token), printed[2], wordOf(printed[3], token), printed[4]].join('');
  if (KUBELETS.some((form) => form.test(text)) || (errored && /^(rpc error: code = \w+ desc = |OCI runtime exec failed: )/.test(text))) return framed(withoutQuery(text), token);
  const missing = NOT_FOUND.exec(text);
  return missing ? `${missing[2]}: ${token(missing[3]!)}: not found` : text === '' ? '' : token(text);
}

/** CRI-O hands on what the command printed until it was ended: the parts between its own words. */
function printedIn(text: string): [before: string, stdout: string, between: string, stderr: string, after: string] | undefined {
  const out = text.indexOf(', stdout: ');
  const err = text.lastIndexOf(', stderr: ');
  const exit = text.lastIndexOf(', exit code ');
  if (!/^rpc error: code = \w+ desc = command error: /.test(text) || out < 0 || err < out || exit < err) return undefined;
  const [from, to] = [out + ', stdout: '.length, err + ', stderr: '.length];
  return [text.slice(0, from), text.slice(from, err), text.slice(err, to), text.slice(to, exit), text.slice(exit)];
}

function wordOf(text: string, token: (word: string) => string): string {
  return text.trim() === '' ? text : token(text);
}

function withoutQuery(text: string): string {
  return text.replace(/(https?:\/\/[^\s"?]+\?)[^\s"]+/, '$1…');
}

/** Commands that are quoted, and what follows the exit code of a hook: its output. */
function framed(message: string, token: (word: string) => string): string {
  const told: string[] = [];
  const said = quotedCommands(message, (command) => {
    if (/^[\w./-]+$/.test(command)) return command;
    told.push(command);
    return token(command);
  });
  // Runtimes say a command twice.
  const quoted = told.reduce((text, command) => text.replaceAll(command, token(command)), said);
  return withoutSecrets(quoted.replace(/(exited with -?\d+: )([\s\S]+)$/, (_, before: string, output: string) => `${before}${token(output)}`).replace(/(, message: )("[\s\S]*")$/, (_, before: string, output: string) => `${before}"${token(output)}"`));
}
