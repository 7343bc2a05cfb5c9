import { describe, expect, it } from 'vitest';
import { dayArgument, histogramArgument, inSteps, instantArgument } from '../../../broker/cli/arguments.ts';

describe('an instant', () => {
  const at = Date.UTC(2026, 10, 23, 6, 30, 5);
  it.each([
    ['2026-11-23T06:30:05Z', at],
    ['2026-11-23T07:30:05+01:00', at],
    ['2026-11-23T06:30:05.250Z', at + 250],
    ['2026-11-23T01:00:05.25-05:30', at + 250],
    ['2026-11-23T06:30Z', at - 5000],
    [new Date(at + 7).toISOString(), at + 7],
  ])('%s', (text, ms) => {
    expect(instantArgument(text)).toBe(ms);
  });

  it.each([
    '2026-11-23T06:30:05',
    '2026-02-30T00:00:00Z',
    '2026-11-23T24:00:00Z',
    '2026-11-23T06:30:05.Z',
    '1969-12-31T23:59:59Z',
  ])('%s is none', (text) => {
    expect(() => instantArgument(text)).toThrow(/Give an instant like/);
  });
});

describe('a day', () => {
  it('begins at midnight, UTC', () => {
    expect(dayArgument('2028-02-29')).toBe(Date.UTC(2028, 1, 29));
  });

  it.each(['2026-02-29', '2026-13-01', '23.11.2026', '2026-11-23T00:00:00Z'])('%s is none', (text) => {
    expect(() => dayArgument(text)).toThrow(/Give a day like/);
  });
});

describe('buckets', () => {
  it('are start, width and count in the unit that is summed', () => {
    expect(histogramArgument('-0.5:250:8')).toEqual({ start: -0.5, width: 250, buckets: 8 });
  });

  it.each(['0:500', '0:500:9', '0:500:1', '0:0:8', '0:-1:8', 'a:1:2', '0:1:2:3', ''])('%s are none', (text) => {
    expect(() => histogramArgument(text)).toThrow(/Give START:WIDTH:BUCKETS/);
  });

  it.each([
    [500, [1, -1], 5000],
    [0.1, [1, -1], 1],
    [-0.5, [1, -1], -5],
    [0.05, [1, -1], undefined],
    [3.25, [1, -2], 325],
  ] as const)('%d in steps of %j is %s', (value, resolution, steps) => expect(inSteps(value, resolution)).toBe(steps));
});
