import {Args, Flags} from '@oclif/core';
import {ProbesCommand} from '../lib/cli/base.ts';
import {withProgress} from '../lib/cli/progress.ts';
import {ClusterError} from '../lib/cluster/cluster.ts';
import {recording} from '../lib/cluster/snapshot/record.ts';
import {LIVE_MODES} from '../lib/look/all.ts';
import {events} from '../lib/events/events.ts';
import {gather} from '../lib/gather.ts';
import {verify} from '../lib/verify.ts';

export default class Snapshot extends ProbesCommand {
  static override summary = 'Records what verify and events ask the cluster for, redacted, to be judged elsewhere with --from.';
  static override strict = false;
  static override usage = 'snapshot [TARGET…] --to DIR|FILE.tgz [flags]';
  static override args = {target: Args.string({description: 'what to record, as for verify'})};
  static override examples = ['kubectl osm-probes snapshot -n shop --to case.tgz', 'kubectl osm-probes verify -n shop --from case.tgz'];
  static override flags = {
    live: Flags.option({options: LIVE_MODES, default: 'auto' as const})({description: 'record live evidence too: where lists leave a question, of all pods, or none'}),
    to: Flags.string({required: true, description: 'folder, or file that ends in .tgz', helpValue: 'DIR|FILE.tgz'}),
  };

  async run(): Promise<void> {
    const {flags, argv} = await this.parse(Snapshot);
    await this.withCluster(flags, async (cluster) => {
      const scope = this.scopeOf(flags, argv as string[], cluster);
      const recorder = recording(cluster, scope.namespaces);
      const {utf8} = this.look(flags);
      const {pods, interrupted} = await withProgress('recording', utf8, () => verify(recorder.cluster, scope, this.commands(flags), flags.live));
      recorder.rewind();
      const told = await withProgress('recording', utf8, () => events(recorder.cluster, scope, this.commands(flags), {all: true, logs: flags.live !== 'never'}));
      if (interrupted || told.interrupted) throw new ClusterError('aborted', {asked: `a snapshot in ${flags.to}`, got: 'interrupted'});
      // A target's recording holds what that target needs; the lists are known by now and are not asked for again.
      const about = scope.targets.length > 0 ? (await gather(recorder.cluster, scope, 'all')).named : undefined;
      await this.interrupt.during(() => recorder.write(flags.to, this.interrupt.signal, about));
      process.stderr.write(`recorded ${pods} pods to ${flags.to}\n`);
    });
  }
}
