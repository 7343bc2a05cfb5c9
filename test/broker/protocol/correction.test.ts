/**
 * Wrong answers among the members' sums: found, left out and named, or the opening refused.
 */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { correctable, wrongMembers } from '../../../broker/protocol/correction.ts';
import { type PrimeIndex, primeIndices, primes, unpackResidue, viewOf } from '../../../broker/protocol/field.ts';
import { openSums } from '../../../broker/protocol/opening.ts';
import { type Sharing, sharingOf } from '../../../broker/protocol/sharing.ts';
import { type Answers, anyRound, type Fault, of, spoilt, sumOf, sumsOf } from './shared-sums.ts';

const offPolynomial = { offPolynomial: true };
const upTo = (count: number, from = 1) => Array.from({ length: count }, (_, at) => from + at);

/** 21 of 30 answers are needed, homes 1..19 hold residues as they were drawn; two blocks. */
const sharing = sharingOf(30, 9, 2);
const vectors = [
  [2n, -3n, 4n],
  [3n, -3n, 3n],
];
const right = sumsOf(sharing, vectors, 1);
const opened = (inconsistent: readonly number[], checked = true) => ({
  integers: [5n, -6n, 7n, 0n],
  inconsistent,
  checked,
});

/** Every residue of the members' answers moved, each by something else. */
const throughout = (members: readonly number[]): Fault[] =>
  members.flatMap((member) =>
    [0, 1].flatMap((block) =>
      primeIndices.map((prime) => ({ member, block, prime, by: 1 + 1000 * member + 10 * block + prime })),
    ),
  );

describe('of 30 answers, 9 more than are needed,', () => {
  const who: readonly [string, (count: number) => readonly number[]][] = [
    ['from home 1 on', (count) => upTo(count)],
    ['up to home 30', (count) => upTo(count, 31 - count)],
    ['from both sides of the threshold', (count) => upTo(count, 16)],
    ['from homes far apart', (count) => upTo(count).map((at) => 3 * at)],
  ];
  const counts = upTo(10, 0).flatMap((count) => who.map(([where, members]) => [count, where, members(count)] as const));
  test.each(counts)('%i wrong ones %s are found, or too many', (count, _, members) => {
    const expected = count <= 4 ? opened(members) : offPolynomial;
    expect(openSums(sharing, 3, spoilt(right, throughout(members)))).toEqual(expected);
  });
});

describe('of fewer answers fewer wrong ones are found:', () => {
  test.each([
    [29, 4],
    [28, 3],
    [26, 2],
    [25, 2],
    [24, 1],
    [23, 1],
    [22, 0],
  ])('of %i it is %i', (count, most) => {
    const answers = of(right, upTo(count, 31 - count));
    expect(correctable(sharing, count)).toBe(most);
    const wrong = upTo(most, 15);
    expect(openSums(sharing, 3, spoilt(answers, throughout(wrong)))).toEqual(opened(wrong));
    expect(openSums(sharing, 3, spoilt(answers, throughout([...wrong, 29])))).toEqual(offPolynomial);
  });

  test('of just as many as are needed nothing is noticed, so that nothing is called checked', () => {
    const answers = of(right, upTo(21, 5));
    expect(openSums(sharing, 3, answers)).toEqual(opened([], false));
    const wrong = openSums(sharing, 3, spoilt(answers, throughout([9])));
    expect(wrong).toMatchObject({ inconsistent: [], checked: false });
    expect(wrong).not.toMatchObject(opened([], false));
  });
});

/** Leaves all checks of its block and prime at 0 but the last few: the product of (member − other) over the others. */
function quiet(members: readonly number[], block: number, prime: PrimeIndex): Fault[] {
  const others = upTo(30).filter((home) => !members.includes(home));
  return members.map((member) => ({ member, block, prime, by: vanishing(others, member, prime) }));
}

function vanishing(at: readonly number[], place: number, prime: PrimeIndex): number {
  const modulus = BigInt(primes[prime]);
  const product = at.reduce((before, zero) => (before * BigInt(place - zero)) % modulus, 1n);
  return Number((product + modulus) % modulus);
}

