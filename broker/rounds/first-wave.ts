/**
 * Which members are asked first: a few by lot, so that a share that does not open is found while a second set is still
 * possible. Pure.
 */
import { createHash } from 'node:crypto';
import type { Round } from '../protocol/round.ts';

/**
 * Half of those that may fail: if all of them answer and a second set is fixed, as many may still fail. A lot, so that
 * nobody who shares badly knows whom to spare.
 * @param random 32 bytes, drawn for this
 * @returns indices, ascending; none where one or no member may fail
 */
export function firstWave({ roster, sharing }: Round, random: Uint8Array): readonly number[] {
  const size = Math.floor(sharing.dropouts / 2);
  if (size === 0) return [];
  return roster.homes
    .map(({ index }) => ({ index, lot: lotOf(random, index) }))
    .sort((one, other) => Buffer.compare(one.lot, other.lot))
    .slice(0, size)
    .map(({ index }) => index)
    .sort((one, other) => one - other);
}

function lotOf(random: Uint8Array, index: number): Buffer {
  return createHash('sha256').update(random).update(String(index)).digest();
}
