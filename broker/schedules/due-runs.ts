/**
 * When a daily schedule asks for which slots, in the cohort's time zone, also on days of 23 or 25 hours. Pure.
 */
import { createHash } from 'node:crypto';
import { type EpochMs, epochMs } from '../protocol/clock.ts';
import { dayMs, instantOf, wallAt } from '../protocol/local-time.ts';
import type { ScheduleTerms } from '../protocol/schedule.ts';
import { shortestSlotMs } from '../rounds/plan-times.ts';

/** Slots divide the hours of the wall clock: one over a change of time is longer or shorter, never under 15 minutes. */
export type DailySchedule = Pick<ScheduleTerms, 'cohort' | 'zone' | 'timesPerDay' | 'spread'>;

/** One slot to be asked for. */
export interface DueRun {
  readonly from: EpochMs;
  readonly until: EpochMs;
  /** When to ask: after the slot's end, later by the cohort's share of the spread. */
  readonly at: EpochMs;
}

/** No home accepts a round over hours that are longer past. */
const oldestMs = 14 * dayMs;

/**
 * @param after end of the last slot that was asked for
 * @returns what is due by now, oldest first; nothing that is over since more than 14 days
 */
export function dueRuns(schedule: DailySchedule, { after, now }: { after: EpochMs; now: EpochMs }): DueRun[] {
  const delay = spreadOf(schedule);
  const since = Math.max(after, now - oldestMs);
  return slotsBetween(schedule, since, now)
    .map(([from, until]): DueRun => ({ from, until, at: epochMs(until + delay) }))
    .filter(({ until, at }) => until > since && at <= now);
}

/** When the first slot that ends after `after` is to be asked for. */
export function nextRun(schedule: DailySchedule, after: EpochMs): DueRun {
  const slot = slotAt(schedule, after);
  return { ...slot, at: epochMs(slot.until + spreadOf(schedule)) };
}

/** The slot that runs at this instant: they follow one another without a gap. */
export function slotAt(schedule: DailySchedule, now: EpochMs): { from: EpochMs; until: EpochMs } {
  const slot = slotsBetween(schedule, now, now).find(([from, until]) => from <= now && now < until);
  if (slot === undefined) throw new RangeError(`no slot runs at ${now}`);
  return { from: slot[0], until: slot[1] };
}

/** The same for a cohort always, evenly over cohorts. */
export function spreadOf({ cohort, spread }: Pick<DailySchedule, 'cohort' | 'spread'>): number {
  const share = createHash('sha256').update(cohort).digest().readUInt32BE(0) / 2 ** 32;
  return Math.floor(share * spread);
}

/** The slots of all days that touch this time, one after the other without a gap. */
function slotsBetween({ zone, timesPerDay }: DailySchedule, from: number, to: number): [EpochMs, EpochMs][] {
  const slots: [EpochMs, EpochMs][] = [];
  // In the wall's own count of time, days have 24 hours.
  const first = Math.floor(wallAt(zone, from) / dayMs) - 1;
  const last = Math.floor(wallAt(zone, to) / dayMs) + 1;
  let begins = instantOf(zone, first * dayMs);
  for (let edge = first * timesPerDay + 1; edge <= (last + 1) * timesPerDay; edge += 1) {
    const ends = instantOf(zone, (edge * dayMs) / timesPerDay);
    // What the clock leaps over has none, and what is left beside it may be too short for a home: it goes with the next.
    if (ends - begins < shortestSlotMs) continue;
    slots.push([begins, ends]);
    begins = ends;
  }
  return slots;
}
