/** The pair of ports behind every simulated line. */
import { expect, it } from 'vitest';
import { openPty } from '../../../hardware/simulator/pty.ts';

it('what nobody reads is lost, and the line closes all the same', async () => {
  const { wire, say } = openPty();
  for (let said = 0; said < 1_000_000; said += 1000) say(Buffer.alloc(1000, 'x'));
  const closed = new Promise((resolve) => wire.once('close', () => resolve('closed')).destroy());
  expect(await closed).toBe('closed');
});
