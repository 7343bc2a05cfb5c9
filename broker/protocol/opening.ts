/**
 * Opens the sum of shared vectors from the members' answers. Pure. Knows nothing of rounds or messages.
 */
import { wrongMembers } from './correction.ts';
import {
  dot,
  isPacked,
  multiply,
  type PrimeIndex,
  primeIndices,
  primes,
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
  /** Members whose answers lie off the polynomial and were left out, ascending. */
  readonly inconsistent: readonly number[];
  /** Whether more answers came than were needed, so that those left in are known to agree. */
  readonly checked: boolean;
}

/** Whose answers are used: the columns of a word, ascending; and whose are not. */
interface Columns {
  readonly sharing: Sharing;
  readonly blocks: number;
  readonly members: Float64Array;
  readonly missing: Float64Array;
}

/**
 * @param length of the vectors, before padding
 * @param answers member (1..n) to summed shares: at least `sharing.answers`, canonical, 8 · blocks bytes each
 * @returns `offPolynomial` where more answers are wrong than can be found: above ⌊(answers − needed) / 2⌋
 */
export function openSums(
  sharing: Sharing,
  length: number,
  answers: ReadonlyMap<number, Uint8Array>,
): Opened | { readonly offPolynomial: true } {
  const blocks = blocksOf(length, sharing.packing);
  assertAnswers(sharing, blocks, answers);
  const all = columnsOf(sharing, blocks, (home) => answers.has(home));
  const words = primeIndices.map((index) => weightedAnswers(all, index, answers));
  const inconsistent = wrongMembers(
    all.members,
    all.members.length - sharing.answers,
    primeIndices.map((index) => syndromesOf(all, index, words[index] as Float64Array)),
  );
  if (inconsistent === undefined) return { offPolynomial: true };
  const right =
    inconsistent.length === 0
      ? all
      : columnsOf(sharing, blocks, (home) => answers.has(home) && !inconsistent.includes(home));
  const residues = primeIndices.map((index) => {
    const word = right === all ? (words[index] as Float64Array) : weightedAnswers(right, index, answers);
    return packedValues(right, index, word);
  });
  const [r0, r1, r2] = residues as [Float64Array, Float64Array, Float64Array];
  const integers = Array.from(r0, (residue, at) => recombine(residue, r1[at] as number, r2[at] as number));
  return { integers, inconsistent, checked: answers.size > sharing.answers };
}

function columnsOf(sharing: Sharing, blocks: number, used: (home: number) => boolean): Columns {
  const roster = Array.from({ length: sharing.homes }, (_, at) => at + 1);
  return {
    sharing,
    blocks,
    members: Float64Array.from(roster.filter(used)),
    missing: Float64Array.from(roster.filter((home) => !used(home))),
  };
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
 * others used. Over all of 1..n that product is made of factorials; the missing members' factors are taken out again.
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
 * [block][t]: the sum of weight · answer · member^t for each t < m − R. All 0 exactly if the m answers lie on a
 * polynomial of degree < R (the dual of a Reed–Solomon code).
 */
function syndromesOf({ sharing, blocks, members }: Columns, index: PrimeIndex, word: Float64Array): Float64Array {
  const prime = primes[index];
  const checks = members.length - sharing.answers;
  const syndromes = new Float64Array(blocks * checks);
  const powers = new Float64Array(members.length).fill(1);
  for (let exponent = 0; exponent < checks; exponent += 1) {
    for (let block = 0; block < blocks; block += 1) {
      syndromes[block * checks + exponent] = dot(word, block * members.length, powers, prime);
    }
    for (let column = 0; column < members.length; column += 1) {
      powers[column] = multiply(powers[column] as number, members[column] as number, prime);
    }
  }
  return syndromes;
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
    // The product of (place + member) over all used; m signs of it and one of each divisor are left out.
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
