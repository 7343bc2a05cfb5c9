import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fieldBound, primeIndices, primes, unpackResidue, viewOf } from '../../../broker/protocol/field.ts';
import {
  blocksOf,
  defaultSharing,
  drawResidues,
  isCanonicalShare,
  type Residues,
  shareVector,
  sharingOf,
  sumShares,
} from '../../../broker/protocol/sharing.ts';
import { seededBytes, sharingVectors } from './shared-sums.ts';

const residuesOf = (share: Uint8Array) =>
  Array.from({ length: share.length / 8 }, (_, block) =>
    primeIndices.map((index) => unpackResidue(viewOf(share), block, index)),
  );

describe('the parameters of a sharing', () => {
  test.each(sharingVectors.cases)('follow from $homes homes, $dropouts dropouts, packing $packing', (given) => {
    const { homes, dropouts, packing, answers, threshold, collusion } = given;
    expect(sharingOf(homes, dropouts, packing)).toEqual({ homes, dropouts, packing, answers, threshold, collusion });
  });

  test.each([
    [3, 0, 1],
    [4, 0, 1],
    [10, 1, 1],
    [15, 3, 1],
    [100, 18, 4],
    [1000, 182, 40],
  ])('of %i homes default to %i dropouts and packing %i', (homes, dropouts, packing) => {
    expect(defaultSharing(homes)).toEqual({ dropouts, packing });
  });

  test('withstand a third of any roster by default, and no more dropouts would', () => {
    for (let homes = 3; homes <= 2500; homes += 1) {
      const { dropouts, packing } = defaultSharing(homes);
      expect(sharingOf(homes, dropouts, packing).collusion).toBeGreaterThanOrEqual(Math.ceil(homes / 3));
      if (homes - dropouts - packing > 1) {
        expect(sharingOf(homes, dropouts + 1, packing).collusion).toBeLessThan(Math.ceil(homes / 3));
      }
    }
  });

  test.each([
    ['a threshold of 0', 10, 5, 5],
    ['more than 2047 answers', 2048, 0, 1],
    ['no packing', 10, 1, 0],
    ['negative dropouts', 10, -1, 1],
    ['dropouts that no double counts exactly', 10, Number.MAX_SAFE_INTEGER, 1],
    ['packing beyond the roster', 10, 0, 2047],
    ['half a home', 10.5, 1, 1],
    ['no number', 10, Number.NaN, 1],
  ])('are refused: %s', (_, homes, dropouts, packing) => {
    expect(() => sharingOf(homes, dropouts, packing)).toThrow(
      expect.objectContaining({ code: 'ROUND_REFUSED', reason: 'sharing' }),
    );
  });
});

describe('a vector is shared', () => {
  test.each(sharingVectors.cases)('as in the vectors: $homes homes, $dropouts dropouts, packing $packing', (given) => {
    const sharing = sharingOf(given.homes, given.dropouts, given.packing);
    given.vectors.forEach((vector, at) => {
      const residues: Residues = (block, prime, home) => given.randomness[at]?.[block]?.[prime]?.[home - 1] as number;
      expect(shareVector(sharing, vector.map(BigInt), residues).map(residuesOf)).toEqual(given.shares[at]);
    });
  });

  test('into canonical shares of 8 bytes a block', () => {
    const sharing = sharingOf(12, 2, 3);
    const residues = drawResidues(sharing, 2, seededBytes(1));
    const shares = shareVector(sharing, [1n, -2n, fieldBound, -fieldBound], residues);
    expect(shares.map((share) => share.length)).toEqual(new Array(12).fill(16));
    expect(shares.every(isCanonicalShare)).toBe(true);
  });

  test.each([fieldBound + 1n, -fieldBound - 1n])('unless a value is beyond the fields: %s', (value) => {
    expect(() => shareVector(sharingOf(4, 0, 1), [0n, value], () => 0)).toThrow(
      expect.objectContaining({ code: 'VALUE_OUT_OF_FIELD' }),
    );
  });

  test('and the error names no value', () => {
    try {
      shareVector(sharingOf(4, 0, 1), [fieldBound + 7n], () => 0);
    } catch (error) {
      expect(String(error)).not.toContain(String(fieldBound + 7n));
    }
    expect.assertions(1);
  });
});

