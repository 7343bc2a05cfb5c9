/**
 * Opens the sum of shared vectors from the members' answers. Pure. Knows nothing of rounds or messages.
 */
import {
  dot,
  isPacked,
  multiply,
  type PrimeIndex,
  primeIndices,
  recombine,
  tablesOf,
  unpackResidue,
  viewOf,
  wrap,
} from './field.ts';
import { blocksOf, type Sharing } from './sharing.ts';

export interface Opened {
  /** The sums, and after them those of the padding up to whole blocks: 0 where every contributor was honest. */
  readonly integers: readonly bigint[];
  /** Members whose answers lie off the polynomial. */
  readonly inconsistent: readonly number[];
  /** Whether more answers came than were needed, so that they are known to agree. */
  readonly checked: boolean;
}

/**
 * @param length of the vectors, before padding
 * @param answers member (1..n) to summed shares: at least `sharing.answers`, canonical, 8 · blocks bytes each
 * @returns `offPolynomial` where the answers belong to no one polynomial
 */
export function openSums(
  sharing: Sharing,
  length: number,
  answers: ReadonlyMap<number, Uint8Array>,
): Opened | { readonly offPolynomial: true } {
  const blocks = blocksOf(length, sharing.packing);
  assertAnswers(sharing, blocks, answers);
  const members = [...answers.keys()].sort((one, other) => one - other);
  const residues: Float64Array[] = [];
  for (const index of primeIndices) {
    const word = weightedAnswers(sharing, index, members, answers, blocks);
    // Which answers are wrong, and the word without them, is to be worked out here from the syndromes that are not 0.
    if (!syndromesAreZero(sharing, index, members, word, blocks)) return { offPolynomial: true };
    residues.push(valuesAtPacked(sharing, index, members, word, blocks));
  }
  const [r0, r1, r2] = residues as [Float64Array, Float64Array, Float64Array];
  const integers = Array.from(r0, (residue, at) => recombine(residue, r1[at] as number, r2[at] as number));
  return { integers, inconsistent: [], checked: members.length > sharing.answers };
}

/** A wrong call, not a wrong message: answers are read and refused before they come here. */
function assertAnswers(sharing: Sharing, blocks: number, answers: ReadonlyMap<number, Uint8Array>): void {
  if (answers.size < sharing.answers) {
    throw new RangeError(`answers: expected at least ${sharing.answers}, got ${answers.size}`);
  }
  for (const [member, sums] of answers) {
    if (!Number.isInteger(member) || member < 1 || member > sharing.homes) {
      throw new RangeError(`member: expected 1..${sharing.homes}, got ${member}`);
    }
    if (sums.length !== 8 * blocks || !isPacked(sums)) {
      throw new RangeError(`answer of member ${member}: expected ${blocks} canonical blocks`);
    }
  }
}

/**
 * [block][member]: each answer times its barycentric weight, 1 / the product of (member − other) over the others that
 * answered. The product over all of 1..n is made of factorials; the missing members' factors are taken out again.
 */
function weightedAnswers(
  sharing: Sharing,
  index: PrimeIndex,
  members: readonly number[],
  answers: ReadonlyMap<number, Uint8Array>,
  blocks: number,
): Float64Array {
  const { homes } = sharing;
  const { prime, inverseFactorial } = tablesOf(index, homes + sharing.packing);
  const missing = missingOf(homes, members);
  const word = new Float64Array(blocks * members.length);
  members.forEach((member, column) => {
    let weight = multiply(inverseFactorial[member - 1] as number, inverseFactorial[homes - member] as number, prime);
    for (const absent of missing) weight = multiply(weight, wrap(member - absent, prime), prime);
    if ((homes - member) % 2 === 1) weight = wrap(-weight, prime);
    const view = viewOf(answers.get(member) as Uint8Array);
    for (let block = 0; block < blocks; block += 1) {
      word[block * members.length + column] = multiply(weight, unpackResidue(view, block, index), prime);
    }
  });
  return word;
}

/**
 * m answers lie on a polynomial of degree < R exactly if the sum of weight · answer · member^t is 0 for each
 * t < m − R (the dual of a Reed–Solomon code).
 */
function syndromesAreZero(
  sharing: Sharing,
  index: PrimeIndex,
  members: readonly number[],
  word: Float64Array,
  blocks: number,
): boolean {
  const { prime } = tablesOf(index, sharing.homes);
  const powers = new Float64Array(members.length).fill(1);
  for (let exponent = 0; exponent < members.length - sharing.answers; exponent += 1) {
    for (let block = 0; block < blocks; block += 1) {
      if (dot(word, block * members.length, powers, members.length, prime) !== 0) return false;
    }
    members.forEach((member, column) => {
      powers[column] = multiply(powers[column] as number, member, prime);
    });
  }
  return true;
}

/** [block][place]: the polynomials' values at −1, −2, …, −packing. */
function valuesAtPacked(
  sharing: Sharing,
  index: PrimeIndex,
  members: readonly number[],
  word: Float64Array,
  blocks: number,
): Float64Array {
  const { homes, packing } = sharing;
  const { prime, inverse, factorial, inverseFactorial } = tablesOf(index, homes + packing);
  const missing = missingOf(homes, members);
  const values = new Float64Array(blocks * packing);
  for (let place = 1; place <= packing; place += 1) {
    // Without signs: the product of (place + member) over all that answered. One factor less below, so sign (−1)^(m − 1).
    let product = multiply(factorial[homes + place] as number, inverseFactorial[place] as number, prime);
    for (const absent of missing) product = multiply(product, inverse[place + absent] as number, prime);
    if (members.length % 2 === 0) product = wrap(-product, prime);
    const row = Float64Array.from(members, (member) => multiply(product, inverse[place + member] as number, prime));
    for (let block = 0; block < blocks; block += 1) {
      values[block * packing + place - 1] = dot(word, block * members.length, row, members.length, prime);
    }
  }
  return values;
}

function missingOf(homes: number, members: readonly number[]): number[] {
  const present = new Set(members);
  return Array.from({ length: homes }, (_, at) => at + 1).filter((home) => !present.has(home));
}
