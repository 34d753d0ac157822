import type {Cluster} from '../cluster/cluster.ts';

/**
 * Ctrl-C. While something is asked or written it ends that, and what is known is printed. At any other time, computing
 * included, nobody listens and the process ends by the signal itself, at once; and so it does the second time.
 */
export class Interrupt {
  readonly #abort = new AbortController();
  #open = 0;
  #listening = false;

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** Listens while `work` lasts, which has to heed the signal. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    this.#open++;
    this.#listen();
    try {
      return await work();
    } finally {
      this.#open--;
      this.#listen();
    }
  }

  /** The same cluster, whose questions Ctrl-C ends. */
  within(cluster: Cluster): Cluster {
    const during = <A extends unknown[], T>(ask: (...args: A) => Promise<T>) => (...args: A) => this.during(() => ask(...args));
    const {listen} = cluster;
    return {
      ...cluster,
      version: during(() => cluster.version()),
      list: during(cluster.list),
      watch: during(cluster.watch),
      get: during(cluster.get),
      exchange: during(cluster.exchange),
      log: during(cluster.log),
      ...(listen ? {listen: during(listen)} : {}),
    };
  }

  readonly #interrupt = (): void => {
    this.#abort.abort();
    this.#listen();
  };

  #listen(): void {
    const wanted = this.#open > 0 && !this.signal.aborted;
    if (wanted === this.#listening) return;
    this.#listening = wanted;
    if (wanted) process.on('SIGINT', this.#interrupt);
    else process.off('SIGINT', this.#interrupt);
  }
}
