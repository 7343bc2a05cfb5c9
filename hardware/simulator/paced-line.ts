/**
 * Bytes at the speed of a wire: a pseudo-terminal itself has none.
 */

import type { Writable } from 'node:stream';

export class PacedLine {
  readonly #wire: Writable;
  readonly #charMs: number;
  readonly #sayings: Uint8Array[] = [];
  #talking = false;
  #closed = false;

  constructor(wire: Writable, charMs: number) {
    this.#wire = wire;
    this.#charMs = charMs;
  }

  /** One after the other, as no two can speak at once here. */
  say(bytes: Uint8Array): void {
    this.#sayings.push(bytes);
    if (!this.#talking) this.#next();
  }

  /** Breaks off in the middle of a word. */
  close(): void {
    this.#closed = true;
  }

  #next(): void {
    const saying = this.#sayings.shift();
    this.#talking = saying !== undefined;
    if (saying) this.#talk(saying, performance.now(), 0);
  }

  #talk(saying: Uint8Array, from: number, sent: number): void {
    if (this.#closed) return;
    const due = Math.min(Math.floor((performance.now() - from) / this.#charMs), saying.length);
    if (due > sent) this.#wire.write(saying.subarray(sent, due));
    if (due === saying.length) this.#next();
    else setTimeout(() => this.#talk(saying, from, due), 1);
  }
}