describe('residues', () => {
  test('are below their primes and follow the bytes drawn', () => {
    const sharing = sharingOf(9, 1, 2);
    const bytes = seededBytes(5)(3 * 3 * 4 * sharing.threshold);
    const residues = drawResidues(sharing, 4, () => bytes);
    let at = 0;
    for (let block = 0; block < 4; block += 1) {
      for (const index of primeIndices) {
        for (let home = 1; home <= sharing.threshold; home += 1) {
          const expected = Buffer.from(bytes).readUIntLE(3 * at++, 3) % 2 ** 21;
          expect(residues(block, index, home)).toBe(expected);
        }
      }
    }
  });

  test('are drawn again where the bits are not below the prime', () => {
    const sharing = sharingOf(3, 0, 1);
    const draws = [2 ** 21 - 1, primes[0], primes[0] - 1, 5, 6, 7, 8, 9];
    const bytes = Buffer.concat(draws.map((draw) => Buffer.from([draw & 255, (draw >> 8) & 255, draw >> 16])));
    const pools = [bytes.subarray(0, 18), bytes.subarray(18)];
    const residues = drawResidues(sharing, 1, () => pools.shift() ?? bytes);
    expect([1, 2].map((home) => residues(0, 0, home))).toEqual([primes[0] - 1, 5]);
    expect([1, 2].map((home) => residues(0, 1, home))).toEqual([6, 7]);
    expect(residues(0, 2, 1)).toBe(8);
  });

  test('fill their field evenly', () => {
    const sharing = sharingOf(100, 18, 4);
    const residues = drawResidues(sharing, 24, seededBytes(11));
    const counts = new Array<number>(16).fill(0);
    for (let block = 0; block < 24; block += 1) {
      for (const index of primeIndices) {
        for (let home = 1; home <= sharing.threshold; home += 1) {
          const bin = Math.floor((residues(block, index, home) * 16) / primes[index]);
          counts[bin] = (counts[bin] as number) + 1;
        }
      }
    }
    // 5,616 draws in 16 bins: six standard deviations are 109.
    for (const count of counts) expect(Math.abs(count - 351)).toBeLessThan(109);
  });
});

describe('shares are summed', () => {
  test('field by field, whatever their order', () => {
    const residue = fc.tuple(...primes.map((prime) => fc.integer({ min: 0, max: prime - 1 })));
    fc.assert(
      fc.property(fc.array(residue, { minLength: 1, maxLength: 40 }), (triples) => {
        const shares = triples.map(([r0 = 0, r1 = 0, r2 = 0]) => {
          const bytes = Buffer.alloc(8);
          bytes.writeBigUInt64LE(BigInt(r0) + (BigInt(r1) << 21n) + (BigInt(r2) << 42n));
          return bytes;
        });
        const expected = primes.map((prime, at) => triples.reduce((sum, triple) => sum + (triple[at] ?? 0), 0) % prime);
        expect(residuesOf(sumShares(shares))).toEqual([expected]);
        expect(sumShares(shares.toReversed())).toEqual(sumShares(shares));
      }),
    );
  });

  test('also where 2,500 of them go beyond 32 bits', () => {
    const largest = Buffer.alloc(8);
    largest.writeBigUInt64LE((2097130n << 42n) | (2097132n << 21n) | 2097142n);
    expect(residuesOf(sumShares(new Array(2500).fill(largest)))).toEqual([primes.map((prime) => prime - 2500)]);
  });

  test.each([[[]], [[new Uint8Array(8), new Uint8Array(16)]]])('only where there are some, of one length', (shares) => {
    expect(() => sumShares(shares)).toThrow(RangeError);
  });
});

test('a vector takes as many blocks as its packing leaves', () => {
  expect([1, 4, 5, 96].map((length) => blocksOf(length, 4))).toEqual([1, 1, 2, 24]);
});
