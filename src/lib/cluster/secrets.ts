import {MOST, withoutSecrets} from './masks.ts';
import {shownUrls} from './shown.ts';

export {withoutSecrets} from './masks.ts';

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
  const safe = (command: string) => OF_COMMANDS.reduce((text, [pattern, by]) => text.replace(pattern, by), command);
  return shownUrls(withoutSecrets(quotedCommands(message, safe)));
}
