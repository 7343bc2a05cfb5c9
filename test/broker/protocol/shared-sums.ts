/**
 * What the tests of sharing and opening have in common: the vectors' file, a seeded source of bytes, a roster's sums.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import * as z from 'zod';
import { packResidues, primeIndices, primes, unpackResidue, viewOf } from '../../../broker/protocol/field.ts';
import {
  blocksOf,
  drawResidues,
  type Sharing,
  shareVector,
  sharingOf,
  sumShares,
} from '../../../broker/protocol/sharing.ts';

const Triple = z.tuple([z.number(), z.number(), z.number()]);
const SharingVectors = z.strictObject({
  primes: z.array(z.number()),
  cases: z.array(
    z.strictObject({
      homes: z.number(),
      dropouts: z.number(),
      packing: z.number(),
      answers: z.number(),
      threshold: z.number(),
      collusion: z.number(),
      length: z.number(),
      vectors: z.array(z.array(z.number())),
      randomness: z.array(z.array(z.array(z.array(z.number())))),
      shares: z.array(z.array(z.array(Triple))),
      answering: z.array(z.number()),
      sum: z.array(z.number()),
    }),
  ),
});
export type SharingCase = z.infer<typeof SharingVectors>['cases'][number];

export function readVectors(name: string): unknown {
  return JSON.parse(readFileSync(new URL(`../../vectors/${name}`, import.meta.url), 'utf8'));
}

export const sharingVectors = SharingVectors.parse(readVectors('packed-sharing.json'));

/** Bytes that look random and are the same for the same seed. */
export function seededBytes(seed: number): (bytes: number) => Uint8Array {
  let counter = 0;
  return (bytes) => {
    const parts: Buffer[] = [];
    for (let length = 0; length < bytes; length += 32) {
      parts.push(createHash('sha256').update(`${seed}/${counter++}`).digest());
    }
    return Buffer.concat(parts).subarray(0, bytes);
  };
}

/** Any sharing among 3..most homes. */
export const anySharing = (most: number): fc.Arbitrary<Sharing> =>
  fc
    .integer({ min: 3, max: most })
    .chain((homes) => fc.tuple(fc.constant(homes), fc.integer({ min: 0, max: homes - 2 })))
    .chain(([homes, dropouts]) =>
      fc.tuple(fc.constant(homes), fc.constant(dropouts), fc.integer({ min: 1, max: homes - dropouts - 1 })),
    )
    .map(([homes, dropouts, packing]) => sharingOf(homes, dropouts, packing));

/** Every member's sum of the shares of `vectors`, member to bytes. */
export function sumsOf(
  sharing: Sharing,
  vectors: readonly (readonly bigint[])[],
  seed: number,
): Map<number, Uint8Array> {
  const shared = vectors.map((vector, at) => {
    const blocks = blocksOf(vector.length, sharing.packing);
    return shareVector(sharing, vector, drawResidues(sharing, blocks, seededBytes(seed + at)));
  });
  return new Map(
    Array.from({ length: sharing.homes }, (_, at) => [
      at + 1,
      sumShares(shared.map((shares) => shares[at] ?? new Uint8Array())),
    ]),
  );
}

/** By member: its answer. */
export type Answers = ReadonlyMap<number, Uint8Array>;

export const of = (answers: Answers, members: readonly number[]): Answers =>
  new Map(members.map((member) => [member, answers.get(member) as Uint8Array]));

/** What is added to a member's answer in one block and prime. */
export interface Fault {
  readonly member: number;
  readonly block: number;
  readonly prime: number;
  readonly by: number;
}

export function spoilt(answers: Answers, faults: readonly Fault[]): Answers {
  const changed = new Map(answers);
  for (const { member, block, prime, by } of faults) {
    const bytes = Uint8Array.from(changed.get(member) as Uint8Array);
    const residues = primeIndices.map((index) => {
      const residue = unpackResidue(viewOf(bytes), block, index);
      return index === prime ? (residue + by) % primes[index] : residue;
    }) as [number, number, number];
    packResidues(viewOf(bytes), block, ...residues);
    changed.set(member, bytes);
  }
  return changed;
}

/** A sharing, one to four contributors' vectors, and who answers: at least as many as are needed. */
export const anyRound = (most: number) =>
  anySharing(most).chain((sharing) =>
    fc.record({
      sharing: fc.constant(sharing),
      vectors: fc.integer({ min: 1, max: 12 }).chain((length) =>
        fc.array(fc.array(fc.bigInt({ min: -(2n ** 60n), max: 2n ** 60n }), { minLength: length, maxLength: length }), {
          minLength: 1,
          maxLength: 4,
        }),
      ),
      members: fc.shuffledSubarray(
        Array.from({ length: sharing.homes }, (_, at) => at + 1),
        { minLength: sharing.answers },
      ),
      seed: fc.nat(),
    }),
  );

export const sumOf = (vectors: readonly (readonly bigint[])[]) =>
  (vectors[0] ?? []).map((_, slot) => vectors.reduce((sum, vector) => sum + (vector[slot] ?? 0n), 0n));