describe('wrong answers count together over blocks and primes:', () => {
  const one = (member: number, block: number, prime: PrimeIndex, by = 1): Fault => ({ member, block, prime, by });
  const cases: readonly [string, Fault[], readonly number[] | undefined][] = [
    ['another home in each block', [one(3, 0, 0), one(25, 1, 0)], [3, 25]],
    ['another home in each prime', [one(9, 0, 2), one(8, 0, 1), one(30, 0, 0)], [8, 9, 30]],
    ['four homes, each in one place', [one(2, 1, 2), one(4, 1, 1), one(6, 0, 1), one(8, 0, 2)], [2, 4, 6, 8]],
    ['homes that overlap', [...throughout([1, 20]), one(5, 1, 1), one(6, 1, 1)], [1, 5, 6, 20]],
    ['the last residue alone', [one(30, 1, 2, primes[2] - 1)], [30]],
    ['an error taken back in the next block', [one(7, 0, 0, 9), one(7, 1, 0, primes[0] - 9)], [7]],
    ['errors of two homes that add up to 0', [one(7, 0, 0, 9), one(8, 0, 0, primes[0] - 9)], [7, 8]],
    ['errors that few checks see', quiet([1, 2, 22, 29], 1, 1), [1, 2, 22, 29]],
    ['errors that few checks see, others elsewhere', [...quiet([1, 2, 22], 0, 0), one(11, 1, 2)], [1, 2, 11, 22]],
    ['five homes, each in one place', upTo(5).map((home) => one(home, home % 2, 1)), undefined],
    ['four in one block, one more in the last', [...quiet([1, 2, 22, 29], 0, 0), one(3, 1, 2)], undefined],
    ['five homes that few checks see', quiet([1, 2, 22, 28, 29], 0, 2), undefined],
  ];
  test.each(cases)('%s', (_, faults, wrong) => {
    expect(openSums(sharing, 3, spoilt(right, faults))).toEqual(wrong === undefined ? offPolynomial : opened(wrong));
  });
});

describe('liars who agree on another polynomial', () => {
  // It meets the true one at homes 1..20, as two polynomials of degree below 21 may, and at no other place.
  const other = (liars: readonly number[]) =>
    liars.map((member) => ({ member, block: 0, prime: 0, by: vanishing(upTo(20), member, 0) }));

  test('are noticed up to 5 of 9 too many', () => {
    expect(openSums(sharing, 3, spoilt(right, other(upTo(4, 21))))).toEqual(opened([21, 22, 23, 24]));
    expect(openSums(sharing, 3, spoilt(right, other(upTo(5, 21))))).toEqual(offPolynomial);
  });

  test('are believed from 6 on, and the 4 who contradict them are called inconsistent: nobody can tell', () => {
    const result = openSums(sharing, 3, spoilt(right, other(upTo(6, 21))));
    expect(result).toMatchObject({ inconsistent: [27, 28, 29, 30], checked: true });
    expect(result).not.toMatchObject({ integers: opened([]).integers });
  });
});

describe('syndromes that a few answers of these members cannot cause', () => {
  const powers = (place: number) => upTo(8, 0).map((exponent) => place ** exponent);
  const zeros = upTo(8, 0).map(() => 0);
  const cases: readonly [string, readonly number[]][] = [
    ['of a home that did not answer', [...powers(6), ...zeros]],
    ['of a home outside of the roster', [...powers(0), ...zeros]],
    ['of one home twice', [...upTo(8, 0), ...zeros]],
    ['of one home twice, once in an earlier block', [...powers(1), ...upTo(8, 0)]],
    ['of nobody until the last', [...upTo(8, 0).map((at) => (at === 7 ? 1 : 0)), ...zeros]],
  ];
  test.each(cases)('%s', (_, syndromes) => {
    const members = Float64Array.of(1, 2, 3, 4, 5, 7, 8, 9, 10);
    const words = (first: readonly number[]) => [first, [...zeros, ...zeros], [...zeros, ...zeros]];
    const wrong = (first: readonly number[]) =>
      wrongMembers(
        members,
        8,
        words(first).map((word) => Float64Array.from(word)),
      );
    expect(wrong([...powers(5), ...powers(2)])).toEqual([2, 5]);
    expect(wrong(syndromes)).toBeUndefined();
  });
});

describe('by chance', () => {
  test('all wrong answers are found in any sharing, up to half of those too many', () => {
    const wrongRound = anyRound(40).chain((round) => {
      const most = correctable(round.sharing, round.members.length);
      const blocks = Math.ceil((round.vectors[0] as bigint[]).length / round.sharing.packing);
      const fault = (member: number) =>
        fc.record({
          member: fc.constant(member),
          block: fc.nat(blocks - 1),
          prime: fc.nat(2),
          by: fc.integer({ min: 1, max: primes[2] - 1 }),
        });
      return fc.record({
        round: fc.constant(round),
        faults: fc
          .shuffledSubarray(round.members, { maxLength: most })
          .chain((wrong) => fc.tuple(...wrong.map(fault), ...wrong.slice(1).map(fault))),
      });
    });
    fc.assert(
      fc.property(wrongRound, ({ round, faults }) => {
        const expected = sumOf(round.vectors);
        const sums = sumsOf(round.sharing, round.vectors, round.seed);
        const answers = spoilt(of(sums, round.members), kept(faults));
        const result = openSums(round.sharing, expected.length, answers);
        if ('offPolynomial' in result) expect.fail('off the polynomial');
        expect(result.integers.slice(0, expected.length)).toEqual(expected);
        expect(result.inconsistent).toEqual(membersOf(kept(faults)));
      }),
      { numRuns: 300 },
    );
  });

  test('the outcome is that of trying all sets of members, whatever was answered', () => {
    fc.assert(
      fc.property(anyLies, ({ sharing: small, answers }) => {
        const length = 2 * small.packing;
        const wrong = bySearch(small, answers);
        const rest = [...answers.keys()].filter((member) => !wrong?.includes(member));
        const expected = wrong && { ...openSums(small, length, of(answers, rest)), inconsistent: wrong };
        const checked = answers.size > small.answers;
        expect(openSums(small, length, answers)).toEqual(
          expected === undefined ? offPolynomial : { ...expected, checked },
        );
      }),
      { numRuns: 500 },
    );
  });
});

