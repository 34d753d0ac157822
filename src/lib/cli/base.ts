import {basename} from 'node:path';
import {Command, Errors, Flags, type Interfaces} from '@oclif/core';
import {ClusterError, type Cluster} from '../cluster/cluster.ts';
import type {Commands} from '../checks/case.ts';
import type {Scope} from '../gather.ts';
import type {Look} from '../render/style.ts';
import {parseTarget, TARGET_FORMS} from '../target.ts';
import {safeScreen} from '../render/safe.ts';
import {durationMs} from './duration.ts';
import {EXIT, exitCodeOfError} from './exit.ts';
import {faultText} from './fault.ts';
import {Interrupt} from './interrupt.ts';

/** Bad input: one sentence, exit code 2. */
export class UsageError extends Error {}

const cluster = {helpGroup: 'CLUSTER'};

/** What every command has in common: kubectl's own flags, one connection, one place for errors and exit codes. */
export abstract class ProbesCommand extends Command {
  static override baseFlags = {
    namespace: Flags.string({char: 'n', multipleNonGreedy: true, multiple: true, description: 'namespace to look at; repeatable'}),
    'all-namespaces': Flags.boolean({char: 'A', description: 'all namespaces'}),
    selector: Flags.string({char: 'l', description: 'label selector of the pods, as kubectl takes it'}),
    from: Flags.string({description: 'read a snapshot instead of a cluster', helpValue: 'DIR|FILE.tgz'}),
    color: Flags.option({options: ['auto', 'always', 'never'] as const, default: 'auto' as const})({description: 'when to colour'}),
    context: Flags.string({...cluster, description: 'context of the kubeconfig'}),
    kubeconfig: Flags.string({...cluster, description: 'path of the kubeconfig'}),
    as: Flags.string({...cluster, description: 'user to impersonate'}),
    'as-group': Flags.string({...cluster, multipleNonGreedy: true, multiple: true, description: 'group to impersonate; repeatable'}),
    verbosity: Flags.integer({...cluster, char: 'v', default: 0, description: 'as kubectl has it: from 6 on, requests are shown on stderr'}),
    'request-timeout': Flags.string({...cluster, default: '30s', description: 'time for one request; 0 for none'}),
  };

  protected readonly interrupt = new Interrupt();

  /** Runs `work` with a cluster or snapshot, which is closed whatever happens. Ctrl-C ends open requests. */
  protected async withCluster<T>(flags: CommonFlags, work: (cluster: Cluster) => Promise<T>): Promise<T> {
    const timeoutMs = durationMs(flags['request-timeout'], '--request-timeout');
    const open = flags.from === undefined ? await this.connect(flags, timeoutMs) : await (await import('../cluster/snapshot/replay.ts')).replay(flags.from);
    try {
      return await work(this.interrupt.within(open));
    } finally {
      open.close();
    }
  }

  private async connect(flags: CommonFlags, timeoutMs: number): Promise<Cluster> {
    const {connect} = await import('../cluster/live/connect.ts');
    const note = (line: string) => void process.stderr.write(`${safeScreen(line)}\n`);
    return connect({
      ...(flags.kubeconfig === undefined ? {} : {kubeconfig: flags.kubeconfig}),
      ...(flags.context === undefined ? {} : {context: flags.context}),
      ...(flags.as === undefined ? {} : {as: flags.as}),
      asGroups: flags['as-group'] ?? [],
      timeoutMs,
      signal: this.interrupt.signal,
      waiting: note,
      say: (line) => note(`note: ${line}`),
      env: process.env,
      kubectlFlags: userFlags(flags),
      ...(flags.verbosity >= 6 ? {told: note} : {}),
    });
  }

  protected scopeOf(flags: CommonFlags, targets: string[], open: Cluster): Scope {
    if (flags['all-namespaces'] && targets.length > 0) throw new UsageError('a target cannot be named across all namespaces: give its namespace with -n');
    const parsed = targets.map((given) => {
      const target = parseTarget(given);
      if (!target) throw new UsageError(`${JSON.stringify(given)} is no target: ${TARGET_FORMS} are accepted`);
      return target;
    });
    // As kubectl: an empty -n is the context's own.
    const given = (flags.namespace ?? []).filter((one) => one !== '');
    const namespaces = flags['all-namespaces'] ? [] : [...new Set(given.length > 0 ? given : open.defaultNamespaces)].filter((one) => one !== '');
    const bad = namespaces.find((one) => !/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/.test(one));
    if (bad !== undefined) throw new UsageError(`${JSON.stringify(bad)} is no namespace: lower-case letters, digits and dashes are accepted`);
    if (parsed.length > 0 && namespaces.length > 1) throw new UsageError('a target needs exactly one namespace');
    return {namespaces, ...(flags.selector ? {selector: flags.selector} : {}), targets: parsed};
  }

