import {setTimeout as sleep} from 'node:timers/promises';
import {Args, Flags} from '@oclif/core';
import {ProbesCommand, UsageError} from '../lib/cli/base.ts';
import {exitCodeOfForward} from '../lib/cli/exit.ts';
import {KEEP_FLAGS, keepOpen} from '../lib/cli/keep.ts';
import {withProgress} from '../lib/cli/progress.ts';
import {repeatOf} from '../lib/cli/repeat.ts';
import {forward} from '../lib/forward/forward.ts';
import {PROBE_TYPES} from '../lib/model/probe.ts';
import {safe} from '../lib/render/safe.ts';
import {FORWARD_FORMATS, renderForward} from '../lib/render/index.ts';

export default class Forward extends ProbesCommand {
  static override summary = 'Replays each probe as the kubelet sends it, through the mesh and past it, side by side.';
  static override strict = false;
  static override usage = 'forward TARGET… [flags]';
  static override args = {target: Args.string({description: 'whose probes: NAME, deploy/NAME, sts/NAME, …; several are allowed'})};
  static override examples = ['kubectl osm-probes forward deploy/cart -n shop', 'kubectl osm-probes forward deploy/cart -n shop --probe readiness --count 20', 'kubectl osm-probes forward deploy/cart -n shop --keep'];
  static override flags = {
    output: Flags.option({options: FORWARD_FORMATS, default: 'table' as const})({char: 'o', description: 'wide adds each request and answer, as curl -i shows them'}),
    container: Flags.string({multipleNonGreedy: true, multiple: true, description: 'probes of this container only; repeatable'}),
    probe: Flags.option({options: PROBE_TYPES, multiple: true, multipleNonGreedy: true})({description: 'probes of this type only; repeatable'}),
    'all-pods': Flags.boolean({description: 'each pod of a workload, instead of one, not Ready first'}),
    count: Flags.string({description: 'ask so many times, each with a new connection', helpValue: 'N'}),
    interval: Flags.string({description: 'from one time to the next; 1s where it is not given', helpValue: 'DURATION'}),
    duration: Flags.string({description: 'ask again for so long', helpValue: 'DURATION'}),
    ...KEEP_FLAGS,
  };

  async run(): Promise<void> {
    const {flags, argv} = await this.parse(Forward);
    if (argv.length === 0) throw new UsageError('forward needs a target: deploy/NAME, pod/NAME, …');
    const repeat = repeatOf(flags, (ms) => this.interrupt.during(() => sleep(ms, undefined, {signal: this.interrupt.signal})).catch(() => undefined));
    await this.withCluster(flags, async (cluster) => {
      const scope = this.scopeOf(flags, argv as string[], cluster);
      const wanted = {containers: flags.container ?? [], types: flags.probe ?? [], allPods: flags['all-pods'] ?? false, repeat};
      if (flags.keep) return keepOpen(cluster, scope, this.commands(flags), wanted, flags, this.interrupt);
      const report = await withProgress('replaying probes', this.look(flags).utf8, (tell) => forward(cluster, scope, this.commands(flags), {...wanted, repeat: {...repeat, begins: (round) => tell(repeat.told(round))}}));
      process.stdout.write(safe(flags.output, renderForward(flags.output, report, this.look(flags))));
      process.exitCode = exitCodeOfForward(report);
    });
  }
}
