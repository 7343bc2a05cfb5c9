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
  /** Milliseconds on a clock that nobody can set: only where `now` is the machine's, which may be set to anything. */
  readonly elapsed?: () => number;
}

/** So soon it is noticed that the machine's clock was set to after an instant that is waited for. */
const longestSleepMs = 60_000;

/** The machine's own clock. Work that fails goes to `onError`, which must not throw. */
export function systemClock(onError: (error: unknown) => void): Clock {
  return {
    now: () => Date.now() as EpochMs,
    elapsed: () => performance.now(),
    at(at, work) {
      let timer: NodeJS.Timeout;
      const sleep = () => {
        timer = setTimeout(look, Math.min(Math.max(at - Date.now(), 0), longestSleepMs));
      };
      const look = () => {
        if (Date.now() < at) return sleep();
        // A promise that fails has no other reader.
        Promise.resolve().then(work).catch(onError);
      };
      sleep();
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
