/**
 * Arithmetic in three prime fields just under 2^21, and the packing of one residue of each into 8 bytes.
 * Residues are doubles: products stay below 2^42, sums of 2047 products below 2^53, so nothing is ever rounded.
 */

export const primes = [2097143, 2097133, 2097131] as const;
/** Which of the three fields. */
export type PrimeIndex = 0 | 1 | 2;
export const primeIndices: readonly PrimeIndex[] = [0, 1, 2];

const [p0, p1, p2] = primes;
const p0p1 = BigInt(p0) * BigInt(p1);
const modulus = p0p1 * BigInt(p2);

/** The largest integer that three residues carry with its sign. */
export const fieldBound: bigint = (modulus - 1n) / 2n;

/** As many products of two residues as a double sums exactly. */
export const mostTerms = 2047;

/** @param value integer, 0 ≤ value < 2^53 */
export function reduce(value: number, prime: number): number {
  const rest = value - Math.floor(value / prime) * prime;
  return rest < 0 ? rest + prime : rest;
}

export function multiply(one: number, other: number, prime: number): number {
  return reduce(one * other, prime);
}

/** @param value integer, −prime ≤ value < prime */
export function wrap(value: number, prime: number): number {
  return value < 0 ? value + prime : value;
}

/** The inner product of `row` with as many residues from `start` on. */
export function dot(residues: Float64Array, start: number, row: Float64Array, prime: number): number {
  if (row.length <= mostTerms) return reduce(products(residues, start, row, 0, row.length), prime);
  let total = 0;
  for (let begin = 0; begin < row.length; begin += mostTerms) {
    total += reduce(products(residues, start, row, begin, Math.min(row.length, begin + mostTerms)), prime);
  }
  return reduce(total, prime);
}

/** In four sums: an addition need not wait for the one before it. In all they are no more than `mostTerms` products. */
function products(residues: Float64Array, start: number, row: Float64Array, begin: number, end: number): number {
  let sum0 = 0;
  let sum1 = 0;
  let sum2 = 0;
  let sum3 = 0;
  let at = begin;
  for (; at + 3 < end; at += 4) {
    sum0 += (residues[start + at] as number) * (row[at] as number);
    sum1 += (residues[start + at + 1] as number) * (row[at + 1] as number);
    sum2 += (residues[start + at + 2] as number) * (row[at + 2] as number);
    sum3 += (residues[start + at + 3] as number) * (row[at + 3] as number);
  }
  for (; at < end; at += 1) sum0 += (residues[start + at] as number) * (row[at] as number);
  return sum0 + sum1 + sum2 + sum3;
}

/**
 * Each stretch of `residues` begins with `length` of them; after these come their inner products with the rows of the
 * matrix. Two by two: what is read goes into two products, so that four take little more than the time of two.
 * @param matrix rows of `length` residues, at most `mostTerms`
 */
export function appendProducts(residues: Float64Array, matrix: Float64Array, length: number, prime: number): void {
  const rows = matrix.length / length;
  const stretch = length + rows;
  const last = residues.length - stretch;
  for (let row = 0; row < rows; row += 2) {
    // The last of an odd number is its own second.
    const nextRow = Math.min(row + 1, rows - 1);
    for (let start = 0; start <= last; start += 2 * stretch) {
      const next = Math.min(start + stretch, last);
      let sum00 = 0;
      let sum01 = 0;
      let sum10 = 0;
      let sum11 = 0;
      for (let at = 0; at < length; at += 1) {
        const residue0 = residues[start + at] as number;
        const residue1 = residues[next + at] as number;
        const factor0 = matrix[row * length + at] as number;
        const factor1 = matrix[nextRow * length + at] as number;
        sum00 += residue0 * factor0;
        sum01 += residue0 * factor1;
        sum10 += residue1 * factor0;
        sum11 += residue1 * factor1;
      }
      residues[start + length + row] = reduce(sum00, prime);
      residues[start + length + nextRow] = reduce(sum01, prime);
      residues[next + length + row] = reduce(sum10, prime);
      residues[next + length + nextRow] = reduce(sum11, prime);
    }
  }
}

/** @param value |value| ≤ fieldBound */
export function residueOf(value: bigint, prime: number): number {
  const number = Number(value);
  return wrap(Number.isSafeInteger(number) ? number % prime : Number(value % BigInt(prime)), prime);
}

const p0InverseInP1 = inverseOf(p0 % p1, p1);
const p0InverseInP2 = inverseOf(p0 % p2, p2);
const p1InverseInP2 = inverseOf(p1 % p2, p2);