  protected commands(flags: CommonFlags): Commands {
    const kept = userFlags(flags);
    return {kubectl: (args) => `kubectl ${args}${kept}`, self: (args) => `${program()} ${args}${kept}`};
  }

  protected look(flags: CommonFlags): Look {
    const {stdout, env} = process;
    const locale = env['LC_ALL'] || env['LC_CTYPE'] || env['LANG'] || '';
    return {
      color: useColor(flags.color, env, stdout.isTTY === true),
      // A terminal that nobody has given a size yet has 0 columns: its width is unknown.
      ...(stdout.isTTY && stdout.columns > 0 ? {columns: stdout.columns} : {}),
      utf8: locale === '' ? process.platform !== 'win32' && stdout.isTTY !== true : /utf-?8/i.test(locale),
    };
  }

  override async catch(error: Error & {oclif?: {exit?: number}}): Promise<void> {
    if (error instanceof ClusterError) {
      process.exitCode = exitCodeOfError(error);
      if (error.reason === 'aborted') return void process.stderr.write('interrupted\n');
      const hint = error.try === undefined ? '' : `  try    ${error.try}\n`;
      const failed = /^(writing|listening|forwarding) /.test(error.asked) ? `${error.asked} failed` : `could not read ${error.asked}`;
      return void process.stderr.write(safeScreen(`error: ${failed}\n  got    ${error.got}\n${hint}`));
    }
    if (error instanceof Errors.ExitError) throw error;
    const usage = error instanceof UsageError || error instanceof Errors.CLIError;
    process.exitCode = usage ? EXIT.usage : EXIT.unreadable;
    const words = error.message.replace(/^The following errors? occurred:\s*/, '').split('\n')[0]!.replace(/^Error: /, '').trim();
    process.stderr.write(usage ? safeScreen(`error: ${words}\nSee '${program()} ${this.id ?? ''} --help'.\n`) : faultText(error, isVerbose(this.argv)));
  }
}

/** From 6 on, as kubectl has it; the flags may be what is wrong, so they are not parsed. */
function isVerbose(argv: string[]): boolean {
  return / -v ?[6-9]| --verbosity[ =][6-9]/.test(` ${argv.join(' ')}`);
}

export type CommonFlags = Interfaces.InferredFlags<typeof ProbesCommand.baseFlags>;

/** `kubectl osm-probes`, or `probes` where it was called so. */
export function program(): string {
  return basename(process.argv[1] ?? '') === 'probes' ? 'probes' : 'kubectl osm-probes';
}

/** The user's own way to the cluster, to be repeated in commands that we print. */
function userFlags(flags: CommonFlags): string {
  const pairs = [
    ['--context', flags.context],
    ['--kubeconfig', flags.kubeconfig],
    ['--as', flags.as],
    ...(flags['as-group'] ?? []).map((group) => ['--as-group', group] as const),
  ] as const;
  return pairs.flatMap(([flag, value]) => (value === undefined ? [] : [` ${flag} ${/^[\w./:@=-]+$/.test(value) ? value : `'${value.replaceAll("'", `'\\''`)}'`}`])).join('');
}

/** Flag, then NO_COLOR, then FORCE_COLOR, then whether somebody looks. */
function useColor(flag: 'auto' | 'always' | 'never', env: NodeJS.ProcessEnv, tty: boolean): boolean {
  if (flag !== 'auto') return flag === 'always';
  if (env['NO_COLOR'] !== undefined && env['NO_COLOR'] !== '') return false;
  if (env['FORCE_COLOR'] !== undefined) return env['FORCE_COLOR'] !== '0' && env['FORCE_COLOR'] !== 'false';
  return tty && env['TERM'] !== 'dumb';
}
