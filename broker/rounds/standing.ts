/**
 * Who keeps a round from its end, or kept it from a better one: the homes behind the numbers, for its operator. Pure.
 */
import type { Result } from '../protocol/json-messages.ts';
import type { RoundStanding } from '../protocol/operator.ts';
import { idsOf } from '../protocol/result.ts';
import type { AcceptedRoster } from '../protocol/roster.ts';
import { type Asked, answeredBefore, unansweredMembers } from './members.ts';
import type { Complaints, Heard } from './round-states.ts';

/** More complaints are not listed: a member without its key complains of everybody. */
const mostComplaints = 100;

export interface StoredStanding {
  readonly roster: AcceptedRoster;
  /** Indices of homes that match by their catalogues. */
  readonly matching: readonly number[];
  readonly heard: readonly (Heard | undefined)[];
  /** About the set in force; undefined while there is none. */
  readonly asked?: Asked;
  /** About every set there was. */
  readonly complaints: readonly Complaints[];
  readonly result?: Result | undefined;
}

/** Of a round of which what single homes said is forgotten: whom its result names. */
export function standingOfForgotten(result: Result | undefined): RoundStanding {
  return { noReport: [], noAnswer: [], answeredBefore: [], ...namedIn(result), complaints: [] };
}

function namedIn(result: Result | undefined): Pick<RoundStanding, 'inconsistent' | 'fault' | 'disputed'> {
  return {
    inconsistent: result?.state === 'opened' ? result.inconsistent : [],
    fault: result?.fault ?? [],
    disputed: result?.disputed ?? [],
  };
}

export function standingOf({ roster, matching, heard, asked, complaints, result }: StoredStanding): RoundStanding {
  const silent = matching.filter((home) => heard[home - 1] === undefined);
  const name = (index: number) => roster.homes[index - 1]?.id ?? '';
  const pairs = complaints.flatMap((of) =>
    [...of].flatMap(([member, named]) =>
      named.map((contributor) => ({ member: name(member), contributor: name(contributor) })),
    ),
  );
  return {
    noReport: idsOf(roster, silent),
    noAnswer: idsOf(roster, asked === undefined ? [] : unansweredMembers(asked)),
    answeredBefore: idsOf(roster, asked === undefined ? [] : answeredBefore(asked)),
    ...namedIn(result),
    complaints: pairs.slice(0, mostComplaints),
  };
}
