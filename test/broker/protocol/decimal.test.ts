import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decimalOf, nearestDouble, ratioOf } from '../../../broker/protocol/decimal.ts';

describe('a double', () => {
  test.each<[number, bigint, number]>([
    [0.1, 1n, -1],
    [-12.5, -125n, -1],
    [0, 0n, 0],
    [-0, 0n, 0],
    [1e21, 1n, 21],
    [1.5e-7, 15n, -8],
    [123456789, 123456789n, 0],
    [5e-324, 5n, -324],
  ])('%d is the decimal that it is written as', (value, digits, exponent) => {
    expect(decimalOf(value)).toEqual({ digits, exponent });
  });

  test('comes back from its decimal', () => {
    fc.assert(
      fc.property(fc.double({ min: -1e290, max: 1e290, noNaN: true }), (value) => {
        fc.pre(value === 0 || Math.abs(value) > 1e-290);
        const { digits, exponent } = decimalOf(value);
        expect(nearestDouble(digits, 1n, exponent)).toBe(value === 0 ? 0 : value);
      }),
    );
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY])('that is %d is no decimal', (value) => {
    expect(() => decimalOf(value)).toThrow(RangeError);
  });

  test('nearest to a fraction of small integers is what division gives', () => {
    const small = fc.integer({ min: -(2 ** 53) + 1, max: 2 ** 53 - 1 });
    fc.assert(
      fc.property(small, fc.integer({ min: 1, max: 2 ** 53 - 1 }), (numerator, denominator) => {
        const expected = numerator === 0 ? 0 : numerator / denominator;
        expect(nearestDouble(BigInt(numerator), BigInt(denominator))).toBe(expected);
      }),
    );
  });

  test('nearest to what lies just beside a tie is not the one nearest to the tie', () => {
    // 2^53 + 1 lies half-way between two doubles; ties go to the even one, 2^53.
    const tie = 2n ** 53n + 1n;
    const far = 10n ** 60n;
    expect(nearestDouble(tie * far, far)).toBe(2 ** 53);
    expect(nearestDouble(tie * far + 1n, far)).toBe(2 ** 53 + 2);
    expect(nearestDouble(-tie * far - 1n, far)).toBe(-(2 ** 53) - 2);
  });
});

test('a ratio of decimals is a fraction of integers', () => {
  expect(ratioOf({ digits: 15n, exponent: -2 }, { digits: 1n, exponent: -1 })).toEqual([15n, 10n]);
  expect(ratioOf({ digits: -3n, exponent: 2 }, { digits: 7n, exponent: -1 })).toEqual([-3000n, 7n]);
});
