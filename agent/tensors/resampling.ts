/**
 * From what is known at the edges of a grid to one value per slot. Pure.
 *
 * What a counter stood at is worked out once for each edge, so slots add up by construction. Where an edge is not known,
 * no slot at it is covered: nothing is ever made up, and no reading is not zero.
 */
import type { Grid } from '../../broker/protocol/fields.ts';
import { type Edge, mostGapMs } from './edges.ts';
import type { Coverage, Slots, Uncovered } from './tensor.ts';

/** What is worked out here; what the numbers are is known to who asks. */
export type SlotValues = Pick<Slots, 'values' | 'coverage'>;

/** Edges are interpolated over at most this part of a slot, however long the pauses of the device may be. */
const gapPerStep = 1 / 3;

/** The longest pause between two readings over which an edge of `grid` may be interpolated. */
export function longestGap(grid: Grid, longestGapMs: number): number {
  return Math.min(longestGapMs, grid.step * gapPerStep, mostGapMs);
}

/**
 * What is asked of a series: the change of a counter in its unit; the mean of a level; what a level adds up to in an
 * hour, W to Wh.
 */
export type Measure = 'change' | 'mean' | 'derived energy';

/**
 * @param edges at the slots' edges, one more than there are slots
 * @param longestGapMs of the device
 */
export function slotsBetween(
  measure: Measure,
  edges: readonly (Edge | 'condensed')[],
  grid: Grid,
  longestGapMs: number,
): SlotValues {
  const gapMs = longestGap(grid, longestGapMs);
  const take = (slot: number): number | Uncovered => {
    const [first, last] = [edges[slot] ?? 'gap', edges[slot + 1] ?? 'gap'];
    // A counter has counted on where a slot has a pause in its middle; a level says nothing of what it was meanwhile.
    const pauses = [measure === 'change' ? first : undefined, last];
    if (pauses.some((edge) => typeof edge === 'object' && edge.pauseMs > gapMs)) return 'gap';
    if (first === 'condensed' || last === 'condensed') return 'condensed';
    if (first === 'gap' || last === 'gap') return 'gap';
    if (first === 'reset' || last === 'reset') return 'reset';
    if (first.run !== last.run) return measure === 'change' ? 'reset' : 'gap';
    if (measure === 'change') return (last.total - first.total) / 1000;
    if (measure === 'mean') return (last.total - first.total) / grid.step;
    return (thousandthWattHours(last.total) - thousandthWattHours(first.total)) / 1000;
  };
  const values = new Float64Array(grid.slots);
  const coverage: Coverage[] = [];
  for (let slot = 0; slot < grid.slots; slot++) {
    const value = take(slot);
    coverage.push(typeof value === 'number' ? 'covered' : value);
    values[slot] = typeof value === 'number' ? value : 0;
  }
  return { values, coverage };
}

/** Of W times 1 ms: rounded at the edges, so that slots add up. */
function thousandthWattHours(total: number): number {
  return Math.round(total / 3600);
}
