/**
 * The result of a round, opened or failed: what is signed and published. Pure.
 */
import type { AcceptedSet } from './contributor-set.ts';
import type { FailureReason } from './failures.ts';
import { toHex } from './hex.ts';
import type { FailedResult, OpenedResult } from './json-messages.ts';
import type { AcceptedRoster } from './roster.ts';
import type { Round } from './round.ts';
import type { OpenedStatistics } from './statistics.ts';

/** How the opening went. */
export interface Opening {
  /** Members whose answers came. */
  readonly answers: number;
  readonly checked: boolean;
  /** Indices of members whose answers lie off the polynomial. */
  readonly inconsistent: readonly number[];
  /** Indices of contributors complained of by more members than may fail, and by fewer. */
  readonly fault?: readonly number[];
  readonly disputed?: readonly number[];
}

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
export function openedResult(
  round: Round,
  set: AcceptedSet,
  opening: Opening,
  statistics: OpenedStatistics,
): Omit<OpenedResult, 'signature'> {
  const { roster, sharing } = round;
  return {
    ...ofRound(round),
    state: 'opened',
    set: toHex(set.hash),
    contributors: set.contributors.length,
    answers: opening.answers,
    needed: sharing.answers,
    checked: opening.checked,
    inconsistent: idsOf(roster, opening.inconsistent),
    ...namedIds(roster, opening),
    ...statistics,
  };
}

/** @returns all of the result but its signature */
export function failedResult(
  round: Round,
  { reason, missing, set, answers, fault = [], disputed = [] }: Failure,
): Omit<FailedResult, 'signature'> {
  const { roster, sharing } = round;
  return {
    ...ofRound(round),
    state: 'failed',
    reason,
    ...(set !== undefined && { set: toHex(set.hash), contributors: set.contributors.length }),
    ...(answers !== undefined && { answers, needed: sharing.answers }),
    ...(missing !== undefined && { missing: idsOf(roster, missing) }),
    ...namedIds(roster, { fault, disputed }),
  };
}

/** What every result begins with. */
function ofRound({ id, hash, announce, roster }: Round) {
  return {
    v: 1,
    type: 'result',
    cohort: announce.cohort,
    round: id,
    hash: toHex(hash),
    query: announce.query,
    grid: announce.grid,
    members: roster.homes.length,
  } as const;
}

/** @returns the ids of the homes, by index */
export function idsOf({ homes }: AcceptedRoster, indices: readonly number[]): string[] {
  return [...indices].sort((one, other) => one - other).map((index) => homes[index - 1]?.id ?? '');
}

/** Lists that are empty are left out: a result without complaints does not speak of them. */
function namedIds(
  roster: AcceptedRoster,
  { fault = [], disputed = [] }: Pick<Opening, 'fault' | 'disputed'>,
): { fault?: string[]; disputed?: string[] } {
  return {
    ...(fault.length > 0 && { fault: idsOf(roster, fault) }),
    ...(disputed.length > 0 && { disputed: idsOf(roster, disputed) }),
  };
}
