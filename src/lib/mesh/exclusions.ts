import type {Container} from '../model/pod.ts';

/** Whether osm-init leads the proxy's own calls of 127.0.0.1 to the pod's address (localProxyMode: PodIP, OSM 1.1.1 and later). */
export function dialsPodAddress(init: Container | undefined): boolean {
  return init?.args.some((arg) => /DNAT --to-destination/.test(arg)) ?? false;
}

/**
 * Inbound ports that osm-init lets through besides the mesh's own, and the ports that it returns, read from its rules.
 * Undefined where there are no rules to read (Windows, CNI): then nothing can be said.
 */
export function openPorts(init: Container | undefined): number[] | undefined {
  const rules = init?.args.join('\n');
  if (rules === undefined || !/PROXY_INBOUND/.test(rules)) return undefined;
  const ports: number[] = [];
  for (const line of rules.split('\n').filter(letsThrough)) {
    const match = /--dports? ([\d,]+)/.exec(line);
    if (match) for (const one of match[1]!.split(',').map(Number)) ports.push(one);
  }
  return [...new Set(ports)].sort((a, b) => a - b);
}

/** A rule of the inbound chain that returns before the proxy is reached. */
function letsThrough(line: string): boolean {
  const chain = line.search(/PROXY_INBOUND\b/);
  return chain >= 0 && line.includes('-j RETURN', chain);
}
