import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Reading } from '../../../agent/tensors/edges.ts';
import type { Coverage } from '../../../agent/tensors/tensor.ts';
import type { Grid } from '../../../broker/protocol/fields.ts';
import { resampled } from './resampled.ts';

type Readings = readonly Reading[];
const changePerSlot = (readings: Readings, on: Grid, gapMs: number) => resampled('change', readings, on, gapMs);
const meanPerSlot = (readings: Readings, on: Grid, gapMs: number) => resampled('mean', readings, on, gapMs);

/** Which slots have a value. */
const known = (coverage: readonly Coverage[]) => coverage.map((one) => one === 'covered');

const minute = 60_000;
const hour = 60 * minute;

/** A counter read every minute, growing by `perMinute(n)` in the n-th. */
function counter(from: number, minutes: number, perMinute: (index: number) => number): Reading[] {
  const readings: Reading[] = [];
  let value = 1234.5;
  for (let index = 0; index <= minutes; index++) {
    readings.push({ at: from + index * minute, value, mark: 'good' });
    value += perMinute(index);
  }
  return readings;
}

const grid = (from: number, step: number, slots: number) => ({ from, step, slots });
const thousandths = (values: Iterable<number>) => [...values].map((value) => Math.round(value * 1000));
const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);

/** Readings at uneven instants, never more than a minute apart, of a counter that only grows. */
const unevenCounter = fc
  .array(
    fc.record({ gapMs: fc.integer({ min: 1, max: minute }), growth: fc.double({ min: 0, max: 50, noNaN: true }) }),
    {
      minLength: 400,
      maxLength: 500,
    },
  )
  .map((steps) => {
    let [at, value] = [0, 7];
    return steps.map(({ gapMs, growth }): Reading => {
      at += gapMs;
      value += growth;
      return { at, value, mark: 'good' };
    });
  });

describe('the change of a counter per slot', () => {
  it('is the difference of what the counter stood at on the edges', () => {
    const { values, coverage } = changePerSlot(
      counter(0, 120, () => 10),
      grid(0, hour, 2),
      minute,
    );
    expect([...values]).toEqual([600, 600]);
    expect(known(coverage)).toEqual([true, true]);
  });

  it('interpolates between the two readings around an edge', () => {
    const readings: Reading[] = [
      { at: 50 * minute, value: 100, mark: 'good' },
      { at: 70 * minute, value: 140, mark: 'good' },
      { at: 110 * minute, value: 200, mark: 'good' },
      { at: 130 * minute, value: 220, mark: 'good' },
    ];
    const { values, coverage } = changePerSlot(readings, grid(hour, hour, 1), 20 * minute);
    expect(known(coverage)).toEqual([true]);
    expect([...values]).toEqual([90]);
  });

  it('of the halves of a slot adds up to that of the slot', () => {
    fc.assert(
      fc.property(unevenCounter, fc.integer({ min: 0, max: 3 * minute }), (readings, from) => {
        const whole = changePerSlot(readings, grid(from, 4 * minute, 2), minute);
        const halves = changePerSlot(readings, grid(from, 2 * minute, 4), minute);
        for (const slot of [0, 1]) {
          if (halves.coverage.slice(2 * slot, 2 * slot + 2).some((one) => one !== 'covered')) continue;
          expect(whole.coverage[slot]).toBe('covered');
          const [one = 0, other = 0] = thousandths(halves.values.slice(2 * slot, 2 * slot + 2));
          expect(thousandths(whole.values)[slot]).toBe(one + other);
        }
      }),
      { numRuns: 50 },
    );
  });

  it('neither loses nor makes energy: the slots together are the growth between the outer edges', () => {
    fc.assert(
      fc.property(unevenCounter, fc.integer({ min: 3, max: 60 }), (readings, slots) => {
        const [first, last] = [readings[0], readings.at(-1)];
        if (first === undefined || last === undefined) return;
        const step = Math.floor((last.at - first.at) / slots);
        // The outer edges fall on readings, so the growth between them is known.
        const until = first.at + step * slots;
        const shifted = readings.filter(({ at }) => at < until);
        const end: Reading = { at: until, value: last.value, mark: 'good' };
        const { values, coverage } = changePerSlot([...shifted, end], grid(first.at, step, slots), 2 * minute);
        if (known(coverage).includes(false)) return;
        const grown = Math.round(last.value * 1000) - Math.round(first.value * 1000);
        expect(sum(thousandths(values))).toBe(grown);
        expect(Math.min(...values)).toBeGreaterThanOrEqual(0);
      }),
      { numRuns: 50 },
    );
  });

  it('is not known where the readings around an edge are too far apart, and is not zero for that', () => {
    const readings = counter(0, 240, () => 10).filter(({ at }) => at <= 58 * minute || at >= 65 * minute);
    const { coverage } = changePerSlot(readings, grid(0, hour, 4), 5 * minute);
    expect(coverage).toEqual(['gap', 'gap', 'covered', 'covered']);
    expect(known(changePerSlot(readings, grid(0, hour, 4), 7 * minute).coverage)).toEqual([true, true, true, true]);
  });

  it('is known across a pause within the slot: the counter has counted on', () => {
    const readings = counter(0, 60, () => 10).filter(({ at }) => at <= 10 * minute || at >= 50 * minute);
    const { values, coverage } = changePerSlot(readings, grid(0, hour, 1), minute);
    expect(known(coverage)).toEqual([true]);
    expect([...values]).toEqual([600]);
  });

  it('takes no pause longer than a third of a slot, whatever the device is granted', () => {
    const readings = counter(0, 120, () => 10).filter(({ at }) => at % (7 * minute) === 0);
    expect(known(changePerSlot(readings, grid(15 * minute, 15 * minute, 2), hour).coverage)).toEqual([false, false]);
    expect(known(changePerSlot(readings, grid(21 * minute, 21 * minute, 2), hour).coverage)).toEqual([true, true]);
  });

  it('is not known before the first reading, after the last, or without any', () => {
    const readings = counter(hour, 60, () => 10);
    expect(known(changePerSlot(readings, grid(0, hour, 3), minute).coverage)).toEqual([false, true, false]);
    expect(known(changePerSlot([], grid(0, hour, 1), minute).coverage)).toEqual([false]);
  });

  it('goes over a reading that is not believed, also at an edge', () => {
    const readings = counter(0, 240, () => 10);
    readings[90] = { at: 90 * minute, value: 0, mark: 'doubtful' };
    readings[120] = { at: 120 * minute, value: 0, mark: 'doubtful' };
    const { values, coverage } = changePerSlot(readings, grid(0, hour, 4), 5 * minute);
    expect(known(coverage)).toEqual([true, true, true, true]);
    expect([...values]).toEqual([600, 600, 600, 600]);
  });

  it('is not known in the slot in which a counter begins anew, and goes on from there', () => {
    const readings = counter(0, 240, () => 10).map(({ at, value }): Reading => {
      if (at < 90 * minute) return { at, value, mark: 'good' };
      return { at, value: value - 2000, mark: at < 92 * minute ? 'doubtful' : at > 92 * minute ? 'good' : 'anew' };
    });
    const { values, coverage } = changePerSlot(readings, grid(0, hour, 4), minute);
    expect(coverage).toEqual(['covered', 'reset', 'covered', 'covered']);
    expect(values[3]).toBe(600);
  });

  it('is not known on either side of an edge at which a counter begins anew', () => {
    const readings = counter(0, 240, () => 10).map(
      (reading): Reading => (reading.at === 121 * minute ? { ...reading, mark: 'anew' } : reading),
    );
    expect(known(changePerSlot(readings, grid(0, hour, 4), 5 * minute).coverage)).toEqual([true, true, false, true]);
    expect(known(changePerSlot(readings, grid(30_000, hour, 4), 5 * minute).coverage)[1]).toBe(false);
  });
});

