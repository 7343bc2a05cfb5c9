import { expect, test } from 'vitest';
import { playStorm } from '../bus-storm.ts';

test('bus: in 100,000 requests under late, doubled, cut, noisy, echoed and foreign answers no value is wrong', async () => {
  const { requests, read, failed, wrong } = await playStorm(100_000, 4);
  expect(wrong).toEqual([]);
  expect(requests).toBeGreaterThanOrEqual(100_000);
  // It was a storm, and yet nearly all was read.
  expect(failed).toBeGreaterThan(500);
  expect(read).toBeGreaterThan(9 * failed);
}, 180_000);
