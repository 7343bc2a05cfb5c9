/**
 * The kinds of fields that operators write: times as people write them, statistics, a formula for prices.
 */
import * as z from 'zod';
import { Ms, Positive, Statistics } from './fields.ts';

/** An instant: milliseconds, or RFC 3339 text. */
export const Instant = z.union([Ms, z.iso.datetime({ offset: true }).transform((value) => Date.parse(value))]);

/** A length of time: milliseconds, or ISO 8601 text of days, hours, minutes and seconds: PT6H. */
export const Duration = z.union([
  Positive,
  z
    .string()
    .regex(/^P(?=\d|T\d)(\d+D)?(T(?=\d)(\d+H)?(\d+M)?(\d+S)?)?$/)
    .transform(isoDurationMs)
    .refine((value) => value > 0),
]);

/** `"histogram": true` leaves the buckets to the coordinator. */
export const AskedStatistics = Statistics.extend({
  histogram: z.union([Statistics.shape.histogram.unwrap(), z.literal(true)]).optional(),
});

/** `formula` over `mean`, `sum` (in `unit`) and `contributors` yields hundredths of the currency per kWh, per slot. */
export const priceFields = {
  formula: z.string().min(1).max(200),
  unit: z.enum(['Wh', 'kWh']).default('kWh'),
  /** ISO 4217. */
  currency: z
    .string()
    .regex(/^[A-Z]{3}$/)
    .default('EUR'),
};

/** @param text ISO 8601, checked before: days, hours, minutes, seconds */
function isoDurationMs(text: string): number {
  const [, days = 0, hours = 0, minutes = 0, seconds = 0] =
    /^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?$/.exec(text)?.map((part) => Number(part ?? 0)) ?? [];
  return (((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000;
}