/** One fault for a place: two could take each other back. */
function kept(faults: readonly Fault[]): Fault[] {
  return [...new Map(faults.map((fault) => [`${fault.member}/${fault.block}/${fault.prime}`, fault])).values()];
}

function membersOf(faults: readonly Fault[]): number[] {
  return [...new Set(faults.map(({ member }) => member))].sort((one, other) => one - other);
}

/** Two blocks in a small roster; some members answer for other vectors, some are off in a place or two. */
const anyLies = fc
  .record({ dropouts: fc.constantFrom(1, 2, 4, 4, 5, 6), packing: fc.constantFrom(1, 1, 2) })
  .chain(({ dropouts, packing }) =>
    fc.record({
      sharing: fc.integer({ min: dropouts + packing + 1, max: 9 }).map((homes) => sharingOf(homes, dropouts, packing)),
      sum: fc.array(fc.bigInt({ min: -9n, max: 9n }), { minLength: 2 * packing, maxLength: 2 * packing }),
      other: fc.array(fc.bigInt({ min: -9n, max: 9n }), { minLength: 2 * packing, maxLength: 2 * packing }),
      seed: fc.nat(999),
    }),
  )
  .chain(({ sharing: small, sum, other, seed }) => {
    const homes = upTo(small.homes);
    const fault = fc.record({
      member: fc.constantFrom(...homes),
      block: fc.nat(1),
      prime: fc.nat(2),
      by: fc.oneof(fc.constantFrom(1, 2, primes[2] - 1), fc.integer({ min: 1, max: primes[2] - 1 })),
    });
    return fc
      .record({
        // With the same residues the answers differ above the threshold only.
        elsewhere: fc.subarray(homes, { maxLength: Math.min(3, small.homes) }),
        sameSeed: fc.boolean(),
        faults: fc.array(fault, { maxLength: 2 }),
        absent: fc.subarray(homes, { maxLength: Math.min(2, small.dropouts) }),
      })
      .map(({ elsewhere, sameSeed, faults, absent }) => {
        const mixed = new Map([
          ...sumsOf(small, [sum], seed),
          ...of(sumsOf(small, [other], sameSeed ? seed : seed + 1), elsewhere),
        ]);
        const members = homes.filter((home) => !absent.includes(home));
        return { sharing: small, answers: of(spoilt(mixed, faults), members) };
      });
  });

/** The least set of members, at most half of those too many, without whom one polynomial fits each block and prime. */
function bySearch({ answers: needed }: Sharing, answers: Answers): number[] | undefined {
  const members = [...answers.keys()].sort((one, other) => one - other);
  const most = Math.floor((members.length - needed) / 2);
  const sets = upTo(2 ** members.length, 0)
    .map((bits) => members.filter((_, at) => (bits >> at) & 1))
    .filter((set) => set.length <= most)
    .sort((one, other) => one.length - other.length);
  return sets.find((set) => {
    const rest = members.filter((member) => !set.includes(member));
    return [0, 1].every((block) => primeIndices.every((prime) => fits(answers, rest, needed, block, prime)));
  });
}

/** Lagrange through the first answers, compared with each of the others. */
function fits(answers: Answers, rest: readonly number[], needed: number, block: number, prime: PrimeIndex): boolean {
  const modulus = BigInt(primes[prime]);
  const valueAt = (member: number) => BigInt(unpackResidue(viewOf(answers.get(member) as Uint8Array), block, prime));
  const nodes = rest.slice(0, needed);
  return rest.slice(needed).every((place) => {
    let sum = 0n;
    let scale = 1n;
    for (const node of nodes) {
      let [above, below] = [1n, 1n];
      for (const other of nodes.filter((each) => each !== node)) {
        above *= BigInt(place - other);
        below *= BigInt(node - other);
      }
      sum = sum * below + valueAt(node) * above * scale;
      scale *= below;
    }
    return (sum - valueAt(place) * scale) % modulus === 0n;
  });
}
