import {STARS} from '../../model/credential.ts';
import {quotedCommands, withoutSecrets} from '../secrets.ts';
import {looksRandom, shownUrls} from '../shown.ts';

// Of a message only what kubelet, runtime or API server say themselves is written into a snapshot; a command that it quotes
// and what that printed become tokens, as they may hold anything.

const ADDRESS = String.raw`\[?[0-9a-f.:]{1,50}\]?:\d{1,5}`;
const URL = String.raw`https?:\/\/[^\s"]+`;
/** A name of DNS, as a probe's \`host\` has it. */
const LOOKUP = String.raw`lookup [a-z0-9.-]{1,253}`;

/** What systems say of a connection; any other words may be a command's. */
const ERRNO =
  '(?:connection (?:refused|reset by peer|timed out|aborted)|no route to host|network is (?:unreachable|down)|host is (?:down|unreachable)|permission denied|operation (?:not permitted|timed out|was canceled)|' +
  'cannot assign requested address|invalid argument|address family not supported by protocol|broken pipe|i/o timeout|too many open files|use of closed network connection|protocol not available|' +
  'no such host|server misbehaving|no such device or address|socket is not connected|software caused connection abort)';

/** The words of which Go makes its sentences about TLS and certificates: no other word has room among them. */
const TLS_WORDS = [
  'a an the of or and not is has no to be by for with in at from does look like first any yet due too many than required supported unsupported expected unexpected unknown invalid bad missing failed failure',
  'record handshake TLS selected protocol version server client certificate certificates signed authority expired valid names name matching constraints violation malformed signature algorithm key usage incompatible',
  'large intermediates verify parse message MAC decryption overflow decompression illegal parameter access denied error decoding decrypting export restriction insufficient security level internal inappropriate fallback',
  'user canceled renegotiation extension unobtainable unrecognized status response hash value PSK identity application hello received chose unconfigured cipher suite oversized length exceeds maximum bytes downgrade',
  'attempt detected possibly MitM attack broken middlebox incorrect legacy encrypted public RSA ECDSA Ed25519 serial number negative trailing data field unhandled critical revoked close notify digest digests purposes',
  'relies on Common Name SANs instead use SAN validity period issuer subject time before after sequence',
].join(' ').split(' ');
const TLS_TEXT = `(?:${TLS_WORDS.join('|')}|\\d{1,6})(?:,? (?:${TLS_WORDS.join('|')}|\\d{1,6})){0,60}`;
const AWAITING = String.raw`( \(Client\.Timeout exceeded while awaiting headers\))?`;
const DURATION = String.raw`(?:\d[\d.]{0,20}(?:h|m|s|ms|µs|us|ns)){1,4}`;

/** What Go's HTTP client ends with, each to the end of the text. */
const GO = [
  `dial tcp (${ADDRESS}|${LOOKUP} on ${ADDRESS}): (connect: )?${ERRNO}${AWAITING}`,
  `dial tcp: ${LOOKUP}( on ${ADDRESS})?: ${ERRNO}`,
  `(read|write) tcp (${ADDRESS})?->${ADDRESS}: ((read|write): )?${ERRNO}`,
  String.raw`(net/http: HTTP/1\.x transport connection broken: )?(unexpected )?EOF`,
  String.raw`net/http: invalid header field value for "[\w-]{1,100}"`,
  String.raw`(net/http: )?(context deadline exceeded|request canceled)( while waiting for connection)?${AWAITING}`,
  `http: server gave HTTP response to HTTPS client`,
  `http: server closed idle connection`,
  String.raw`http2: (server sent GOAWAY and closed the connection; LastStreamID=\d{1,10}, ErrCode=[A-Z_]{1,30}, debug=""|frame too large)`,
  String.raw`stream error: stream ID \d{1,10}; [A-Z_]{1,30}(; received from peer)?`,
  `net/http: TLS handshake timeout`,
  `((remote|local) error: )?tls: (failed to parse certificate from server: x509: )?${TLS_TEXT}`,
  `x509: ${TLS_TEXT}`,
].join('|');

/** The kubelet's own words about a probe, each to the end: a command may print something that only begins like one. */
const KUBELETS: readonly RegExp[] = [
  /^HTTP probe failed with statuscode: \d{1,3}$/,
  new RegExp(`^Get "?${URL}"?: (${GO})$`),
  new RegExp(`^Get "(${URL})?": stopped after 10 redirects$`),
  new RegExp(`^dial tcp ${ADDRESS}: (connect: )?${ERRNO}$`),
  new RegExp(String.raw`^dial tcp: (${LOOKUP}( on ${ADDRESS})?: ${ERRNO}|address \d{1,10}: invalid port)$`),
  new RegExp(`^(read|write) tcp (${ADDRESS})?->${ADDRESS}: (read|write): (connection reset by peer|broken pipe)$`),
  /^(net\/http: )?(unexpected EOF|context deadline exceeded|request canceled)( \(Client\.Timeout or context cancellation while reading body\))?$/,
  /^parse "https?:\/\/[^\s"?]*": net\/url: invalid control character in URL$/,
  /^invalid port number: \d{1,10}$/,
  // The name of a port.
  /^strconv\.Atoi: parsing "[a-z0-9-]{1,15}": invalid syntax$/,
  new RegExp(`^timeout: failed to connect service "${ADDRESS}" within ${DURATION}: context deadline exceeded$`),
  new RegExp(`^timeout: health rpc did not complete within ${DURATION}$`),
  /^service unhealthy \(responded with "(NOT_SERVING|UNKNOWN|SERVICE_UNKNOWN)"\)$/,
  new RegExp(String.raw`^command (timed out: )?"[\s\S]*" timed out( after ${DURATION})?$`),
  /^OCI runtime exec failed: exec failed: unable to start container process: exec: "([^"]*)": (executable file not found in \$PATH|permission denied|stat \1: no such file or directory): unknown$/,
];

