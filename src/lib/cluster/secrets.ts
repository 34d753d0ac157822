import {MOST, withoutSecrets} from './masks.ts';
import {shownUrls} from './shown.ts';

export {withoutSecrets} from './masks.ts';

/** Words of a command that are passwords by their place: `mysql -pWORD`, `redis-cli -a WORD`. */
const OF_COMMANDS: readonly [RegExp, string][] = [
  [/(\s-p)(?!\*{3})[^\s"'=]+/g, '$1***'],
  [/(\s-(?:a|w) )(?!\*{3})[^\s"']+/g, '$1***'],
];

/** What stands before and after the part that is the owner's; `last` where that may hold the latter itself. */
interface Frame {
  before: string;
  after: string;
  last: boolean;
}

/** Where kubelet and runtimes quote a command, or what it printed. */
const FRAMES: readonly Frame[] = [
  {before: 'command timed out: "', after: '" timed out after ', last: true},
  {before: 'command "', after: '" timed out', last: true},
  {before: "command '", after: "' exited with ", last: false},
  {before: 'Exec lifecycle hook ([', after: '])', last: false},
  {before: 'exec: "', after: '"', last: false},
];

/** A message of kubelet or runtime with each command that it quotes put through `say`. */
export function quotedCommands(message: string, say: (command: string) => string): string {
  if (message.length <= MOST && !/command|hook|exec: "/.test(message)) return message;
  return FRAMES.reduce((text, frame) => within(text, frame, say), message.slice(0, MOST));
}

function within(text: string, {before, after, last}: Frame, say: (command: string) => string): string {
  const start = text.indexOf(before);
  if (start < 0) return text;
  const from = start + before.length;
  const to = last ? text.lastIndexOf(after) : text.indexOf(after, from);
  return to < from ? text : `${text.slice(0, from)}${say(text.slice(from, to))}${text.slice(to)}`;
}

/** A message of the cluster as it enters: without what looks like a secret, in the commands that it quotes too. */
export function safeMessage(message: string): string {
  const safe = (command: string) => OF_COMMANDS.reduce((text, [pattern, by]) => text.replace(pattern, by), command);
  return shownUrls(withoutSecrets(quotedCommands(message, safe)));
}
