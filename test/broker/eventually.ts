/** Waits until what is polled matches; long, since other tests share the two cores. */
import { expect } from 'vitest';

export const eventually = (poll: () => unknown): ReturnType<typeof expect.poll> =>
  expect.poll(poll, { timeout: 30_000, interval: 20 });
