/**
 * Bytes at the speed of a wire: a pseudo-terminal itself has none.
 */

export class PacedLine {
  readonly #say: (bytes: Uint8Array) => void;
  readonly #charMs: number;
  readonly #sayings: { readonly bytes: Uint8Array; readonly from: number }[] = [];
  #freeAt = Number.NEGATIVE_INFINITY;
  #talking = false;
  #closed = false;

  /** @param say puts bytes on the wire at once */
  constructor(say: (bytes: Uint8Array) => void, charMs: number) {
    this.#say = say;
    this.#charMs = charMs;
  }

  /**
   * One after the other, as no two can speak at once here.
   * @param from when the first bit should have been on the wire: a timer comes later than it should
   */
  say(bytes: Uint8Array, from = performance.now()): void {
    this.#sayings.push({ bytes, from });
    if (!this.#talking) this.#next();
  }

  /** Breaks off in the middle of a word. */
  close(): void {
    this.#closed = true;
  }

  #next(): void {
    const saying = this.#sayings.shift();
    this.#talking = saying !== undefined;
    if (saying) this.#talk(saying.bytes, Math.max(saying.from, this.#freeAt), 0);
  }

  #talk(saying: Uint8Array, from: number, sent: number): void {
    if (this.#closed) return;
    // A timer may also come a little early.
    const due = Math.max(sent, Math.min(Math.floor((performance.now() - from) / this.#charMs), saying.length));
    if (due > sent) this.#say(saying.subarray(sent, due));
    if (due === saying.length) {
      this.#freeAt = from + saying.length * this.#charMs;
      this.#next();
      return;
    }
    const again = () => this.#talk(saying, from, due);
    // No timer is finer than a millisecond: the last one is waited out without.
    if (from + saying.length * this.#charMs - performance.now() < 1) setImmediate(again);
    else setTimeout(again, 1);
  }
}
