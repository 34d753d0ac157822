import {spawnSync} from 'node:child_process';

export const IMAGE = process.env['OSM_PROBES_TEST_IMAGE'] ?? 'docker.io/library/probeapp:local';

/** Runs kubectl of the PATH; its standard output. @throws what kubectl said */
export function kubectl(args: string[], input = ''): string {
  const {status, stdout, stderr, error} = spawnSync('kubectl', args, {input, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024});
  if (error) throw error;
  if (status !== 0) throw new Error(`kubectl ${args.join(' ')}: ${stderr}`);
  return stdout;
}

export function apply(namespace: string, objects: object[]): void {
  kubectl(['apply', '-n', namespace, '-f', '-'], JSON.stringify({apiVersion: 'v1', kind: 'List', items: objects}));
}

function meshedNamespace(name: string): object {
  return {apiVersion: 'v1', kind: 'Namespace', metadata: {name, labels: {'openservicemesh.io/monitored-by': 'osm'}, annotations: {'openservicemesh.io/sidecar-injection': 'enabled'}}};
}

/** Makes a namespace of the mesh; one of this name that an earlier run is still deleting goes first. */
export function joinMesh(name: string): void {
  const phase = kubectl(['get', 'namespace', name, '--ignore-not-found', '-o', 'jsonpath={.status.phase}']);
  if (phase === 'Terminating') kubectl(['wait', '--for=delete', `namespace/${name}`, '--timeout=180s']);
  kubectl(['apply', '-f', '-'], JSON.stringify(meshedNamespace(name)));
}

export function forget(namespaces: string[]): void {
  kubectl(['delete', 'namespace', ...namespaces, '--wait=false', '--ignore-not-found']);
}
