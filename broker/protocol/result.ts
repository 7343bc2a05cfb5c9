/**
 * The result of a round that opened: what is signed and published.
 */
import type { AcceptedSet } from './contributor-set.ts';
import { toHex } from './hex.ts';
import type { OpenedResult } from './json-messages.ts';
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

/** @returns all of the result but its signature */
export function openedResult(
  round: Round,
  set: AcceptedSet,
  opening: Opening,
  statistics: OpenedStatistics,
): Omit<OpenedResult, 'signature'> {
  const { announce, roster, sharing } = round;
  return {
    v: 1,
    type: 'result',
    cohort: announce.cohort,
    round: round.id,
    hash: toHex(round.hash),
    set: toHex(set.hash),
    state: 'opened',
    query: announce.query,
    grid: announce.grid,
    members: roster.homes.length,
    contributors: set.contributors.length,
    answers: opening.answers,
    needed: sharing.answers,
    checked: opening.checked,
    inconsistent: idsOf(roster, opening.inconsistent),
    ...namedIds(roster, opening),
    ...statistics,
  };
}

/** @returns the ids of the homes, by index */
export function idsOf({ homes }: AcceptedRoster, indices: readonly number[]): string[] {
  return [...indices].sort((one, other) => one - other).map((index) => homes[index - 1]?.id ?? '');
}

/** Lists that are empty are left out: a result without complaints does not speak of them. */
export function namedIds(
  roster: AcceptedRoster,
  { fault = [], disputed = [] }: Pick<Opening, 'fault' | 'disputed'>,
): { fault?: string[]; disputed?: string[] } {
  return {
    ...(fault.length > 0 && { fault: idsOf(roster, fault) }),
    ...(disputed.length > 0 && { disputed: idsOf(roster, disputed) }),
  };
}
