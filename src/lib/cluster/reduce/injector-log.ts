import {jsonLine} from './json-line.ts';
import {safeMessage} from '../secrets.ts';
import {text} from './read.ts';

/** A line of the injector's log that says of which namespace it refused a pod, and why; undefined for all others. */
export function refusalLineOf(line: string): {namespace: string; error: string} | undefined {
  const {level, error, message} = jsonLine(line) ?? {};
  const namespace = /(?:in|to) namespace (\S+)$|with service account \S+ in namespace (\S+)/.exec(text(message));
  const where = namespace?.[1] ?? namespace?.[2];
  return text(level) === 'error' && where !== undefined && text(error) !== '' ? {namespace: where, error: safeMessage(text(error))} : undefined;
}
