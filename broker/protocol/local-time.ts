/**
 * Instants and what the clocks on the wall of a time zone show, also on days of 23 and 25 hours. Pure.
 */
import { type EpochMs, epochMs } from './clock.ts';

export const dayMs = 86_400_000;

/** @param zone IANA name: Europe/Berlin */
export function isTimeZone(zone: string): boolean {
  try {
    return clockOf(zone) !== undefined;
  } catch {
    return false;
  }
}

/** What the wall clock shows, as if it were UTC. @throws {RangeError} where there is no such zone */
export function wallAt(zone: string, instant: number): number {
  const shown = new Map(
    clockOf(zone)
      .formatToParts(instant)
      .map(({ type, value }) => [type, Number(value)]),
  );
  const of = (type: Intl.DateTimeFormatPartTypes) => shown.get(type) ?? Number.NaN;
  // The parts end at seconds; every offset is one of whole seconds.
  const ms = ((instant % 1000) + 1000) % 1000;
  return Date.UTC(of('year'), of('month') - 1, of('day'), of('hour'), of('minute'), of('second')) + ms;
}

/**
 * The instants at which the wall clock shows this time, the earlier first: two where it was set back, none where it
 * leapt over it.
 */
export function instantsAt(zone: string, wall: number): EpochMs[] {
  const candidates = candidatesFor(zone, wall).filter((candidate) => wallAt(zone, candidate) === wall);
  return [...new Set(candidates)].map(epochMs);
}

/** The first instant at which the wall clock shows this time or, where it leaps over it, of the leap. */
export function instantOf(zone: string, wall: number): EpochMs {
  const [exact] = instantsAt(zone, wall);
  if (exact !== undefined) return exact;
  // It shows less at the one, more at the other, and leaps between them.
  let [before, leapt] = candidatesFor(zone, wall) as [number, number];
  while (leapt - before > 1) {
    const middle = Math.floor((before + leapt) / 2);
    if (wallAt(zone, middle) < wall) before = middle;
    else leapt = middle;
  }
  return epochMs(leapt);
}

/** A zone changes its offset at most once within two days. */
function candidatesFor(zone: string, wall: number): number[] {
  const offsets = [wall - dayMs, wall + dayMs].map((near) => wallAt(zone, near) - near);
  return offsets.map((offset) => wall - offset).sort((one, other) => one - other);
}

/** Making one takes longer than asking it a hundred times. */
const clocks = new Map<string, Intl.DateTimeFormat>();

function clockOf(zone: string): Intl.DateTimeFormat {
  let clock = clocks.get(zone);
  if (clock === undefined) {
    const numeric = 'numeric';
    clock = new Intl.DateTimeFormat('en-US', {
      ...{ timeZone: zone, hourCycle: 'h23', year: numeric, month: numeric, day: numeric },
      ...{ hour: numeric, minute: numeric, second: numeric },
    });
    clocks.set(zone, clock);
  }
  return clock;
}
