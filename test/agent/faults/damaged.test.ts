import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { readLedger } from '../../../agent/home-reading.ts';
import { epochMs, SteppedClock } from '../../../broker/protocol/clock.ts';
import { keepingLog, silentLog } from '../../broker/silent-log.ts';
import { homeKit } from '../home-kit.ts';
import { openAgentDatabase } from '../made-agent.ts';

const start = epochMs(Date.parse('2026-11-24T12:00:00Z'));
const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

const add = (id: string) =>
  ['tensors', 'add', id, '--tag', '#bulb', '--unit', 'kWh', '--capacity', '1', '--from', '2026-11-01T00:00:00Z'].concat(
    ...['--step', '1h', '0.25'],
  );

it('an agent whose card has damaged its database goes on with its last good copy, and its owner sees it', async () => {
  const clock = new SteppedClock(start);
  const kit = homeKit(clock);
  ends.push(() => kit.remove());
  const first = await kit.start();
  await kit.run(...add('bulb'));
  // By itself, ten minutes after the start.
  await clock.stepTo(epochMs(start + 10 * 60_000));
  const copy = join(kit.dataDir, 'agent.db.copy');
  expect(existsSync(copy)).toBe(true);
  await kit.run(...add('fridge'));
  await first.close();
  const keys = readdirSync(kit.dataDir).filter((name) => name.startsWith('agreement-'));

  const path = join(kit.dataDir, 'agent.db');
  writeFileSync(path, readFileSync(path).fill(0xa5, 4096));
  await clock.stepTo(epochMs(start + 3_600_000));
  const { log, lines } = keepingLog();
  const second = await kit.start(log);
  ends.push(() => second.close());
  expect(lines.filter((line) => line.includes('DATABASE_RESTORED'))).toHaveLength(1);
  const status = await kit.run('agent', 'status');
  expect(status.stdout).toMatch(/goes on with its copy of .*DATABASE_RESTORED.*What to do/);
  const list = (await kit.run('tensors', 'list')).stdout;
  expect(list).toContain('bulb');
  expect(list).not.toContain('fridge');
  // Not the key under which the lost database may have answered.
  const others = readdirSync(kit.dataDir).filter((name) => name.startsWith('agreement-'));
  expect(others).toHaveLength(1);
  expect(others).not.toEqual(keys);
});

it('an agent without any good copy does not start, makes nothing up and says what to do', async () => {
  const kit = homeKit(new SteppedClock(start));
  ends.push(() => kit.remove());
  await (await kit.start()).close();
  const path = join(kit.dataDir, 'agent.db');
  writeFileSync(path, 'no database');
  await expect(kit.start(silentLog)).rejects.toMatchObject({ code: 'DATABASE_LOST' });
  expect(readFileSync(path, 'utf8')).toBe('no database');
  // The folder is free again: a backup may be put there.
  writeFileSync(path, '');
  const database = openAgentDatabase(kit.dataDir);
  expect(readLedger(database)).toEqual([]);
  database.close();
});
