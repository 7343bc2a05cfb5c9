/**
 * How the shares of homes threshold + 1..n follow from the values and the shares of homes 1..threshold: a matrix that
 * depends on homes, dropouts and packing alone, made once for each.
 */
import { multiply, type PrimeIndex, primeIndices, tablesOf, wrap } from './field.ts';

/** What of a sharing the matrix depends on. */
export interface MatrixShape {
  readonly homes: number;
  readonly packing: number;
  readonly threshold: number;
  readonly answers: number;
}

/** A home takes part in one cohort, whose roster seldom changes; each entry has up to 27 MB (2,500 homes). */
const mostKept = 2;

type Matrices = readonly [Float64Array, Float64Array, Float64Array];
const kept = new Map<string, Matrices>();

/**
 * @returns rows of `answers` residues, one row for each home above the threshold: Lagrange's coefficients of the
 * values at −1, −2, …, −packing, then at 1..threshold
 */
export function shareMatrix(sharing: MatrixShape, index: PrimeIndex): Float64Array {
  const key = `${sharing.homes}/${sharing.threshold}/${sharing.packing}`;
  const known = kept.get(key);
  if (known !== undefined) return known[index];
  const made = primeIndices.map((each) => makeMatrix(sharing, each)) as unknown as Matrices;
  for (const oldest of kept.keys()) {
    if (kept.size < mostKept) break;
    kept.delete(oldest);
  }
  kept.set(key, made);
  return made[index];
}

function makeMatrix(sharing: MatrixShape, index: PrimeIndex): Float64Array {
  const { homes, packing, threshold, answers } = sharing;
  const { prime, inverse, factorial, inverseFactorial } = tablesOf(index, homes + packing);
  const weights = nodeWeights(sharing, index);
  const matrix = new Float64Array((homes - threshold) * answers);
  for (let home = threshold + 1; home <= homes; home += 1) {
    // The product of (home − node) over all nodes: of home + packing, …, home − threshold, but for the node 0 that is none.
    const all = multiply(factorial[home + packing] as number, inverseFactorial[home - threshold - 1] as number, prime);
    const product = multiply(all, inverse[home] as number, prime);
    const start = (home - threshold - 1) * answers;
    for (let at = 0; at < answers; at += 1) {
      const distance = home - nodeAt(at, packing);
      const scaled = multiply(product, inverse[distance] as number, prime);
      matrix[start + at] = multiply(scaled, weights[at] as number, prime);
    }
  }
  return matrix;
}

/** 1 / the product of (node − other) over the other nodes, which are −packing..threshold without 0. */
function nodeWeights(sharing: MatrixShape, index: PrimeIndex): Float64Array {
  const { packing, threshold, answers } = sharing;
  const { prime, inverseFactorial } = tablesOf(index, sharing.homes + packing);
  return Float64Array.from({ length: answers }, (_, at) => {
    const node = nodeAt(at, packing);
    const below = inverseFactorial[node + packing] as number;
    const above = inverseFactorial[threshold - node] as number;
    // Factors above are negative, threshold − node of them; the factor (node − 0) is none of the product.
    const signed = (threshold - node) % 2 === 0 ? node : -node;
    return multiply(multiply(below, above, prime), wrap(signed, prime), prime);
  });
}

const nodeAt = (at: number, packing: number): number => (at < packing ? -1 - at : at - packing + 1);
