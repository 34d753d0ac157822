import {events} from '../../src/lib/events/events.ts';
import type {EventsOptions} from '../../src/lib/diagnosis/events/report.ts';
import type {Resource} from '../../src/lib/cluster/cluster.ts';
import type {EventsReport, ProbeFailure, Times, Trouble, WorkloadEvents} from '../../src/lib/model/events-report.ts';
import {clusterOf, type Live, type Piece} from './pods.ts';

const COMMANDS = {kubectl: (args: string) => `kubectl ${args}`, self: (args: string) => `kubectl osm-probes ${args}`};

export interface Asking extends Partial<EventsOptions> {
  denied?: Resource[];
  live?: Live;
}

/** The whole way from raw objects to what is told of them. */
export function toldOf(pieces: Piece | Piece[], {denied = [], live, ...options}: Asking = {}): Promise<EventsReport> {
  return events(clusterOf([pieces].flat(), denied, live), {namespaces: [], targets: []}, COMMANDS, {all: false, logs: live !== undefined, ...options});
}

const often = (times: Times | undefined) => (times ? ` ×${times.atLeast ? '≥' : ''}${times.count}` : '');

/** `readiness of app: 503 ×5 going-on`. */
export function probeText({probe, container, said, times, state, pods}: ProbeFailure): string {
  return `${probe} of ${container}: ${said}${pods.length > 1 ? ` in ${pods.length} pods` : ''}${often(times)} ${state}`;
}

export function troubleText({container, reason, text, times, state, before}: Trouble): string {
  return `${container === undefined ? '' : `${container} `}${reason}: ${text}${often(times)} ${state}${before === undefined ? '' : ` after ${before}`}`;
}

/** All that is told of the only workload, in the guide's order. */
export function linesOf({probes, starting, runtime}: WorkloadEvents): string[] {
  return [...probes.map((one) => `1 ${probeText(one)}`), ...starting.map((one) => `2 ${troubleText(one)}`), ...runtime.map((one) => `3 ${troubleText(one)}`)];
}
