import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, it } from 'vitest';
import { ReadingStore } from '../../../agent/store/reading-store.ts';
import { systemClock } from '../../../broker/protocol/clock.ts';
import { startTcpSimulator } from '../../../hardware/simulator/tcp-simulator.ts';
import { eventually } from '../../broker/eventually.ts';
import { ends } from '../../ends.ts';
import { type HomeKit, homeKit } from '../home-kit.ts';
import { openAgentDatabase } from '../made-agent.ts';

const noon = Date.parse('2026-11-24T12:00:00Z');
const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of closing.splice(0).reverse()) await end();
});

/** Debian's library that lies to a process about the time, and leaves alone the clock that nobody sets. */
const library = execFileSync('dpkg', ['-L', 'libfaketime'], { ...ends, encoding: 'utf8' })
  .split('\n')
  .find((path) => path.endsWith('/libfaketime.so.1'));

/** A machine with an agent on it, whose clock is set by hand. */
function startMachine(kit: HomeKit): { child: ChildProcess; said: string[]; set: (instant: string) => void } {
  const setting = join(kit.folder, 'clock');
  const set = (instant: string) => writeFileSync(setting, `@${instant}\n`);
  set('1970-01-01 00:00:10');
  const script = fileURLToPath(new URL('../../../scripts/wattveil.ts', import.meta.url));
  const child = spawn(process.execPath, ['--import', 'tsx', script, 'agent', 'run', '--config', kit.configPath], {
    env: {
      ...{ LD_PRELOAD: library, FAKETIME_TIMESTAMP_FILE: setting, FAKETIME_NO_CACHE: '1' },
      ...{ FAKETIME_DONT_FAKE_MONOTONIC: '1', TZ: 'UTC' },
      // Nobody is found who could say that a time server confirms it.
      PATH: '/nowhere',
    },
  });
  closing.push(() => child.kill('SIGKILL'));
  const said: string[] = [];
  createInterface(child.stdout).on('line', (line) => said.push(line));
  createInterface(child.stderr).on('line', (line) => said.push(line));
  return { child, said, set };
}

it('an agent that wakes in 1970 stores what it read once its clock is set, and nothing in 2030 when it is set wrong', {
  timeout: 120_000,
}, async () => {
  const load = { address: 1, profile: 'eastron-sdm120', load: 600, energyWh: 5000, since: 0 };
  const simulator = await startTcpSimulator({ devices: [load], now: () => 0, framing: 'tcp' });
  closing.push(() => simulator.close());
  const kit = homeKit(
    systemClock(() => {}),
    {
      buses: [{ id: 'line', port: simulator.port }],
      devices: [{ id: 'fridge', bus: 'line', address: 1, profile: 'eastron-sdm120', pollEvery: '1s' }],
    },
  );
  closing.push(() => kit.remove());
  const { child, said, set } = startMachine(kit);
  // A process is slow to start where others use the cores.
  const hears = (text: string) =>
    expect.poll(() => said.some((line) => line.includes(text)), { timeout: 45_000, interval: 20 }).toBe(true);
  await hears('the agent runs');
  await hears('CLOCK_UNSET');
  await eventually(async () => (await kit.run('meters', 'read')).stdout).toContain('5.000');
  expect((await kit.run('agent', 'status')).stdout).toMatch(/the clock says 1970-01-01T00:00:.*CLOCK_UNSET/);
  set('2026-11-24 12:00:00');
  await hears('the time is trusted again');
  const lastRead = async () => {
    const { stdout } = await kit.run('meters', 'read', '--json');
    return Date.parse((JSON.parse(stdout) as { devices: { at?: string }[] }).devices[0]?.at ?? '');
  };
  await expect.poll(lastRead, { timeout: 45_000, interval: 100 }).toBeGreaterThan(noon);
  set('2030-01-01 00:00:00');
  await hears('CLOCK_JUMPED');
  await new Promise((resolve) => setTimeout(resolve, 1500));
  child.kill('SIGTERM');
  await once(child, 'exit');
  const database = openAgentDatabase(kit.dataDir);
  const instants = new ReadingStore(database).around(1, 'energyImport', 0, 1e14, 0).map(({ at }) => at);
  database.close();
  expect(instants[0]).toBeLessThan(noon);
  expect(instants[0]).toBeGreaterThan(noon - 60_000);
  expect(instants.at(-1)).toBeGreaterThan(noon);
  expect(instants.at(-1)).toBeLessThan(noon + 60_000);
});
