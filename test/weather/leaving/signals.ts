import type {ChildProcess} from 'node:child_process';
import type {Route} from '../api.ts';
import type {Case} from '../case.ts';
import {invalid, judge, type Failure} from '../outcome.ts';
import type {Process} from '../outside.ts';
import {chance} from '../random.ts';
import {workloadsOf} from '../world.ts';
import {
  AFTER_SIGNAL_MS,
  COMMANDS,
  halfWritten,
  lateAfterLast,
  SKIES,
  start,
  START_MS,
  withServer,
  type Args,
  type Run,
} from './start.ts';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
const CODES: Record<(typeof SIGNALS)[number], number> = {SIGINT: 130, SIGTERM: 143, SIGHUP: 129};

/** Signals at chance times, whatever the server does meanwhile. */
export function signalCases(): Case[] {
  const random = chance(20_261_128);
  const delays = Array.from({length: 7}, () => random.below(1500));
  return Object.entries(COMMANDS).flatMap(([command, args]) =>
    Object.entries(SKIES).flatMap(([name, weather], at) =>
      SIGNALS.filter((signal) => signal === 'SIGINT' || at % 3 === 0).flatMap((signal) =>
        delays
          .filter((_, nth) => signal === 'SIGINT' || nth < 2)
          .map((delay): Case => {
            const id = `leaving/signal/${command}/${name}/${signal}-${delay}`;
            return {
              id,
              limitMs: 25_000,
              run: () => withServer(weather, (run) => signalled(id, args(run.folder), run, signal, delay)),
            };
          }),
      ),
    ),
  );
}

/** Sends the signal after a while; the end must follow at once, with nothing half written. */
async function signalled(
  id: string,
  args: string[],
  run: Run,
  signal: (typeof SIGNALS)[number],
  delayMs: number,
): Promise<Failure[]> {
  let sentAt: number | undefined;
  const started = performance.now();
  const seen = await start(args, run, {
    running: (child) => {
      const timer = setTimeout(() => {
        if (child.exitCode === null && child.kill(signal)) sentAt = performance.now();
      }, delayMs);
      child.on('exit', () => clearTimeout(timer));
    },
  });
  // While nothing is asked, computing included, nobody listens: it ends by the signal, which a shell shows as 130.
  const own = seen.killedBy === signal;
  const judged = own ? {...seen, killedBy: null, code: CODES[signal]} : seen;
  const ms = sentAt === undefined ? 0 : started + seen.ms - sentAt;
  return [
    ...judge(id, {...judged, ms}, {withinMs: AFTER_SIGNAL_MS, codes: [0, 1, 3, 4, 130, CODES[signal]]}),
    ...halfWritten(id, run.folder, seen),
    ...noPartialDocument(id, args, seen),
  ];
}

function noPartialDocument(id: string, args: string[], {stdout}: Process): Failure[] {
  const why = args.includes('json') && stdout !== '' ? invalid(stdout, 'verify') : undefined;
  return why === undefined ? [] : [{id, kind: 'wrong', seen: why}];
}

/** Ctrl-C once the lists are read: what is known is printed. */
export function knownCases(): Case[] {
  const rows: [name: string, args: Args, waits: Route, holds: string[]][] = [
    ['verify', COMMANDS['verify']!, 'portforward', workloadsOf('ill')],
    ['verify-json', COMMANDS['verify-json']!, 'portforward', ['"name": "app-503"']],
    ['verify-events', COMMANDS['verify']!, 'events', []],
    ['events', COMMANDS['events']!, 'log', ['deploy/app-503']],
    ['count', COMMANDS['count']!, 'portforward', []],
  ];
  return rows.map(([name, args, waits, holds]): Case => {
    const id = `leaving/known/${name}`;
    return {
      id,
      limitMs: 25_000,
      run: () =>
        withServer(SKIES[waits === 'portforward' ? 'silent-tunnels' : `silent-${waits}`], async (run) => {
          let sentAt = 0;
          const started = performance.now();
          const struck = async (child: ChildProcess): Promise<void> => {
            while (run.server.struck() === 0 && child.exitCode === null)
              await new Promise((next) => setTimeout(next, 10));
            await new Promise((next) => setTimeout(next, 100));
            sentAt = performance.now();
            child.kill('SIGINT');
          };
          const seen = await start(args(run.folder), run, {running: (child) => void struck(child)});
          return judge(
            id,
            {...seen, ms: started + seen.ms - sentAt},
            {
              withinMs: AFTER_SIGNAL_MS,
              codes: [130],
              holds,
              json: name === 'verify-json' ? 'verify' : undefined,
            },
          );
        }),
    };
  });
}

/** The end of a process that talked to a server, in each kind of weather. */
export function endCases(): Case[] {
  return Object.entries(COMMANDS)
    .filter(([command]) => command !== 'watch' && command !== 'keep')
    .flatMap(([command, args]) =>
      Object.keys(SKIES).map((name): Case => {
        const id = `leaving/end/${command}/${name}`;
        return {
          id,
          limitMs: 25_000,
          run: () =>
            withServer(SKIES[name], async (run) => {
              const seen = await start([...args(run.folder), '--request-timeout', '1s'], run);
              return [
                ...judge(id, seen, {withinMs: 1000 + 3000 + START_MS + (command === 'count' ? 3000 : 0)}),
                ...lateAfterLast(id, seen),
                ...halfWritten(id, run.folder, seen),
              ];
            }),
        };
      }),
    );
}
