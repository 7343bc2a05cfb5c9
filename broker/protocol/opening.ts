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

/** Whose answers there are: the columns of a word, ascending; and whose are missing. */
interface Columns {
  readonly sharing: Sharing;
  readonly blocks: number;
  readonly members: Float64Array;
  readonly missing: Float64Array;
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
  const roster = Array.from({ length: sharing.homes }, (_, at) => at + 1);
  const columns: Columns = {
    sharing,
    blocks,
    members: Float64Array.from(roster.filter((home) => answers.has(home))),
    missing: Float64Array.from(roster.filter((home) => !answers.has(home))),
  };
  const residues: Float64Array[] = [];
  for (const index of primeIndices) {
    const word = weightedAnswers(columns, index, answers);
    // Which answers are wrong, and the word without them, is to be worked out here from syndromes that are not 0.
    if (!syndromesAreZero(columns, index, word)) return { offPolynomial: true };
    residues.push(packedValues(columns, index, word));
  }
  const [r0, r1, r2] = residues as [Float64Array, Float64Array, Float64Array];
  const integers = Array.from(r0, (residue, at) => recombine(residue, r1[at] as number, r2[at] as number));
  return { integers, inconsistent: [], checked: columns.members.length > sharing.answers };
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
 * The word [block][column]: each answer times its barycentric weight, 1 / the product of (member − other) over the
 * others that answered. Over all of 1..n that product is made of factorials; the missing members' factors are taken
 * out again.
 */
function weightedAnswers(
  { sharing, blocks, members, missing }: Columns,
  index: PrimeIndex,
  answers: ReadonlyMap<number, Uint8Array>,
): Float64Array {
  const { homes, packing } = sharing;
  const { prime, inverseFactorial } = tablesOf(index, homes + packing);
  const word = new Float64Array(blocks * members.length);
  for (let column = 0; column < members.length; column += 1) {
    const member = members[column] as number;
    let weight = multiply(inverseFactorial[member - 1] as number, inverseFactorial[homes - member] as number, prime);
    for (let at = 0; at < missing.length; at += 1) {
      weight = multiply(weight, wrap(member - (missing[at] as number), prime), prime);
    }
    if ((homes - member) % 2 === 1) weight = prime - weight;
    const view = viewOf(answers.get(member) as Uint8Array);
    for (let block = 0; block < blocks; block += 1) {
      word[block * members.length + column] = multiply(weight, unpackResidue(view, block, index), prime);
    }
  }
  return word;
}

/**
 * m answers lie on a polynomial of degree < R exactly if the sum of weight · answer · member^t is 0 for each
 * t < m − R (the dual of a Reed–Solomon code).
 */
function syndromesAreZero({ sharing, blocks, members }: Columns, index: PrimeIndex, word: Float64Array): boolean {
  const { prime } = tablesOf(index, sharing.homes + sharing.packing);
  const powers = new Float64Array(members.length).fill(1);
  for (let exponent = 0; exponent < members.length - sharing.answers; exponent += 1) {
    for (let block = 0; block < blocks; block += 1) {
      if (dot(word, block * members.length, powers, prime) !== 0) return false;
    }
    for (let column = 0; column < members.length; column += 1) {
      powers[column] = multiply(powers[column] as number, members[column] as number, prime);
    }
  }
  return true;
}

/** [block][place]: the polynomials' values at −1, −2, …, −packing. */
function packedValues(
  { sharing, blocks, members, missing }: Columns,
  index: PrimeIndex,
  word: Float64Array,
): Float64Array {
  const { homes, packing } = sharing;
  const { prime, inverse, factorial, inverseFactorial } = tablesOf(index, homes + packing);
  const values = new Float64Array(blocks * packing);
  const row = new Float64Array(members.length);
  for (let place = 1; place <= packing; place += 1) {
    // The product of (place + member) over all that answered; m signs of it and one of each divisor are left out.
    let product = multiply(factorial[homes + place] as number, inverseFactorial[place] as number, prime);
    for (const absent of missing) product = multiply(product, inverse[place + absent] as number, prime);
    if (members.length % 2 === 0) product = prime - product;
    for (let column = 0; column < members.length; column += 1) {
      row[column] = multiply(product, inverse[place + (members[column] as number)] as number, prime);
    }
    for (let block = 0; block < blocks; block += 1) {
      values[block * packing + place - 1] = dot(word, block * members.length, row, prime);
    }
  }
  return values;
}
