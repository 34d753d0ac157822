import {quotedCommands, withoutSecrets} from '../secrets.ts';

// Of a message only what kubelet, runtime or API server say themselves is written into a snapshot; a command that it quotes
// and what that printed become tokens, as they may hold anything.

const ADDRESS = String.raw`\[?[0-9a-f.:]+\]?:\d+`;

/** The kubelet's own words about a probe, each to the end: a command may print something that only begins like one. */
const KUBELETS: readonly RegExp[] = [
  /^HTTP probe failed with statuscode: \d+$/,
  /^Get "?https?:\/\/[^\s"]+"?: [^"]*$/,
  /^Get "?https?:\/\/[^\s"]+"?: net\/http: HTTP\/1\.x transport connection broken: malformed HTTP [\s\S]*$/,
  /^Get "[^"]*": stopped after 10 redirects$/,
  new RegExp(`^dial tcp ${ADDRESS}: (connect: [a-z ]+|i/o timeout)$`),
  /^(unexpected EOF|context deadline exceeded)( \(Client\.Timeout or context cancellation while reading body\))?$/,
  /^strconv\.Atoi: parsing "[\w-]+": invalid syntax$/,
  new RegExp(`^timeout: failed to connect service "${ADDRESS}" within \\S+: context deadline exceeded$`),
  /^timeout: health rpc did not complete within \S+$/,
  /^service unhealthy \(responded with "\w+"\)$/,
  /^error: (health rpc probe failed|this server does not implement the grpc health protocol)\b/,
  /^command (timed out: )?"[\s\S]*" timed out( after \S+)?$/,
  /^(rpc error: code = \w+ desc = |OCI runtime exec failed: )/,
];

const PROBE = /^((?:\(combined from similar events\): )?(?:Liveness|Readiness|Startup) probe (?:failed|errored|warning|error)(?: and resulted in \w+ state)?: ?)([\s\S]*)$/;
/** What a shell says of a program that is not there; the program itself is the owner's word. */
const NOT_FOUND = /^([\s\S]*?)((?:[abdkz]a?)?sh): (?:(?:line )?\d+: )?(\S+): (?:command )?not found$/m;
const REDIRECT = /^(Probe terminated redirects, Response body: )([\s\S]*)$/;

/** An event's or a condition's message as a snapshot keeps it. */
export function redactMessage(message: string, token: (word: string) => string): string {
  const form = PROBE.exec(message);
  return form ? `${form[1]}${ofProbe(form[2]!.trim(), token)}` : framed(message, token);
}

function ofProbe(text: string, token: (word: string) => string): string {
  if (text === '') return '';
  const redirect = REDIRECT.exec(text);
  if (redirect) return `${redirect[1]}${redirect[2] === '' ? '' : token(redirect[2]!)}`;
  if (KUBELETS.some((form) => form.test(text))) return framed(text.replace(/(https?:\/\/[^\s"?]+\?)[^\s"]+/, '$1…'), token);
  const missing = NOT_FOUND.exec(text);
  return missing ? `${missing[2]}: ${token(missing[3]!)}: not found` : token(text);
}

/** Commands that are quoted, and what follows the exit code of a hook: its output. */
function framed(message: string, token: (word: string) => string): string {
  const quoted = quotedCommands(message, (command) => (/^[\w./-]+$/.test(command) ? command : token(command)));
  return withoutSecrets(quoted.replace(/(exited with -?\d+: )([\s\S]+)$/, (_, before: string, output: string) => `${before}${token(output)}`).replace(/(, message: )("[\s\S]*")$/, (_, before: string, output: string) => `${before}"${token(output)}"`));
}
