import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  appendProducts,
  dot,
  fieldBound,
  isPacked,
  mostTerms,
  multiply,
  packResidues,
  primeIndices,
  primes,
  recombine,
  reduce,
  residueOf,
  tablesOf,
  unpackResidue,
  viewOf,
} from '../../../broker/protocol/field.ts';
import { sharingVectors } from './shared-sums.ts';

const anyInteger = fc.bigInt({ min: -fieldBound, max: fieldBound });
const residue = (prime: number) => fc.integer({ min: 0, max: prime - 1 });

describe('the three fields', () => {
  test('are those of the vectors', () => {
    expect(primes).toEqual(sharingVectors.primes);
    expect(fieldBound).toBe(4611578267083733244n);
  });

  test.each(primes)('%i is a prime under 2^21', (prime) => {
    expect(prime).toBeLessThan(2 ** 21);
    for (let divisor = 2; divisor * divisor <= prime; divisor += 1) expect(prime % divisor).not.toBe(0);
  });

  test('reduce and multiply as integers do', () => {
    fc.assert(
      fc.property(fc.constantFrom(...primes), fc.maxSafeNat(), (prime, value) => {
        expect(reduce(value, prime)).toBe(Number(BigInt(value) % BigInt(prime)));
      }),
    );
    for (const prime of primes) {
      for (const factor of [0, 1, 2, 2 ** 32 - 1, 2 ** 32]) {
        if (factor * prime > Number.MAX_SAFE_INTEGER) continue;
        expect(reduce(factor * prime, prime)).toBe(0);
        expect(reduce(factor * prime + prime - 1, prime)).toBe(prime - 1);
      }
      expect(multiply(prime - 1, prime - 1, prime)).toBe(1);
    }
  });

  test.each([1, 2046, 2047, 2048, 2500, 4094, 5000])('sum %i of the largest products exactly', (terms) => {
    for (const prime of primes) {
      const row = new Float64Array(terms).fill(prime - 1);
      const residues = new Float64Array(terms + 3).fill(prime - 1);
      // (−1) · (−1) each
      expect(dot(residues, 3, row, prime)).toBe(terms % prime);
    }
  });

  test('have tables of inverses and factorials that stay right when they grow', () => {
    for (const index of primeIndices) {
      for (const size of [10, 300, 5000]) {
        const { prime, inverse, factorial, inverseFactorial } = tablesOf(index, size);
        let product = 1;
        for (let at = 1; at <= size; at += 1) {
          product = (product * at) % prime;
          expect(multiply(inverse[at] as number, at, prime)).toBe(1);
          expect(factorial[at]).toBe(product);
          expect(multiply(inverseFactorial[at] as number, product, prime)).toBe(1);
        }
      }
    }
  });
});

describe('an integer', () => {
  test('comes back from its three residues with its sign', () => {
    const check = (value: bigint) => {
      const [r0, r1, r2] = primes.map((prime) => residueOf(value, prime)) as [number, number, number];
      expect(recombine(r0, r1, r2)).toBe(value);
    };
    for (const value of [0n, 1n, -1n, fieldBound, -fieldBound, 2n ** 53n, -(2n ** 53n) - 1n]) check(value);
    fc.assert(fc.property(anyInteger, check));
  });

  test('beyond the bound comes back as another', () => {
    const [r0, r1, r2] = primes.map((prime) => residueOf(fieldBound + 1n, prime)) as [number, number, number];
    expect(recombine(r0, r1, r2)).toBe(-fieldBound);
  });
});

describe('inner products are appended', () => {
  const shape = fc.record({
    rows: fc.nat(5),
    stretches: fc.integer({ min: 1, max: 5 }),
    length: fc.constantFrom(1, 7),
  });

  test.each(primes)('for every row and every stretch, odd numbers or even, below %i', (prime) => {
    fc.assert(
      fc.property(shape, fc.infiniteStream(residue(prime)), ({ rows, stretches, length }, drawn) => {
        const draw = (count: number) => Array.from({ length: count }, () => drawn.next().value as number);
        const matrix = Array.from({ length: rows }, () => draw(length));
        const given = Array.from({ length: stretches }, () => draw(length));
        const residues = Float64Array.from(given.flatMap((stretch) => [...stretch, ...new Array(rows).fill(0)]));
        appendProducts(residues, Float64Array.from(matrix.flat()), length, prime);
        const inner = (row: number[], stretch: number[]) =>
          Number(row.reduce((sum, factor, at) => sum + BigInt(factor) * BigInt(stretch[at] ?? 0), 0n) % BigInt(prime));
        const expected = given.flatMap((stretch) => [...stretch, ...matrix.map((row) => inner(row, stretch))]);
        expect([...residues]).toEqual(expected);
      }),
    );
  });

  test('exactly where there are as many of the largest as may be', () => {
    const [prime] = primes;
    const residues = new Float64Array(mostTerms + 1).fill(prime - 1);
    appendProducts(residues, new Float64Array(mostTerms).fill(prime - 1), mostTerms, prime);
    // (−1)·(−1), so many times.
    expect(residues[mostTerms]).toBe(mostTerms);
  });
});

describe('a block of 8 bytes', () => {
  test('is r0 + r1·2^21 + r2·2^42, little-endian, at any place', () => {
    fc.assert(
      fc.property(residue(primes[0]), residue(primes[1]), residue(primes[2]), fc.nat(3), (r0, r1, r2, block) => {
        const bytes = new Uint8Array(33).subarray(1);
        packResidues(viewOf(bytes), block, r0, r1, r2);
        const word = Buffer.from(bytes).readBigUInt64LE(8 * block);
        expect(word).toBe(BigInt(r0) + (BigInt(r1) << 21n) + (BigInt(r2) << 42n));
        expect(primeIndices.map((index) => unpackResidue(viewOf(bytes), block, index))).toEqual([r0, r1, r2]);
        expect(isPacked(bytes)).toBe(true);
      }),
    );
  });

  const word = (value: bigint) => {
    const bytes = Buffer.alloc(16);
    bytes.writeBigUInt64LE(value, 8);
    return bytes;
  };
  test.each([
    ['the largest residues', word((2097130n << 42n) | (2097132n << 21n) | 2097142n), true],
    ['a first residue equal to its prime', word(2097143n), false],
    ['a second residue equal to its prime', word(2097133n << 21n), false],
    ['a third residue equal to its prime', word(2097131n << 42n), false],
    ['bit 63 set', word(1n << 63n), false],
    ['a byte short', Buffer.alloc(15), false],
  ])('%s: canonical or not', (_, bytes, canonical) => {
    expect(isPacked(bytes)).toBe(canonical);
  });
});
