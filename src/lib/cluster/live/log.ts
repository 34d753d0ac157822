import type {LogOptions, PodName} from '../cluster.ts';
import {cleanLines} from '../sanitize.ts';
import type {Credentials} from './credentials.ts';
import {send} from './request.ts';
import type {TunnelLimits} from './tunnel.ts';

/**
 * Reads the end of a container's log, at most `tailLines` lines and `limitBytes` bytes of it.
 * @throws {ClusterError} 400 `invalid`: the container waits to start, or has no previous log · 403 without get on pods/log
 */
export async function readLog(credentials: Credentials, {namespace, name}: PodName, {container, previous, tailLines, limitBytes, keep, atMost = Infinity}: LogOptions, limits: TunnelLimits): Promise<string[]> {
  const query = new URLSearchParams({container, ...(previous ? {previous: 'true'} : {}), tailLines: String(tailLines), limitBytes: String(limitBytes)});
  const text = await send(
    credentials,
    {
      path: `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(name)}/log?${query}`,
      asked: `the ${previous ? 'previous ' : ''}log of container ${container} in pod ${namespace}/${name}`,
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
        },
        end: () => Buffer.concat(chunks).toString('utf8'),
      };
    },
  );
  const lines = cleanLines(text).split('\n');
  return lines.filter((line, index) => (line !== '' || index < lines.length - 1) && keep(line)).slice(-atMost);
}
