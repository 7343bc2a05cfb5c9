/**
 * What shares and answers say of the values, by rank: everything sent is linear in values and uniform residues, so a
 * party learns exactly those combinations of what it holds in which the residues cancel.
 */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Sharing, sharingOf } from '../../../broker/protocol/sharing.ts';
import { reduceRows, shareCoefficients } from './linear-algebra.ts';
import { anySharing } from './shared-sums.ts';

const upTo = (count: number) => Array.from({ length: count }, (_, at) => at + 1);
const rowOf = (coefficients: readonly (readonly number[])[], home: number) => coefficients[home - 1] as number[];

function* subsets(size: number, from: readonly number[]): Generator<number[]> {
  if (size === 0) yield [];
  else {
    for (let at = 0; at + size <= from.length; at += 1) {
      for (const rest of subsets(size - 1, from.slice(at + 1))) yield [from[at] as number, ...rest];
    }
  }
}

describe('the shares of one report', () => {
  const all: Sharing[] = [];
  for (let homes = 3; homes <= 8; homes += 1) {
    for (let dropouts = 0; dropouts <= homes - 2; dropouts += 1) {
      for (let packing = 1; packing < homes - dropouts; packing += 1) all.push(sharingOf(homes, dropouts, packing));
    }
  }

  /** The residues alone make these shares uniform, whatever the values, if their part of the map has full rank. */
  const sayNothing = (sharing: Sharing, coefficients: readonly (readonly number[])[], homes: readonly number[]) => {
    const random = homes.map((home) => rowOf(coefficients, home).slice(sharing.packing));
    return reduceRows(random, sharing.threshold).rank === homes.length;
  };

  test.each(all)('say nothing in any $threshold of $homes hands, packing $packing', (sharing) => {
    const coefficients = shareCoefficients(sharing);
    for (const homes of subsets(sharing.threshold, upTo(sharing.homes))) {
      expect(sayNothing(sharing, coefficients, homes)).toBe(true);
    }
    // One more hand learns something, at any place: the threshold is no smaller than need be.
    for (const homes of subsets(sharing.threshold + 1, upTo(sharing.homes))) {
      expect(sayNothing(sharing, coefficients, homes)).toBe(false);
    }
  });

  test('say nothing in any hands up to the threshold, in larger rosters', () => {
    const shared = anySharing(40).chain((sharing) =>
      fc.tuple(
        fc.constant(sharing),
        fc.shuffledSubarray(upTo(sharing.homes), { minLength: 1, maxLength: sharing.threshold }),
      ),
    );
    fc.assert(
      fc.property(shared, ([sharing, homes]) => sayNothing(sharing, shareCoefficients(sharing), homes)),
      { numRuns: 60 },
    );
  });
});

/** A coordinator that asks each honest member for a set of its choice, and homes that tell it all they hold. */
interface Attack {
  readonly sharing: Sharing;
  readonly colluders: readonly number[];
  /** For each honest member, whom of the honest contributors it sums. */
  readonly asked: ReadonlyMap<number, ReadonlySet<number>>;
}

/**
 * Every combination of the honest contributors' values in one block that the attack reveals, as a basis.
 * @returns rows [contributor][place of the block]
 */
function learned({ sharing, colluders, asked }: Attack): number[][][] {
  const { packing, threshold } = sharing;
  const coefficients = shareCoefficients(sharing);
  const contributors = [...new Set([...asked.values()].flatMap((set) => [...set]))].sort((one, other) => one - other);
  const row = (home: number, summed: ReadonlySet<number>) => {
    const part = (from: number, to: number) =>
      contributors.flatMap((contributor) =>
        rowOf(coefficients, home)
          .slice(from, to)
          .map((entry) => (summed.has(contributor) ? entry : 0)),
      );
    return [...part(packing, packing + threshold), ...part(0, packing)];
  };
  const seen = [
    ...[...asked].map(([member, set]) => row(member, set)),
    ...colluders.flatMap((member) => contributors.map((contributor) => row(member, new Set([contributor])))),
  ];
  const width = contributors.length * threshold;
  const { rows, rank } = reduceRows(seen, width);
  const known = reduceRows(
    rows.slice(rank).map((entries) => entries.slice(width)),
    contributors.length * packing,
  ).rows;
  return known.map((entries) => contributors.map((_, at) => entries.slice(at * packing, (at + 1) * packing)));
}

