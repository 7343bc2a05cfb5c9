/**
 * What is known of a counter or a level at given instants: one whole number each, so that differences between them add
 * up without any rounding. Pure.
 *
 * Goes through the readings once, in order of time, and can stop and go on: what an instant gets does not depend on
 * which others are asked for, nor on whether its neighbours were condensed before.
 */
import type { Mark } from '../polling/counter.ts';

export interface Reading {
  readonly at: number;
  readonly value: number;
  /** Of a counter, whether it is believed, and whether it counts anew from here. A level is always `good`. */
  readonly mark: Mark;
}

export type Kind = 'counter' | 'level';

export interface KnownEdge {
  /** Of a counter where it stands, in thousandths of its unit; of a level what it adds up to, in its unit times 1 ms. */
  readonly total: number;
  /** Only totals of one run may be compared. */
  readonly run: number;
  /** Of a counter the pause in which the instant lies; of a level the longest since the instant before. */
  readonly pauseMs: number;
}

/** `gap`: there are no readings on both sides. `reset`: the counter began anew just here. */
export type Edge = KnownEdge | 'gap' | 'reset';

/** No pause longer than this is ever bridged, whatever a device is granted: so much later an edge is known for good. */
export const mostGapMs = 2 * 3_600_000;

/** Where levels are added up to a whole number, and what is kept for ever. */
export const quarterMs = 15 * 60_000;

/** Where a walk over the readings has got to. */
export interface Carry {
  readonly before?: { readonly at: number; readonly value: number } | undefined;
  readonly run: number;
  /** Of a level: its total at the last quarter, and what came since then up to `before`. */
  readonly base: number;
  readonly since: number;
  /** Of a level: the longest pause since the last instant asked for. */
  readonly widestMs: number;
}

export const freshCarry: Carry = { run: 0, base: 0, since: 0, widestMs: 0 };

/**
 * @param readings after `carry.before`, in order of time
 * @param instants in order of time, each after the last one that `carry` has seen
 * @returns an edge for each instant; how to go on, from the last reading that is not after the last instant
 */
export function edgesAt(
  kind: Kind,
  readings: Iterable<Reading>,
  instants: readonly number[],
  carry: Carry = freshCarry,
): { edges: Edge[]; carry: Carry } {
  const walk = new Walk(kind, instants, carry);
  const end = instants.at(-1) ?? Number.NEGATIVE_INFINITY;
  for (const reading of readings) {
    if (reading.mark === 'doubtful') continue;
    if (reading.at > end) return { edges: walk.endBefore(reading), carry: walk.carry() };
    walk.take(reading);
  }
  return { edges: walk.edges(), carry: walk.carry() };
}

class Walk {
  readonly #kind: Kind;
  readonly #instants: readonly number[];
  readonly #edges: Edge[] = [];
  #carry: Carry;
  /** Place of the next instant. */
  #next = 0;

  constructor(kind: Kind, instants: readonly number[], carry: Carry) {
    this.#kind = kind;
    this.#instants = instants;
    this.#carry = carry;
  }

  take(reading: Reading): void {
    const { before } = this.#carry;
    if (before === undefined || reading.at - before.at > mostGapMs) this.#begin(reading);
    else if (this.#kind === 'counter') this.#count(before, reading);
    else this.#add(before, reading);
  }

  /** @param reading after the last instant: it tells of those before it, and is still to come for who goes on */
  endBefore(reading: Reading): Edge[] {
    const { before, run, base, since, widestMs } = this.#carry;
    const isInPause = this.#next < this.#instants.length;
    this.take(reading);
    this.#carry = { before, run, base, since, widestMs: isInPause ? 0 : widestMs };
    return this.edges();
  }

  edges(): Edge[] {
    while (this.#edges.length < this.#instants.length) this.#edges.push('gap');
    return this.#edges;
  }

  carry(): Carry {
    return this.#carry;
  }

  /** Nothing is known of the time before; a level begins anew, a counter has counted on. */
  #begin({ at, value, mark }: Reading): void {
    const { before, run } = this.#carry;
    const isOther = this.#kind === 'level' ? before !== undefined : mark === 'anew';
    this.#carry = { before: { at, value }, run: isOther ? run + 1 : run, base: 0, since: 0, widestMs: 0 };
    this.#until(at, () => 'gap');
    this.#on(at, { total: this.#kind === 'counter' ? thousandths(value) : 0, run: this.#carry.run, pauseMs: 0 });
  }

  #count(before: Point, { at, value, mark }: Reading): void {
    const { run } = this.#carry;
    const pauseMs = at - before.at;
    const after = { at, value };
    this.#until(at, (instant) =>
      mark === 'anew' ? 'reset' : { total: thousandths(valueAt(before, after, instant)), run, pauseMs },
    );
    this.#carry = { ...freshCarry, before: after, run: mark === 'anew' ? run + 1 : run };
    this.#on(at, { total: thousandths(value), run: this.#carry.run, pauseMs: 0 });
  }

  #add(before: Point, { at, value }: Reading): void {
    const after = { at, value };
    const pauseMs = at - before.at;
    const { run } = this.#carry;
    let { base, since, widestMs } = this.#carry;
    let point = before;
    const reach = (instant: number) => {
      // A level is rounded at each quarter, asked for or not: so it comes to the same whoever asks for what.
      for (let quarter = nextQuarter(point.at); quarter <= instant; quarter += quarterMs) {
        const there = { at: quarter, value: valueAt(before, after, quarter) };
        base += Math.round(since + area(point, there));
        [since, point] = [0, there];
      }
    };
    this.#until(at, (instant) => {
      reach(instant);
      const total = base + Math.round(since + area(point, { at: instant, value: valueAt(before, after, instant) }));
      const edge = { total, run, pauseMs: Math.max(widestMs, pauseMs) };
      widestMs = 0;
      return edge;
    });
    reach(at);
    since += area(point, after);
    widestMs = Math.max(widestMs, pauseMs);
    const isAsked = this.#on(at, { total: base + Math.round(since), run, pauseMs: widestMs });
    this.#carry = { before: after, run, base, since, widestMs: isAsked ? 0 : widestMs };
  }

  /** All instants before `at`. */
  #until(at: number, edge: (instant: number) => Edge): void {
    for (let instant = this.#instants[this.#next]; instant !== undefined && instant < at; ) {
      this.#edges.push(edge(instant));
      this.#next += 1;
      instant = this.#instants[this.#next];
    }
  }

  #on(at: number, edge: Edge): boolean {
    if (this.#instants[this.#next] !== at) return false;
    this.#edges.push(edge);
    this.#next += 1;
    return true;
  }
}

type Point = { readonly at: number; readonly value: number };

function valueAt(one: Point, other: Point, at: number): number {
  if (at === other.at) return other.value;
  return one.value + ((other.value - one.value) * (at - one.at)) / (other.at - one.at);
}

function area(one: Point, other: Point): number {
  return ((one.value + other.value) / 2) * (other.at - one.at);
}

function thousandths(value: number): number {
  return Math.round(value * 1000);
}

function nextQuarter(at: number): number {
  return (Math.floor(at / quarterMs) + 1) * quarterMs;
}
