/**
 * Whether the cells that a report would release are all there. Looks at which slots are covered, at no value.
 */
import { after, type EpochMs } from '../../broker/protocol/clock.ts';
import type { Grid } from '../../broker/protocol/fields.ts';
import { gridEnd, spanOf } from '../../broker/protocol/grid.ts';
import type { Announce } from '../../broker/protocol/messages.ts';
import type { Coverage } from '../tensors/tensor.ts';
import { idsOf } from './assess-round.ts';
import type { OwnTensor } from './own-tensor.ts';
import { type Refusal, refusal } from './refusals.ts';

/** An interval of a source: what a report uses up. */
export interface Cell {
  readonly device: string;
  readonly family: string;
  readonly from: number;
  readonly until: number;
}

/** The cells that a report over this grid would use up: a grid has no gaps, so one for each family of each source. */
export function cellsOf(grid: Grid, tensors: readonly OwnTensor[]): Cell[] {
  const { from, until } = spanOf(grid);
  return tensors.flatMap(({ source: { device, families } }) =>
    families.map((family) => ({ device, family, from, until })),
  );
}

export interface TensorCoverage {
  readonly id: string;
  readonly slots: readonly Coverage[];
}

export type CellCheck =
  | { readonly cells: 'there' }
  /** The reading after the last slot's end may yet come. */
  | { readonly cells: 'unsettled'; readonly until: EpochMs }
  | { readonly cells: 'refused'; readonly refusal: Refusal };

/** How long after the end of the grid a last reading is waited for, and how often it is looked for. */
const settlingMs = 15 * 60_000;
const retryMs = 10_000;

/** @param spentIn the round in which one of the cells was released; undefined where none was */
export function checkCells(
  { grid, deadline }: Announce,
  coverage: readonly TensorCoverage[],
  spentIn: string | undefined,
  now: EpochMs,
): CellCheck {
  if (spentIn !== undefined) return { cells: 'refused', refusal: refusal('CELL_SPENT', { before: spentIn }) };
  const firstMissing = ({ slots }: TensorCoverage) => slots.findIndex((slot) => slot !== 'covered');
  const missing = coverage.filter((one) => one.slots.length !== grid.slots || firstMissing(one) >= 0);
  if (missing.length === 0) return { cells: 'there' };
  const onlyLast = missing.every((one) => firstMissing(one) === grid.slots - 1);
  const next = after(now, retryMs);
  if (onlyLast && next < Math.min(after(gridEnd(grid), settlingMs), deadline)) {
    return { cells: 'unsettled', until: next };
  }
  return { cells: 'refused', refusal: refusal('CELL_MISSING', { tensors: idsOf(missing) }) };
}
