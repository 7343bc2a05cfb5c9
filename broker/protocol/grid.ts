/**
 * The time grid of a round: its slots' edges, and whether two stretches of time overlap.
 */
import { type EpochMs, epochMs } from './clock.ts';
import { ProtocolError } from './errors.ts';
import type { Grid } from './fields.ts';

/** `[from, until)` */
export interface Span {
  readonly from: number;
  readonly until: number;
}

/**
 * @returns the end of the last slot
 * @throws {ProtocolError} ROUND_REFUSED, reason `grid`, where that is no exact number of milliseconds
 */
export function gridEnd(grid: Grid): EpochMs {
  const end = grid.from + grid.step * grid.slots;
  if (!Number.isSafeInteger(end)) {
    throw new ProtocolError('ROUND_REFUSED', { why: 'the grid ends beyond all time', reason: 'grid' });
  }
  return epochMs(end);
}

/** Where slots begin, and where the last one ends: slots + 1 instants. */
export function slotEdges(grid: Grid): EpochMs[] {
  gridEnd(grid);
  return Array.from({ length: grid.slots + 1 }, (_, slot) => epochMs(grid.from + slot * grid.step));
}

export function spanOf(grid: Grid): Span {
  return { from: grid.from, until: gridEnd(grid) };
}

/** Whether they have an instant in common; an end is not part of its span. */
export function overlaps(one: Span, other: Span): boolean {
  return one.from < other.until && other.from < one.until;
}
