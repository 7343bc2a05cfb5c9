/**
 * Sharing seen as what it is, a linear map over one field: its coefficients, and elimination. For the tests of privacy.
 */
import { multiply, primes, unpackResidue, viewOf, wrap } from '../../../broker/protocol/field.ts';
import { type Sharing, shareVector } from '../../../broker/protocol/sharing.ts';

const [prime] = primes;

/**
 * How one block's shares depend on its values and its random residues, found by sharing unit vectors.
 * @returns a row for each home: `packing` coefficients of the values, then `threshold` of the residues
 */
export function shareCoefficients(sharing: Sharing): number[][] {
  const { homes, packing, answers } = sharing;
  const columns = Array.from({ length: answers }, (_, unit) => {
    const vector = Array.from({ length: packing }, (__, at) => (at === unit ? 1n : 0n));
    const shares = shareVector(sharing, vector, (_block, _prime, home) => (packing + home - 1 === unit ? 1 : 0));
    return shares.map((share) => unpackResidue(viewOf(share), 0, 0));
  });
  return Array.from({ length: homes }, (_, home) => columns.map((column) => column[home] as number));
}

/**
 * Row reduction.
 * @param width only the first so many columns are to hold pivots
 * @returns the reduced rows that are not 0, those with a pivot first; and how many have one
 */
export function reduceRows(rows: readonly (readonly number[])[], width: number): { rows: number[][]; rank: number } {
  const work = rows.map((row) => [...row]);
  let rank = 0;
  for (let column = 0; column < width; column += 1) {
    const found = work.findIndex((row, at) => at >= rank && row[column] !== 0);
    if (found < 0) continue;
    const [pivot] = work.splice(found, 1) as [number[]];
    const scale = power(pivot[column] as number, prime - 2);
    const scaled = pivot.map((entry) => multiply(entry, scale, prime));
    for (const row of work) subtract(row, scaled, row[column] as number);
    work.splice(rank, 0, scaled);
    rank += 1;
  }
  return { rows: work.filter((row) => row.some((entry) => entry !== 0)), rank };
}

function subtract(row: number[], pivot: readonly number[], factor: number): void {
  if (factor === 0) return;
  for (let at = 0; at < row.length; at += 1) {
    row[at] = wrap((row[at] as number) - multiply(factor, pivot[at] as number, prime), prime);
  }
}

function power(base: number, exponent: number): number {
  if (exponent === 0) return 1;
  const half = power(multiply(base, base, prime), Math.floor(exponent / 2));
  return exponent % 2 === 1 ? multiply(half, base, prime) : half;
}
