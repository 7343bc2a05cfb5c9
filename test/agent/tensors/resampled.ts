/** Slots straight from all readings around a grid, at once: what those from pieces and from tiers have to be. */
import { edgesAt, type Reading } from '../../../agent/tensors/edges.ts';
import { type Measure, type SlotValues, slotsBetween } from '../../../agent/tensors/resampling.ts';
import type { Grid } from '../../../broker/protocol/fields.ts';
import { slotEdges } from '../../../broker/protocol/grid.ts';

export function resampled(
  measure: Measure,
  readings: readonly Reading[],
  grid: Grid,
  longestGapMs: number,
): SlotValues {
  const kind = measure === 'change' ? 'counter' : 'level';
  return slotsBetween(measure, edgesAt(kind, readings, slotEdges(grid)).edges, grid, longestGapMs);
}
