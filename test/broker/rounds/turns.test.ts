import { expect, test } from 'vitest';
import { Turns } from '../../../broker/rounds/turns.ts';

test('so many have a turn at a time, in the order in which they asked, and one that fails passes its turn on', async () => {
  const turns = new Turns(2);
  const ends: (() => void)[] = [];
  const begun: number[] = [];
  let most = 0;
  let running = 0;
  const all = [1, 2, 3, 4, 5].map((each) =>
    turns.take(async () => {
      begun.push(each);
      running += 1;
      most = Math.max(most, running);
      await new Promise<void>((resolve) => ends.push(resolve));
      running -= 1;
      if (each === 2) throw new Error('a turn that fails');
      return each;
    }),
  );
  const outcomes = Promise.allSettled(all);
  for (let round = 0; round < 20; round += 1) {
    await Promise.resolve();
    if (round % 4 === 3) ends.shift()?.();
  }
  expect((await outcomes).map(({ status }) => status)).toEqual([
    'fulfilled',
    'rejected',
    'fulfilled',
    'fulfilled',
    'fulfilled',
  ]);
  expect(begun).toEqual([1, 2, 3, 4, 5]);
  expect(most).toBe(2);
});
