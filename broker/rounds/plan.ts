/**
 * From an operator's request to an announcement: what was left out is worked out from catalogues and configuration,
 * and what cannot succeed is refused before it costs a home a cell. Pure.
 */
import type { BrokerConfig } from '../config.ts';
import type { EpochMs } from '../protocol/clock.ts';
import { ProtocolError } from '../protocol/errors.ts';
import type { Grid } from '../protocol/fields.ts';
import type { Announce } from '../protocol/messages.ts';
import type { RoundRequest } from '../protocol/operator.ts';
import type { AcceptedRoster } from '../protocol/roster.ts';
import { longestVector } from '../protocol/round.ts';
import { blocksOf, defaultSharing, type Sharing, sharingOf } from '../protocol/sharing.ts';
import { longestFromHome, mostBlocks, reportBytes } from '../protocol/sizes.ts';
import { vectorLength } from '../protocol/vector.ts';
import { candidatesOf, type ShownHome } from './candidates.ts';
import { RoundError } from './errors.ts';
import { assertMatching, assertOnline, type HomesAsked, limitOf } from './plan-homes.ts';
import { assertGrid, endsOf } from './plan-times.ts';
import { resolutionOf } from './resolution.ts';
import { assertBuckets, assertFloors, floorsOf, statisticsFor } from './statistics-asked.ts';

export type RoundSettings = BrokerConfig['rounds'];

export interface PlanContext {
  readonly now: EpochMs;
  /** The cohort's newest. */
  readonly roster: AcceptedRoster | undefined;
  /** The cohort's approved homes. */
  readonly homes: readonly ShownHome[];
  readonly settings: RoundSettings;
  /** 16 bytes from the system's random source. */
  readonly id: Uint8Array;
}

export interface Plan {
  readonly fields: Omit<Announce, 'v' | 'type'>;
  /** Indices of the homes that are expected to report or to decline. */
  readonly matching: readonly number[];
}

/**
 * @throws {RoundError} the first thing that keeps the round from succeeding
 * @throws {BrokerError} COHORT_UNKNOWN, TAG_UNKNOWN
 */
export function planRound(request: RoundRequest, context: PlanContext): Plan {
  const { now, roster, homes, settings, id } = context;
  const grid: Grid = { from: request.from, step: request.step, slots: request.slots };
  assertGrid(grid, now);
  assertVector(request, grid);
  if (roster === undefined) throw new RoundError('ROUND_NO_ROSTER', { cohort: request.cohort });
  const floors = floorsOf(request.statistics);
  const minimum = request.minimum ?? Math.max(settings.minContributors, ...floors.map(({ least }) => least));
  assertMinimum(request, minimum, roster);
  const sharing = sharingFor(request, roster.homes.length);
  assertReport(request, grid, sharing);
  const candidates = candidatesOf(request, { homes, roster, grid });
  const asked: HomesAsked = { request, minimum, roster, homes, candidates };
  assertMatching(asked);
  const resolution = request.resolution ?? resolutionOf(request.unit);
  const { limit, fitting } = limitOf(asked, resolution);
  assertBuckets(request.statistics, limit);
  assertOnline(asked, fitting, sharing);
  const { deadline, expiry } = endsOf(request, grid, now, settings);
  return {
    fields: {
      id,
      cohort: request.cohort,
      roster: roster.hash,
      query: { tags: request.tags, quantity: request.quantity, unit: request.unit },
      grid,
      resolution,
      limit,
      statistics: statisticsFor(request.statistics, limit),
      dropouts: sharing.dropouts,
      packing: sharing.packing,
      minimum,
      deadline,
      expiry,
    },
    matching: candidates.map((candidate) => candidate.index),
  };
}

function assertVector(request: RoundRequest, grid: Grid): void {
  const length = lengthOf(request, grid);
  if (length <= longestVector) return;
  const slots = Math.floor(longestVector / (length / grid.slots));
  throw new RoundError('ROUND_VECTOR_TOO_LONG', { length, limit: longestVector, slots });
}

/** However wide its buckets. */
function lengthOf({ statistics }: RoundRequest, grid: Grid): number {
  return vectorLength({ grid, statistics: statisticsFor(statistics, 1) });
}

function assertMinimum({ cohort, statistics }: RoundRequest, minimum: number, roster: AcceptedRoster): void {
  const homes = roster.homes.length;
  assertFloors(statistics, homes, `the roster of ${cohort} has ${homes} homes`);
  if (homes < minimum) throw new RoundError('ROUND_ROSTER_TOO_SMALL', { cohort, homes, minimum });
  for (const { statistic, least } of floorsOf(statistics)) {
    if (minimum < least) throw new RoundError('ROUND_MINIMUM_UNFIT', { statistic, least, minimum });
  }
}

function sharingFor(request: RoundRequest, homes: number): Sharing {
  const defaults = defaultSharing(homes);
  const dropouts = request.dropouts ?? defaults.dropouts;
  const packing = request.packing ?? defaults.packing;
  const unfit = (why: string, options?: ErrorOptions) =>
    new RoundError('ROUND_SHARING_UNFIT', { dropouts, packing, homes, why }, options);
  let sharing: Sharing;
  try {
    sharing = sharingOf(homes, dropouts, packing);
  } catch (error) {
    if (error instanceof ProtocolError) throw unfit(error.message, { cause: error });
    throw error;
  }
  if (sharing.collusion < Math.ceil(homes / collusionDivisor)) {
    throw unfit(`homes ask that a third of them may collude, and it withstands ${sharing.collusion}`);
  }
  return sharing;
}

/** A home would refuse what its broker lets nobody send. Every request to open is smaller than homes can take. */
function assertReport(request: RoundRequest, grid: Grid, { homes, packing }: Sharing): void {
  const length = lengthOf(request, grid);
  const bytes = reportBytes({ homes, blocks: blocksOf(length, packing) });
  if (bytes <= longestFromHome) return;
  const slots = Math.floor((mostBlocks(homes) * packing * grid.slots) / length);
  throw new RoundError('ROUND_REPORT_TOO_LARGE', { homes, bytes, longest: longestFromHome, packing, slots });
}

/** What a home's policy asks for unless its owner changes it: a bound on collusion of a third of the roster. */
export const collusionDivisor = 3;
