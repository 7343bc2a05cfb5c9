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

  constructor(parts: ResultsParts) {
    this.#parts = parts;
  }

  /** For a new connection: the broker may have lost what it acknowledged. */
  async publishAll(): Promise<void> {
    await this.#publish(this.#parts.store.retainedResults(), ({ text }) => text);
  }

  /** Waits for the next one whose time is over; to be called whenever there is a new one. */
  waitForNext(): void {
    this.#cancel();
    const next = this.#parts.store.nextOverdue();
    if (next !== undefined) this.#cancel = this.#parts.clock.at(next, () => this.takeBack());
  }

  async takeBack(): Promise<void> {
    const { store, clock } = this.#parts;
    const overdue = store.overdueResults(clock.now());
    for (const { round } of overdue) store.markNotRetained(round);
    this.waitForNext();
    await this.#publish(overdue, () => '');
  }

  stop(): void {
    this.#cancel();
  }

  #publish(results: readonly StoredResult[], payloadOf: (result: StoredResult) => string): Promise<void> {
    const { link } = this.#parts;
    const messages = results.map((result): Retained => {
      const topic = topicOf(link.prefix, 'result', { cohort: result.cohort, round: result.round });
      return { topic, payload: () => payloadOf(result) };
    });
    return publishRetained(link, messages);
  }
}
