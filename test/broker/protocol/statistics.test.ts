import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { Scaled, Statistics } from '../../../broker/protocol/fields.ts';
import { statisticsOf } from '../../../broker/protocol/statistics.ts';
import { encodeVector, type VectorShape, vectorLength } from '../../../broker/protocol/vector.ts';
import { readVectors } from './shared-sums.ts';

const Shape = z.object({
  grid: z.object({ slots: z.number() }),
  resolution: Scaled,
  limit: z.number(),
  statistics: Statistics,
});
const Cases = z.object({
  plausibility: z.array(
    z.strictObject({
      name: z.string(),
      announce: Shape,
      contributors: z.number(),
      integers: z.array(z.number()),
      statistics: z.record(z.string(), z.unknown()).nullable(),
    }),
  ),
  rounds: z.array(
    z.object({
      name: z.string(),
      announce: z.object({ fields: Shape }),
      opened: z.object({ integers: z.array(z.number()) }),
      reports: z.array(z.unknown()),
      result: z.object({ canonical: z.string() }),
    }),
  ),
});
const given = Cases.parse(readVectors('messages.json'));

const histogram = { start: -10, width: 5, buckets: 4 };
const shape: VectorShape = {
  grid: { slots: 2 },
  resolution: [5, -1],
  limit: 40,
  statistics: { variance: true, histogram },
};

describe('opened integers become statistics', () => {
  test.each(given.plausibility)('as in the vectors: $name', ({ announce, contributors, integers, statistics }) => {
    expect(statisticsOf(announce, contributors, integers.map(BigInt))).toEqual(statistics ?? undefined);
  });

  test.each(given.rounds)('as in the result of the vectors: $name', ({ announce, opened, reports, result }) => {
    const statistics = statisticsOf(announce.fields, reports.length, opened.integers.map(BigInt));
    expect(JSON.parse(result.canonical)).toMatchObject({ ...statistics });
  });

  test('that are what the homes would work out among themselves', () => {
    const values = fc.array(fc.tuple(fc.integer({ min: -40, max: 40 }), fc.integer({ min: -40, max: 40 })), {
      minLength: 1,
      maxLength: 20,
    });
    fc.assert(
      fc.property(values, (homes) => {
        const vectors = homes.map((home) =>
          encodeVector(
            shape,
            home.map((steps) => steps / 2),
          ),
        );
        const sums = Array.from({ length: vectorLength(shape) }, (_, at) =>
          vectors.reduce((sum, vector) => sum + (vector[at] ?? 0n), 0n),
        );
        const opened = statisticsOf(shape, homes.length, sums);
        for (const slot of [0, 1] as const) {
          const own = homes.map((home) => home[slot] / 2);
          const sum = own.reduce((total, value) => total + value, 0);
          const mean = sum / homes.length;
          const variance = own.reduce((total, value) => total + (value - mean) ** 2, 0) / homes.length;
          expect(opened?.sum[slot]).toBe(sum);
          expect(opened?.mean[slot]).toBe(mean);
          expect(opened?.variance?.[slot]).toBeCloseTo(variance, 9);
          expect(opened?.histogram?.counts[slot]?.reduce((total, count) => total + count, 0)).toBe(homes.length);
        }
      }),
    );
  });

  test('exactly, where doubles would not add up', () => {
    const tenths: VectorShape = { grid: { slots: 2 }, resolution: [1, -1], limit: 100, statistics: {} };
    expect(statisticsOf(tenths, 3, [3n, 10n])).toEqual({ sum: [0.3, 1], mean: [0.1, 1 / 3] });
  });
});

describe('what no homes could have is implausible', () => {
  const sums: VectorShape = { grid: { slots: 2 }, resolution: [1, 0], limit: 10, statistics: {} };
  const squares: VectorShape = { ...sums, grid: { slots: 1 }, statistics: { variance: true } };
  test.each<[string, VectorShape, number, bigint[], boolean]>([
    ['the largest sum there can be', sums, 3, [30n, -30n], true],
    ['a sum above it', sums, 3, [31n, 0n], false],
    ['a sum below the smallest', sums, 3, [0n, -31n], false],
    ['padding that is 0', sums, 3, [1n, 2n, 0n, 0n], true],
    ['padding that is not', sums, 3, [1n, 2n, 0n, 1n], false],
    ['the largest squares', squares, 3, [30n, 300n], true],
    ['squares above them', squares, 3, [0n, 301n], false],
    ['squares just large enough for their sum', squares, 3, [9n, 27n], true],
    ['squares too small for it', squares, 3, [9n, 26n], false],
    ['negative squares', squares, 3, [0n, -1n], false],
  ])('%s: %s', (_, of, contributors, integers, plausible) => {
    expect(statisticsOf(of, contributors, integers) !== undefined).toBe(plausible);
  });

  test('and fewer integers than asked for are a wrong call', () => {
    expect(() => statisticsOf(sums, 3, [1n])).toThrow(RangeError);
  });
});
