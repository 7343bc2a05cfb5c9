import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { Scaled, Statistics } from '../../../broker/protocol/fields.ts';
import {
  capacityFits,
  capacityPerStep,
  encodeVector,
  limitFitsField,
  limitFor,
  numberOf,
  scaledOf,
  totalCapacity,
  type VectorShape,
  vectorLength,
} from '../../../broker/protocol/vector.ts';
import { readVectors } from './shared-sums.ts';

const Cases = z.object({
  vector: z.array(
    z.strictObject({
      announce: z.strictObject({
        grid: z.strictObject({ slots: z.number() }),
        resolution: Scaled,
        limit: z.number(),
        statistics: Statistics,
      }),
      values: z.array(z.number()),
      vector: z.array(z.number()),
    }),
  ),
  rounds: z.array(
    z.object({
      announce: z.object({
        length: z.number(),
        fields: z.object({
          grid: z.object({ slots: z.number() }),
          resolution: Scaled,
          limit: z.number(),
          statistics: Statistics,
        }),
      }),
      reports: z.array(z.object({ values: z.array(z.number()), vector: z.array(z.number()) })),
    }),
  ),
});
const given = Cases.parse(readVectors('messages.json'));

const shapeOf = (resolution: Scaled, limit: number, slots = 1, statistics: Statistics = {}): VectorShape => ({
  grid: { slots },
  resolution,
  limit,
  statistics,
});
const outOfLimit = expect.objectContaining({ code: 'VALUE_OUT_OF_LIMIT' });

describe('values become integers', () => {
  test.each(given.vector)('as in the vectors: $values', ({ announce, values, vector }) => {
    expect(vectorLength(announce)).toBe(vector.length);
    expect(encodeVector(announce, values)).toEqual(vector.map(BigInt));
  });

  test.each(given.rounds)('as in the reports of the vectors', ({ announce, reports }) => {
    expect(vectorLength(announce.fields)).toBe(announce.length);
    for (const { values, vector } of reports) {
      expect(encodeVector(announce.fields, values)).toEqual(vector.map(BigInt));
    }
  });

  test.each<[number, Scaled, bigint]>([
    // Doubles divided: 1.4999999999999998
    [0.15, [1, -1], 2n],
    [-0.15, [1, -1], -2n],
    // 28.499999999999996
    [0.285, [1, -2], 29n],
    [1.005, [1, -2], 101n],
    [0.14999999999999997, [1, -1], 1n],
    [2.5e-7, [5, -7], 1n],
    [-0, [1, 0], 0n],
    [1e21, [1, 12], 1000000000n],
    [5e-324, [1, -12], 0n],
    [1234567.5, [1, 0], 1234568n],
    [-0.5, [1, 0], -1n],
    [10, [3, 0], 3n],
    [-11, [3, 0], -4n],
  ])('exactly, half away from zero: %d in steps of %j', (value, resolution, steps) => {
    expect(encodeVector(shapeOf(resolution, Number.MAX_SAFE_INTEGER), [value])).toEqual([steps]);
  });

  test('as schoolchildren round thousandths to tenths', () => {
    fc.assert(
      fc.property(fc.integer({ min: -(10 ** 9), max: 10 ** 9 }), (thousandths) => {
        const tenths = Math.sign(thousandths) * Math.floor((Math.abs(thousandths) + 50) / 100);
        const value = Number(`${thousandths}e-3`);
        expect(encodeVector(shapeOf([1, -1], 10 ** 8), [value])).toEqual([BigInt(tenths)]);
      }),
    );
  });

  test('unless one lies outside the limit', () => {
    const shape = shapeOf([1, -1], 40);
    expect(encodeVector(shape, [4.04])).toEqual([40n]);
    expect(encodeVector(shape, [-4.04])).toEqual([-40n]);
    for (const value of [4.05, -4.05, 1e300, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      expect(() => encodeVector(shape, [value])).toThrow(outOfLimit);
    }
  });

  test('one of each slot', () => {
    expect(() => encodeVector(shapeOf([1, 0], 10, 2), [1])).toThrow(RangeError);
  });

  test('in the order sums, squares, buckets; each slot in one bucket', () => {
    const histogram = { start: -7, width: 3, buckets: 5 };
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -30, max: 30 }), { minLength: 1, maxLength: 5 }), (values) => {
        const shape = shapeOf([1, 0], 30, values.length, { variance: true, histogram });
        const vector = encodeVector(shape, values);
        expect(vector.length).toBe(vectorLength(shape));
        expect(vector.slice(0, values.length)).toEqual(values.map(BigInt));
        expect(vector.slice(values.length, 2 * values.length)).toEqual(values.map((value) => BigInt(value * value)));
        values.forEach((value, slot) => {
          const buckets = vector.slice(2 * values.length + slot * 5, 2 * values.length + (slot + 1) * 5);
          const at = buckets.indexOf(1n);
          expect(buckets.filter((bucket) => bucket !== 0n)).toEqual([1n]);
          if (at > 0) expect(value).toBeGreaterThanOrEqual(-7 + at * 3);
          if (at < 4) expect(value).toBeLessThan(-7 + (at + 1) * 3);
        });
      }),
    );
  });
});