describe('the mean of a level per slot', () => {
  const level = (minutes: number, valueAt: (index: number) => number): Reading[] =>
    Array.from({ length: minutes + 1 }, (_, index) => ({ at: index * minute, value: valueAt(index), mark: 'good' }));

  it('follows the line through the readings', () => {
    const { values, coverage } = meanPerSlot(
      level(120, (index) => index),
      grid(0, hour, 2),
      minute,
    );
    expect(known(coverage)).toEqual([true, true]);
    expect(values[0]).toBeCloseTo(30, 9);
    expect(values[1]).toBeCloseTo(90, 9);
  });

  it('cuts the line where an edge lies between two readings', () => {
    const { values } = meanPerSlot(
      level(120, (index) => index),
      grid(30_000, hour, 1),
      minute,
    );
    expect(values[0]).toBeCloseTo(30.5, 9);
  });

  it('of a slot is the mean of its halves, and lies between the lowest and the highest reading', () => {
    const levels = fc.array(fc.double({ min: -5000, max: 5000, noNaN: true }), { minLength: 61, maxLength: 61 });
    fc.assert(
      fc.property(levels, fc.integer({ min: 0, max: 19 }), (watts, offset) => {
        const readings = level(60, (index) => watts[index] ?? 0);
        const from = offset * minute + 500;
        const whole = meanPerSlot(readings, grid(from, 40 * minute, 1), minute);
        const halves = meanPerSlot(readings, grid(from, 20 * minute, 2), minute);
        expect([...whole.coverage, ...halves.coverage]).toEqual(['covered', 'covered', 'covered']);
        expect(whole.values[0]).toBeCloseTo(((halves.values[0] ?? 0) + (halves.values[1] ?? 0)) / 2, 6);
        expect(whole.values[0]).toBeGreaterThanOrEqual(Math.min(...watts) - 1e-6);
        expect(whole.values[0]).toBeLessThanOrEqual(Math.max(...watts) + 1e-6);
      }),
    );
  });

  it('is not known where a pause lies in the slot: a level says nothing of what it was in between', () => {
    const readings = level(240, () => 50).filter(({ at }) => at <= 70 * minute || at >= 80 * minute);
    expect(known(meanPerSlot(readings, grid(0, hour, 4), 5 * minute).coverage)).toEqual([true, false, true, true]);
  });
});
