import {ClusterError} from './cluster/cluster.ts';
import {soon} from './cluster/soon.ts';
import type {Report} from './model/report.ts';
import type {Unseen} from './model/unseen.ts';

/** What a question that is not indispensable would have told. */
const TELLS = {
  namespaces: 'which pods should be in the mesh',
  pods: 'the probes of its pods',
  events: 'which probes fail since when, and why pods do not start',
  owners: 'the probes as they were declared, and which pods are missing',
};

/** The one door for questions without which something is known still: each failure is kept, and said in the end. */
export class Optional {
  /** Pods that are not judged, and were not kept. */
  readonly aside = new Map<keyof Report['others'], number>();
  interrupted = false;
  readonly #failures: {about: keyof typeof TELLS; why: Unseen}[] = [];
  readonly #timeoutMs: number;
  readonly #ended = new Set<Promise<unknown>>();
  #podsKnown = false;

  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
  }

  podsAreKnown(): void {
    this.#podsKnown = true;
  }

  /** Waits for it, but not for long. */
  async soon(asked: Promise<unknown>): Promise<void> {
    await soon(asked.then(() => void this.#ended.add(asked)), this.#timeoutMs);
  }

  /** Whether it has come to its end. */
  ended(asked: Promise<unknown>): boolean {
    return this.#ended.has(asked);
  }

  /**
   * Asks; what failed comes back as what was not seen.
   * @throws {ClusterError} `config`: nothing else can be asked then; `aborted`, unless the pods are known
   */
  async attempt<T>(about: keyof typeof TELLS, ask: () => Promise<T>): Promise<T | Unseen> {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof ClusterError) || error.reason === 'config') throw error;
      if (error.reason === 'aborted' && !this.#podsKnown) throw error;
      this.interrupted ||= error.reason === 'aborted';
      const why: Unseen = {...error.unseen(), tells: TELLS[about]};
      this.#failures.push({about, why});
      return why;
    }
  }

  /** All failures, those of namespaces first; which are no loss where everything is `complete` without them. */
  unseen(complete: boolean): Unseen[] {
    const of = (wanted: boolean) => this.#failures.filter(({about}) => (about === 'namespaces') === wanted).map(({why}) => why);
    return [...of(true).map((why) => (complete ? {...why, optional: true as const} : why)), ...of(false)];
  }
}
