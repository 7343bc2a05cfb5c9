import { describe, expect, test } from 'vitest';
import { gridEnd, overlaps, slotEdges, spanOf } from '../../../broker/protocol/grid.ts';

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

describe('two spans', () => {
  test.each([
    ['one before the other', [0, 5], [6, 9], false],
    ['one ending where the other begins', [0, 5], [5, 9], false],
    ['one into the other by a millisecond', [0, 6], [5, 9], true],
    ['one within the other', [0, 9], [3, 4], true],
    ['the same', [3, 4], [3, 4], true],
  ] as const)('overlap or not: %s', (_, one, other, expected) => {
    const first = { from: one[0], until: one[1] };
    const second = { from: other[0], until: other[1] };
    expect(overlaps(first, second)).toBe(expected);
    expect(overlaps(second, first)).toBe(expected);
  });
});
