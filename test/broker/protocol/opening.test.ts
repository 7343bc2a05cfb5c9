import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fieldBound, packResidues, primes, viewOf } from '../../../broker/protocol/field.ts';
import { openSums } from '../../../broker/protocol/opening.ts';
import { type Sharing, sharingOf } from '../../../broker/protocol/sharing.ts';
import { type Answers, anyRound, of, sharingVectors, sumOf, sumsOf } from './shared-sums.ts';

function open(sharing: Sharing, length: number, answers: Answers) {
  const opened = openSums(sharing, length, answers);
  if ('offPolynomial' in opened) throw new Error('off the polynomial');
  return opened;
}

describe('sums open', () => {
  test.each(sharingVectors.cases)('as in the vectors: $homes homes, $answering answering', (given) => {
    const sharing = sharingOf(given.homes, given.dropouts, given.packing);
    const answers = new Map(
      given.answering.map((member) => {
        const bytes = new Uint8Array(8 * (given.shares[0]?.[0]?.length ?? 0));
        given.shares[0]?.[member - 1]?.forEach((one, block) => {
          const other = given.shares[1]?.[member - 1]?.[block] ?? [0, 0, 0];
          const [r0, r1, r2] = primes.map((prime, at) => ((one[at] ?? 0) + (other[at] ?? 0)) % prime);
          packResidues(viewOf(bytes), block, r0 ?? 0, r1 ?? 0, r2 ?? 0);
        });
        return [member, bytes] as const;
      }),
    );
    const opened = open(sharing, given.length, answers);
    expect(opened.integers.slice(0, given.length)).toEqual(given.sum.map(BigInt));
    expect(opened.checked).toBe(given.answering.length > given.answers);
  });

  test('to the sum of what was shared, whoever answers in whatever order', () => {
    fc.assert(
      fc.property(anyRound(40), ({ sharing, vectors, members, seed }) => {
        const expected = sumOf(vectors);
        const { integers, checked, inconsistent } = open(
          sharing,
          expected.length,
          of(sumsOf(sharing, vectors, seed), members),
        );
        expect(integers.slice(0, expected.length)).toEqual(expected);
        expect(integers.slice(expected.length).every((padding) => padding === 0n)).toBe(true);
        expect(integers.length % sharing.packing).toBe(0);
        expect({ checked, inconsistent }).toEqual({ checked: members.length > sharing.answers, inconsistent: [] });
      }),
      { numRuns: 200 },
    );
  });

  test('at both ends of what the fields hold', () => {
    const sharing = sharingOf(10, 1, 2);
    const answers = sumsOf(sharing, [[fieldBound, -fieldBound, -1n]], 3);
    expect(open(sharing, 3, answers).integers).toEqual([fieldBound, -fieldBound, -1n, 0n]);
  });

  test.each([2044, 2045, 2500])('from %i of 2,500 answers, more than the terms a double sums exactly', (count) => {
    const sharing = sharingOf(2500, 456, 100);
    const answers = sumsOf(sharing, [[7n, -9n]], 8);
    const members = Array.from({ length: count }, (_, at) => 2500 - at);
    expect(open(sharing, 2, of(answers, members)).integers.slice(0, 3)).toEqual([7n, -9n, 0n]);
  });
});

describe('no sum opens', () => {
  const sharing = sharingOf(6, 1, 2);
  const good = sumsOf(sharing, [[1n, 2n, 3n]], 1);
  const changed = (change: (answers: Map<number, Uint8Array>) => void) => {
    const answers = new Map(good);
    change(answers);
    return answers;
  };
  test.each([
    ['too few answers', of(good, [1, 2, 3, 4])],
    ['an answer of a stranger', changed((answers) => answers.set(7, new Uint8Array(16)))],
    ['an answer of home 0', changed((answers) => answers.set(0, new Uint8Array(16)))],
    ['an answer a block short', changed((answers) => answers.set(2, new Uint8Array(8)))],
    ['an answer with bit 63 set', changed((answers) => answers.set(2, new Uint8Array(16).fill(255)))],
  ])('from %s', (_, answers) => {
    expect(() => openSums(sharing, 3, answers)).toThrow(RangeError);
  });
});
