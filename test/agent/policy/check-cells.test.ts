import { expect, test } from 'vitest';
import { cellsOf, checkCells } from '../../../agent/policy/check-cells.ts';
import { families } from '../../../agent/tensors/families.ts';
import type { Coverage } from '../../../agent/tensors/tensor.ts';
import { type EpochMs, epochMs } from '../../../broker/protocol/clock.ts';
import { gridEnd } from '../../../broker/protocol/grid.ts';
import { makeCohort } from '../../broker/protocol/made-cohort.ts';
import { ownTensor } from '../made-agent.ts';

const { announce } = makeCohort(4).round;
const end = gridEnd(announce.grid);
const whole = [true, true, true, true];
const noLast = [true, true, true, false];
const minute = 60_000;
const coverageOf = (covered: boolean): Coverage => (covered ? 'covered' : 'gap');

const cases: [name: string, covered: boolean[][], spentIn: string | undefined, after: number, cells: string][] = [
  ['takes cells that are all there', [whole, whole], undefined, 0, 'there'],
  ['waits for the reading after the last slot', [whole, noLast], undefined, 0, 'unsettled'],
  ['for a quarter of an hour', [noLast], undefined, 14 * minute, 'unsettled'],
  ['not for ever', [noLast], undefined, 15 * minute, 'CELL_MISSING'],
  ['not for a gap that will never be filled', [[true, false, true, false]], undefined, 0, 'CELL_MISSING'],
  ['not for a device that had stopped before', [[true, true, false, false]], undefined, 0, 'CELL_MISSING'],
  ['refuses a partial sum', [whole, [false, true, true, true]], undefined, 0, 'CELL_MISSING'],
  ['refuses a grid it knows too little of', [[true]], undefined, 0, 'CELL_MISSING'],
  ['refuses what was released before, first of all', [noLast], 'aa', 0, 'CELL_SPENT'],
];

test.each(cases)('%s', (_, covered, spentIn, after, expected) => {
  const coverage = covered.map((slots, at) => ({ id: `t${at}`, slots: slots.map(coverageOf) }));
  const check = checkCells(announce, coverage, spentIn, epochMs(end + after));
  expect('refusal' in check ? check.refusal.code : check.cells).toBe(expected);
});

test('waits no longer than the deadline, when the set is fixed', () => {
  const deadline = end + minute;
  const check = (at: EpochMs) =>
    checkCells({ ...announce, deadline }, [{ id: 't', slots: noLast.map(coverageOf) }], undefined, at);
  expect(check(end)).toEqual({ cells: 'unsettled', until: end + 10_000 });
  expect(check(epochMs(deadline - 10_000)).cells).toBe('refused');
});

test('a cell is the source, not the tensor, over the whole grid', () => {
  const cells = cellsOf(announce.grid, [
    ownTensor({ id: 'renamed', source: { device: 'serial 7', families: ['import'] } }),
  ]);
  expect(cells).toEqual([{ device: 'serial 7', family: 'import', from: announce.grid.from, until: end }]);
});

test('a tensor that tells of both directions has a cell of each', () => {
  const cells = cellsOf(announce.grid, [ownTensor({ source: { device: 'serial 7', families: families.power } })]);
  expect(cells.map(({ family }) => family)).toEqual(['import', 'export']);
});
