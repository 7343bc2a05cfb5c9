import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { nextDelayMs } from '../../../broker/protocol/backoff.ts';

test('the ceiling of a wait doubles from a second to a minute and stays there', () => {
  const ceilings = [0, 1, 2, 3, 4, 5, 6, 7, 5_000].map((attempt) => Math.ceil(nextDelayMs(attempt, 1 - 2 ** -53)));
  expect(ceilings.map((ceiling) => Math.round(ceiling / 1_000))).toEqual([1, 2, 4, 8, 16, 32, 60, 60, 60]);
});

test('a wait lies anywhere between nothing and its ceiling', () => {
  fc.assert(
    fc.property(fc.nat(50), fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (attempt, random) => {
      const wait = nextDelayMs(attempt, random);
      expect(Number.isInteger(wait)).toBe(true);
      expect(wait).toBeGreaterThanOrEqual(0);
      expect(wait).toBeLessThanOrEqual(60_000);
    }),
  );
  expect(nextDelayMs(3, 0)).toBe(0);
  expect(nextDelayMs(3, 0.5)).toBe(4_000);
});