/** Frames whose end is somebody else's: a server's words, or the bytes that it sent. */
const FRAMES: readonly RegExp[] = [
  /^(Get "?https?:\/\/[^\s"]+"?: (?:net\/http: HTTP\/1\.x transport connection broken: )?malformed (?:HTTP (?:response|status code|version)|MIME header(?: initial)?(?: line)?(?:: missing colon)?):? ?)([\s\S]+)$/,
  // OpenShift adds what was read of the body.
  /^((?:Get "?https?:\/\/[^\s"]+"?: EOF|HTTP probe failed with statuscode: \d+)\s+body: ?)([\s\S]+)$/,
  /^(error: health rpc probe failed: rpc error: code = [A-Za-z]{1,30} desc = )([\s\S]+)$/,
  /^(error: this server does not implement the grpc health protocol \(grpc\.health\.v1\.Health\): )([\s\S]+)$/,
  /^(Probe terminated redirects, Response body: )([\s\S]+)$/,
];

const PROBE = /^((?:\(combined from similar events\): )?(?:Liveness|Readiness|Startup) probe (?:failed|errored|warning|error)(?: and resulted in \w+ state)?: ?)([\s\S]*)$/;
/** What a shell says in a line of a program that is not there; the program itself is the owner's word. */
const NOT_FOUND = /(?<![a-z])((?:[abdkz]a?)?sh): (?:(?:line )?\d{1,6}: )?(\S{1,1000}): (?:command )?not found$/;

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
  if (frame) return `${ownUrls(frame[1]!)}${token(frame[2]!)}`;
  if (text === 'Probe terminated redirects, Response body:') return text;
  const printed = errored ? printedIn(text) : undefined;
  if (printed) return [printed[0], wordOf(printed[1], token), printed[2], wordOf(printed[3], token), printed[4]].join('');
  if (KUBELETS.some((form) => form.test(text)) || (errored && /^(rpc error: code = \w+ desc = |OCI runtime exec failed: )/.test(text))) return withoutRandom(framed(text, token), token);
  const missing = text.split('\n').map((line) => NOT_FOUND.exec(line)).find((found) => found !== null);
  return missing ? `${missing[1]}: ${token(missing[2]!)}: not found` : text === '' ? '' : token(text);
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

/** The URLs that the kubelet names, without what looks like a secret, and without what was asked for in their query. */
function ownUrls(text: string): string {
  return shownUrls(text.replace(/(https?:\/\/[^\s"?#]{1,400}[?#])[^\s"]+/g, '$1…'));
}

/** No word of the kubelet's looks like this: a command may have printed one in its place. */
function withoutRandom(text: string, token: (word: string) => string): string {
  return text.replace(/(?<![\w~.+=/-])[\w~.+=-]{16,}/g, (word) => (word !== STARS && looksRandom(word) ? token(word) : word));
}

/** The name of a program, which is kept; other quoted commands hold more. */
function isProgram(command: string): boolean {
  return /^[\w./-]{1,200}$/.test(command) && !command.split('/').some(looksRandom);
}

/** What a hook printed, to the end of a message: `…, message: "…"`. */
function withoutOutput(message: string, token: (word: string) => string): string {
  const start = message.indexOf(MESSAGE);
  if (start < 0 || !message.endsWith('"') || message.length <= start + MESSAGE.length) return message;
  const from = start + MESSAGE.length;
  return `${message.slice(0, from)}${token(message.slice(from, -1))}"`;
}

const MESSAGE = ', message: "';

/** Commands that are quoted, and what follows the exit code of a hook: its output. */
function framed(message: string, token: (word: string) => string): string {
  const told: string[] = [];
  const said = quotedCommands(message, (command) => {
    if (isProgram(command)) return command;
    told.push(command);
    return token(command);
  });
  // Runtimes say a command twice.
  const quoted = told.reduce((text, command) => text.replaceAll(command, token(command)), said);
  const output = (_: string, before: string, text: string) => `${before}${token(text)}`;
  const kept = quoted
    .replace(/(exited with -?\d+: )([\s\S]+)$/, output)
    .replace(/(malformed (?:HTTP|MIME) [a-z ]{1,40}:? ?")([^"]*)/, output)
    .replace(/(\bHTTP lifecycle hook \()([^)]*)/, output);
  return withoutSecrets(ownUrls(withoutOutput(kept, token)));
}
