/**
 * Real time, simulated: time-outs, pauses and `performance.now` of everything that runs under it, at the speed of the
 * processor. Nothing under it may wait for the world outside.
 */

interface Due {
  readonly at: number;
  readonly order: number;
  readonly work: () => void;
}

const realImmediate = setImmediate;

export class SimulatedTime {
  #now = 0;
  #order = 0;
  readonly #queue: Due[] = [];
  readonly #called = new Set<number>();

  now(): number {
    return this.#now;
  }

  /** Runs `work` under it, until it is done. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    const real = { setTimeout: globalThis.setTimeout, clearTimeout: globalThis.clearTimeout };
    Object.assign(globalThis, {
      setTimeout: (callback: (...words: unknown[]) => void, ms = 0, ...words: unknown[]) =>
        this.#add(this.#now + Math.max(0, Number(ms) || 0), () => callback(...words)),
      clearTimeout: (order: number | undefined) => void (order !== undefined && this.#called.add(order)),
    });
    Object.defineProperty(performance, 'now', { value: () => this.#now, configurable: true });
    try {
      let over = false;
      const result = work().finally(() => {
        over = true;
      });
      // Whoever awaits it hears of a failure.
      result.catch(() => {});
      for (;;) {
        await settled();
        if (over) return await result;
        if (!this.#step()) throw new Error('nothing is due, and it is not done: it waits for the world outside');
      }
    } finally {
      Object.assign(globalThis, real);
      Reflect.deleteProperty(performance, 'now');
    }
  }

  #add(at: number, work: () => void): number {
    const due = { at, order: ++this.#order, work };
    // Nearly all that is added is due later than most of what waits.
    let place = this.#queue.length;
    while (place > 0 && isBefore(due, this.#queue[place - 1] as Due)) place--;
    this.#queue.splice(place, 0, due);
    return due.order;
  }

  #step(): boolean {
    for (let due = this.#queue.shift(); due !== undefined; due = this.#queue.shift()) {
      if (this.#called.delete(due.order)) continue;
      this.#now = Math.max(this.#now, due.at);
      due.work();
      return true;
    }
    return false;
  }
}

function isBefore(one: Due, other: Due): boolean {
  return one.at === other.at ? one.order < other.order : one.at < other.at;
}

/** Until all promises that can go on have gone on. */
function settled(): Promise<void> {
  return new Promise((resolve) => realImmediate(resolve));
}
