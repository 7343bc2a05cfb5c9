/**
 * The result of a round that ended without a sum: what is signed and published. Pure.
 */
import type { AcceptedSet } from '../protocol/contributor-set.ts';
import type { FailureReason } from '../protocol/failures.ts';
import { toHex } from '../protocol/hex.ts';
import type { FailedResult } from '../protocol/json-messages.ts';
import { idsOf, namedIds } from '../protocol/result.ts';
import type { Round } from '../protocol/round.ts';

export interface Failure {
  readonly reason: FailureReason;
  /** Indices of the homes whose report or answer was awaited in vain. */
  readonly missing?: readonly number[];
  readonly set?: AcceptedSet;
  readonly answers?: number;
  /** Indices of contributors complained of by more members than may fail, and by fewer. */
  readonly fault?: readonly number[];
  readonly disputed?: readonly number[];
}

/** @returns all of the result but its signature */
export function failedResult(
  round: Round,
  { reason, missing, set, answers, fault = [], disputed = [] }: Failure,
): Omit<FailedResult, 'signature'> {
  const { announce, roster, sharing } = round;
  return {
    v: 1,
    type: 'result',
    cohort: announce.cohort,
    round: round.id,
    hash: toHex(round.hash),
    query: announce.query,
    grid: announce.grid,
    members: roster.homes.length,
    state: 'failed',
    reason,
    ...(set !== undefined && { set: toHex(set.hash), contributors: set.contributors.length }),
    ...(answers !== undefined && { answers, needed: sharing.answers }),
    ...(missing !== undefined && { missing: idsOf(roster, missing) }),
    ...namedIds(roster, { fault, disputed }),
  };
}
