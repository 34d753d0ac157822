import {UsageError} from './base.ts';
import {durationMs} from './duration.ts';

interface RepeatFlags {
  count?: string | undefined;
  interval?: string | undefined;
  duration?: string | undefined;
  from?: string | undefined;
}

/** How often to ask, by --count, --interval and --duration; once where none is given. @throws {UsageError} */
export function repeatOf(flags: RepeatFlags, pause: (ms: number) => Promise<void>) {
  const {count, interval, duration, from} = flags;
  if (count !== undefined && !/^[1-9]\d{0,5}$/.test(count)) throw new UsageError(`--count ${JSON.stringify(count)} is no count: 1 to 999999 are accepted`);
  const again = count !== undefined || duration !== undefined;
  if (from !== undefined && (again || interval !== undefined)) throw new UsageError('a snapshot cannot be asked again: --count, --interval and --duration need a cluster');
  if (interval !== undefined && !again) throw new UsageError('--interval needs --count or --duration');
  const rounds = count !== undefined ? Number(count) : duration === undefined ? 1 : Number.POSITIVE_INFINITY;
  return {
    count: rounds,
    intervalMs: durationMs(interval ?? '1s', '--interval'),
    ...(duration === undefined ? {} : {durationMs: durationMs(duration, '--duration')}),
    pause,
    begins: () => undefined,
    told: (round: number) => `replaying probes, ${round}${Number.isFinite(rounds) ? ` of ${rounds}` : ''}`,
  };
}
