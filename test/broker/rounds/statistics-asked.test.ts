import { describe, expect, test } from 'vitest';
import { resolutionOf } from '../../../broker/rounds/resolution.ts';
import { floorsOf, statisticsFor } from '../../../broker/rounds/statistics-asked.ts';

describe('statistics that are asked for', () => {
  const buckets = { start: -5, width: 7, buckets: 3 };
  test.each([
    ['nothing', {}, 160, {}],
    ['a variance', { variance: true }, 160, { variance: true }],
    ['buckets of one’s own', { histogram: buckets }, 160, { histogram: buckets }],
    [
      'a histogram: as narrow as homes accept',
      { histogram: true },
      160,
      { histogram: { start: 0, width: 10, buckets: 8 } },
    ],
    ['one under an odd limit', { histogram: true }, 161, { histogram: { start: 0, width: 11, buckets: 8 } }],
  ] as const)('%s', (_, asked, limit, statistics) => {
    expect(statisticsFor(asked, limit)).toEqual(statistics);
  });

  test('have the floors that homes keep to', () => {
    expect(floorsOf({})).toEqual([]);
    expect(floorsOf({ variance: true, histogram: true }).map(({ least }) => least)).toEqual([30, 100]);
  });

  test.each([
    ['Wh', [1, -1]],
    ['W', [1, 0]],
    ['A', [1, -2]],
    ['lux', [1, -1]],
  ])('%s comes in steps of its own', (unit, resolution) => expect(resolutionOf(unit)).toEqual(resolution));
});
