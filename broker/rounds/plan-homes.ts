/**
 * Whether the homes of a roster can carry a round: enough that match, fit under the limit, and are connected. What they
 * have given before, only the homes know. What is refused says what would help. Pure.
 */
import { fieldBound } from '../protocol/field.ts';
import type { Scaled } from '../protocol/fields.ts';
import type { RoundRequest } from '../protocol/operator.ts';
import type { AcceptedRoster } from '../protocol/roster.ts';
import type { Sharing } from '../protocol/sharing.ts';
import { capacityFits, limitFitsField, limitFor } from '../protocol/vector.ts';
import { type Candidate, matchesOutside, type ShownHome } from './candidates.ts';
import { RoundError } from './errors.ts';
import { assertFloors } from './statistics-asked.ts';

export interface HomesAsked {
  readonly request: RoundRequest;
  readonly minimum: number;
  readonly roster: AcceptedRoster;
  /** The cohort's approved homes. */
  readonly homes: readonly ShownHome[];
  /** Those of the roster that match. */
  readonly candidates: readonly Candidate[];
}

/** @throws {RoundError} ROUND_STATISTIC_UNFIT, ROUND_TOO_FEW_MATCH */
export function assertMatching({ request, minimum, roster, homes, candidates }: HomesAsked): void {
  const matching = candidates.length;
  if (matching >= minimum) return;
  const { cohort, quantity, unit, statistics } = request;
  const outside = matchesOutside(request, { homes, roster });
  const more = outside === 0 ? '' : ` ${outside} more match but are not in it: wattveil roster publish ${cohort}`;
  const tags = request.tags.join(' ');
  assertFloors(statistics, matching, `${matching} homes of the roster have ${tags}`);
  throw new RoundError('ROUND_TOO_FEW_MATCH', { matching, tags, quantity, unit, minimum, more });
}

/**
 * @returns the limit, and the homes that may contribute under it
 * @throws {RoundError} ROUND_LIMIT_TOO_HIGH, ROUND_LIMIT_TOO_LOW
 */
export function limitOf(
  { request, minimum, roster, candidates }: HomesAsked,
  resolution: Scaled,
): { limit: number; fitting: readonly Candidate[] } {
  const capacities = candidates.map((candidate) => candidate.capacity);
  const wanted = limitFor(capacities, resolution);
  const limit = request.limit ?? wanted;
  const homes = roster.homes.length;
  if (!limitFitsField(homes, limit)) {
    throw new RoundError('ROUND_LIMIT_TOO_HIGH', { limit, homes, most: highestLimit(homes) });
  }
  const fitting = candidates.filter(({ capacity }) => capacityFits({ limit, resolution }, capacity));
  if (fitting.length >= minimum) return { limit, fitting };
  const [least = 0] = capacities.toSorted((one, other) => one - other).slice(minimum - 1);
  const enough = limitFor([least], resolution);
  throw new RoundError('ROUND_LIMIT_TOO_LOW', { limit, fitting: fitting.length, minimum, enough, wanted });
}

/** @throws {RoundError} ROUND_TOO_FEW_ONLINE, ROUND_TOO_FEW_MEMBERS */
export function assertOnline(
  { minimum, homes, roster }: HomesAsked,
  able: readonly Candidate[],
  sharing: Sharing,
): void {
  const online = able.filter((candidate) => candidate.online).length;
  if (online < minimum) {
    const away = able.filter((candidate) => !candidate.online).map(({ index }) => roster.homes[index - 1]?.id ?? '');
    throw new RoundError('ROUND_TOO_FEW_ONLINE', { online, matching: able.length, minimum, away: listed(away) });
  }
  const connected = new Set(homes.filter((home) => home.online).map((home) => home.home));
  const away = roster.homes.flatMap(({ id }) => (connected.has(id) ? [] : [id]));
  const members = roster.homes.length - away.length;
  if (members < sharing.answers) {
    const details = { online: members, homes: roster.homes.length, needed: sharing.answers, away: listed(away) };
    throw new RoundError('ROUND_TOO_FEW_MEMBERS', details);
  }
}

function highestLimit(homes: number): number {
  let limit = Math.ceil(Math.sqrt(Number(fieldBound) / homes));
  while (!limitFitsField(homes, limit)) limit -= 1;
  return limit;
}

const mostListed = 10;

function listed(names: readonly string[]): string {
  const more = names.length - mostListed;
  return `${names.slice(0, mostListed).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
