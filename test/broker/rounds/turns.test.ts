import { expect, test } from 'vitest';
import { Turns } from '../../../broker/rounds/turns.ts';

test('so many have a turn at a time, in the order in which they asked, and one that fails passes its turn on', async () => {
  const turns = new Turns(2);
  const ends: (() => void)[] = [];
  const begun: number[] = [];
  let most = 0;
  let running = 0;
  const all = [1, 2, 3, 4, 5].map((each) =>
    turns.take(`cohort-${each}`, async () => {
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

test('one party has one turn at a time: however many it asks for and however long they last, others come to theirs', async () => {
  const turns = new Turns(2);
  const begun: string[] = [];
  const ends = new Map<string, () => void>();
  const take = (name: string) =>
    turns.take(name.slice(0, -1), async () => {
      begun.push(name);
      await new Promise<void>((resolve) => ends.set(name, resolve));
    });
  const all = ['elm1', 'elm2', 'elm3', 'oak1', 'fir1'].map(take);
  const settled = async () => {
    for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
  };
  await settled();
  expect(begun).toEqual(['elm1', 'oak1']);
  ends.get('oak1')?.();
  await settled();
  expect(begun).toEqual(['elm1', 'oak1', 'fir1']);
  for (const name of ['elm1', 'elm2', 'elm3', 'fir1']) {
    ends.get(name)?.();
    await settled();
  }
  await Promise.all(all);
  expect(begun).toEqual(['elm1', 'oak1', 'fir1', 'elm2', 'elm3']);
});
