/**
 * The result of a round that opened: what is signed and published.
 */
import type { AcceptedSet } from './contributor-set.ts';
import { toHex } from './hex.ts';
import type { OpenedResult } from './json-messages.ts';
import type { Round } from './round.ts';
import type { OpenedStatistics } from './statistics.ts';

/** How the opening went. */
export interface Opening {
  /** Members whose answers came. */
  readonly answers: number;
  readonly checked: boolean;
  /** Indices of members whose answers lie off the polynomial. */
  readonly inconsistent: readonly number[];
}

/** @returns all of the result but its signature */
export function openedResult(
  round: Round,
  set: AcceptedSet,
  opening: Opening,
  statistics: OpenedStatistics,
): Omit<OpenedResult, 'signature'> {
  const { announce, roster, sharing } = round;
  const inconsistent = [...opening.inconsistent].sort((one, other) => one - other);
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
    inconsistent: inconsistent.map((index) => roster.homes[index - 1]?.id ?? ''),
    ...statistics,
  };
}
