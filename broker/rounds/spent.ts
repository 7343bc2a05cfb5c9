/**
 * Which rounds have taken the hours asked for, as far as the coordinator's own tell: every home gives each hour once,
 * ever. Pure.
 */
import type { Grid, Query } from '../protocol/fields.ts';
import { overlaps, spanOf } from '../protocol/grid.ts';
import type { RoundRequest } from '../protocol/operator.ts';

/** A round of the same cohort, running or over, that has taken some of the hours asked for. */
export interface EarlierRound {
  /** Round id. */
  readonly round: string;
  /** Homes that have reported to it, and those that still may. One that failed before any report has none. */
  readonly homes: readonly string[];
}

/**
 * Only where it is sure: whoever has all tags of the earlier query has all of a query with fewer, so that each home
 * would have to give hours again that it gave. With further tags it may be that other devices are meant.
 */
export function clashes(request: RoundRequest, { query, grid }: { query: Query; grid: Grid }): boolean {
  const { tags, quantity, unit } = request;
  const sameThing = query.quantity === quantity && query.unit === unit && tags.every((tag) => query.tags.includes(tag));
  return sameThing && overlaps(spanOf(request), spanOf(grid));
}
