/**
 * When a device is read next. Pure.
 */
import { type EpochMs, epochMs } from '../../broker/protocol/clock.ts';

/** A device that does not answer holds up its line for a while at each try: it is asked less and less often. */
const longestWaitMs = 5 * 60_000;

/**
 * @param everyMs the device's own interval
 * @param failures readings in a row that have failed, 0 after a good one
 * @returns a multiple of the interval since 1970, so that readings fall on the edges of slots
 */
export function nextPoll(now: EpochMs, everyMs: number, failures: number): EpochMs {
  const longest = Math.max(1, Math.floor(longestWaitMs / everyMs));
  const intervals = Math.min(2 ** Math.max(0, Math.min(failures, 30) - 1), longest);
  return epochMs((Math.floor(now / everyMs) + intervals) * everyMs);
}
