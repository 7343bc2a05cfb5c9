/**
 * Cuts the members' opening requests out of the contributors' reports. Pure.
 */
import { makeOpen } from '../protocol/answer.ts';
import type { AcceptedSet } from '../protocol/contributor-set.ts';
import { decodeReport, sealedShareBytes } from '../protocol/report.ts';
import type { Round } from '../protocol/round.ts';

/**
 * @param reports of the set's contributors, in its order, as received
 * @returns for a member's index its request, as sent
 */
export function openRequests(
  round: Round,
  set: AcceptedSet,
  reports: readonly Uint8Array[],
): (member: number) => Uint8Array {
  const size = sealedShareBytes(round);
  const sealed = reports.map((report) => decodeReport(round, report).shares);
  return (member) => {
    const start = (member - 1) * size;
    return makeOpen(
      set,
      sealed.map((shares) => shares.subarray(start, start + size)),
    );
  };
}
