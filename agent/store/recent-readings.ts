/**
 * Readings of one series in order of time, held in few bytes each: a home has a hundred series of a thousand.
 */
import type { Reading } from '../tensors/edges.ts';
import { marks } from './reading-batch.ts';

export class RecentReadings implements Iterable<Reading> {
  #ats = new Float64Array(16);
  #values = new Float64Array(16);
  #marks = new Uint8Array(16);
  #length = 0;

  get oldest(): number | undefined {
    return this.#length === 0 ? undefined : this.#ats[0];
  }

  /** In its place, which is nearly always the last. */
  insert({ at, value, mark }: Reading): void {
    if (this.#length === this.#ats.length) this.#resize(2 * this.#length);
    const isLast = this.#length === 0 || at > (this.#ats[this.#length - 1] ?? 0);
    const place = isLast ? this.#length : this.#countBefore(at);
    for (const column of isLast ? [] : this.#columns()) column.copyWithin(place + 1, place, this.#length);
    this.#ats[place] = at;
    this.#values[place] = value;
    this.#marks[place] = marks.indexOf(mark);
    this.#length += 1;
  }

  /** Both included. */
  between(from: number, until: number): Reading[] {
    const [first, end] = [this.#countBefore(from), this.#countUntil(until)];
    return Array.from({ length: Math.max(0, end - first) }, (_, place) => this.#reading(first + place));
  }

  /** Forgets those up to and at `instant`. */
  dropUntil(instant: number): void {
    const dropped = this.#countUntil(instant);
    for (const column of this.#columns()) column.copyWithin(0, dropped, this.#length);
    this.#length -= dropped;
  }

  *[Symbol.iterator](): Iterator<Reading> {
    for (let place = 0; place < this.#length; place++) yield this.#reading(place);
  }

  #columns() {
    return [this.#ats, this.#values, this.#marks];
  }

  #reading(place: number): Reading {
    const mark = marks[this.#marks[place] ?? 0] ?? 'doubtful';
    return { at: this.#ats[place] ?? 0, value: this.#values[place] ?? 0, mark };
  }

  #countBefore(instant: number): number {
    let [low, high] = [0, this.#length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#ats[middle] ?? 0) < instant) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** No two are at one instant. */
  #countUntil(instant: number): number {
    const before = this.#countBefore(instant);
    return before < this.#length && this.#ats[before] === instant ? before + 1 : before;
  }

  #resize(length: number): void {
    const [ats, values, marksHeld] = [this.#ats, this.#values, this.#marks];
    this.#ats = new Float64Array(length);
    this.#values = new Float64Array(length);
    this.#marks = new Uint8Array(length);
    this.#ats.set(ats);
    this.#values.set(values);
    this.#marks.set(marksHeld);
  }
}
