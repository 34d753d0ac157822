import {Args, Flags, type Interfaces} from '@oclif/core';
import {ProbesCommand, UsageError, type CommonFlags} from '../lib/cli/base.ts';
import {durationMs} from '../lib/cli/duration.ts';
import {EXIT, exitCodeOfEvents} from '../lib/cli/exit.ts';
import {withProgress} from '../lib/cli/progress.ts';
import {events} from '../lib/events/events.ts';
import {follow} from '../lib/events/follow.ts';
import type {EventsReport} from '../lib/model/events-report.ts';
import type {Happening} from '../lib/model/happening.ts';
import {PROBE_TYPES} from '../lib/model/probe.ts';
import {safe} from '../lib/render/safe.ts';
import {EVENT_FORMATS, eventsDocument, renderEvents, renderHappening} from '../lib/render/events.ts';

export default class Events extends ProbesCommand {
  static override summary = "Tells what happened to the probes, in the guide's order: probes, scheduling and starting, runtime.";
  static override strict = false;
  static override usage = 'events [TARGET…] [flags]';
  static override args = {target: Args.string({description: 'what to look at: NAME, deploy/NAME, sts/NAME, …; several are allowed'})};
  static override examples = ['kubectl osm-probes events deploy/cart -n shop', 'kubectl osm-probes events -n shop --since 10m --probe liveness', 'kubectl osm-probes events -n shop --watch'];
  static override flags = {
    output: Flags.option({char: 'o', options: EVENT_FORMATS, default: 'table' as const})({description: 'format'}),
    since: Flags.string({description: 'only what was seen within this time, or goes on', helpValue: '10m'}),
    probe: Flags.option({options: PROBE_TYPES, multiple: true, multipleNonGreedy: true})({description: 'only these types of probe; repeatable'}),
    all: Flags.boolean({description: 'every event of the pods, as rows'}),
    watch: Flags.boolean({char: 'w', description: 'then print what changes, until Ctrl-C'}),
    logs: Flags.boolean({allowNo: true, default: true, description: 'log lines of containers that failed'}),
  };

  async run(): Promise<void> {
    const {flags, argv} = await this.parse(Events);
    const sinceMs = flags.since === undefined ? undefined : durationMs(flags.since, '--since');
    const options = {...(sinceMs === undefined ? {} : {sinceMs}), ...(flags.probe ? {probes: flags.probe} : {}), all: flags.all ?? false, logs: flags.logs};
    if (flags.watch) return this.follow(flags, argv as string[], options);
    const report = await this.withCluster(flags, (cluster) => withProgress('reading events', this.look(flags).utf8, () => events(cluster, this.scopeOf(flags, argv as string[], cluster), this.commands(flags), options)));
    process.stdout.write(safe(flags.output, renderEvents(flags.output, report, this.look(flags))));
    process.exitCode = exitCodeOfEvents(report);
  }

  private async follow(flags: Interfaces.InferredFlags<typeof Events.flags> & CommonFlags, targets: string[], options: Parameters<typeof follow>[3]): Promise<void> {
    if (flags.from !== undefined) throw new UsageError('a snapshot does not change: --watch needs a cluster');
    if (flags.output === 'yaml') throw new UsageError('--watch prints lines: table, wide and json are accepted');
    const look = this.look(flags);
    let begun: EventsReport | undefined;
    const say = {
      report: (report: EventsReport) => {
        begun = report;
        process.stdout.write(safe(flags.output, flags.output === 'json' ? `${JSON.stringify(eventsDocument(report))}\n` : renderEvents(flags.output, report, look)));
      },
      happening: (one: Happening) => void process.stdout.write(safe(flags.output, renderHappening(flags.output, one, look))),
    };
    const following = this.withCluster(flags, (cluster) => follow(cluster, this.scopeOf(flags, targets, cluster), this.commands(flags), options, say, this.interrupt.signal));
    const failure = await following.catch((error: unknown) => error);
    if (failure !== undefined && !begun) throw failure;
    process.exitCode = begun?.interrupted ? EXIT.interrupted : EXIT.ok;
    // The report is out, and the changes are missing.
    if (failure !== undefined) await this.catch(failure as Error);
  }
}
