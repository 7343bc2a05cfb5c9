/**
 * What is to be condensed and what to be forgotten. Pure.
 */
import { mostGapMs, quarterMs } from '../tensors/edges.ts';
import { isHourDue, nextHour } from './condense-hour.ts';

export interface Retention {
  /** How long single readings are held, and edges at each minute. Those at each quarter are held for ever. */
  readonly readingsMs: number;
  readonly minutesMs: number;
  /** With less room on the disk less is held. */
  readonly leastFreeBytes: number;
}

/** What there is. Instants are those of readings, not the clock's: a clock that leaps forgets nothing. */
export interface Holdings {
  readonly newest: number;
  /** Of the readings that are not condensed. */
  readonly oldest: number;
  readonly condensedUntil: number;
  /** On the disk, and within the file. */
  readonly freeBytes: number;
}

/** The hour that is condensed next, where it begins; undefined where none is due. */
export function hourToCondense({ newest, oldest, condensedUntil }: Omit<Holdings, 'freeBytes'>): number | undefined {
  const hour = nextHour(condensedUntil, oldest);
  return isHourDue(hour, newest) ? hour : undefined;
}

export interface Pruning {
  /** Readings before it are forgotten; minutes before it. */
  readonly readingsBefore: number;
  readonly minutesBefore: number;
  /** There is too little room to hold what is asked for. */
  readonly isShort: boolean;
}

/** What has less than the room asked for holds a quarter of it; what has less than half of that, only what it must. */
const shortShare = 1 / 4;

export function pruning({ newest, condensedUntil, freeBytes }: Holdings, retention: Retention): Pruning {
  const { leastFreeBytes } = retention;
  const share = freeBytes >= leastFreeBytes ? 1 : freeBytes >= leastFreeBytes / 2 ? shortShare : 0;
  // What is not condensed is never forgotten, nor what bridges to it.
  const latest = condensedUntil - mostGapMs - quarterMs;
  const before = (heldMs: number) => Math.min(newest - heldMs * share, latest);
  return {
    readingsBefore: before(retention.readingsMs),
    minutesBefore: before(retention.minutesMs),
    isShort: share < 1,
  };
}
