/** Answers are dated to the second, and a slow answer was dated before it came: below that nothing is said of a difference. */
const SAID_FROM_MS = 5000;
/** Differences that a second's rounding and the way explain. */
const ROUNDING_MS = 1500;

/**
 * The API server's clock, by the `Date` of its answers: times in its objects are told by it, and not by the clock of this
 * machine. Until the first answer, and where answers are not dated, it is this machine's.
 */
export class ServerClock {
  #aheadMs = 0;
  #set = false;
  readonly #local: () => number;
  readonly #say: (line: string) => void;

  constructor(say: (line: string) => void, local: () => number = Date.now) {
    this.#say = say;
    this.#local = local;
  }

  /** Milliseconds since 1970. */
  now(): number {
    return this.#local() + this.#aheadMs;
  }

  /** Takes the `Date` of an answer; only the first that is a date counts, so that one run has one clock. */
  heard(date: string | undefined): void {
    const ms = date === undefined || this.#set ? NaN : Date.parse(date);
    if (!(ms > 0)) return;
    this.#set = true;
    const ahead = ms + 500 - this.#local();
    if (Math.abs(ahead) <= ROUNDING_MS) return;
    this.#aheadMs = ahead;
    if (Math.abs(ahead) > SAID_FROM_MS) {
      this.#say(`the clock of this machine is ${words(ahead)} the server's, whose time is taken`);
    }
  }
}

function words(aheadMs: number): string {
  const seconds = Math.round(Math.abs(aheadMs) / 1000);
  const time = seconds < 120 ? `${seconds}s` : `${Math.round(seconds / 60)}m`;
  return `${time} ${aheadMs > 0 ? 'behind' : 'ahead of'}`;
}
