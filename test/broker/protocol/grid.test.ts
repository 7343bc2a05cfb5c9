import { expect, test } from 'vitest';
import { gridEnd, slotEdges, spanOf } from '../../../broker/protocol/grid.ts';

const grid = { from: 1_000, step: 250, slots: 4 };

test('a grid ends where its last slot does', () => {
  expect(gridEnd(grid)).toBe(2_000);
  expect(slotEdges(grid)).toEqual([1_000, 1_250, 1_500, 1_750, 2_000]);
  expect(spanOf(grid)).toEqual({ from: 1_000, until: 2_000 });
});

test.each([gridEnd, slotEdges, spanOf])('a grid that ends beyond all time is refused by %o', (of) => {
  expect(() => of({ from: 1, step: Number.MAX_SAFE_INTEGER, slots: 1 })).toThrow(
    expect.objectContaining({ code: 'ROUND_REFUSED', reason: 'grid' }),
  );
});