/** Whose values occur, or undefined where one row weighs two homes differently or two rows concern different homes. */
function theOneSum(rows: readonly (readonly (readonly number[])[])[]): readonly number[] | undefined {
  const places = rows.map((row) => row.flatMap((values, at) => (values.some((value) => value !== 0) ? [at] : [])));
  const [first = []] = places;
  const sameHomes = places.every((each) => each.join() === first.join());
  const sameWeights = rows.every((row) => first.every((at) => String(row[at]) === String(row[first[0] as number])));
  return sameHomes && sameWeights ? first : undefined;
}

describe('a coordinator that asks different members for different sets', () => {
  /** One to three sets at random; which of them each member is asked for, at random too, the first so much more often. */
  const attackOn = (sharing: Sharing, colluders: number, first: number): fc.Arbitrary<Attack> =>
    fc
      .tuple(
        fc.shuffledSubarray(upTo(sharing.homes), { minLength: colluders, maxLength: colluders }),
        fc.array(fc.uniqueArray(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 4 }), {
          minLength: 1,
          maxLength: 3,
        }),
        fc.array(fc.oneof({ weight: first, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(2) }), {
          minLength: sharing.homes,
          maxLength: sharing.homes,
        }),
      )
      .map(([sided, sets, choice]) => ({
        sharing,
        colluders: sided,
        asked: new Map(
          upTo(sharing.homes)
            .filter((home) => !sided.includes(home))
            .map((home, at) => [home, new Set(sets[(choice[at] as number) % sets.length])]),
        ),
      }));
  const withinBound = (sharing: Sharing) => sharing.collusion >= 0 && sharing.homes - sharing.collusion >= 2;
  const attack = anySharing(14)
    .filter(withinBound)
    .chain((sharing) => attackOn(sharing, sharing.collusion, 3));

  /** Whether no more is learned than one sum over one of the sets that a member was asked for. */
  const isHarmless = (given: Attack): boolean => {
    const rows = learned(given);
    const homes = theOneSum(rows);
    if (rows.length > given.sharing.packing || homes === undefined) return false;
    const sets = [...given.asked.values()].map((set) => [...set].sort((one, other) => one - other));
    const contributors = [...new Set(sets.flat())].sort((one, other) => one - other);
    return rows.length === 0 || sets.some((set) => String(set) === String(homes.map((at) => contributors[at])));
  };

  test('and has `collusion` homes on its side learns one sum over one of the sets at most', () => {
    let sums = 0;
    fc.assert(
      fc.property(attack, (given) => {
        if (learned(given).length > 0) sums += 1;
        return isHarmless(given);
      }),
      { numRuns: 400 },
    );
    // Else the law would hold for want of anything learned.
    expect(sums).toBeGreaterThan(40);
  });

  test.each([
    ['the bound of 5 learns nothing more', 5, 0, 0],
    ['two above it learns more, often', 7, 30, 90],
  ])('among nine homes, one of which may fail: with %s', (_, colluders, least, most) => {
    const sharing = sharingOf(9, 1, 1);
    expect(sharing.collusion).toBe(5);
    const leaks = fc
      .sample(attackOn(sharing, colluders, 0), { numRuns: 150, seed: 9 })
      .filter((one) => !isHarmless(one));
    expect(leaks.length).toBeGreaterThanOrEqual(least);
    expect(leaks.length).toBeLessThanOrEqual(most);
  });

  test('learns the whole sum, and nothing but it, where it asks all for one set', () => {
    const sharing = sharingOf(10, 1, 1);
    const asked = new Map(upTo(9).map((member) => [member, new Set([1, 2, 3])]));
    expect(learned({ sharing, colluders: [10], asked })).toEqual([[[1], [1], [1]]]);
  });

  test.each([
    [sharingOf(10, 1, 1), 6],
    [sharingOf(12, 2, 1), 5],
  ])('and has `threshold` homes on its side learns one home: why the bound is `collusion`', (sharing, collusion) => {
    const colluders = upTo(sharing.threshold);
    const [one = 0, other = 0] = upTo(sharing.homes).slice(sharing.threshold);
    const asked = new Map([
      [one, new Set([1, 2, 3])],
      [other, new Set([1, 2])],
    ]);
    const rows = learned({ sharing, colluders, asked });
    expect(rows.length).toBe(2);
    expect(theOneSum(rows)).toBeUndefined();
    expect(sharing.collusion).toBe(collusion);
    expect(learned({ sharing, colluders: colluders.slice(0, collusion), asked })).toEqual([]);
  });
});
