/**
 * Whether a counter is to be believed: meters lie now and then, and start anew. Pure.
 *
 * A reading that the one before it cannot have led to is kept but not believed. Only when several in a row lead from
 * one to the next has the counter begun anew, and then nothing is counted across: neither what it lost nor what it
 * jumped is anybody's consumption.
 */

export interface CounterReading {
  readonly at: number;
  readonly value: number;
}

export interface CounterLimits {
  /** Most that the connection carries, in the counter's unit per hour. */
  readonly perHour: number;
  /** Where the counter has no more digits and goes on from 0; none where that is not known. */
  readonly modulus?: number | undefined;
}

/** `good` goes on from the last good one, `anew` is the first of a new count, `doubtful` says nothing. */
export type Mark = 'good' | 'doubtful' | 'anew';

/** What is worth saying: the counter fell or leapt, was right again, counts anew, went round. */
export type CounterEvent = 'fell' | 'leapt' | 'right-again' | 'anew' | 'went-round';

/** A reading, and when the counter was last known to stand lower; undefined where it was read for the first time. */
interface Stand extends CounterReading {
  readonly lowerAt: number | undefined;
  /** Where the count stood that this one took the place of, by falling. */
  readonly before?: number | undefined;
}

export interface CounterState {
  readonly last?: Stand;
  /** Readings since then that were not believed, each leading to the next. */
  readonly doubt?: { readonly reads: number; readonly last: Stand };
}

export interface Judged {
  readonly state: CounterState;
  readonly mark: Mark;
  /** As it goes on from the last good reading: what the counter lost by going round is added. */
  readonly value: number;
  readonly event?: CounterEvent;
}

/** So many readings that contradict the last good one, but not each other, are believed. */
export const readsToBelieve = 3;

/** A miniature circuit breaker carries 1.45 times its rating for up to an hour (EN 60898-1, 8.6.1). */
const overload = 1.45;
/** A reading is stamped after it was made, and a meter counts in steps of a second or so. */
const stampMs = 5_000;
/** The coarsest counters show whole kWh; what one had gathered before it was first read is not known. */
const coarsest = 1_000;
const hourMs = 3_600_000;

export function judgeCounter(state: CounterState, reading: CounterReading, limits: CounterLimits): Judged {
  const { last, doubt } = state;
  if (last === undefined) return believed(first(reading), 'good');
  // The clock was put back: such a reading is not stored, and says nothing.
  if (reading.at <= (doubt?.last.at ?? last.at)) return { state, mark: 'doubtful', value: reading.value };
  const turns = limits.modulus === undefined ? 0 : Math.floor(last.value / limits.modulus) * limits.modulus;
  const next = { at: reading.at, value: reading.value + turns };
  if (leadsTo(last, next, limits)) {
    return isBack(last, next)
      ? believed(first(reading), 'anew', 'anew')
      : goodOrAnew(state, last, reading, next, limits);
  }
  if (doubt === undefined || !leadsTo(doubt.last, reading, limits)) {
    const fresh = { last, doubt: { reads: 1, last: first(reading) } };
    const event = next.value < last.value ? 'fell' : 'leapt';
    return { state: fresh, mark: 'doubtful', value: reading.value, ...(doubt === undefined && { event }) };
  }
  if (doubt.reads + 1 < readsToBelieve) {
    const grown = { last, doubt: { reads: doubt.reads + 1, last: following(doubt.last, reading) } };
    return { state: grown, mark: 'doubtful', value: reading.value };
  }
  const round = { at: next.at, value: next.value + (limits.modulus ?? 0) };
  if (limits.modulus !== undefined && leadsTo(last, round, limits)) {
    return believed(following(last, round), 'good', 'went-round');
  }
  return believed(begunAnew(last, reading), 'anew', 'anew');
}

/**
 * It has stepped to where it was before it fell: it may have lied all that time, and then the step is nobody's
 * consumption.
 */
function isBack(last: Stand, next: CounterReading): boolean {
  return last.before !== undefined && last.value < last.before && next.value >= last.before;
}

/** A reading that goes on from the last good one, where others came between that did not. */
function goodOrAnew(
  { doubt }: CounterState,
  last: Stand,
  reading: CounterReading,
  next: CounterReading,
  limits: CounterLimits,
): Judged {
  if (doubt === undefined) return believed(following(last, next), 'good');
  // It may as well have begun anew, low, and have counted past where it was: then the difference is too small.
  const alsoAnew = doubt.last.value < last.value && leadsTo(doubt.last, reading, limits);
  return alsoAnew ? believed(first(reading), 'anew', 'anew') : believed(following(last, next), 'good', 'right-again');
}

function believed(last: Stand, mark: Mark, event?: CounterEvent): Judged {
  return { state: { last }, mark, value: last.value, ...(event !== undefined && { event }) };
}

/** Where a counter stands after a reading that was believed: as `judgeCounter` has it, from what is stored. */
export function standAfter(last: Stand | undefined, reading: CounterReading, mark: 'good' | 'anew'): Stand {
  if (last === undefined) return first(reading);
  return mark === 'good' ? following(last, reading) : begunAnew(last, reading);
}

function begunAnew(last: Stand, reading: CounterReading): Stand {
  return { ...first(reading), before: reading.value < last.value ? Math.max(last.value, last.before ?? 0) : undefined };
}

function first({ at, value }: CounterReading): Stand {
  return { at, value, lowerAt: undefined };
}

function following(last: Stand, { at, value }: CounterReading): Stand {
  return { at, value, lowerAt: value > last.value ? last.at : last.lowerAt, before: last.before };
}

/**
 * Whether the connection can have carried the difference. A counter shows what it has gathered in whole steps: what it
 * adds at once, it may have gathered since it last showed less.
 */
function leadsTo(one: Stand, other: CounterReading, { perHour }: CounterLimits): boolean {
  const step = other.value - one.value;
  const hours = (other.at - (one.lowerAt ?? one.at) + stampMs) / hourMs;
  return step >= 0 && step <= overload * perHour * hours + (one.lowerAt === undefined ? coarsest : 0);
}
