// Each pattern takes time that grows with the text, and no faster: runs are bounded, or begin where none can begin within them.

/** A value after a name: quoted, with its escaped quotes, or up to a blank or a sign that ends it. */
const VALUE = String.raw`(?:(?<=\\)"(?:(?!\\{1,7}")[\s\S]){0,2000}\\{1,7}"|"(?:[^"\\]|\\.){0,4000}"|'[^']{0,4000}'|["'\x60]?[^\s;"'}\x60\\]+)`;
/** Not masked already. */
const NEW = String.raw`(?!\\{0,7}["'\x60]?\*{3})`;
const NAME = String.raw`(?:password|passwd|passphrase|passwort|pwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|session[_-]?id|(?:account|signing|encryption|jwt|master|shared|license|auth|secret|encrypt|service)[_-]?key|credential)`;
const END = String.raw`\\{0,7}["'\x60]?\s{0,8}`;

/** What looks like a credential in a text of the cluster, by the words in front of it. */
const NAMED: readonly [RegExp, string][] = [
  [/(?<!require )\b(authorization|proxy-authorization|cookie|set-cookie)(\\{0,7}["']?\s{0,8}[:=]\s{0,8}(?:(?=digest )|\\{0,7}["']?))(digest [^\r\n]+|[^"'\r\n\\]+)/gi, '$1$2***'],
  [/\b(bearer|basic|negotiate|apikey)(?!\s+(?:realm|charset|error|scope|tokens?|auth(?:entication|orization)?|challenge|credentials?)\b)\s+[\w.~+/=-]{6,}/gi, '$1 ***'],
  [/([?&;][\w.-]{0,40}(?:signature|credential|token|secret|password|passwd|pwd|verify|ticket|session|sessionid|pass|auth|sig|code|key|jwt|\bsid|\botp)=)(?!\*{3})[^\s&"';]+/gi, '$1***'],
  [/(%(?:3F|26)[\w.-]{0,40}(?:signature|credential|token|secret|password|passwd|pwd|session|pass|auth|sig|code|key|jwt)%3D)(?!\*{3})[^\s&"';%]+/gi, '$1***'],
  // Of the kubelet's and the runtimes' own words some look like it: `volume "db-secret" : …`, `fetch anonymous token: …`, `find key password: …`.
  // `password=…`, `db.password: …`, `\"password\":\"…\"`, `'password' => '…'`, `password := "…"`
  [new RegExp(String.raw`(?<![\w/.-]|volume "|fetch oauth |fetch anonymous |find key )([\w.-]{0,60}${NAME}[\w-]{0,20})(${END}(?:=>|->|:=|[:=](?![>=]))\s{0,8}\\{0,7})${NEW}${VALUE}`, 'gi'), '$1$2***'],
  [new RegExp(String.raw`(?<![\w/.-])((?:[\w.-]{0,40}[_.-])?pass)(=)${NEW}${VALUE}`, 'gi'), '$1$2***'],
  [new RegExp(String.raw`(?<![\w/.-])([\w.-]{0,40}[_.-]pass)(\s{0,8}:\s{0,8})${NEW}${VALUE}`, 'gi'), '$1$2***'],
  [new RegExp(String.raw`(?<![\w/.-])([A-Z][A-Z0-9_]{1,40}_(?:KEY|AUTH|PASS|PWD)\s{0,8}[=:]\s{0,8})${NEW}${VALUE}`, 'g'), '$1***'],
  [new RegExp(String.raw`((?:^|[{,(]\s?)pass: )${NEW}${VALUE}`, 'gi'), '$1***'],
  // In a sentence only what no word looks like.
  [/(\b(?:password|passphrase|secret|token) (?:is|was|for user:) )(?=["']?[^\s"']{0,80}\d)(?=["']?[^\s"']{0,80}[a-z])["']?[^\s"']+["']?/gi, '$1***'],
  [/(<[\w:-]{0,30}(?:password|passwd|secret|token)>)(?!\*{3})[^<\s]+/gi, '$1***'],
  [/((?:key|name)="[\w.-]{0,40}(?:password|passwd|secret|token)"\s{1,8}value=)"[^"]{0,400}"/gi, '$1***'],
  [new RegExp(String.raw`(\\{0,7}["'](?:pass|auth|sig|key|session|bearer|jwt)\\{0,7}["']\s{0,8}:\s{0,8}\\{0,7})${NEW}(?![{[])(?:(?<=\\)"(?:(?!\\{1,7}")[\s\S]){0,2000}\\{1,7}"|"(?:[^"\\]|\\.){0,4000}"|'[^']{0,4000}'|[^\s,;&"'}\\]+)`, 'gi'), '$1***'],
  // Flags of a command, and what its client takes by a letter.
  [new RegExp(String.raw`((?:^|\s)--?(?:[\w-]{0,40}(?:password|passwd|pwd|secret|token|api-?key|access-?key|secret-?key|private-?key|credential|credentials)|pass|key|auth|jwt)[ =])${NEW}(?:"[^"]{0,4000}"|'[^']{0,4000}'|[^\s"']+)`, 'gi'), '$1***'],
  [/((?:^|\s)(?:-u|--user)[\s=]?[^\s:"']{1,80}:)(?!\*{3})[^\s"']+/g, '$1***'],
  [/(\b(?:mysql|mariadb)[\w-]{0,10}\s(?:[^\s"']{1,40}\s){0,6}-p)(?!\*{3})[^\s"'=]+/g, '$1***'],
  [/(\b(?:mongo(?:sh|dump)?|rabbitmqadmin|sshpass|sqlcmd)\s(?:[^\s"']{1,60}\s){0,8}-[pP]\s?)(?!\*{3})[^\s"']+/g, '$1***'],
  [/(\b(?:redis|valkey|keydb)-cli\s(?:[^\s"']{1,60}\s){0,8}-a\s)(?!\*{3})[^\s"']+/g, '$1***'],
];

/** Credentials within URLs and connection strings. */
const WITHIN: readonly [RegExp, string][] = [
  [/(\bjdbc:oracle:\w{1,10}:[^\s/@]{1,80}\/)(?!\*{3}@)[^\s@]{1,200}@/gi, '$1***@'],
  [/\b([a-z][a-z0-9+.-]{0,20}:\/\/[^\s:/@"'[]{0,80}):(?!\*{3}@)(?!\d{1,5}[/?#][^\s@]{0,300}(?:\s|$))(?!\d{1,5}\/[^\s@]{0,200}\?)[^\s@"']{1,300}(?:@[^\s@/"']{1,100})?@/gi, '$1:***@'],
  [/\b([a-z][a-z0-9+.-]{0,20}:\/\/)(?!\*{3}@)[^\s:/@"'?#]{1,300}@/gi, '$1***@'],
  // Go's form for MySQL: `user:password@tcp(host:3306)/db`
  [/(?<![^\s"'=])([\w.-]{1,60}:)(?!\*{3}@)[^\s@"']{1,200}@(?=(?:tcp|unix)\()/g, '$1***@'],
  [/(\bdsn=[\w.-]{1,60}:)(?!\*{3}@)[^\s@"']{1,200}@/gi, '$1***@'],
  [/(\bhooks\.slack\.com\/services\/|\bdiscord(?:app)?\.com\/api\/webhooks\/|\bwebhook\.office\.com\/)(?!\*{3})[\w/@-]+/g, '$1***'],
];

/** Credentials by their own form, as the makers of each give them a beginning. */
const FORMS: readonly RegExp[] = [
  /(?<![\w-])eyJ[\w-]{8,}\.[\w-]+\.[\w-]*/g,
  /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b|\bAIza[\w-]{20,}|\bya29\.[\w-]{10,}|\bGOCSPX-[\w-]{10,}|\bEAAC[A-Za-z0-9]{16,}/g,
  /\bgh[pousr]_[A-Za-z0-9]{20,}\b|\bgithub_pat_\w{20,}|\bgl(?:pat|rt|dt|ptt|ft|soat|cbt)-[\w-]{10,}|\bdckr_pat_[\w-]{10,}/g,
  /\b(?:sk|rk|pk)_(?:live|test)_\w{8,}|\bwhsec_[\w+/=]{10,}|\bsk-(?:ant-|proj-)?[\w-]{16,}|\bsq0(?:atp|csp)-[\w-]{16,}|\bshp(?:at|ca|pa|ss)_[0-9a-f]{16,}/g,
  /\bnpm_[A-Za-z0-9]{20,}|\bpypi-[\w-]{16,}|\bdop_v1_[0-9a-f]{16,}|\bhf_[A-Za-z0-9]{16,}|\blin_api_\w{10,}|\bkey-[0-9a-f]{32}\b/g,
  /\bhv[sbr]\.[\w-]{10,}|\bs\.[A-Za-z0-9]{24}\b|\bSG\.[\w-]{10,}\.[\w-]{10,}|\bx(?:ox[abeoprs]|app)-[\w-]{10,}|\.atlasv1\.[\w-]{10,}|\bAGE-SECRET-KEY-1[A-Z0-9]{16,}/g,
  // A secret key of AWS: neither a digest nor a path has all of these in forty signs.
  /(?<![\w/+=.-])(?=[^\s]{0,39}[A-Z])(?=[^\s]{0,39}[a-z])(?=[^\s]{0,39}\d)[A-Za-z0-9/+]{40}(?![\w/+=.-])/g,
  /-----BEGIN [A-Z ]{0,40}PRIVATE KEY(?: BLOCK)?-----[\s\S]*?(?:-----END [A-Z ]{0,40}PRIVATE KEY(?: BLOCK)?-----|$)/g,
];

/** Words and signs of which each pattern needs one: nearly all texts have none, and one look spares the others. */
const HINTS = new RegExp(
  [
    'a(?:uth|kia|sia|ge-secret|piKey)|b(?:earer|asic)|c(?:ookie|redential|ode(?:=|%3d))|d(?:sn=|ckr_|op_v1_|iscord)|e(?:yJ|aac)|g(?:h[pousr]_|ithub_pat_|l[a-z]{2,4}-|ocspx-)|h(?:f_|v[sbr]\\.)',
    'j(?:wt|dbc:)|key|lin_api_|m(?:ysql|ariadb|ongo)|n(?:egotiate|pm_)|otp=|p(?:ass|wd|ypi-|k_)|r(?:abbitmq|k_)|token|ticket|verify=|w(?:hsec|ebhook)|x(?:ox|app)|ya29|aiza|-cli|atlasv1',
    's(?:ecret|ig|ession|id=|k[_-]|q0|hp|lack|qlcmd|g\\.)',
    String.raw`-----BEGIN|@|(?:^|\s)(?:-u|--user)|\bs\.[a-z0-9]{24}|(?<![\w/+=.-])[a-z0-9/+]{40}(?![\w/+=.-])`,
  ].join('|'),
  'i',
);

/** A line of a key's body, which stands alone in a log. */
const KEY_LINE = /^[A-Za-z0-9+/]{60,76}={0,2}$/;

/** No text that a person reads is longer; what follows is left out, and not searched. */
export const MOST = 4096;

/** A text without what looks like a token, a password or a key: asterisks stand for it. Twice is as good as once. */
export function withoutSecrets(line: string): string {
  return masked(line.length > MOST ? `${line.slice(0, MOST)}…` : line);
}

/** The same for a text that is bounded already and is wanted whole, as a body: its lines may be a key's. */
export function maskedLines(text: string): string {
  return masked(text.split('\n').map((line) => (KEY_LINE.test(line) ? '***' : line)).join('\n'));
}

function masked(text: string): string {
  if (KEY_LINE.test(text)) return '***';
  if (!HINTS.test(text)) return text;
  const named = [...NAMED, ...WITHIN].reduce((rest, [pattern, by]) => rest.replace(pattern, by), text);
  return FORMS.reduce((rest, pattern) => rest.replace(pattern, '***'), named);
}
