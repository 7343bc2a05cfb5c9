/**
 * Packed Shamir sharing of a vector of integers among the homes of a roster. Pure. Knows nothing of rounds or messages.
 */
import { ProtocolError } from './errors.ts';
import {
  addResidues,
  appendProducts,
  fieldBound,
  isPacked,
  mostTerms,
  type PrimeIndex,
  packResidues,
  primeIndices,
  primes,
  reduce,
  residueOf,
  viewOf,
} from './field.ts';
import { shareMatrix } from './share-matrix.ts';

export interface Sharing {
  readonly homes: number;
  /** Members that may fail to answer. */
  readonly dropouts: number;
  /** Values on one polynomial. */
  readonly packing: number;
  /** Answers needed to open; polynomials have a lower degree. */
  readonly answers: number;
  /** So many shares of one report say nothing. */
  readonly threshold: number;
  /** Homes that may collude with a coordinator that asks each member for another set. Below 0: not even it alone. */
  readonly collusion: number;
}

/** A collusion bound of a third of the roster; about 18 % may vanish, 4 % of the roster's number is packed. */
export function defaultSharing(homes: number): { dropouts: number; packing: number } {
  const packing = Math.max(1, Math.floor(homes / 25));
  return { packing, dropouts: Math.floor((homes + 2 - Math.ceil(homes / 3)) / 3) - packing };
}

/** @throws {ProtocolError} ROUND_REFUSED, reason `sharing` */
export function sharingOf(homes: number, dropouts: number, packing: number): Sharing {
  const whole = [homes, dropouts, packing].every((count) => Number.isSafeInteger(count));
  // With neither above the homes, what follows is exact in doubles.
  if (!whole || homes < 1 || dropouts < 0 || packing < 1 || dropouts > homes || packing > homes) {
    throw refusal(`${homes} homes do not go with dropouts ${dropouts} and packing ${packing}`);
  }
  const answers = homes - dropouts;
  const threshold = answers - packing;
  if (threshold < 1) throw refusal(`threshold ${threshold}: dropouts and packing leave nothing random`);
  if (answers > mostTerms) throw refusal(`${answers} answers are more than ${mostTerms}`);
  return { homes, dropouts, packing, answers, threshold, collusion: homes - 3 * dropouts - 3 * packing + 2 };
}

export function blocksOf(length: number, packing: number): number {
  return Math.ceil(length / packing);
}

/** The random part of one sharing: the share's residue of each home 1..threshold. */
export type Residues = (block: number, prime: PrimeIndex, home: number) => number;

/**
 * Draws the residues of one sharing, each uniform: 21 random bits, drawn again if not below the prime.
 * @param random the system's random source
 */
export function drawResidues(sharing: Sharing, blocks: number, random: (bytes: number) => Uint8Array): Residues {
  const { threshold } = sharing;
  const residues = new Uint32Array(3 * blocks * threshold);
  let pool = random(3 * residues.length);
  let at = 0;
  for (let index = 0; index < residues.length; ) {
    const prime = primes[((index / threshold) % 3) as PrimeIndex];
    for (const end = index + threshold; index < end; ) {
      if (at + 3 > pool.length) {
        pool = random(96);
        at = 0;
      }
      const bits = (pool[at] as number) | ((pool[at + 1] as number) << 8) | (((pool[at + 2] as number) & 0x1f) << 16);
      at += 3;
      // Drawn again if it is not below the prime.
      if (bits < prime) residues[index++] = bits;
    }
  }
  return (block, prime, home) => residues[(3 * block + prime) * threshold + home - 1] as number;
}

/**
 * Shares one vector among the homes of a roster.
 * @param vector signed integers, |v| ≤ fieldBound, length ≥ 1
 * @returns n byte strings of 8 · blocks, in roster order
 * @throws {ProtocolError} VALUE_OUT_OF_FIELD
 * @see Franklin & Yung 1992; test/vectors/packed-sharing.json
 */
export function shareVector(sharing: Sharing, vector: readonly bigint[], residues: Residues): Uint8Array[] {
  const { homes, packing } = sharing;
  for (const value of vector) if (value > fieldBound || value < -fieldBound) throw outOfField();
  const blocks = blocksOf(vector.length, packing);
  const stretch = packing + homes;
  const [points0, points1, points2] = primeIndices.map((index) => pointsOf(sharing, vector, residues, index)) as [
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  const bytes = new Uint8Array(8 * homes * blocks);
  const view = viewOf(bytes);
  for (let home = 0; home < homes; home += 1) {
    for (let block = 0, at = packing + home; block < blocks; block += 1, at += stretch) {
      const place = home * blocks + block;
      packResidues(view, place, points0[at] as number, points1[at] as number, points2[at] as number);
    }
  }
  return Array.from({ length: homes }, (_, home) => bytes.subarray(8 * home * blocks, 8 * (home + 1) * blocks));
}

/** [block]: the polynomial's values at −1, −2, …, −packing, then at 1..homes. */
function pointsOf(sharing: Sharing, vector: readonly bigint[], residues: Residues, index: PrimeIndex): Float64Array {
  const { homes, packing, answers, threshold } = sharing;
  const blocks = blocksOf(vector.length, packing);
  const points = new Float64Array(blocks * (packing + homes));
  for (let block = 0; block < blocks; block += 1) {
    const start = block * (packing + homes);
    for (let at = 0; at < packing; at += 1) {
      points[start + at] = residueOf(vector[block * packing + at] ?? 0n, primes[index]);
    }
    for (let home = 1; home <= threshold; home += 1) points[start + packing + home - 1] = residues(block, index, home);
  }
  appendProducts(points, shareMatrix(sharing, index), answers, primes[index]);
  return points;
}

/** The field-wise sum of shares, itself a share of the sum. */
export class ShareSum {
  readonly #blocks: number;
  /** [block][prime] */
  readonly #sums: Float64Array;

  constructor(blocks: number) {
    this.#blocks = blocks;
    this.#sums = new Float64Array(3 * blocks);
  }

  /** @param share canonical */
  add(share: Uint8Array): void {
    const bytes = 8 * this.#blocks;
    if (share.length !== bytes) throw new RangeError(`share: expected ${bytes} bytes, got ${share.length}`);
    addResidues(this.#sums, share);
  }

  packed(): Uint8Array {
    const bytes = new Uint8Array(8 * this.#blocks);
    const view = viewOf(bytes);
    const residueAt = (at: number) => reduce(this.#sums[at] as number, primes[(at % 3) as PrimeIndex]);
    for (let block = 0; block < this.#blocks; block += 1) {
      packResidues(view, block, residueAt(3 * block), residueAt(3 * block + 1), residueAt(3 * block + 2));
    }
    return bytes;
  }
}

/** @param shares at least one, all canonical and of one length */
export function sumShares(shares: readonly Uint8Array[]): Uint8Array {
  const [first] = shares;
  if (first === undefined) throw new RangeError('shares: expected at least one, got none');
  const sum = new ShareSum(first.length / 8);
  for (const share of shares) sum.add(share);
  return sum.packed();
}

/** Whether the bytes are whole blocks, every residue below its prime and bit 63 clear. */
export function isCanonicalShare(bytes: Uint8Array): boolean {
  return isPacked(bytes);
}

function refusal(why: string): ProtocolError {
  return new ProtocolError('ROUND_REFUSED', { why, reason: 'sharing' });
}

function outOfField(): ProtocolError {
  return new ProtocolError('VALUE_OUT_OF_FIELD', { reason: 'value-out-of-field' });
}
