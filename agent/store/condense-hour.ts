/**
 * What is kept of an hour of one series when its readings are not: edges at each minute and at each quarter. Pure.
 */
import {
  type Carry,
  type Edge,
  edgesAt,
  freshCarry,
  type Kind,
  mostGapMs,
  quarterMs,
  type Reading,
} from '../tensors/edges.ts';

export const hourMs = 3_600_000;
export const minuteMs = 60_000;

/** Readings up to here are in the hours before; the last minute's are still to come. */
export const seenUntil = (condensedUntil: number) => condensedUntil - minuteMs;

/** Where the condensing of a series has got to. */
export interface Condensed {
  readonly carry: Carry;
  /** Of a level: the longest pause since the last quarter. */
  readonly quarterWidestMs: number;
}

export const nothingCondensed: Condensed = { carry: freshCarry, quarterWidestMs: 0 };

export interface CondensedHour {
  /** By place in the hour; without gaps. */
  readonly minutes: ReadonlyMap<number, Edge>;
  readonly quarters: ReadonlyMap<number, Edge>;
  readonly next: Condensed;
}

/**
 * @param readings not yet condensed, in order of time, also those of two hours after
 * @param hour where it begins
 */
export function condenseHour(kind: Kind, readings: Iterable<Reading>, hour: number, before: Condensed): CondensedHour {
  const instants = Array.from({ length: 60 }, (_, minute) => hour + minute * minuteMs);
  const { edges, carry } = edgesAt(kind, readings, instants, before.carry);
  const minutes = new Map<number, Edge>();
  const quarters = new Map<number, Edge>();
  let widestMs = before.quarterWidestMs;
  for (const [minute, edge] of edges.entries()) {
    if (typeof edge === 'object') widestMs = Math.max(widestMs, edge.pauseMs);
    if (edge !== 'gap') minutes.set(minute, edge);
    if ((minute * minuteMs) % quarterMs !== 0) continue;
    const isLevel = kind === 'level' && typeof edge === 'object';
    if (edge !== 'gap') quarters.set((minute * minuteMs) / quarterMs, isLevel ? { ...edge, pauseMs: widestMs } : edge);
    widestMs = 0;
  }
  return { minutes, quarters, next: { carry, quarterWidestMs: kind === 'level' ? widestMs : 0 } };
}

/** Whether all that can ever be known of an hour is known: no later reading bridges to it. */
export function isHourDue(hour: number, newest: number): boolean {
  return newest >= hour + hourMs + mostGapMs;
}

/** Hours in which nothing was read and to which nothing reaches are passed over, be they thousands. */
export function nextHour(condensedUntil: number, oldest: number): number {
  return Math.max(condensedUntil, Math.floor((oldest - mostGapMs) / hourMs) * hourMs);
}
