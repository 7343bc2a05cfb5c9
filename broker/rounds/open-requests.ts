/**
 * Cuts the members' opening requests out of the contributors' reports. Pure.
 */
import { makeOpen } from '../protocol/answer.ts';
import type { AcceptedSet } from '../protocol/contributor-set.ts';
import { sealedShareBytes, sharesOfDecoded } from '../protocol/report.ts';
import type { Round } from '../protocol/round.ts';

/** Members whose requests are cut together: so many neighbours in a report are still in the processor's cache. */
const batch = 16;

/**
 * @param reports of the set's contributors, in its order, as received and accepted
 * @returns for a member's index its request, as sent; cheapest where members are asked for in their order
 */
export function openRequests(
  round: Round,
  set: AcceptedSet,
  reports: readonly Uint8Array[],
): (member: number) => Uint8Array {
  const size = sealedShareBytes(round);
  const sealed = reports.map((report) => sharesOfDecoded(round, report));
  let cut: { readonly first: number; readonly shares: readonly Uint8Array[] } = { first: 0, shares: [] };
  return (member) => {
    const place = (member - 1) % batch;
    const first = member - place;
    if (cut.first !== first) cut = { first, shares: cutBatch(sealed, (first - 1) * size, size) };
    // One piece instead of one a contributor: a million small views would cost more than all else.
    return makeOpen(set, [cut.shares[place] ?? new Uint8Array()]);
  };
}

/** @returns for each member of the batch that starts at `start` in every report, its shares one after the other */
function cutBatch(sealed: readonly Uint8Array[], start: number, size: number): readonly Uint8Array[] {
  // A sealed share is a whole number of words: moved as such it costs a quarter of moving bytes.
  const words = size / 4;
  const piece = new Uint32Array(batch * words);
  const members = Array.from({ length: batch }, () => new Uint32Array(sealed.length * words));
  for (let at = 0; at < sealed.length; at += 1) {
    const shares = sealed[at] as Uint8Array;
    new Uint8Array(piece.buffer).set(shares.subarray(start, start + batch * size));
    for (let place = 0; place < batch; place += 1) {
      const member = members[place] as Uint32Array;
      const to = at * words;
      const from = place * words;
      for (let word = 0; word < words; word += 1) member[to + word] = piece[from + word] as number;
    }
  }
  return members.map((member) => new Uint8Array(member.buffer));
}
