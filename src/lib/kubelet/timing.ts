import type {Probe} from '../model/probe.ts';

/** The recorder lets 25 events of a pod through, then one per window (client-go tools/record/events_cache.go). */
export const SPAM_BURST = 25;
export const SPAM_WINDOW_SECONDS = 300;

/** Seconds from a container's start in which a probe may fail before it matters: its delay and all its tries. */
export function startBudgetSeconds(probe: Probe): number {
  return probe.initialDelaySeconds + probe.failureThreshold * probe.periodSeconds + probe.timeoutSeconds;
}

/** Exit codes of a killed process: SIGTERM, SIGKILL, and what handlers of SIGTERM leave. */
export const KILLED = [0, 2, 137, 143];
