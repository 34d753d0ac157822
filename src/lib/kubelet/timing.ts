import {lastEnd, type ContainerStatus} from '../model/pod.ts';
import type {Probe} from '../model/probe.ts';

// The kubelet's arithmetic: how many answers in a row count, how long that takes, and what silence proves. Read in
// pkg/kubelet/prober/worker.go of Kubernetes 1.24 to 1.34 (doProbe), unless another file is named. All times of the API
// have whole seconds, so what happened in the same second may have happened in either order.

/** The recorder lets 25 events of a pod through, then one per window (client-go tools/record/events_cache.go). */
export const SPAM_BURST = 25;
export const SPAM_WINDOW_SECONDS = 300;

/** The back-off of restarts is forgotten after so long a run: until then a fault of the run before may come again. */
export const BACK_OFF_RESET_SECONDS = 600;

/** Seconds in which what a new pod needs may still come: a node, an address, a volume of another node, an object that is applied next. */
export const FIRST_SECONDS = 60;

/** A container that ran for so long between its last two ends is in no loop: the next end may be as far away. */
const LONG_RUN_SECONDS = 3600;

/**
 * Seconds of running after which an end that came again and again is over: the back-off is forgotten, the probe that
 * killed has had the time to fail once more, and the run has outlasted the one before, unless that one was a long one.
 */
export function calmSeconds(status: Pick<ContainerStatus, 'state' | 'restartCount' | 'lastState'>, probe: Probe | undefined): number {
  const lastRun = lastRunSeconds(status) ?? 0;
  const again = status.restartCount > 1 && lastRun < LONG_RUN_SECONDS ? lastRun : 0;
  return Math.max(BACK_OFF_RESET_SECONDS, probe ? killSeconds(probe) + probe.initialDelaySeconds : 0, again) + SLACK_SECONDS;
}

/** Ends often enough, and soon enough after the start, to be called a loop. */
export function loops(status: Pick<ContainerStatus, 'state' | 'restartCount' | 'lastState'>): boolean {
  return status.restartCount > 2 && (lastRunSeconds(status) ?? 0) < LONG_RUN_SECONDS;
}

/** Seconds that the run took which ended last; undefined where none ended, or its times are not known. */
export function lastRunSeconds(status: Pick<ContainerStatus, 'state' | 'lastState'>): number | undefined {
  const ended = lastEnd(status);
  return ended?.startedAt === undefined || ended.finishedAt === undefined ? undefined : (ended.finishedAt - ended.startedAt) / 1000;
}

/** Reading an answer, scheduling the next and writing an event take a moment; and times are cut to whole seconds. */
const SLACK_SECONDS = 3;

/** Exit codes of a killed process: SIGTERM, SIGKILL, and what handlers of SIGTERM leave. */
export const KILLED = [0, 2, 137, 143];

/** Seconds from a container's start in which a probe may fail before it matters: its delay and all its tries. */
export function startBudgetSeconds(probe: Probe): number {
  return probe.initialDelaySeconds + probe.failureThreshold * probe.periodSeconds + probe.timeoutSeconds;
}

/**
 * Seconds from a container's start after which it is Ready at the latest if no answer fails: the first `successThreshold`
 * answers must all be good, and until then the container is not Ready without any failure.
 */
export function readyBudgetSeconds(probe: Probe): number {
  return Math.max(startBudgetSeconds(probe), probe.initialDelaySeconds + successRunSeconds(probe));
}

/** Seconds that `successThreshold` good answers in a row take: so long is a probe that has recovered still not a success. */
export function successRunSeconds(probe: Probe): number {
  return probe.successThreshold * probe.periodSeconds + probe.timeoutSeconds + SLACK_SECONDS;
}

/** Seconds after a failure within which the next answer has come, and would have been reported had it been a failure. */
export function nextAnswerSeconds(probe: Probe): number {
  return probe.periodSeconds + probe.timeoutSeconds + SLACK_SECONDS;
}

/**
 * Seconds after which a container that still runs proves that its liveness or startup probe did not fail all the time:
 * `failureThreshold` failures in a row would have ended it. Errors do not count (doProbe returns early on them), so of a
 * probe that errs the container's life proves nothing; nor does it while its grace period may not be over.
 */
export function killSeconds(probe: Probe, graceSeconds = 30): number {
  return (probe.failureThreshold + 1) * (probe.periodSeconds + probe.timeoutSeconds) + graceSeconds;
}

/** Whether an event at `last` is of the run before the one that began at `startedAt`: in the same second only where there was one before. */
export function isOfEarlierRun(last: number, startedAt: number, restartCount: number): boolean {
  return last < startedAt || (last === startedAt && restartCount > 0);
}
