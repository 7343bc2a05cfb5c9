/**
 * The one source of time: what it is now, and work to be done at an instant.
 * Time-outs, quiet lines and back-off are not this: they run in real time.
 */

declare const unit: unique symbol;
type Unit<U extends string> = number & { readonly [unit]: U };

/** An instant, in milliseconds since 1970-01-01T00:00:00Z. */
export type EpochMs = Unit<'ms since 1970'>;
/** A length of time in milliseconds. */
export type DurationMs = Unit<'ms'>;

export const epochMs = (value: number): EpochMs => value as EpochMs;
export const durationMs = (value: number): DurationMs => value as DurationMs;
export const after = (at: EpochMs, by: number): EpochMs => (at + by) as EpochMs;

export interface Clock {
  now(): EpochMs;
  /**
   * Does `work` once, at `at` or as soon after as can be.
   * @returns a function that calls it off
   */
  at(at: EpochMs, work: () => void | Promise<void>): () => void;
}

/** setTimeout takes no more than this. */
const longestTimerMs = 2 ** 31 - 1;

/** The machine's own clock. Work that fails goes to `onError`, which must not throw. */
export function systemClock(onError: (error: unknown) => void): Clock {
  return {
    now: () => Date.now() as EpochMs,
    at(at, work) {
      let timer: NodeJS.Timeout;
      const wait = () => {
        const left = at - Date.now();
        timer = setTimeout(left > longestTimerMs ? wait : run, Math.min(Math.max(left, 0), longestTimerMs));
      };
      const run = () => {
        // A promise that fails has no other reader.
        Promise.resolve().then(work).catch(onError);
      };
      wait();
      return () => clearTimeout(timer);
    },
  };
}

interface Due {
  readonly at: EpochMs;
  readonly order: number;
  readonly work: () => void | Promise<void>;
}

/** A clock that stands until it is stepped: for the demo and the tests. */
export class SteppedClock implements Clock {
  #now: EpochMs;
  #due: Due[] = [];
  #order = 0;

  constructor(now: EpochMs) {
    this.#now = now;
  }

  now(): EpochMs {
    return this.#now;
  }

  at(at: EpochMs, work: () => void | Promise<void>): () => void {
    const entry = { at, order: this.#order++, work };
    this.#due.push(entry);
    return () => {
      this.#due = this.#due.filter((other) => other !== entry);
    };
  }

  /** Does all work due up to `to`, in order of time, each piece awaited; then it is `to`. */
  async stepTo(to: EpochMs): Promise<void> {
    for (;;) {
      const next = this.#due
        .filter((entry) => entry.at <= to)
        .sort((one, other) => one.at - other.at || one.order - other.order)[0];
      if (next === undefined) break;
      this.#due = this.#due.filter((entry) => entry !== next);
      if (next.at > this.#now) this.#now = next.at;
      await next.work();
    }
    if (to > this.#now) this.#now = to;
  }
}
