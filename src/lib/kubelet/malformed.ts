/** What Go's client says about an answer that does not begin as HTTP does; `bytes` has one character for each byte. */
export function malformed(bytes: string): string {
  const line = bytes.split('\n', 1)[0]!.replace(/\r$/, '');
  const space = line.indexOf(' ');
  if (space < 0) return `malformed HTTP response ${quoted(line)}`;
  const status = line.slice(space + 1).replace(/^ +/, '').split(' ', 1)[0]!;
  if (!/^\d{3}$/.test(status)) return `malformed HTTP status code ${quoted(status)}`;
  return `malformed HTTP version ${quoted(line.slice(0, space))}`;
}

const SHORT: Record<string, string> = {'"': '\\"', '\\': '\\\\', '\u0007': '\\a', '\b': '\\b', '\f': '\\f', '\n': '\\n', '\r': '\\r', '\t': '\\t', '\u000b': '\\v'};

/** As Go's %q writes bytes that are no text. */
function quoted(bytes: string): string {
  return `"${[...bytes].map((char) => SHORT[char] ?? (char >= ' ' && char <= '~' ? char : `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`)).join('')}"`;
}
