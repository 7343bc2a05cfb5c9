import { describe, expect, test } from 'vitest';
import { epochMs } from '../../../broker/protocol/clock.ts';
import { wallAt } from '../../../broker/protocol/local-time.ts';
import { type DailySchedule, dueRuns, nextRun, slotAt, spreadOf } from '../../../broker/schedules/due-runs.ts';

const berlin: DailySchedule = { cohort: 'feeder-7', zone: 'Europe/Berlin', timesPerDay: 4, spread: 0 };
const day = 86_400_000;
const quarter = 900_000;

/** Hours in which the offset is another than before. */
function changesOf(zone: string, year: number): number[] {
  const hours = Array.from({ length: 365 * 24 }, (_, nth) => Date.UTC(year, 0, 1) + nth * 3_600_000);
  return hours.filter((hour) => wallAt(zone, hour) - hour !== wallAt(zone, hour - 3_600_000) - (hour - 3_600_000));
}

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

const zones = ['Europe/Berlin', 'America/New_York', 'America/Los_Angeles', 'Africa/Cairo', 'Australia/Lord_Howe'];
const allTimesPerDay = Array.from({ length: 96 }, (_, at) => at + 1).filter((times) => 1440 % times === 0);

test.each(zones)(
  'whatever the clocks of %s do in a year, no slot is under 15 minutes, and none is left out',
  (zone) => {
    const changes = changesOf(zone, 2026);
    expect(changes).toHaveLength(2);
    for (const timesPerDay of allTimesPerDay) {
      for (const change of changes) {
        const schedule = { ...berlin, zone, timesPerDay };
        const [after, now] = [epochMs(change - day), epochMs(change + day)];
        const runs = dueRuns(schedule, { after, now });
        expect(runs[0]?.from).toBeLessThanOrEqual(after);
        expect(runs.at(-1)?.until).toBeGreaterThan(now - day);
        for (const [nth, { from, until }] of runs.entries()) {
          expect(until - from, `${timesPerDay} ${new Date(from).toISOString()}`).toBeGreaterThanOrEqual(quarter);
          if (nth > 0) expect(from).toBe(runs[nth - 1]?.until);
        }
        // Looked at in the middle of it, it is the same slot.
        const across = runs.find(({ until }) => until >= change);
        expect(slotAt(schedule, across?.from ?? now)).toEqual({ from: across?.from, until: across?.until });
      }
    }
  },
);

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
