/**
 * Instants as people and exports write them: with their offset, or as the wall clock of a time zone shows them. Pure.
 */
import { type EpochMs, epochMs } from '../../broker/protocol/clock.ts';
import { instantsAt } from '../../broker/protocol/local-time.ts';

export interface WrittenInstant {
  /** What the wall clock shows, as if it were UTC. */
  readonly wall: number;
  /** Of the wall clock from UTC, where it is written. */
  readonly offsetMs: number | undefined;
}

const time = String.raw`(?:[T ]+(\d\d):(\d\d)(?::(\d\d(?:\.\d{1,9})?))?)?`;
const offset = String.raw`\s*(Z|[+-]\d\d:?\d\d)?`;
const yearFirst = new RegExp(String.raw`^(\d{4})-(\d\d)-(\d\d)${time}${offset}$`);
const dayFirst = new RegExp(String.raw`^(\d\d)\.(\d\d)\.(\d{4})${time}${offset}$`);

/** 2026-11-23, 2026-11-23T06:00, …Z, …+01:00, 23.11.2026 06:00. What is less than a millisecond falls away. */
export function readInstant(text: string): WrittenInstant | undefined {
  const [, year, month, day, ...rest] = yearFirst.exec(text) ?? turned(dayFirst.exec(text)) ?? [];
  const [hour = '00', minute = '00', second = '00', zone] = rest;
  const wall = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  // 30 February would become a day in March, and 24:00 the next day.
  const days = new Date(Date.UTC(Number(year), Number(month), 0)).getUTCDate();
  if (Number.isNaN(wall) || Number(day) > days || Number(hour) > 23) return undefined;
  return { wall, offsetMs: zone === undefined ? undefined : offsetOf(zone) };
}

function turned(match: RegExpExecArray | null): (string | undefined)[] | undefined {
  if (match === null) return undefined;
  const [all, day, month, year, ...rest] = match;
  return [all, year, month, day, ...rest];
}

function offsetOf(written: string): number {
  if (written === 'Z') return 0;
  const [hours, minutes] = [written.slice(1, 3), written.slice(-2)].map(Number);
  return (written.startsWith('-') ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60_000;
}

/**
 * @param after of the two instants of an hour that comes twice, the first past this one
 * @returns undefined for a time that the wall clock leaps over, and before 1970
 */
export function instantIn(zone: string, { wall, offsetMs }: WrittenInstant, after = -1): EpochMs | undefined {
  if (offsetMs !== undefined) return wall - offsetMs < 0 ? undefined : epochMs(wall - offsetMs);
  const instants = instantsAt(zone, wall).filter((instant) => instant >= 0);
  return instants.find((instant) => instant > after) ?? instants[0];
}
