/**
 * From readings at any instants to one value per slot of a grid. Pure.
 *
 * What a counter stood at is worked out once for each edge of the grid, so slots add up by construction. Where an
 * edge is not known, no slot at it is covered: nothing is ever made up, and no reading is not zero.
 */
import type { Grid } from '../../broker/protocol/fields.ts';
import { slotEdges } from '../../broker/protocol/grid.ts';
import type { Mark } from '../polling/counter.ts';
import type { Coverage, Slots, Uncovered } from './tensor.ts';

/** What is worked out here; what the numbers are is known to who asks. */
export type SlotValues = Pick<Slots, 'values' | 'coverage'>;

export interface Reading {
  readonly at: number;
  readonly value: number;
  /** Of a counter, whether it is believed, and whether it counts anew from here. A level is always `good`. */
  readonly mark: Mark;
}

/** Edges are interpolated over at most this part of a slot, however long the pauses of the device may be. */
const gapPerStep = 1 / 3;

/** The longest pause between two readings over which an edge of `grid` may be interpolated. */
export function longestGap(grid: Grid, longestGapMs: number): number {
  return Math.min(longestGapMs, grid.step * gapPerStep);
}

/**
 * @param readings of one counter, in order of time, from around the whole grid
 * @returns the change in each slot, to a thousandth of the unit
 */
export function changePerSlot(readings: readonly Reading[], grid: Grid, longestGapMs: number): SlotValues {
  const good: Reading[] = [];
  /** Of each good reading, which count it belongs to: from one to the next nothing is known. */
  const counts: number[] = [];
  let count = 0;
  for (const reading of readings) {
    if (reading.mark === 'doubtful') continue;
    if (reading.mark === 'anew') count += 1;
    counts.push(count);
    good.push(reading);
  }
  const edges = edgesAmong(good, grid, longestGap(grid, longestGapMs));
  return perSlot(grid, (slot) => {
    const [first, last] = [edges[slot], edges[slot + 1]];
    if (first === undefined || last === undefined) return 'gap';
    if (counts[last.after] !== counts[first.before]) return 'reset';
    return (thousandthsAt(good, last) - thousandthsAt(good, first)) / 1000;
  });
}

/**
 * @param readings of a level (power, voltage), in order of time, from around the whole grid
 * @returns the mean over each slot of the line through the readings
 */
export function meanPerSlot(readings: readonly Reading[], grid: Grid, longestGapMs: number): SlotValues {
  const gapMs = longestGap(grid, longestGapMs);
  const areas = [0];
  const gaps = [0];
  for (const [index, reading] of readings.entries()) {
    const before = readings[index - 1];
    if (before === undefined) continue;
    areas.push((areas[index - 1] ?? 0) + areaBetween(before, reading));
    gaps.push((gaps[index - 1] ?? 0) + (reading.at - before.at > gapMs ? 1 : 0));
  }
  const edges = edgesAmong(readings, grid, gapMs);
  return perSlot(grid, (slot) => {
    const [first, last] = [edges[slot], edges[slot + 1]];
    if (first === undefined || last === undefined) return 'gap';
    // Neither edge lies in a gap, so a gap between them is one between the readings after the first and up to the last.
    if (gaps[last.before] !== gaps[first.before]) return 'gap';
    const area = (edge: Edge) => (areas[edge.before] ?? 0) + areaUpTo(readings, edge);
    return (area(last) - area(first)) / grid.step;
  });
}

/** An instant between two neighbouring readings, or on one: then both are that one. */
interface Edge {
  readonly at: number;
  /** Places among the readings. */
  readonly before: number;
  readonly after: number;
}

function edgesAmong(readings: readonly Reading[], grid: Grid, gapMs: number): (Edge | undefined)[] {
  let next = 0;
  return slotEdges(grid).map((at) => {
    while (next < readings.length && (readings[next] as Reading).at <= at) next += 1;
    const [one, other] = [readings[next - 1], readings[next]];
    if (one?.at === at) return { at, before: next - 1, after: next - 1 };
    if (one === undefined || other === undefined || other.at - one.at > gapMs) return undefined;
    return { at, before: next - 1, after: next };
  });
}

function valueAt(readings: readonly Reading[], { at, before, after }: Edge): number {
  const [one, other] = [readings[before], readings[after]];
  if (one === undefined || other === undefined) throw new RangeError('edge: expected one between two readings');
  if (one === other) return one.value;
  return one.value + ((other.value - one.value) * (at - one.at)) / (other.at - one.at);
}

/** Whole numbers, so that their differences add up without any rounding. */
function thousandthsAt(readings: readonly Reading[], edge: Edge): number {
  return Math.round(valueAt(readings, edge) * 1000);
}

type Point = Pick<Reading, 'at' | 'value'>;

function areaBetween(one: Point, other: Point): number {
  return ((one.value + other.value) / 2) * (other.at - one.at);
}

/** From the last reading before an edge up to it. */
function areaUpTo(readings: readonly Reading[], edge: Edge): number {
  const one = readings[edge.before];
  return one === undefined ? 0 : areaBetween(one, { at: edge.at, value: valueAt(readings, edge) });
}

function perSlot(grid: Grid, take: (slot: number) => number | Uncovered): SlotValues {
  const values = new Float64Array(grid.slots);
  const coverage: Coverage[] = [];
  for (let slot = 0; slot < grid.slots; slot++) {
    const value = take(slot);
    coverage.push(typeof value === 'number' ? 'covered' : value);
    values[slot] = typeof value === 'number' ? value : 0;
  }
  return { values, coverage };
}