/** The integer in −fieldBound..fieldBound that has these residues (Garner's mixed radix). */
export function recombine(r0: number, r1: number, r2: number): bigint {
  const digit1 = multiply(wrap((r1 - r0) % p1, p1), p0InverseInP1, p1);
  const rest = multiply(wrap((r2 - r0) % p2, p2), p0InverseInP2, p2);
  const digit2 = multiply(wrap((rest - digit1) % p2, p2), p1InverseInP2, p2);
  const value = BigInt(r0 + p0 * digit1) + p0p1 * BigInt(digit2);
  return value > fieldBound ? value - modulus : value;
}

/** Inverses, factorials and inverse factorials of 0..size in one field (the inverse of 0 stands as 0). */
export interface Tables {
  readonly prime: number;
  readonly inverse: Float64Array;
  readonly factorial: Float64Array;
  readonly inverseFactorial: Float64Array;
}

const tables: (Tables | undefined)[] = [];

/** @param size largest argument asked for, below every prime */
export function tablesOf(index: PrimeIndex, size: number): Tables {
  const known = tables[index];
  if (known !== undefined && known.inverse.length > size) return known;
  // Grown by doubling, so that rosters of rising size do not each build them anew.
  const made = makeTables(primes[index], Math.max(size, 2 * (known?.inverse.length ?? 0), 256));
  tables[index] = made;
  return made;
}

/** Writes the three residues of one block as u64 little-endian r0 + r1·2^21 + r2·2^42. */
export function packResidues(view: DataView, block: number, r0: number, r1: number, r2: number): void {
  view.setUint32(8 * block, r0 | (r1 << 21), true);
  view.setUint32(8 * block + 4, (r1 >>> 11) | (r2 << 10), true);
}

/** Reads one residue of one block; not checked to lie below its prime. */
export function unpackResidue(view: DataView, block: number, index: PrimeIndex): number {
  const low = view.getUint32(8 * block, true);
  const high = view.getUint32(8 * block + 4, true);
  if (index === 0) return low & 0x1fffff;
  return index === 1 ? (low >>> 21) | ((high & 0x3ff) << 11) : (high >>> 10) & 0x1fffff;
}

/** Adds all residues to `sums`, [block][prime]. @param bytes whole blocks, as many as `sums` has room for */
export function addResidues(sums: Float64Array, bytes: Uint8Array): void {
  const view = viewOf(bytes);
  for (let block = 0; block < bytes.length / 8; block += 1) {
    const low = view.getUint32(8 * block, true);
    const high = view.getUint32(8 * block + 4, true);
    (sums[3 * block] as number) += low & 0x1fffff;
    (sums[3 * block + 1] as number) += (low >>> 21) | ((high & 0x3ff) << 11);
    (sums[3 * block + 2] as number) += (high >>> 10) & 0x1fffff;
  }
}

/** Whether the bytes are whole blocks, every residue below its prime and bit 63 clear. */
export function isPacked(bytes: Uint8Array): boolean {
  if (bytes.length % 8 !== 0) return false;
  const view = viewOf(bytes);
  for (let block = 0; block < bytes.length / 8; block += 1) {
    const low = view.getUint32(8 * block, true);
    const high = view.getUint32(8 * block + 4, true);
    // Without its mask the third residue has bit 63 on top, and is then above the prime.
    if ((low & 0x1fffff) >= p0 || ((low >>> 21) | ((high & 0x3ff) << 11)) >= p1 || high >>> 10 >= p2) return false;
  }
  return true;
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** By Fermat: value^(prime − 2). */
function inverseOf(value: number, prime: number): number {
  let result = 1;
  let square = value;
  for (let exponent = prime - 2; exponent > 0; exponent = Math.floor(exponent / 2)) {
    if (exponent % 2 === 1) result = multiply(result, square, prime);
    square = multiply(square, square, prime);
  }
  return result;
}

function makeTables(prime: number, size: number): Tables {
  const inverse = new Float64Array(size + 1);
  const factorial = new Float64Array(size + 1);
  const inverseFactorial = new Float64Array(size + 1);
  inverse[1] = 1;
  factorial[0] = 1;
  inverseFactorial[0] = 1;
  for (let at = 1; at <= size; at += 1) {
    // prime = q·at + r, so 1/at = −q/r.
    if (at > 1) {
      inverse[at] = prime - multiply(Math.floor(prime / at), inverse[prime % at] as number, prime);
    }
    factorial[at] = multiply(factorial[at - 1] as number, at, prime);
    inverseFactorial[at] = multiply(inverseFactorial[at - 1] as number, inverse[at] as number, prime);
  }
  return { prime, inverse, factorial, inverseFactorial };
}
