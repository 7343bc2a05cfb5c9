import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FairQueue } from '../../../hardware/bus/fair-queue.ts';
import { never } from '../never.ts';

test('one at a time, and nobody twice while somebody else waits', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 30 }), async (comers) => {
      const queue = new FairQueue();
      const served: string[] = [];
      let inside = 0;
      const first = await queue.take('first', never);
      const all = comers.map(async (who) => {
        const end = await queue.take(who, never);
        expect(++inside).toBe(1);
        served.push(who);
        await Promise.resolve();
        inside--;
        end();
      });
      first();
      await Promise.all(all);
      expect([...served].sort()).toEqual([...comers].sort());
      // Between two turns of one come all those who still have a turn to get.
      served.forEach((who, index) => {
        const next = served.indexOf(who, index + 1);
        if (next < 0) return;
        const waiting = new Set(served.slice(next + 1));
        waiting.delete(who);
        for (const other of waiting) expect(served.slice(index + 1, next)).toContain(other);
      });
    }),
  );
});

test('whoever gives up while waiting leaves the queue, and the next one gets the turn', async () => {
  const queue = new FairQueue();
  const end = await queue.take('a', never);
  const impatient = new AbortController();
  const given = queue.take('b', impatient.signal);
  const next = queue.take('c', never);
  impatient.abort(new Error('enough'));
  await expect(given).rejects.toThrow('enough');
  end();
  (await next)();
});

test('an end called twice does not end the turn of the next one', async () => {
  const queue = new FairQueue();
  const end = await queue.take('a', never);
  end();
  const second = await queue.take('b', never);
  end();
  let granted = false;
  const third = queue.take('c', never).then(() => {
    granted = true;
  });
  await new Promise((resolve) => setImmediate(resolve));
  expect(granted).toBe(false);
  second();
  await third;
});

test('a closed queue refuses all but the one whose turn it is, and waits for that one', async () => {
  const queue = new FairQueue();
  const end = await queue.take('a', never);
  const waiting = queue.take('b', never);
  let over = false;
  const closed = queue.close(new Error('closed')).then(() => {
    over = true;
  });
  await expect(waiting).rejects.toThrow('closed');
  await expect(queue.take('c', never)).rejects.toThrow('closed');
  expect(over).toBe(false);
  end();
  await closed;
});

test('whoever is urgent comes before all who wait, in order of coming, and can give up too', async () => {
  const queue = new FairQueue();
  const end = await queue.take('meter', never);
  const served: string[] = [];
  const come = async (who: string, urgent: boolean, signal = never) => {
    const over = await queue.take(who, signal, urgent);
    served.push(who);
    over();
  };
  const impatient = new AbortController();
  const givenUp = come('hasty', true, impatient.signal);
  const all = [come('a', false), come('switch 1', true), come('b', false), come('switch 2', true)];
  impatient.abort(new Error('enough'));
  await expect(givenUp).rejects.toThrow('enough');
  end();
  await Promise.all(all);
  expect(served).toEqual(['switch 1', 'switch 2', 'a', 'b']);
});
