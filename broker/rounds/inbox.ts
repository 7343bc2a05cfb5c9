/**
 * What homes send about rounds, taken in together: of however many messages that came at once, whichever rounds they are
 * about, the disk is waited for once. Only then is anything done about them.
 */
import type { HomeMessage } from './incoming.ts';
import type { RoundStore } from './round-store.ts';

/** A round: takes messages in, and after them learns what became of what it wrote. */
export interface Taker {
  /** Writes what the message changes. Throws only where the disk fails. */
  take(name: HomeMessage, home: string, payload: Uint8Array): void;
  /** What was written is on disk: now it is so, and what follows from it is done. */
  settle(): void;
  /** What was written is not on disk: nothing has happened. */
  undo(): void;
}

interface Message {
  readonly taker: Taker;
  readonly name: HomeMessage;
  readonly home: string;
  readonly payload: Uint8Array;
}

interface Arrived extends Message {
  readonly taken: () => void;
  readonly failed: (error: unknown) => void;
}

const defaultGatherMs = 25;
/** Some fifty reports: more do not stand in memory to wait for others. */
const mostBytes = 1024 * 1024;

export class Inbox {
  readonly #store: Pick<RoundStore, 'together'>;
  readonly #gatherMs: number;
  #arrived: Arrived[] = [];
  #bytes = 0;
  /** When it was last emptied, by a clock that is never set. */
  #emptied = Number.NEGATIVE_INFINITY;

  /** @param gatherMs real time from one wait for the disk to the next, at least; what comes alone does not wait */
  constructor(store: Pick<RoundStore, 'together'>, gatherMs = defaultGatherMs) {
    this.#store = store;
    this.#gatherMs = gatherMs;
  }

  /**
   * Resolves once what it changes is on disk and done; rejects where the disk fails, and then nothing has happened, or
   * where its round fails after that.
   */
  add(message: Message): Promise<void> {
    return new Promise((taken, failed) => {
      const count = this.#arrived.push({ ...message, taken, failed });
      this.#bytes += message.payload.length;
      if (this.#bytes >= mostBytes) return this.empty();
      if (count > 1) return;
      const waitMs = this.#emptied + this.#gatherMs - performance.now();
      if (waitMs > 0) setTimeout(() => this.empty(), waitMs);
      else setImmediate(() => this.empty());
    });
  }

  /** What has come so far is taken in now: whatever happens next, happens after it. */
  empty(): void {
    const arrived = this.#arrived;
    if (arrived.length === 0) return;
    this.close();
    try {
      this.#takeIn(arrived);
    } catch {
      // Each by itself, as if it had come alone: what cannot be stored takes no others with it.
      for (const one of arrived) this.#takeInAlone(one);
    }
    this.#emptied = performance.now();
  }

  /** What has come and is not taken in is forgotten. Its homes repeat it, for it was not proved to them. */
  close(): void {
    this.#arrived = [];
    this.#bytes = 0;
  }

  #takeInAlone(one: Arrived): void {
    try {
      this.#takeIn([one]);
    } catch (error) {
      one.failed(error);
    }
  }

  /** All of it or nothing. What goes wrong once it is on disk is the matter of its round: nothing is taken in again for it. */
  #takeIn(arrived: readonly Arrived[]): void {
    const takers = new Set(arrived.map(({ taker }) => taker));
    try {
      this.#store.together(() => {
        for (const { taker, name, home, payload } of arrived) taker.take(name, home, payload);
      });
    } catch (error) {
      for (const taker of takers) taker.undo();
      throw error;
    }
    for (const taker of takers) {
      const own = arrived.filter((one) => one.taker === taker);
      try {
        taker.settle();
        for (const { taken } of own) taken();
      } catch (error) {
        for (const { failed } of own) failed(error);
      }
    }
  }
}
