import {spawn} from 'node:child_process';
import {resolve} from 'node:path';
import {fault} from './kubeconfig.ts';

type Entry = Record<string, unknown>;

export interface Credential {
  token?: string;
  clientCertificateData?: string;
  clientKeyData?: string;
}

/** Seconds that a credential plugin may take; one that asks a person needs them. */
const PLUGIN_SECONDS = 120;

/**
 * Runs a kubeconfig's credential plugin, as kubectl does: with KUBERNETES_EXEC_INFO, its stderr shown, a relative
 * command looked up beside the kubeconfig.
 * @throws {ClusterError} config: not found (with its installHint), failed, timed out, or no ExecCredential came back
 */
export async function runExecPlugin(exec: Entry, cluster: Entry, folder: string, env: NodeJS.ProcessEnv, signal: AbortSignal): Promise<Credential> {
  const written = String(exec['command'] ?? '');
  const command = /[/\\]/.test(written) ? resolve(folder, written) : written;
  const interactive = exec['interactiveMode'] !== 'Never' && process.stdin.isTTY === true;
  const info = {
    kind: 'ExecCredential',
    apiVersion: exec['apiVersion'] ?? 'client.authentication.k8s.io/v1',
    spec: {interactive, ...(exec['provideClusterInfo'] === true ? {cluster: clusterInfo(cluster)} : {})},
  };
  const own = Object.fromEntries(((exec['env'] ?? []) as {name: string; value: string}[]).map(({name, value}) => [name, value]));
  const {code, output} = await run(command, ((exec['args'] ?? []) as unknown[]).map(String), {...env, ...own, KUBERNETES_EXEC_INFO: JSON.stringify(info)}, interactive, signal).catch((error: NodeJS.ErrnoException) => {
    const hint = typeof exec['installHint'] === 'string' ? ` ${exec['installHint'].trim()}` : '';
    throw fault(`credentials from ${written}`, error.code === 'ENOENT' ? `the program is not there.${hint}` : error.message);
  });
  if (code !== 0) throw fault(`credentials from ${written}`, `it ended with exit code ${code ?? 'none, after a time-out'}`);
  return credentialOf(written, output);
}

function credentialOf(command: string, output: string): Credential {
  let status: Entry | undefined;
  try {
    status = (JSON.parse(output) as Entry)?.['status'] as Entry | undefined;
  } catch {
    throw fault(`credentials from ${command}`, 'it printed no JSON');
  }
  const {token, clientCertificateData, clientKeyData} = (status ?? {}) as Credential;
  if (!token && !clientCertificateData) throw fault(`credentials from ${command}`, 'it printed neither a token nor a certificate');
  return {...(token ? {token} : {}), ...(clientCertificateData ? {clientCertificateData} : {}), ...(clientKeyData ? {clientKeyData} : {})};
}

function clusterInfo(cluster: Entry): Entry {
  return {
    server: cluster['server'],
    'certificate-authority-data': cluster['certificate-authority-data'],
    'tls-server-name': cluster['tls-server-name'],
    'insecure-skip-tls-verify': cluster['insecure-skip-tls-verify'],
    config: ((cluster['extensions'] ?? []) as {name?: string; extension?: unknown}[]).find(({name}) => name === 'client.authentication.k8s.io/exec')?.extension,
  };
}

function run(command: string, args: string[], env: NodeJS.ProcessEnv, interactive: boolean, signal: AbortSignal): Promise<{code: number | null; output: string}> {
  return new Promise((done, fail) => {
    const child = spawn(command, args, {env, stdio: [interactive ? 'inherit' : 'ignore', 'pipe', 'inherit'], timeout: PLUGIN_SECONDS * 1000, signal});
    let output = '';
    child.stdout!.setEncoding('utf8').on('data', (text: string) => (output += text));
    child.on('error', fail).on('close', (code) => done({code, output}));
  });
}
