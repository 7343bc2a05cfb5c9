/**
 * How often to ask a device that does not answer: it costs its neighbours the time that they wait for it. Pure.
 */

/** So many readings in a row may fail before the device is left in peace for longer and longer. */
const patience = 2;
const growth = 4;
/** At last it has at most this share of the line's time. */
const smallestShare = 1 / 64;
const longestWaitMs = 60_000;

export class BackOff {
  #failures = 0;
  #until = Number.NEGATIVE_INFINITY;

  get failures(): number {
    return this.#failures;
  }

  /** @param costMs how long the line was kept by the reading that failed */
  failed(now: number, costMs: number): void {
    this.#failures++;
    if (this.#failures <= patience) return;
    const times = Math.min(growth ** (this.#failures - patience), 1 / smallestShare);
    this.#until = now + Math.min(costMs * times, longestWaitMs);
  }

  answered(): void {
    this.#failures = 0;
    this.#until = Number.NEGATIVE_INFINITY;
  }

  isOver(now: number): boolean {
    return now >= this.#until;
  }
}
