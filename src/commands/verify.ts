import {Args, Flags} from '@oclif/core';
import {ProbesCommand, program, UsageError} from '../lib/cli/base.ts';
import {writeBeside} from '../lib/cluster/write-beside.ts';
import {safe} from '../lib/render/safe.ts';
import {exitCodeOf} from '../lib/cli/exit.ts';
import {filterReport} from '../lib/cli/filter.ts';
import {withProgress} from '../lib/cli/progress.ts';
import {FORMATS, render, type Format} from '../lib/render/index.ts';
import {LIVE_MODES} from '../lib/look/all.ts';
import {verify} from '../lib/verify.ts';

export default class Verify extends ProbesCommand {
  static override summary = 'Follows every health probe through the mesh, and says whose fault it is when one goes astray.';
  static override strict = false;
  static override usage = 'verify [TARGET…] [flags]';
  static override args = {target: Args.string({description: 'what to look at: NAME, deploy/NAME, sts/NAME, …; several are allowed'})};
  static override examples = ['kubectl osm-probes verify deploy/cart -n shop', 'kubectl osm-probes verify -A -o wide', 'kubectl osm-probes verify -n shop -o table -o json=probes.json'];
  static override flags = {
    output: Flags.string({char: 'o', multipleNonGreedy: true, multiple: true, description: `${FORMATS.join('|')}, or FORMAT=FILE; repeatable`, default: ['table']}),
    'fail-on': Flags.option({options: ['error', 'warning', 'never'] as const, default: 'error' as const})({description: 'findings that make the exit code 1'}),
    'allow-unknown': Flags.boolean({description: 'do not exit with 4 where something is unknown'}),
    only: Flags.string({delimiter: ',', multipleNonGreedy: true, multiple: true, description: 'report these codes only'}),
    skip: Flags.string({delimiter: ',', multipleNonGreedy: true, multiple: true, description: 'leave these codes out'}),
    live: Flags.option({options: LIVE_MODES, default: 'auto' as const})({description: 'look into pods by port-forward: where lists leave a question, everywhere, or nowhere'}),
    'bootstrap-secret': Flags.boolean({description: "read a pod's bootstrap Secret where Envoy's configuration can't be seen; its keys are neither kept nor shown"}),
    show: Flags.option({options: ['all'] as const})({description: 'show passing rows too'}),
  };

  async run(): Promise<void> {
    const {flags, argv} = await this.parse(Verify);
    const outputs = flags.output.map(parseOutput);
    if (outputs.filter(({file}) => file === undefined).length > 1) throw new UsageError('-o can name one format for the screen: give the others a file, FORMAT=FILE');
    const report = await this.withCluster(flags, (cluster) => withProgress('following probes', this.look(flags).utf8, () => verify(cluster, this.scopeOf(flags, argv as string[], cluster), this.commands(flags), flags.live, flags['bootstrap-secret'])));
    const wanted = filterReport(report, flags);
    for (const {format, file} of outputs) {
      const look = file === undefined ? this.look(flags) : {color: false, utf8: true};
      const text = safe(format, render(format, wanted, look, {all: flags.show === 'all', program: program()}));
      if (file === undefined) process.stdout.write(text);
      else await this.interrupt.during(() => writeBeside(file, text, this.interrupt.signal));
    }
    const {hidden} = wanted;
    if (hidden && outputs.every(({format}) => format === 'name')) process.stderr.write(`${hidden.count} finding${hidden.count === 1 ? '' : 's'} hidden by ${hidden.by}\n`);
    process.exitCode = exitCodeOf(wanted, {failOn: flags['fail-on'], allowUnknown: flags['allow-unknown'] ?? false});
  }
}

function parseOutput(given: string): {format: Format; file?: string} {
  const [format, ...file] = given.split('=');
  if (!(FORMATS as readonly string[]).includes(format!) || (file.length > 0 && file.join('=') === '')) throw new UsageError(`-o ${JSON.stringify(given)} is no format: ${FORMATS.join(', ')} are accepted, or FORMAT=FILE`);
  return {format: format as Format, ...(file.length > 0 ? {file: file.join('=')} : {})};
}
