import {spawn} from 'node:child_process';
import {resolve} from 'node:path';
import {ClusterError} from '../cluster.ts';
import {object} from '../reduce/read.ts';
import {clean} from '../sanitize.ts';
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
  const asked = `credentials from ${written || 'a plugin'}`;
  if (written === '') throw fault(asked, 'the kubeconfig names no command');
  const command = /[/\\]/.test(written) ? resolve(folder, written) : written;
  const interactive = exec['interactiveMode'] !== 'Never' && process.stdin.isTTY === true;
  const info = {
    kind: 'ExecCredential',
    apiVersion: exec['apiVersion'] ?? 'client.authentication.k8s.io/v1',
    spec: {interactive, ...(exec['provideClusterInfo'] === true ? {cluster: clusterInfo(cluster)} : {})},
  };
  const own = Object.fromEntries(((exec['env'] ?? []) as {name: string; value: string}[]).map(({name, value}) => [name, value]));
  const {code, killedBy, output, given} = await run(command, ((exec['args'] ?? []) as unknown[]).map(String), {...env, ...own, KUBERNETES_EXEC_INFO: JSON.stringify(info)}, interactive, signal).catch((error: NodeJS.ErrnoException) => {
    if (signal.aborted) throw new ClusterError('aborted', {asked, got: 'interrupted'});
    throw fault(asked, notStarted(error, exec['installHint']));
  });
  if (given !== undefined) throw fault(asked, given);
  if (killedBy !== null) throw fault(asked, `it was ended by ${killedBy}`);
  if (code !== 0) throw fault(asked, `it ended with exit code ${code}`);
  return credentialOf(asked, output);
}

function notStarted({code, message}: NodeJS.ErrnoException, hint: unknown): string {
  if (code === 'ENOENT') return `the program is not there.${typeof hint === 'string' && hint.trim() !== '' ? ` ${clean(hint)}` : ''}`;
  return code === 'EACCES' ? 'the program may not be run' : message;
}

function credentialOf(asked: string, output: string): Credential {
  let status: Entry;
  try {
    status = object(object(JSON.parse(output))['status']);
  } catch {
    throw fault(asked, 'it printed no JSON');
  }
  const text = (key: keyof Credential) => (typeof status[key] === 'string' && status[key] !== '' ? {[key]: status[key]} : {});
  const credential: Credential = {...text('token'), ...text('clientCertificateData'), ...text('clientKeyData')};
  if (!credential.token && !credential.clientCertificateData) throw fault(asked, 'it printed neither a token nor a certificate');
  if (credential.clientCertificateData && !credential.clientKeyData) throw fault(asked, 'it printed a certificate without its key');
  return credential;
}

function clusterInfo(cluster: Entry): Entry {
  return {
    server: cluster['server'],
    'certificate-authority-data': cluster['certificate-authority-data'],
    'tls-server-name': cluster['tls-server-name'],
    'insecure-skip-tls-verify': cluster['insecure-skip-tls-verify'],
    'proxy-url': cluster['proxy-url'],
    config: ((cluster['extensions'] ?? []) as {name?: string; extension?: unknown}[]).find(({name}) => name === 'client.authentication.k8s.io/exec')?.extension,
  };
}

interface Ended {
  code: number | null;
  killedBy: NodeJS.Signals | null;
  output: string;
  /** Why it was ended, or not heard to its end, by us. */
  given: string | undefined;
}

/** Bytes of a credential; a token with certificate and key has some ten thousand. */
const MOST_OUTPUT = 1024 * 1024;
/** What may still come of its output once it has ended, in milliseconds: a child of its own may keep it open. */
const LAST_MS = 200;
/** Between asking it to end and ending it, in milliseconds. */
const END_MS = 1000;

function run(command: string, args: string[], env: NodeJS.ProcessEnv, interactive: boolean, signal: AbortSignal): Promise<Ended> {
  return new Promise((done, fail) => {
    const child = spawn(command, args, {env, stdio: [interactive ? 'inherit' : 'ignore', 'pipe', 'inherit']});
    let output = '';
    let given: string | undefined;
    let kill: NodeJS.Timeout | undefined;
    const end = (why: string) => {
      if (given !== undefined) return;
      given = why;
      child.kill('SIGTERM');
      kill = setTimeout(() => child.kill('SIGKILL'), END_MS);
    };
    const late = setTimeout(() => end(`it did not end within ${PLUGIN_SECONDS}s`), PLUGIN_SECONDS * 1000);
    const abort = () => {
      end('interrupted');
      leave(new Error('interrupted'));
    };
    const leave = (error?: Error, ended?: Ended) => {
      clearTimeout(late);
      signal.removeEventListener('abort', abort);
      child.stdout!.destroy();
      if (error) fail(error);
      else done(ended!);
    };
    child.stdout!.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      if (output.length > MOST_OUTPUT) end(`it printed more than ${MOST_OUTPUT / 1024 / 1024} MiB`);
      if (given !== undefined) output = '';
    });
    child.on('error', (error) => leave(error));
    child.on('exit', (code, killedBy) => {
      clearTimeout(kill);
      const ended = () => leave(undefined, {code, killedBy, output, given});
      const last = setTimeout(ended, LAST_MS);
      child.on('close', () => {
        clearTimeout(last);
        ended();
      });
    });
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, {once: true});
  });
}
