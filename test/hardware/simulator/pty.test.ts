/** The pair of ports behind every simulated line. */
import { readdirSync, readlinkSync } from 'node:fs';
import { expect, it } from 'vitest';
import { openPty } from '../../../hardware/simulator/pty.ts';

it('what nobody reads is lost, and the line closes all the same', async () => {
  const { wire, say } = openPty();
  for (let said = 0; said < 1_000_000; said += 1000) say(Buffer.alloc(1000, 'x'));
  const closed = new Promise((resolve) => wire.once('close', () => resolve('closed')).destroy());
  expect(await closed).toBe('closed');
});

it('once it is closed, nothing of it is left open', async () => {
  const { path, wire } = openPty();
  await new Promise((resolve) => wire.once('close', resolve).destroy());
  // One that is still open on our side says that it was deleted.
  await expect.poll(() => openFiles().filter((file) => file.startsWith(path))).toEqual([]);
});

function openFiles(): string[] {
  return readdirSync('/proc/self/fd').map((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`);
    } catch {
      // Of this very listing.
      return '';
    }
  });
}
