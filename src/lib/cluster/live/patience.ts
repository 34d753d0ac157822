import {ClusterError} from '../cluster.ts';

/** What is left for a question at least, in milliseconds, while there is time at all. */
const LEAST_MS = 50;
/** Failures that are answers: they cost no time, and say nothing of the next question. */
const ANSWERS = ['forbidden', 'unauthorized', 'not-found', 'invalid', 'aborted'];

/**
 * How long is waited for what is good to know but not indispensable. All such questions together may lose as much time
 * as one request may take: so a server that is silent about some of them costs that time once, and not once for each.
 * The time of what is answered is not lost, and time in which nothing is asked gives some back.
 */
export class Patience {
  readonly #timeoutMs: number;
  #lostMs = 0;
  #pending = 0;
  /** Since when something is waited for, or nothing is asked. */
  #since = performance.now();

  /** Milliseconds that one request may take; 0 for no limit. */
  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
  }

  /** Asks what nothing can be said without: it has all its time, and what it takes is not lost. */
  async needed<T>(ask: () => Promise<T>): Promise<T> {
    const began = performance.now();
    const answer = await ask();
    this.#heard(began);
    return answer;
  }

  /**
   * Asks with the milliseconds that are left, at most this part of what one request may take; 0 for no limit. Parts
   * leave time for what is asked last, as the pods themselves.
   * @throws {ClusterError} what `ask` throws; `unreachable` where no time is left, for what was `asked`
   */
  async spare<T>(asked: string, ask: (timeoutMs: number) => Promise<T>, part = 1): Promise<T> {
    const timeoutMs = this.#begin(part);
    const began = performance.now();
    try {
      if (timeoutMs === undefined) throw this.#notAsked(asked);
      const answer = await ask(timeoutMs);
      this.#heard(began);
      return answer;
    } catch (error) {
      if (error instanceof ClusterError && ANSWERS.includes(error.reason)) this.#heard(began);
      throw error;
    } finally {
      this.#end();
    }
  }

  #heard(began: number): void {
    const now = performance.now();
    this.#since = Math.min(now, this.#since + now - began);
  }

  #begin(part: number): number | undefined {
    const now = performance.now();
    if (this.#pending === 0) {
      this.#lostMs = Math.max(0, this.#lostMs - (now - this.#since));
      this.#since = now;
    }
    this.#pending++;
    if (this.#timeoutMs === 0) return 0;
    const left = this.#timeoutMs - this.#lostMs - (now - this.#since);
    return left < LEAST_MS ? undefined : Math.ceil(Math.min(left, this.#timeoutMs * part));
  }

  #end(): void {
    this.#pending--;
    if (this.#pending > 0) return;
    const now = performance.now();
    this.#lostMs += now - this.#since;
    this.#since = now;
  }

  #notAsked(asked: string): ClusterError {
    return new ClusterError('unreachable', {asked, got: `not asked: the server has answered nothing for ${Math.round(this.#timeoutMs / 100) / 10}s`, try: 'the same with a longer --request-timeout, or --request-timeout=0 for no limit'});
  }
}
