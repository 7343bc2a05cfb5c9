/**
 * Finds the wrong ones among answers: the locating half of decoding a generalised Reed–Solomon code by its syndromes.
 * Pure. Knows nothing of rounds or messages.
 */
import { dot, type PrimeIndex, primeIndices, primes, reduce, wrap } from './field.ts';
import type { Sharing } from './sharing.ts';

/** Of so many answers up to this number of wrong ones are found. */
export function correctable(sharing: Sharing, answers: number): number {
  return Math.floor((answers - sharing.answers) / 2);
}

/**
 * @param members who answered
 * @param checks syndromes of one block: answers beyond those needed
 * @param syndromes by prime: [block][t], the sum of weight · answer · member^t, t < checks
 * @returns all whose answer is wrong in any block and prime, ascending, so that the others' answers lie on one
 * polynomial in each; `undefined` where those would be more than ⌊checks / 2⌋
 * @see Massey 1969; Forney 1965 for positions already known
 */
export function wrongMembers(
  members: Float64Array,
  checks: number,
  syndromes: readonly Float64Array[],
): readonly number[] | undefined {
  const wrong = new Set<number>();
  for (const index of primeIndices) {
    const word = syndromes[index] as Float64Array;
    // One found in one block is doubted in all: the later blocks then need fewer found, mostly none.
    let locator = locatorOf(wrong, index);
    for (let start = 0; start < word.length; start += checks) {
      const rest = withoutMembers(word, start, checks, locator, primes[index]);
      if (rest.every((syndrome) => syndrome === 0)) continue;
      const found = locate(
        rest,
        members.filter((member) => !wrong.has(member)),
        primes[index],
      );
      if (found === undefined || wrong.size + found.length > Math.floor(checks / 2)) return undefined;
      for (const member of found) wrong.add(member);
      locator = locatorOf(wrong, index);
    }
  }
  return [...wrong].sort((one, other) => one - other);
}

/** The product of (x − member) over the members: its coefficients, that of x^0 first. */
function locatorOf(members: ReadonlySet<number>, index: PrimeIndex): Float64Array {
  const prime = primes[index];
  const locator = new Float64Array(members.size + 1);
  locator[0] = 1;
  let degree = 0;
  for (const member of members) {
    degree += 1;
    for (let at = degree; at >= 0; at -= 1) {
      const above = at === 0 ? 0 : (locator[at - 1] as number);
      locator[at] = wrap(above - reduce(member * (locator[at] as number), prime), prime);
    }
  }
  return locator;
}

/**
 * The syndromes of the answers without the locator's members, one less for each. A weight without a member is the
 * weight with it times (x − member), so a syndrome without it is the next syndrome less member times this one.
 */
function withoutMembers(
  word: Float64Array,
  start: number,
  checks: number,
  locator: Float64Array,
  prime: number,
): Float64Array {
  const rest = new Float64Array(checks + 1 - locator.length);
  for (let at = 0; at < rest.length; at += 1) rest[at] = dot(word, start + at, locator, prime);
  return rest;
}

/**
 * The candidates for which the syndromes are a sum of their powers, each with a factor that is not 0. They are the roots
 * of the shortest recurrence's characteristic polynomial, which has to have as many roots among the candidates as its
 * degree: then, and only then, the syndromes of the answers without them are all 0.
 * @returns `undefined` where no candidates explain the syndromes, or only more than half as many as there are syndromes
 */
function locate(syndromes: Float64Array, candidates: Float64Array, prime: number): Float64Array | undefined {
  const recurrence = shortestRecurrence(syndromes, prime);
  if (recurrence === undefined) return undefined;
  const values = new Float64Array(candidates.length);
  for (let at = 0; at < recurrence.length; at += 1) {
    const coefficient = recurrence[at] as number;
    for (let each = 0; each < values.length; each += 1) {
      values[each] = reduce((values[each] as number) * (candidates[each] as number) + coefficient, prime);
    }
  }
  const roots = candidates.filter((_, at) => values[at] === 0);
  return roots.length === recurrence.length - 1 ? roots : undefined;
}

/**
 * Berlekamp and Massey's algorithm, both polynomials scaled where the text-book divides.
 * @returns c[0] ≠ 0, …, c[length], with the sum of c[i] · syndrome[t − i] 0 for every t from `length` on; `undefined`
 * if `length` would be above half the number of syndromes
 */
function shortestRecurrence(syndromes: Float64Array, prime: number): Float64Array | undefined {
  const count = syndromes.length;
  const most = Math.floor(count / 2);
  // Latest first, so that a discrepancy is an inner product.
  const reversed = Float64Array.from(syndromes).reverse();
  let current = new Float64Array(most + 1);
  let former = new Float64Array(most + 1);
  current[0] = 1;
  former[0] = 1;
  let length = 0;
  let shift = 1;
  let formerDiscrepancy = 1;
  for (let at = 0; at < count; at += 1) {
    const discrepancy = dot(reversed, count - 1 - at, current.subarray(0, length + 1), prime);
    if (discrepancy !== 0) {
      const longer = Math.max(length, at + 1 - length);
      if (longer > most) return undefined;
      const next = current.map((coefficient) => reduce(formerDiscrepancy * coefficient, prime));
      for (let each = shift; each <= longer; each += 1) {
        const part = (prime - discrepancy) * (former[each - shift] as number);
        next[each] = reduce((next[each] as number) + part, prime);
      }
      if (longer > length) {
        [former, formerDiscrepancy, length, shift] = [current, discrepancy, longer, 0];
      }
      current = next;
    }
    shift += 1;
  }
  return current.subarray(0, length + 1);
}
