/**
 * Arguments of the operator commands, read: durations, days, whole numbers.
 */
import { InvalidArgumentError } from 'commander';

const unitsMs: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const dayMs = 86_400_000;

/** 15m, 6h, or ISO 8601: PT6H. @returns ms */
export function durationArgument(text: string): number {
  const [, count, unit = ''] = /^(\d+)([smhd])$/.exec(text) ?? [];
  const iso = /^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?$/.exec(text);
  const [days = 0, hours = 0, minutes = 0, seconds = 0] = (iso ?? []).slice(1).map((part) => Number(part ?? 0));
  const ms =
    count === undefined
      ? (((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000
      : Number(count) * (unitsMs[unit] ?? 0);
  if (ms <= 0) throw new InvalidArgumentError('Give a duration like 15m, 6h or PT6H.');
  return ms;
}

/** 2026-11-23, in UTC. @returns ms of its midnight */
export function dayArgument(text: string): number {
  const ms = /^\d{4}-\d\d-\d\d$/.test(text) && isOnCalendar(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN;
  if (!(ms >= 0)) throw new InvalidArgumentError('Give a day like 2026-11-23.');
  return ms;
}

/** RFC 3339 with its offset. @returns ms */
export function instantArgument(text: string): number {
  const isWritten = /^\d{4}-\d\d-\d\dT(?!24)\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)$/.test(text);
  const ms = isWritten && isOnCalendar(text) ? Date.parse(text) : Number.NaN;
  if (!(ms >= 0)) throw new InvalidArgumentError('Give an instant like 2026-11-23T00:00:00Z or …T00:00:00+01:00.');
  return ms;
}

/** Read as a date, 30 February would be a day in March. */
function isOnCalendar(text: string): boolean {
  const midnight = new Date(`${text.slice(0, 10)}T00:00:00Z`);
  return !Number.isNaN(midnight.getTime()) && midnight.toISOString().startsWith(text.slice(0, 10));
}

export function countArgument(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('Give a whole number above 0.');
  return Number(text);
}

export interface HistogramArgument {
  readonly start: number;
  readonly width: number;
  readonly buckets: number;
}

/** START:WIDTH:BUCKETS, in the unit that is summed. */
export function histogramArgument(text: string): HistogramArgument {
  const [start = Number.NaN, width = Number.NaN, buckets = Number.NaN, more] = text
    .split(':')
    .map((part) => (/^-?\d+(\.\d+)?$/.test(part) ? Number(part) : Number.NaN));
  if (more !== undefined || Number.isNaN(start) || !(width > 0) || !(buckets >= 2 && buckets <= 8)) {
    throw new InvalidArgumentError('Give START:WIDTH:BUCKETS like 0:500:8, with 2 to 8 buckets.');
  }
  return { start, width, buckets };
}

/** @returns a value in whole steps of the resolution, or undefined where it is no whole number of them */
export function inSteps(value: number, [mantissa, exponent]: readonly [number, number]): number | undefined {
  const steps = value / (mantissa * 10 ** exponent);
  return Math.abs(steps - Math.round(steps)) < 1e-6 ? Math.round(steps) : undefined;
}

export interface GridOptions {
  readonly day?: number;
  readonly from?: number;
  readonly step: number;
  readonly slots?: number;
}

/** @returns the grid, or what is missing */
export function gridOf({
  day,
  from,
  step,
  slots,
}: GridOptions): { from: number; step: number; slots: number } | string {
  if ((day === undefined) === (from === undefined)) return 'give either --day or --from';
  if (day !== undefined) {
    if (slots !== undefined) return { from: day, step, slots };
    return dayMs % step === 0 ? { from: day, step, slots: dayMs / step } : 'a day is no whole number of such steps';
  }
  return slots === undefined ? 'give --slots with --from' : { from: from ?? 0, step, slots };
}