describe('a limit', () => {
  test.each<[number[], Scaled, number]>([
    [[920, 5750], [1, -1], 57500],
    [[0.3, 0.1], [1, -1], 3],
    [[0.31], [1, -1], 4],
    [[1.1], [3, -1], 4],
    [[0, 0], [1, 0], 1],
    [[], [1, 0], 1],
    [[22080], [1, 3], 23],
  ])('over totals %j in steps of %j is %i', (totals, resolution, limit) => {
    expect(limitFor(totals, resolution)).toBe(limit);
  });

  test('is the smallest under which all capacities fit', () => {
    const total = fc.double({ min: 0, max: 1e6, noNaN: true });
    const resolution = fc.tuple(fc.integer({ min: 1, max: 999 }), fc.integer({ min: -6, max: 3 }));
    fc.assert(
      fc.property(fc.array(total, { minLength: 1 }), resolution, (totals, step) => {
        const limit = limitFor(totals, step);
        expect(totals.every((each) => capacityFits({ limit, resolution: step }, each))).toBe(true);
        const lower = { limit: limit - 1, resolution: step };
        if (limit > 1) expect(totals.every((each) => capacityFits(lower, each))).toBe(false);
      }),
    );
  });

  test('is compared in decimals', () => {
    expect(capacityFits({ limit: 3, resolution: [1, -1] }, 0.3)).toBe(true);
    expect(capacityFits({ limit: 3, resolution: [1, -1] }, 0.30000000000000004)).toBe(false);
  });

  test('that no message can carry is refused', () => {
    expect(() => limitFor([1e10], [1, -12])).toThrow(expect.objectContaining({ code: 'VALUE_OUT_OF_FIELD' }));
  });

  test('fits the field while the squares of all homes do', () => {
    expect(limitFitsField(1, 2147458560)).toBe(true);
    expect(limitFitsField(1, 2147458561)).toBe(false);
    expect(limitFitsField(1000, 67908602)).toBe(true);
    expect(limitFitsField(1000, 67908603)).toBe(false);
    expect(limitFitsField(2500, Number.MAX_SAFE_INTEGER)).toBe(false);
  });
});

describe('a capacity', () => {
  test.each<[boolean, Scaled, number, number]>([
    [true, [3680, 0], 900_000, 920],
    [true, [368, 1], 6 * 3_600_000, 22080],
    [true, [1, 0], 1000, 1 / 3600],
    [false, [25, -1], 900_000, 2.5],
  ])('of an energy is per hour, of others the value itself (%s, %j, %i ms)', (isEnergy, capacity, stepMs, most) => {
    expect(capacityPerStep(isEnergy, capacity, stepMs)).toBe(most);
  });

  test('of several tensors is their exact sum, in any order', () => {
    expect(totalCapacity(false, [scaledOf(0.1), scaledOf(0.2)], 1)).toBe(0.3);
    const capacities = fc.array(fc.tuple(fc.integer({ min: 1, max: 99999 }), fc.integer({ min: -12, max: 12 })));
    fc.assert(
      fc.property(capacities, fc.integer({ min: 1, max: 86_400_000 }), (all, stepMs) => {
        expect(totalCapacity(true, all.toReversed(), stepMs)).toBe(totalCapacity(true, all, stepMs));
      }),
    );
  });
});

describe('a scaled number', () => {
  test.each<[number, Scaled]>([
    [3680, [368, 1]],
    [0.1, [1, -1]],
    [1e-12, [1, -12]],
    [1e20, [100000000, 12]],
    [22.08, [2208, -2]],
    [9007199254740991, [9007199254740991, 0]],
  ])('%d is written %j', (value, scaled) => {
    expect(scaledOf(value)).toEqual(scaled);
    expect(Scaled.safeParse(scaled).success).toBe(true);
    expect(numberOf(scaled)).toBe(value);
  });

  test('of a decimal is read back as the same double', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10 ** 15 }), fc.integer({ min: -12, max: 12 }), (mantissa, exponent) => {
        const value = numberOf([mantissa, exponent]);
        const scaled = scaledOf(value);
        expect(Scaled.safeParse(scaled).success).toBe(true);
        expect(numberOf(scaled)).toBe(value);
      }),
    );
  });

  test.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY, 1e-13, 1 / 3, 0.1 + 0.2, 1e30])('%d is none', (value) => {
    expect(() => scaledOf(value)).toThrow(RangeError);
  });
});
