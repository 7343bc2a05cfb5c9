import fc from 'fast-check';
import { expect, test } from 'vitest';
import { instantOf, instantsAt, isTimeZone, wallAt } from '../../../broker/protocol/local-time.ts';

const berlin = 'Europe/Berlin';
const utc = (text: string) => Date.parse(`${text}Z`);
const shown = (ms: number) => new Date(ms).toISOString().slice(0, 16);

test.each<[string, string, string, string[]]>([
  ['of an ordinary hour is one', berlin, '2026-11-23T06:00', ['2026-11-23T05:00']],
  ['of the hour that is leapt over is none', berlin, '2026-03-29T02:30', []],
  ['of the hour that comes twice is two', berlin, '2026-10-25T02:30', ['2026-10-25T00:30', '2026-10-25T01:30']],
  [
    'where half an hour is put back, too',
    'Australia/Lord_Howe',
    '2026-04-05T01:45',
    ['2026-04-04T14:45', '2026-04-04T15:15'],
  ],
  ['where the date line was moved, a day is missing', 'Pacific/Apia', '2011-12-30T12:00', []],
])('the instant %s', (_, zone, wall, instants) => {
  expect(instantsAt(zone, utc(wall)).map(shown)).toEqual(instants);
});

test('a wall time that is leapt over stands for the instant of the leap', () => {
  for (const minutes of ['00', '01', '30', '59']) {
    expect(shown(instantOf(berlin, utc(`2026-03-29T02:${minutes}`)))).toBe('2026-03-29T01:00');
  }
  expect(shown(instantOf('Australia/Lord_Howe', utc('2026-10-04T02:20')))).toBe('2026-10-03T15:30');
  expect(shown(instantOf('Pacific/Apia', utc('2011-12-30T12:00')))).toBe('2011-12-30T10:00');
  expect(shown(instantOf(berlin, utc('2026-10-25T02:30')))).toBe('2026-10-25T00:30');
});

test('what the wall shows at an instant leads back to it, in any zone', () => {
  const zone = fc.constantFrom(berlin, 'America/New_York', 'Australia/Lord_Howe', 'Asia/Kathmandu', 'UTC');
  const instant = fc.integer({ min: utc('2000-01-01T00:00'), max: utc('2040-01-01T00:00') });
  fc.assert(
    fc.property(zone, instant, (name, at) => {
      expect(instantsAt(name, wallAt(name, at))).toContain(at);
    }),
    { numRuns: 300 },
  );
});

test('a zone that there is not is told apart', () => {
  expect([berlin, 'UTC', 'Europe/Berlim', ''].map(isTimeZone)).toEqual([true, true, false, false]);
});
