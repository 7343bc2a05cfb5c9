import fc from 'fast-check';
import { expect, test } from 'vitest';
import { RecentReadings } from '../../../agent/store/recent-readings.ts';
import type { Reading } from '../../../agent/tensors/edges.ts';

const reading: fc.Arbitrary<Reading> = fc.record({
  at: fc.integer({ min: 1, max: 10_000 }),
  value: fc.double({ noNaN: true }),
  mark: fc.constantFrom('good', 'doubtful', 'anew'),
});
const readings = fc.uniqueArray(reading, { selector: ({ at }) => at, maxLength: 60 });
const instant = fc.integer({ min: 0, max: 10_001 });

test('gives back what was put in, to the bit and in order of time, whatever order it came in', () => {
  fc.assert(
    fc.property(readings, instant, instant, (all, from, until) => {
      const held = new RecentReadings();
      for (const one of all) held.insert(one);
      const sorted = all.toSorted((one, other) => one.at - other.at);
      expect([...held]).toEqual(sorted);
      expect(held.oldest).toBe(sorted[0]?.at);
      expect(held.between(from, until)).toEqual(sorted.filter(({ at }) => at >= from && at <= until));
    }),
  );
});

test('forgets up to an instant, and goes on', () => {
  fc.assert(
    fc.property(readings, instant, (all, until) => {
      const held = new RecentReadings();
      for (const one of all) held.insert(one);
      held.dropUntil(until);
      const last = { at: 20_000, value: 1, mark: 'good' } as const;
      held.insert(last);
      const left = all.filter(({ at }) => at > until).toSorted((one, other) => one.at - other.at);
      expect([...held]).toEqual([...left, last]);
    }),
  );
});
