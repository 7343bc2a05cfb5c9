/**
 * Which slots a person wants to see: what is left out is chosen so that the newest are among them. Pure.
 */
import type { EpochMs } from '../../broker/protocol/clock.ts';
import type { Grid } from '../../broker/protocol/fields.ts';
import { dayMs, instantOf as instantOfWall, wallAt } from '../../broker/protocol/local-time.ts';
import { AgentError } from '../errors.ts';
import { dayGrids } from '../tensors/local-days.ts';
import type { WrittenInstant } from '../tensors/local-instant.ts';
import { instantOf, type Step } from './arguments.ts';
import { systemZone } from './print.ts';

export interface GridOptions {
  readonly from?: WrittenInstant;
  readonly step?: Step;
  readonly slots?: number;
  readonly zone?: string;
}

const hourMs = 3_600_000;
const mostSlots = 4096;

/**
 * @returns undefined where nothing is asked for
 * @throws {AgentError} FIELD_MALFORMED
 */
export function gridsOf({ from, step, slots, zone = systemZone() }: GridOptions, now: EpochMs): Grid[] | undefined {
  if (from === undefined && step === undefined && slots === undefined) return undefined;
  const begins = from && instantOf(from, zone);
  const length = step ?? { ms: hourMs };
  if ('ms' in length) return [evenGrid(length.ms, begins, slots, now)];
  const grids = calendarGrids(length.days, begins, slots, now, zone);
  if (grids.length === 0) throw tooMany();
  return grids;
}

function evenGrid(step: number, begins: number | undefined, slots: number | undefined, now: number): Grid {
  if (begins !== undefined) return { from: begins, step, slots: slots ?? counted((now - begins) / step) };
  const count = slots ?? counted((24 * hourMs) / step);
  return { from: Math.max(0, Math.floor(now / step) * step - count * step), step, slots: count };
}

/** Days of the calendar, today among them. */
function calendarGrids(
  days: number,
  begins: number | undefined,
  slots: number | undefined,
  now: number,
  zone: string,
): Grid[] {
  const lengthMs = days * dayMs;
  if (begins !== undefined) return dayGrids(zone, begins, days, slots ?? counted((now - begins) / lengthMs));
  const count = slots ?? 7;
  const today = Math.floor(wallAt(zone, now) / dayMs) * dayMs;
  return dayGrids(zone, Math.max(0, instantOfWall(zone, today + dayMs - count * lengthMs)), days, count);
}

function counted(slots: number): number {
  if (slots > mostSlots) throw tooMany();
  return Math.max(1, Math.ceil(slots));
}

function tooMany(): AgentError {
  return new AgentError('FIELD_MALFORMED', {
    field: 'slots',
    why: `more than ${mostSlots}: give --slots, or a longer --step`,
  });
}
