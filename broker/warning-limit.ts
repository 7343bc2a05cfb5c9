/**
 * Bounds the log lines that others can cause: so many a minute about each sender that is known, and about all unknown
 * ones together. What is left out is counted, and said with the next line.
 */
import { performance } from 'node:perf_hooks';
import type { Logger } from 'pino';

export interface WarningLimitOptions {
  readonly log: Logger;
  /** Whether a sender counts for itself: nothing is held in memory of the others. */
  readonly isKnown: (sender: string) => boolean;
  /** Milliseconds of a clock that only goes forward. */
  readonly now?: () => number;
}

const windowMs = 60_000;
const mostOfOne = 10;
const mostOfUnknown = 60;

export class WarningLimit {
  readonly #options: WarningLimitOptions;
  readonly #now: () => number;
  /** Lines asked for in this window, by known sender. */
  readonly #known = new Map<string, number>();
  #unknown = 0;
  #leftOut = 0;
  #since = Number.NEGATIVE_INFINITY;

  constructor(options: WarningLimitOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
  }

  /**
   * Writes one more line about this sender, if it may have one.
   * @param log where it is written, with what that adds to it; the limit's own if not given
   */
  warn(sender: string, details: object, message: string, log: Logger = this.#options.log): void {
    this.#beginWindow();
    const isAllowed = this.#options.isKnown(sender) ? this.#countKnown(sender) : this.#countUnknown();
    if (isAllowed) log.warn(details, message);
    else this.#leftOut += 1;
  }

  #beginWindow(): void {
    const now = this.#now();
    if (now - this.#since < windowMs) return;
    if (this.#leftOut > 0) this.#options.log.warn({ leftOut: this.#leftOut }, 'more warnings were left out before');
    this.#since = now;
    this.#known.clear();
    this.#unknown = 0;
    this.#leftOut = 0;
  }

  #countKnown(sender: string): boolean {
    const count = (this.#known.get(sender) ?? 0) + 1;
    this.#known.set(sender, count);
    return count <= mostOfOne;
  }

  #countUnknown(): boolean {
    this.#unknown += 1;
    return this.#unknown <= mostOfUnknown;
  }
}
