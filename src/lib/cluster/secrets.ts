/** What looks like a credential in a text of the cluster, by the words in front of it or by its own form. Each pattern takes time that grows with the text, and no faster. */
const SECRETS: readonly [RegExp, string][] = [
  [/(?<!require )\b(authorization|proxy-authorization|cookie|set-cookie)(["']?\s{0,8}[:=]\s{0,8}["']?)[^"'\r\n]+/gi, '$1$2***'],
  [/\b(bearer|basic)\s+[\w.~+/=-]{6,}/gi, '$1 ***'],
  [/([?&;][\w.-]{0,40}(?:signature|credential|token|secret|password|passwd|pwd|verify|ticket|session|sessionid|pass|auth|sig|code|key)=)(?!\*{3})[^\s&"';]+/gi, '$1***'],
  // Of the kubelet's and the runtimes' own words some look like it: `volume "db-secret" : …`, `fetch anonymous token: …`, `find key password: …`.
  // `password=…`, `db.password: …`, `\"password\":\"…\"`, `'password' => '…'`
  [/(?<![\w/.-]|volume "|fetch oauth |fetch anonymous |find key )([\w.-]{0,60}(?:password|passwd|passphrase|pwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|(?:account|signing|encryption|jwt|master|shared|license)[_-]?key|credential)[\w-]{0,20})(\\{0,3}["']?\s{0,8}(?:=>|[:=](?!>))\s{0,8}\\{0,3})(?!\*{3})("[^"]*"|'[^']*'|["']?[^\s;"'}\\]+)/gi, '$1$2***'],
  [/(?<![\w/.-])((?:[\w.-]{0,40}[_.-])?pass)(=)(?!\*{3})("[^"]*"|'[^']*'|[^\s;"'}]+)/gi, '$1$2***'],
  [/(?<![\w/.-])([\w.-]{0,40}[_.-]pass)(\s{0,8}:\s{0,8})(?!\*{3})("[^"]*"|'[^']*'|[^\s;"'}]+)/gi, '$1$2***'],
  [/(?<![\w/.-])([A-Z][A-Z0-9_]{1,40}_(?:KEY|AUTH)\s{0,8}[=:]\s{0,8})(?!\*{3})("[^"]*"|'[^']*'|[^\s;"'}]+)/g, '$1***'],
  [/(<[\w:-]{0,30}(?:password|passwd|secret|token)>)[^<\s]+/gi, '$1***'],
  [/(["'](?:pass|auth|sig)["']\s{0,8}:\s{0,8})("[^"]*"|'[^']*'|[^\s,;&"'}]+)/gi, '$1***'],
  [/((?:^|\s)--?(?:[\w-]{0,40}(?:password|passwd|pwd|secret|token|api-?key)|pass)[ =])(?!\*{3})("[^"]*"|'[^']*'|[^\s"']+)/gi, '$1***'],
  [/((?:^|\s)(?:-u|--user)[\s=]?[^\s:"']{1,80}:)[^\s"']+/g, '$1***'],
  [/(\bmysql\w{0,10}\s(?:[^\s"']{1,40}\s){0,6}-p)(?!\*{3})[^\s"'=]+/g, '$1***'],
  [/(\b(?:mongo(?:sh|dump)?|rabbitmqadmin|sshpass|sqlcmd)\s(?:[^\s"']{1,60}\s){0,8}-[pP]\s?)(?!\*{3})[^\s"']+/g, '$1***'],
  [/(\bjdbc:oracle:\w{1,10}:[^\s/@]{1,80}\/)[^\s@]{1,200}@/gi, '$1***@'],
  [/\b([a-z][a-z0-9+.-]{0,20}:\/\/[^\s:/@"']{0,80}):(?!\d{1,5}[/?#])[^\s@]{1,300}(?:@[^\s@/]{1,100})?@/gi, '$1:***@'],
  [/\b([a-z][a-z0-9+.-]{0,20}:\/\/)(?!\*{3}@)[^\s:/@"']{1,300}@/gi, '$1***@'],
  [/(\bhooks\.slack\.com\/services\/)[\w/]+/g, '$1***'],
  [/\beyJ[\w-]{8,}\.[\w-]+\.[\w-]*/g, '***'],
  [/\b(?:AKIA|ASIA)[A-Z0-9]{16}\b|\bgh[pousr]_[A-Za-z0-9]{20,}\b|\bgithub_pat_\w{20,}|\bglpat-[\w-]{10,}|\bsk_(?:live|test)_\w{8,}|\bAIza[\w-]{20,}|\bhvs\.[\w-]{10,}|\bSG\.[\w-]{10,}\.[\w-]{10,}|\bxox[abprs]-[\w-]{10,}/g, '***'],
  [/-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]{0,40}PRIVATE KEY-----|$)/g, '***'],
];

/** Words and signs of which each pattern needs one: nearly all texts have none, and one look spares the others. */
const HINTS = /auth|cookie|bearer|basic|pass|pwd|secret|token|key|credential|sig|code=|verify=|ticket|session|(?:^|\s)-u|--user|mysql|mongo|rabbitmq|sqlcmd|jdbc:|@|eyJ|akia|asia|gh[pousr]_|github_pat|glpat-|sk_|AIza|hvs\.|SG\.|slack|xox|-----BEGIN/i;

/** A line of a key's body, which stands alone in a log. */
const KEY_LINE = /^[A-Za-z0-9+/]{60,76}={0,2}$/;

/** No text that a person reads is longer; what follows is left out, and not searched. */
const MOST = 4096;

/** A text without what looks like a token, a password or a key: asterisks stand for it. Twice is as good as once. */
export function withoutSecrets(line: string): string {
  const text = line.length > MOST ? `${line.slice(0, MOST)}…` : line;
  if (KEY_LINE.test(text)) return '***';
  if (!HINTS.test(text)) return text;
  return SECRETS.reduce((masked, [pattern, by]) => masked.replace(pattern, by), text);
}

/** Words of a command that are passwords by their place: `mysql -pWORD`, `redis-cli -a WORD`. */
const OF_COMMANDS: readonly [RegExp, string][] = [
  [/(\s-p)(?!\*{3})[^\s"'=]+/g, '$1***'],
  [/(\s-(?:a|w) )(?!\*{3})[^\s"']+/g, '$1***'],
];

/** Where kubelet and runtimes quote a command, or what it printed: the frame, and the part that is the owner's. */
const QUOTED: readonly [before: RegExp, inside: RegExp, after: RegExp][] = [
  [/command timed out: "/, /[\s\S]*/, /" timed out after \S+$/],
  [/command "/, /[\s\S]*/, /" timed out$/],
  [/command '/, /[\s\S]*?/, /' exited with -?\d+/],
  [/Exec lifecycle hook \(\[/, /[\s\S]*?/, /\]\)/],
  [/exec: "/, /[^"]*/, /"/],
];

const QUOTES = QUOTED.map(([before, inside, after]) => new RegExp(`(${before.source})(${inside.source})(${after.source})`));

/** A message of kubelet or runtime with each command that it quotes put through `say`. */
export function quotedCommands(message: string, say: (command: string) => string): string {
  if (message.length <= MOST && !/command|hook|exec: "/.test(message)) return message;
  return QUOTES.reduce((text, pattern) => text.replace(pattern, (_, before: string, command: string, after: string) => `${before}${say(command)}${after}`), message.slice(0, MOST));
}

/** A message of the cluster as it enters: without what looks like a secret, in the commands that it quotes too. */
export function safeMessage(message: string): string {
  return withoutSecrets(quotedCommands(message, (command) => OF_COMMANDS.reduce((text, [pattern, by]) => text.replace(pattern, by), command)));
}
