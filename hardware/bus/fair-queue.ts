/**
 * Whose turn it is: one at a time, and nobody twice while somebody else waits. Knows nothing of lines.
 */

import { setMaxListeners } from 'node:events';

interface Waiting {
  readonly grant: () => void;
  readonly refuse: (reason: unknown) => void;
}

export class FairQueue {
  /** Who waits, in the order in which they will be served; a Map keeps the order of insertion. */
  readonly #waiting = new Map<string, Waiting[]>();
  /** Whom a person waits for: served before all the others, in the order in which they came. */
  #urgent: Waiting[] = [];
  #taken = false;
  #closed: { readonly reason: unknown; readonly done: () => void } | undefined;

  /**
   * @param urgent before all who are not
   * @returns resolves when it is the turn of `who`, with the function that ends the turn
   * @throws the reason of `signal`, or of `close`
   */
  take(who: string, signal: AbortSignal, urgent = false): Promise<() => void> {
    if (signal.aborted) return Promise.reject(signal.reason);
    if (this.#closed) return Promise.reject(this.#closed.reason);
    // One signal may call off the readings of a whole house at once.
    setMaxListeners(0, signal);
    return new Promise((resolve, reject) => {
      const leave = () => this.#remove(who, waiting);
      const callOff = () => {
        leave();
        reject(signal.reason);
      };
      const waiting: Waiting = {
        grant: () => {
          signal.removeEventListener('abort', callOff);
          resolve(this.#turn());
        },
        refuse: (reason) => {
          signal.removeEventListener('abort', callOff);
          reject(reason);
        },
      };
      signal.addEventListener('abort', callOff, { once: true });
      if (urgent) this.#urgent.push(waiting);
      else this.#waiting.set(who, [...(this.#waiting.get(who) ?? []), waiting]);
      this.#next();
    });
  }

  /**
   * Refuses all who wait and all who come. Whoever has the turn keeps it.
   * @returns resolves when that turn has ended
   */
  close(reason: unknown): Promise<void> {
    const waiting = [...this.#urgent, ...[...this.#waiting.values()].flat()];
    this.#urgent = [];
    this.#waiting.clear();
    for (const { refuse } of waiting) refuse(reason);
    return new Promise((resolve) => {
      this.#closed = { reason, done: resolve };
      if (!this.#taken) resolve();
    });
  }

  #turn(): () => void {
    let over = false;
    return () => {
      if (over) return;
      over = true;
      this.#taken = false;
      this.#closed?.done();
      this.#next();
    };
  }

  #next(): void {
    if (this.#taken) return;
    const urgent = this.#urgent.shift();
    if (urgent !== undefined) {
      this.#taken = true;
      urgent.grant();
      return;
    }
    const [entry] = this.#waiting;
    if (entry === undefined) return;
    const [who, [first, ...rest]] = entry;
    this.#waiting.delete(who);
    // Behind all the others.
    if (rest.length > 0) this.#waiting.set(who, rest);
    this.#taken = true;
    first?.grant();
  }

  #remove(who: string, waiting: Waiting): void {
    this.#urgent = this.#urgent.filter((other) => other !== waiting);
    const rest = (this.#waiting.get(who) ?? []).filter((other) => other !== waiting);
    if (rest.length > 0) this.#waiting.set(who, rest);
    else this.#waiting.delete(who);
  }
}
