import { describe, expect, it } from 'vitest';
import { dayArgument, instantArgument } from '../../../broker/cli/arguments.ts';

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
