/**
 * Whether what the machine's clock says is to be believed. Pure.
 *
 * A gateway without a battery wakes up in 1970, or where it was last put out; someone types a wrong year; a clock is
 * corrected. What is stamped wrong stays wrong, so nothing is stamped while there is a doubt.
 */
import { type EpochMs, epochMs } from '../../broker/protocol/clock.ts';

/** What two clocks said at one moment. */
export interface Moment {
  /** May be set, by anyone and to anything. */
  readonly wall: EpochMs;
  /** Milliseconds on a clock that is never set. */
  readonly elapsed: number;
}

/** `unset`: no time that this software can see. `behind`: before something stored. `ahead`: far beyond it. `jumped`. */
export type Doubt = 'unset' | 'behind' | 'ahead' | 'jumped';

export type TimeTrust =
  | { readonly trusted: true; readonly last: Moment }
  | {
      readonly trusted: false;
      readonly doubt: Doubt;
      readonly last: Moment;
      /** When it last was set, or first looked at. */
      readonly since: Moment;
      /** The last moment that was believed. */
      readonly good: Moment | undefined;
    };

export interface Look extends Moment {
  /** Whether the system says that a time server confirms its clock. */
  readonly synchronised: boolean;
  /** The latest instant stored before this start. */
  readonly stored: EpochMs | undefined;
}

/** Older than any release of this software. */
export const earliest = Date.UTC(2026, 0, 1);
/** Leap seconds and corrections of this size do no harm. */
export const toleranceMs = 2_000;
/** A clock that nobody confirms is believed once it has gone on for so long without being set. */
export const settleMs = 3_600_000;
/** So long a gateway may have been off without anybody asking whether its year is right; beyond, it has to settle. */
export const longestOffMs = 60 * 86_400_000;
export const settleAheadMs = 24 * settleMs;

/** @param before what the last look left; undefined at the first */
export function judgeTime(before: TimeTrust | undefined, look: Look): TimeTrust {
  const { wall, elapsed, synchronised } = look;
  const now: Moment = { wall, elapsed };
  if (wall < earliest) return doubted('unset', before, now);
  if (synchronised) return { trusted: true, last: now };
  if (before === undefined) return judgeAgainstStored(before, now, look.stored);
  const isSet = wasSet(before.last, now);
  if (before.trusted) return isSet ? doubted('jumped', before, now) : { trusted: true, last: now };
  // Put back to where it would be had nobody touched it.
  if (before.good !== undefined && !wasSet(before.good, now)) return { trusted: true, last: now };
  // A clock that was known to be wrong, and was set: that put it right.
  if (isSet && before.doubt !== 'jumped')
    return judgeAgainstStored(before, now, laterOf(goneOn(before, now), look.stored));
  if (isSet) return doubted('jumped', before, now);
  const settled = hasSettled(now, before.since, laterOf(before.good?.wall, look.stored));
  return settled ? { trusted: true, last: now } : { ...before, last: now };
}

/** Whether the wall clock was set between two moments. */
export function wasSet(one: Moment, other: Moment): boolean {
  return Math.abs(other.wall - one.wall - (other.elapsed - one.elapsed)) > toleranceMs;
}

function hasSettled({ wall, elapsed }: Moment, since: Moment, stored = epochMs(earliest)): boolean {
  const wait = wall > stored + longestOffMs ? settleAheadMs : settleMs;
  return wall >= stored && elapsed - since.elapsed >= wait;
}

function judgeAgainstStored(before: TimeTrust | undefined, now: Moment, stored: EpochMs | undefined): TimeTrust {
  if (stored !== undefined && now.wall < stored) return doubted('behind', before, now);
  if (stored !== undefined && now.wall > stored + longestOffMs) return doubted('ahead', before, now);
  return { trusted: true, last: now };
}

function doubted(doubt: Doubt, before: TimeTrust | undefined, now: Moment): TimeTrust {
  const goesOn = before !== undefined && !before.trusted && before.doubt === doubt && !wasSet(before.last, now);
  const good = before === undefined ? undefined : before.trusted ? before.last : before.good;
  return { trusted: false, doubt, last: now, since: goesOn ? before.since : now, good };
}

/** Where the clock would stand at least, had it gone on from the last moment that was believed. */
function goneOn(before: TimeTrust, { elapsed }: Moment): EpochMs | undefined {
  const good = before.trusted ? before.last : before.good;
  return good === undefined ? undefined : epochMs(good.wall + elapsed - good.elapsed - toleranceMs);
}

function laterOf(one: EpochMs | undefined, other: EpochMs | undefined): EpochMs | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return one > other ? one : other;
}
