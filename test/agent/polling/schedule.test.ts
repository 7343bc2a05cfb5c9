import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nextPoll } from '../../../agent/polling/schedule.ts';
import { epochMs } from '../../../broker/protocol/clock.ts';

const minute = 60_000;

describe('when a device is read next', () => {
  it.each([
    ['at the next multiple of its interval', 1_234_567, 10_000, 0, 1_240_000],
    ['not at the one that is now', 1_240_000, 10_000, 0, 1_250_000],
    ['as usual after one failure', 1_234_567, 10_000, 1, 1_240_000],
    ['twice as late after two', 1_234_567, 10_000, 2, 1_250_000],
    ['four times as late after three', 1_234_567, 10_000, 3, 1_270_000],
    ['after five minutes at the latest', 0, 10_000, 30, 5 * minute],
    ['by its own interval where that is longer', 0, 15 * minute, 30, 15 * minute],
  ])('%s', (_, now, everyMs, failures, next) => {
    expect(nextPoll(epochMs(now), everyMs, failures)).toBe(next);
  });

  it('is always after now, on a multiple of its interval, and no later than five minutes or that', () => {
    fc.assert(
      fc.property(
        fc.nat(2 ** 41),
        fc.integer({ min: 1000, max: 86_400_000 }),
        fc.nat(100),
        (now, everyMs, failures) => {
          const next = nextPoll(epochMs(now), everyMs, failures);
          expect(next).toBeGreaterThan(now);
          expect(next % everyMs).toBe(0);
          expect(next - now).toBeLessThanOrEqual(Math.max(5 * minute, everyMs));
        },
      ),
    );
  });
});
