/** The stepped clock of plays: what its followers do when it is gone. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { epochMs } from '../../broker/protocol/clock.ts';
import { driveClocks } from '../../scripts/clock/stepping.ts';
import { start } from '../../scripts/story/processes.ts';

const meters = fileURLToPath(new URL('../../dist/scripts/story/meters.js', import.meta.url));

it('a process ends by itself when the clock it follows is gone', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'wattveil-clock-'));
  const clock = join(folder, 'clock.sock');
  const driver = await driveClocks(clock, epochMs(0));
  await writeFile(join(folder, 'lines.json'), '[]');
  const follower = start('meters', process.execPath, [meters, clock, join(folder, 'lines.json')]);
  await follower.line((line) => line === 'ready');
  await driver.close();
  expect(await follower.ended).toBe(0);
  await rm(folder, { recursive: true });
});
