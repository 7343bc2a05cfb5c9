/** A home that seals badly. */
import { sealedShareBytes } from '../../broker/protocol/report.ts';
import type { Round } from '../../broker/protocol/round.ts';

/** The report with one bit wrong in what is sealed for one member, or for all. */
export function spoiled(report: Uint8Array, round: Round, member: number): Uint8Array {
  const changed = Uint8Array.from(report);
  const size = sealedShareBytes(round);
  const members = round.roster.homes.length;
  for (let each = 1; each <= members; each += 1) {
    const at = report.length - (members - each + 1) * size;
    if (member === 0 || member === each) changed[at] = (changed[at] as number) ^ 1;
  }
  return changed;
}
