import type {LogOptions, PodName} from '../cluster.ts';
import {withoutControls} from '../sanitize.ts';
import type {Credentials} from './credentials.ts';
import {TooMuch} from './errors.ts';
import {send} from './request.ts';
import type {TunnelLimits} from './tunnel.ts';

/** Characters of a line that are kept; a proxy's line has some hundred, and nobody reads more of an app's. */
const MOST_LINE = 16 * 1024;

/** Bytes that a server may send beyond what was asked for. */
const MOST_TOO_MUCH = 1024 * 1024;

/** The question in words. */
export function logAsked({namespace, name}: PodName, {container, previous}: LogOptions): string {
  return `the ${previous ? 'previous ' : ''}log of container ${container} in pod ${namespace}/${name}`;
}

/**
 * Reads the end of a container's log, at most `tailLines` lines and `limitBytes` bytes of it.
 * @throws {ClusterError} 400 `invalid`: the container waits to start, or has no previous log · 403 without get on pods/log
 */
export async function readLog(credentials: Credentials, pod: PodName, options: LogOptions, limits: TunnelLimits): Promise<string[]> {
  const {namespace, name} = pod;
  const {container, previous, tailLines, limitBytes, keep, atMost = Infinity} = options;
  const query = new URLSearchParams({container, ...(previous ? {previous: 'true'} : {}), tailLines: String(tailLines), limitBytes: String(limitBytes)});
  const text = await send(
    credentials,
    {
      path: `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(name)}/log?${query}`,
      asked: logAsked(pod, options),
      permission: `kubectl auth can-i get pods --subresource=log -n ${namespace}${limits.kubectlFlags}`,
      accept: 'application/json, */*',
    },
    limits,
    () => {
      const chunks: Buffer[] = [];
      let left = limitBytes;
      return {
        take(chunk) {
          if (left > 0) chunks.push(chunk.subarray(0, left));
          left -= chunk.length;
          if (left < -MOST_TOO_MUCH) throw new TooMuch(`the log goes on after the ${limitBytes} bytes that were asked for`);
        },
        end: () => Buffer.concat(chunks).toString('utf8'),
      };
    },
  );
  const lines = withoutControls(text).split('\n').map((line) => (line.length > MOST_LINE ? `${line.slice(0, MOST_LINE)}…` : line));
  return lines.filter((line, index) => (line !== '' || index < lines.length - 1) && keep(line)).slice(-atMost);
}
