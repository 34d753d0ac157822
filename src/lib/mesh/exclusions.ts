import type {Container} from '../model/pod.ts';

/**
 * Inbound ports that osm-init lets through besides the mesh's own, and the ports that it returns, read from its rules.
 * Undefined where there are no rules to read (Windows, CNI): then nothing can be said.
 */
export function openPorts(init: Container | undefined): number[] | undefined {
  const rules = init?.args.join('\n');
  if (rules === undefined || !/PROXY_INBOUND/.test(rules)) return undefined;
  const ports: number[] = [];
  for (const [line] of rules.matchAll(/^.*PROXY_INBOUND\b.*-j RETURN.*$/gm)) {
    const match = /--dports? ([\d,]+)/.exec(line);
    if (match) ports.push(...match[1]!.split(',').map(Number));
  }
  return [...new Set(ports)].sort((a, b) => a - b);
}
