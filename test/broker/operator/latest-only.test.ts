import { expect, test } from 'vitest';
import { latestOnly } from '../../../broker/operator/latest-only.ts';

test('of what comes while one is being sent, only the newest is sent, and the last always', async () => {
  const sent: number[] = [];
  let release: () => void = () => undefined;
  const sender = latestOnly<number>(async (value) => {
    sent.push(value);
    await new Promise<void>((resolve) => {
      release = resolve;
    });
  });
  for (const value of [1, 2, 3, 4]) sender.next(value);
  expect(sent).toEqual([1]);
  release();
  await new Promise(setImmediate);
  expect(sent).toEqual([1, 4]);
  release();
  await new Promise(setImmediate);
  sender.next(5);
  expect(sent).toEqual([1, 4, 5]);
});
