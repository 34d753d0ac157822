import {object, type Raw} from './read.ts';

/** The fields of a log line that is a JSON object; undefined for others, and for one that was cut at the log's limit. */
export function jsonLine(line: string): Raw | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    return object(JSON.parse(line));
  } catch {
    return undefined; // Cut, or an app's own braces.
  }
}
