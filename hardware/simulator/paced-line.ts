/**
 * Bytes at the speed of a wire: a pseudo-terminal itself has none.
 */

import type { Writable } from 'node:stream';

interface Saying {
  readonly bytes: Uint8Array;
  readonly said: () => void;
}

export class PacedLine {
  readonly #wire: Writable;
  readonly #charMs: number;
  readonly #sayings: Saying[] = [];
  #talking = false;
  #closed = false;

  constructor(wire: Writable, charMs: number) {
    this.#wire = wire;
    this.#charMs = charMs;
  }

  /** One after the other, as no two can speak at once here. */
  say(bytes: Uint8Array): Promise<void> {
    return new Promise((said) => {
      this.#sayings.push({ bytes, said });
      if (!this.#talking) this.#next();
    });
  }

  close(): void {
    this.#closed = true;
  }

  #next(): void {
    const saying = this.#sayings.shift();
    this.#talking = saying !== undefined;
    if (saying) this.#talk(saying, performance.now(), 0);
  }

  #talk(saying: Saying, from: number, sent: number): void {
    if (this.#closed) return;
    const due = Math.min(Math.floor((performance.now() - from) / this.#charMs), saying.bytes.length);
    if (due > sent) this.#wire.write(saying.bytes.subarray(sent, due));
    if (due === saying.bytes.length) {
      saying.said();
      this.#next();
      return;
    }
    setTimeout(() => this.#talk(saying, from, due), 1);
  }
}
