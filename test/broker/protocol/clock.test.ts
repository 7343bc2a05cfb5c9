import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { epochMs, systemClock } from '../../../broker/protocol/clock.ts';

const day = 86_400_000;
const noon = epochMs(Date.parse('2026-11-24T12:00:00Z'));

beforeEach(() => vi.useFakeTimers({ now: noon }));
afterEach(() => vi.useRealTimers());

/** Whether work that is to be done at `at` has been done after `ms` more. */
function waiting(at: number) {
  let done = false;
  systemClock(() => {}).at(epochMs(at), () => {
    done = true;
  });
  return async (ms: number) => {
    await vi.advanceTimersByTimeAsync(ms);
    return done;
  };
}

describe("work at an instant of the machine's clock", () => {
  it('is done then, however far away', async () => {
    const isDoneAfter = waiting(noon + 40 * day);
    expect(await isDoneAfter(40 * day - 1)).toBe(false);
    expect(await isDoneAfter(1)).toBe(true);
  });

  it('is done within a minute of the clock being set past it', async () => {
    vi.setSystemTime(0);
    const isDoneAfter = waiting(noon);
    expect(await isDoneAfter(5000)).toBe(false);
    vi.setSystemTime(epochMs(noon + 1));
    expect(await isDoneAfter(60_000)).toBe(true);
  });

  it('waits on where the clock was put back meanwhile', async () => {
    const isDoneAfter = waiting(noon + 5000);
    vi.setSystemTime(epochMs(noon - 10_000));
    expect(await isDoneAfter(14_999)).toBe(false);
    expect(await isDoneAfter(1)).toBe(true);
  });
});
