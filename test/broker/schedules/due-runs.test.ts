import { describe, expect, test } from 'vitest';
import { epochMs } from '../../../broker/protocol/clock.ts';
import { type DailySchedule, dueRuns, nextRun, spreadOf } from '../../../broker/schedules/due-runs.ts';

const berlin: DailySchedule = { cohort: 'feeder-7', zone: 'Europe/Berlin', timesPerDay: 4, spread: 0 };
const at = (text: string) => epochMs(Date.parse(text));
const shown = (schedule: DailySchedule, after: string, now: string) =>
  dueRuns(schedule, { after: at(after), now: at(now) }).map(
    ({ from, until }) => `${new Date(from).toISOString().slice(5, 16)} ${(until - from) / 3_600_000}`,
  );

describe('slots of a day', () => {
  test.each<[string, DailySchedule, string, string, string[]]>([
    [
      'in winter',
      berlin,
      '2026-11-23T00:00+01:00',
      '2026-11-24T00:00+01:00',
      ['11-22T23:00 6', '11-23T05:00 6', '11-23T11:00 6', '11-23T17:00 6'],
    ],
    [
      'the day the clock leaps forward has 23 hours',
      berlin,
      '2026-03-29T00:00+01:00',
      '2026-03-30T00:00+02:00',
      ['03-28T23:00 5', '03-29T04:00 6', '03-29T10:00 6', '03-29T16:00 6'],
    ],
    [
      'the day it is put back has 25',
      berlin,
      '2026-10-25T00:00+02:00',
      '2026-10-26T00:00+01:00',
      ['10-24T22:00 7', '10-25T05:00 6', '10-25T11:00 6', '10-25T17:00 6'],
    ],
    [
      'the hour that is leapt over has no slot',
      { ...berlin, timesPerDay: 24 },
      '2026-03-29T01:00+01:00',
      '2026-03-29T04:00+02:00',
      ['03-29T00:00 1', '03-29T01:00 1'],
    ],
    [
      'nor have its quarters: each quarter that there is has one',
      { ...berlin, timesPerDay: 96 },
      '2026-03-29T01:45+01:00',
      '2026-03-29T04:15+02:00',
      [
        '03-29T00:45 0.25',
        '03-29T01:00 0.25',
        '03-29T01:15 0.25',
        '03-29T01:30 0.25',
        '03-29T01:45 0.25',
        '03-29T02:00 0.25',
      ],
    ],
    [
      'the hour that comes twice is in one slot',
      { ...berlin, timesPerDay: 24 },
      '2026-10-25T02:00+02:00',
      '2026-10-25T03:00+01:00',
      ['10-25T00:00 2'],
    ],
    ['none is due before its end', berlin, '2026-11-23T00:00+01:00', '2026-11-23T05:59:59+01:00', []],
    ['none twice', berlin, '2026-11-23T06:00+01:00', '2026-11-23T11:00+01:00', []],
    [
      'in another zone',
      { ...berlin, zone: 'Asia/Kolkata', timesPerDay: 1 },
      '2026-11-23T00:00+05:30',
      '2026-11-24T00:00+05:30',
      ['11-22T18:30 24'],
    ],
  ])('%s', (_, schedule, after, now, slots) => {
    expect(shown(schedule, after, now)).toEqual(slots);
  });
});

test('cohorts are spread, each always by the same, and asked for only then', () => {
  const spread = { ...berlin, spread: 600_000 };
  const delays = Array.from({ length: 200 }, (_, cohort) => spreadOf({ ...spread, cohort: `feeder-${cohort}` }));
  expect(Math.min(...delays)).toBeLessThan(60_000);
  expect(Math.max(...delays)).toBeGreaterThan(540_000);
  const run = nextRun(spread, at('2026-11-23T00:00+01:00'));
  expect(run.at - run.until).toBe(spreadOf(spread));
  const just = (now: number) => dueRuns(spread, { after: at('2026-11-23T00:00+01:00'), now: epochMs(now) });
  expect(just(run.at - 1)).toEqual([]);
  expect(just(run.at)).toEqual([run]);
});
