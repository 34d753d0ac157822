import {quotedCommands, withoutSecrets} from '../secrets.ts';

// Of a message only what kubelet, runtime or API server say themselves is written into a snapshot; a command that it quotes
// and what that printed become tokens, as they may hold anything.

const ADDRESS = String.raw`\[?[0-9a-f.:]+\]?:\d+`;

/** What Go's HTTP client ends with, each to the end of the text. */
const GO = [
  String.raw`dial tcp (${ADDRESS}|lookup [\w.-]+ on ${ADDRESS}): (connect: )?[a-z/ ]+( \(Client\.Timeout exceeded while awaiting headers\))?`,
  String.raw`dial tcp: lookup [\w.-]+( on ${ADDRESS})?: [a-z/ ]+`,
  String.raw`read tcp ${ADDRESS}->${ADDRESS}: (read: )?[a-z/ ]+`,
  String.raw`(unexpected )?EOF`,
  String.raw`(net/http: )?(context deadline exceeded|request canceled)( while waiting for connection)?( \(Client\.Timeout exceeded while awaiting headers\))?`,
  String.raw`http: server gave HTTP response to HTTPS client`,
  String.raw`(remote error: )?tls: [a-z ]+`,
  String.raw`x509: [a-z ]+`,
].join('|');

/** The kubelet's own words about a probe, each to the end: a command may print something that only begins like one. */
const KUBELETS: readonly RegExp[] = [
  /^HTTP probe failed with statuscode: \d+$/,
  new RegExp(`^Get "?https?://[^\\s"]+"?: (${GO})$`),
  /^Get "[^\s"]*": stopped after 10 redirects$/,
  new RegExp(`^dial tcp ${ADDRESS}: (connect: [a-z ]+|i/o timeout)$`),
  /^(unexpected EOF|context deadline exceeded)( \(Client\.Timeout or context cancellation while reading body\))?$/,
  /^strconv\.Atoi: parsing "[\w-]+": invalid syntax$/,
  new RegExp(`^timeout: failed to connect service "${ADDRESS}" within \\S+: context deadline exceeded$`),
  /^timeout: health rpc did not complete within \S+$/,
  /^service unhealthy \(responded with "\w+"\)$/,
  /^command (timed out: )?"[\s\S]*" timed out( after \S+)?$/,
  /^OCI runtime exec failed: exec failed: unable to start container process: exec: "[^"]*": (executable file not found in \$PATH|permission denied|stat \S+: no such file or directory): unknown$/,
];

/** Frames whose end is somebody else's: a server's words, or the bytes that it sent. */
const FRAMES: readonly RegExp[] = [
  /^(Get "?https?:\/\/[^\s"]+"?: (?:net\/http: HTTP\/1\.x transport connection broken: )?malformed HTTP [a-z ]+)([\s\S]+)$/,
  /^(error: health rpc probe failed: rpc error: code = \w+ desc = )([\s\S]+)$/,
  /^(error: this server does not implement the grpc health protocol \(grpc\.health\.v1\.Health\): )([\s\S]+)$/,
  /^(Probe terminated redirects, Response body: )([\s\S]+)$/,
];

const PROBE = /^((?:\(combined from similar events\): )?(?:Liveness|Readiness|Startup) probe (?:failed|errored|warning|error)(?: and resulted in \w+ state)?: ?)([\s\S]*)$/;
/** What a shell says of a program that is not there; the program itself is the owner's word. */
const NOT_FOUND = /^([\s\S]*?)((?:[abdkz]a?)?sh): (?:(?:line )?\d+: )?(\S+): (?:command )?not found$/m;

/** An event's or a condition's message as a snapshot keeps it. */
export function redactMessage(message: string, token: (word: string) => string): string {
  const form = PROBE.exec(message);
  return form ? `${form[1]}${ofProbe(form[2]!.trim(), / probe errored/.test(form[1]!), token)}` : framed(message, token);
}

/** A probe that errs was not carried out: no command has printed anything, and the words are the runtime's or the kubelet's. */
function ofProbe(text: string, errored: boolean, token: (word: string) => string): string {
  const frame = FRAMES.map((form) => form.exec(text)).find((found) => found !== null);
  if (frame) return `${withoutQuery(frame[1]!)}${token(frame[2]!)}`;
  if (text === 'Probe terminated redirects, Response body:') return text;
  if (KUBELETS.some((form) => form.test(text)) || (errored && /^(rpc error: code = \w+ desc = |OCI runtime exec failed: )/.test(text))) return framed(withoutQuery(text), token);
  const missing = NOT_FOUND.exec(text);
  return missing ? `${missing[2]}: ${token(missing[3]!)}: not found` : text === '' ? '' : token(text);
}

function withoutQuery(text: string): string {
  return text.replace(/(https?:\/\/[^\s"?]+\?)[^\s"]+/, '$1…');
}

/** Commands that are quoted, and what follows the exit code of a hook: its output. */
function framed(message: string, token: (word: string) => string): string {
  const quoted = quotedCommands(message, (command) => (/^[\w./-]+$/.test(command) ? command : token(command)));
  return withoutSecrets(quoted.replace(/(exited with -?\d+: )([\s\S]+)$/, (_, before: string, output: string) => `${before}${token(output)}`).replace(/(, message: )("[\s\S]*")$/, (_, before: string, output: string) => `${before}"${token(output)}"`));
}
