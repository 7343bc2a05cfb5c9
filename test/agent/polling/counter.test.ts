import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type CounterLimits,
  type CounterReading,
  type CounterState,
  type Judged,
  judgeCounter,
} from '../../../agent/polling/counter.ts';
import { resampled } from '../tensors/resampled.ts';

const every = 10_000;
const limits: CounterLimits = { perHour: 3680 };

function judgeAll(readings: readonly CounterReading[], within: CounterLimits = limits): Judged[] {
  let state: CounterState = {};
  return readings.map((reading) => {
    const judged = judgeCounter(state, reading, within);
    state = judged.state;
    return judged;
  });
}

const told = (values: readonly number[], within?: CounterLimits) =>
  judgeAll(
    values.map((value, index) => ({ at: index * every, value })),
    within,
  ).map(({ mark, event }) => (event === undefined ? mark : `${mark} ${event}`));

describe('a counter', () => {
  const lifetime = 53_700_000;
  it.each<[string, number[], string[], CounterLimits?]>([
    ['that counts', [100, 105, 105, 110], ['good', 'good', 'good', 'good']],
    [
      'that says 0 between two good readings',
      [lifetime, 0, lifetime + 5],
      ['good', 'doubtful fell', 'good right-again'],
    ],
    [
      'that says 0 twice, then goes on',
      [lifetime, 0, 0, lifetime + 5],
      ['good', 'doubtful fell', 'doubtful', 'good right-again'],
    ],
    [
      'that says 0 at first',
      [0, lifetime, lifetime + 5, lifetime + 10, lifetime + 15],
      ['good', 'doubtful leapt', 'doubtful', 'anew anew', 'good'],
    ],
    ['that was reset', [lifetime, 0, 5, 10, 15], ['good', 'doubtful fell', 'doubtful', 'anew anew', 'good']],
    [
      'that falls to values that contradict each other',
      [lifetime, 0, 900_000, 0, 900_000, lifetime + 5],
      ['good', 'doubtful fell', 'doubtful', 'doubtful', 'doubtful', 'good right-again'],
    ],
    [
      'that was reset low and counted past where it was before it was believed',
      [3, 0, 8],
      ['good', 'doubtful fell', 'anew anew'],
    ],
    [
      'that said 0 until it was believed, then goes on',
      [600, 0, 0, 0, 641, 645],
      ['good', 'doubtful fell', 'doubtful', 'anew anew', 'anew anew', 'good'],
    ],
    [
      'that leaps once by more than the connection carries',
      [100, 110, 50_110, 120],
      ['good', 'good', 'doubtful leapt', 'good right-again'],
    ],
    [
      'that goes round at its declared width',
      [999_995, 3, 8, 12, 17],
      ['good', 'doubtful fell', 'doubtful', 'good went-round', 'good'],
      { ...limits, modulus: 1_000_000 },
    ],
    [
      'that was reset far below its declared width',
      [500_000, 3, 8, 12],
      ['good', 'doubtful fell', 'doubtful', 'anew anew'],
      { ...limits, modulus: 1_000_000 },
    ],
  ])('%s', (_, values, marks, within) => {
    expect(told(values, within)).toEqual(marks);
  });

  it('that shows whole kWh may step by one at once, also right after it was first read', () => {
    const atNoon = [7_000, 8_000, ...Array.from({ length: 1500 }, () => 8_000), 9_000, 9_000];
    expect(new Set(told(atNoon, { perHour: 500 }))).toEqual(new Set(['good']));
  });

  it('that went round goes on from where it was', () => {
    const values = [999_995, 3, 8, 12].map((value, index) => ({ at: index * every, value }));
    expect(judgeAll(values, { ...limits, modulus: 1_000_000 }).at(-1)?.value).toBe(1_000_012);
  });

  it('takes a reading that is not after the last for nothing', () => {
    const judged = judgeAll([
      { at: 1000, value: 5 },
      { at: 1000, value: 0 },
      { at: 500, value: 0 },
    ]);
    expect(judged.slice(1).map(({ state }) => state)).toEqual([judged[0]?.state, judged[0]?.state]);
  });
});

const minute = 60_000;
/** What happens to the meter in a minute: it counts, says something wild once, or begins anew for good. */
const happening = fc.record({
  growth: fc.integer({ min: 0, max: 60 }),
  says: fc.oneof(
    { weight: 20, arbitrary: fc.constant('right' as const) },
    { weight: 2, arbitrary: fc.constantFrom('zero' as const, 'wild' as const, 'nothing' as const) },
    { weight: 1, arbitrary: fc.constant('reset' as const) },
  ),
  wild: fc.integer({ min: 2e8, max: 1e9 }),
});

describe('whatever a meter says of its counter', () => {
  it('no slot gets more than was drawn in it and beside its edges; without lies every slot is exact', () => {
    fc.assert(
      fc.property(fc.array(happening, { minLength: 60, maxLength: 120 }), fc.nat(1e8), (minutes, start) => {
        let [drawn, counter] = [0, start];
        const truth = [{ at: 0, value: 0, mark: 'good' as const }];
        const readings: CounterReading[] = [{ at: 0, value: start }];
        minutes.forEach(({ growth, says, wild }, index) => {
          const at = (index + 1) * minute;
          drawn += growth;
          counter = says === 'reset' ? 0 : counter + growth;
          truth.push({ at, value: drawn, mark: 'good' });
          if (says === 'nothing') return;
          readings.push({ at, value: says === 'zero' ? 0 : says === 'wild' ? wild : counter });
        });
        const judged = judgeAll(readings).map(({ mark, value }, index) => ({
          at: readings[index]?.at ?? 0,
          mark,
          value,
        }));
        const grid = { from: 0, step: 15 * minute, slots: Math.floor(minutes.length / 15) };
        const right = resampled('change', truth, grid, 2 * minute);
        const got = resampled('change', judged, grid, 5 * minute);
        const plain = minutes.every(({ says }) => says === 'right');
        // An edge whose reading is missing or not believed lies between others, five minutes apart at most.
        const beside = 2 * 5 * 60;
        got.values.forEach((value, slot) => {
          if (plain) expect(got.coverage[slot]).toBe('covered');
          if (plain) expect(value).toBe(right.values[slot]);
          expect(value).toBeGreaterThanOrEqual(0);
          expect(value).toBeLessThanOrEqual((right.values[slot] ?? 0) + beside);
        });
      }),
      { numRuns: 300 },
    );
  });
});
