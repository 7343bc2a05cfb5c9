/**
 * Runs packed-sharing.json: vectors to shares with given residues, sums of shares back to integers.
 */
import { primes } from '../../broker/protocol/field.ts';
import { toHex } from '../../broker/protocol/hex.ts';
import { openSums } from '../../broker/protocol/opening.ts';
import { blocksOf, type Residues, shareVector, sharingOf, sumShares } from '../../broker/protocol/sharing.ts';
import { type SharingCase, type SharingFile, wholes } from './format.ts';
import type { Tally } from './tally.ts';

export function runSharing(file: SharingFile, tally: Tally): void {
  tally.check('primes', 'primes', () => String(file.primes) === String(primes));
  for (const [at, one] of file.cases.entries()) runCase(one, `case ${at + 1}, ${one.homes} homes`, tally);
}

function runCase(one: SharingCase, name: string, tally: Tally): void {
  const sharing = () => sharingOf(one.homes, one.dropouts, one.packing);
  const blocks = blocksOf(one.length, one.packing);
  tally.check('parameters', name, () => {
    const { answers, threshold, collusion } = sharing();
    return answers === one.answers && threshold === one.threshold && collusion === one.collusion;
  });
  const made = one.vectors.map((vector, v) => {
    let shares: Uint8Array[] = [];
    tally.check('shares', `${name}, vector ${v}`, () => {
      const residues: Residues = (block, prime, home) => at(at(at(at(one.randomness, v), block), prime), home - 1);
      shares = shareVector(sharing(), wholes(vector), residues);
      return shares.map(toHex).join() === at(one.shares, v).map(packed).join();
    });
    return shares;
  });
  tally.check('sums', name, () => {
    const answers = new Map(
      one.answering.map((home) => [home, sumShares(made.map((shares) => at(shares, home - 1)))] as const),
    );
    const opened = openSums(sharing(), one.length, answers);
    if ('offPolynomial' in opened) return false;
    const padding = Array<bigint>(blocks * one.packing - one.length).fill(0n);
    return String(opened.integers) === String([...wholes(one.sum), ...padding]);
  });
}

/** Blocks of three residues as hex: u64 little-endian, 21 bits each. */
function packed(blocks: readonly (readonly number[])[]): string {
  const bytes = Buffer.alloc(8 * blocks.length);
  blocks.forEach((residues, block) => {
    const word = residues.reduceRight((high, residue) => (high << 21n) + BigInt(residue), 0n);
    bytes.writeBigUInt64LE(word, 8 * block);
  });
  return bytes.toString('hex');
}

function at<T>(list: readonly T[], index: number): T {
  const item = list[index];
  if (item === undefined) throw new RangeError(`the file has no item ${index} here`);
  return item;
}
