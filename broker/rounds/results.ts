/**
 * Keeps results at the broker for the configured time, and takes them back after it.
 */
import type { Link } from '../mqtt/link.ts';
import type { Clock } from '../protocol/clock.ts';
import { topicOf } from '../protocol/topics.ts';
import type { ResultStore, StoredResult } from './result-store.ts';
import { publishRetained, type Retained } from './retained.ts';

export interface ResultsParts {
  readonly store: ResultStore;
  readonly link: Link;
  readonly clock: Clock;
}

export class Results {
  readonly #parts: ResultsParts;
  #cancel: () => void = () => undefined;
  #stopped = false;

  constructor(parts: ResultsParts) {
    this.#parts = parts;
  }

  /** For a new connection: the broker may have lost what it acknowledged. */
  async publishAll(): Promise<void> {
    await this.takeBack();
    let last: StoredResult | undefined;
    do {
      const page = this.#stopped ? [] : this.#parts.store.retainedResults(last?.round ?? '');
      await this.#publish(page, ({ text }) => text);
      last = page.at(-1);
    } while (last !== undefined);
  }

  /** Waits for the next one whose time is over; to be called whenever there is a new one. */
  waitForNext(): void {
    this.#cancel();
    const next = this.#parts.store.nextOverdue();
    if (next !== undefined) this.#cancel = this.#parts.clock.at(next, () => this.takeBack());
  }

  /** What the broker does not acknowledge is taken back at the next connect. */
  async takeBack(): Promise<void> {
    const { store, clock } = this.#parts;
    let overdue: StoredResult[];
    do {
      overdue = this.#stopped ? [] : store.overdueResults(clock.now());
      if (!(await this.#publish(overdue, () => '')) || this.#stopped) return;
      if (overdue.length > 0) store.forget(overdue.map(({ round }) => round));
    } while (overdue.length > 0);
    if (!this.#stopped) this.waitForNext();
  }

  stop(): void {
    this.#stopped = true;
    this.#cancel();
  }

  #publish(results: readonly StoredResult[], payloadOf: (result: StoredResult) => string): Promise<boolean> {
    const { link } = this.#parts;
    const messages = results.map((result): Retained => {
      const topic = topicOf(link.prefix, 'result', { cohort: result.cohort, round: result.round });
      return { topic, payload: () => payloadOf(result) };
    });
    return publishRetained(link, messages);
  }
}
