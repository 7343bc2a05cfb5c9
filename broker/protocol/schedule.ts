/**
 * Schedules as operators write and read them: a cohort is asked for the same sum several times a day, by itself.
 */
import * as z from 'zod';
import { AskedStatistics, Duration, priceFields } from './asked-fields.ts';
import { Id, Ms, Positive, Quantity, Scaled, Tags, text, Uint, UnitName } from './fields.ts';
import { HexRoundId } from './json-messages.ts';

const minutesPerDay = 1440;

/** Slots of a day, each asked for once it is over: whole minutes, 15 of them at least. */
const TimesPerDay = z
  .int()
  .min(1)
  .max(96)
  .refine((times) => minutesPerDay % times === 0, 'is no number of equal slots of whole minutes in a day');

const asked = {
  /** What the schedule is called. */
  schedule: Id,
  cohort: Id,
  tags: Tags,
  quantity: Quantity.default('energyImport'),
  unit: UnitName.default('Wh'),
  /** The cohort's, by its IANA name: its day is cut into slots by the clock on the wall. */
  zone: text(1, 64),
  timesPerDay: TimesPerDay,
  statistics: AskedStatistics.default({}),
  resolution: Scaled.optional(),
  limit: Positive.optional(),
  minimum: Positive.optional(),
  /** Prices to be made of each sum. They hold for the slot that runs when the sum is known. */
  tariff: z.strictObject(priceFields).optional(),
  /** Cohorts are spread over so long after each slot's end, by a hash of their id. */
  spread: Duration.default(600_000),
};

export const ScheduleAddRequest = z.strictObject({ v: z.literal(1), type: z.literal('schedule-add'), ...asked });
export type ScheduleAddRequest = z.infer<typeof ScheduleAddRequest>;
export const SchedulesRequest = z.strictObject({
  v: z.literal(1),
  type: z.literal('schedules'),
  cohort: Id.optional(),
});
const named = { v: z.literal(1), schedule: Id };
export const SchedulePauseRequest = z.strictObject({ ...named, type: z.literal('schedule-pause') });
export const ScheduleResumeRequest = z.strictObject({ ...named, type: z.literal('schedule-resume') });
export const ScheduleRemoveRequest = z.strictObject({ ...named, type: z.literal('schedule-remove') });

/** What a schedule asks for, as stored. */
export const ScheduleTerms = z.strictObject(asked);
export type ScheduleTerms = z.infer<typeof ScheduleTerms>;

/** The newest run of a schedule. */
export const ScheduleRun = z.strictObject({
  from: Ms,
  until: Ms,
  /** When it was first asked for. */
  at: Ms,
  /**
   * `asking`: refused for want of connected homes, tried again until the next is due. `refused`: no round was opened.
   * `running`, `opened`, `failed`: as its round is.
   */
  state: z.enum(['asking', 'running', 'opened', 'failed', 'refused']),
  round: HexRoundId.optional(),
  /** Why the round failed. */
  reason: z.string().optional(),
  contributors: Uint.optional(),
  mean: z.array(z.number()).optional(),
  centsPerKwh: z.array(z.number()).optional(),
  /** Why there is no round, or no tariff. */
  error: z.strictObject({ code: z.string(), says: z.string(), remedy: z.string() }).optional(),
  /** Slots before it that fell due while nothing ran: they were left out. */
  missed: Uint,
});
export type ScheduleRun = z.infer<typeof ScheduleRun>;

export const ScheduleRow = z.strictObject({
  ...asked,
  paused: z.boolean(),
  last: ScheduleRun.optional(),
  /** The slot asked for next, and when; none while paused. */
  next: z.strictObject({ from: Ms, until: Ms, at: Ms }).optional(),
});
export type ScheduleRow = z.infer<typeof ScheduleRow>;
