import { describe, expect, it } from 'vitest';
import { instantArgument, instantOf, stepArgument } from '../../../agent/cli/arguments.ts';

describe('an instant', () => {
  const at = Date.UTC(2026, 10, 23, 6, 30, 5);
  it.each([
    ['2026-11-23T06:30:05Z', at],
    ['2026-11-23 06:30:05Z', at],
    ['2026-11-23T07:30:05+01:00', at],
    ['2026-11-23T01:00:05-05:30', at],
    ['2026-11-23T06:30:05.250Z', at + 250],
    ['2026-11-23T07:30:05.25+01:00', at + 250],
    ['2026-11-23T06:30:05.000999999Z', at],
    ['2026-11-23T06:30Z', at - 5000],
    ['2026-11-23', new Date(2026, 10, 23).getTime()],
    ['2026-11-23T06:30:05.250', new Date(2026, 10, 23, 6, 30, 5, 250).getTime()],
  ])('%s', (text, ms) => {
    expect(instantOf(instantArgument(text))).toBe(ms);
  });

  it('is read as toISOString writes it', () => {
    expect(instantOf(instantArgument(new Date(at + 7).toISOString()))).toBe(at + 7);
  });

  it.each([
    'yesterday',
    '2026-02-30',
    '2026-11-23T24:00Z',
    '2026-11-23T06:30:05.Z',
    '2026-11-23T06:30.5Z',
    '2026-11-23T06:30:05+1',
    '1969-12-31T23:59:59.999Z',
  ])('%s is none', (text) => {
    expect(() => instantArgument(text)).toThrow(/Give a day like 2026-11-23 or an instant/);
  });

  it('without an offset is of the zone that is asked about', () => {
    const at = (text: string, zone: string) => new Date(instantOf(instantArgument(text), zone)).toISOString();
    expect(at('2026-03-29', 'Europe/Berlin')).toBe('2026-03-28T23:00:00.000Z');
    expect(at('2026-03-30', 'Europe/Berlin')).toBe('2026-03-29T22:00:00.000Z');
    expect(at('2026-03-29', 'America/New_York')).toBe('2026-03-29T04:00:00.000Z');
    expect(at('23.11.2026 06:30', 'Europe/Berlin')).toBe('2026-11-23T05:30:00.000Z');
    expect(() => at('2026-03-29T02:30', 'Europe/Berlin')).toThrow(/no clock in Europe\/Berlin has shown this time/);
  });
});

it('days are counted as the calendar counts them, other steps as long as they are', () => {
  expect(['1d', '7d', '24h', '15m'].map(stepArgument)).toEqual([
    { days: 1 },
    { days: 7 },
    { ms: 86_400_000 },
    { ms: 900_000 },
  ]);
});
