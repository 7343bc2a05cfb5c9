import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import type { RunningAgent } from '../../agent/main.ts';
import { epochMs, SteppedClock, systemClock } from '../../broker/protocol/clock.ts';
import { type SerialSimulator, startSerialSimulator } from '../../hardware/simulator/serial-simulator.ts';
import { keepingLog } from '../broker/silent-log.ts';
import { type HomeKit, homeKit } from './home-kit.ts';

const hour = 3_600_000;
const slot = 6 * hour;
const midnight = Date.parse('2026-11-23T00:00:00Z');
const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

describe('a metered day', () => {
  const kwh = [8.0, 4.9, 7.0, 10.9];
  const wattsAt = (at: number) => ((kwh[Math.floor((at - midnight) / slot)] ?? 0) * 1000) / 6;

  it.each(['eastron-sdm120', 'hiking-dds238'])('comes out of a %s as the energy of each slot', async (profile) => {
    const clock = new SteppedClock(epochMs(midnight - hour));
    let metersNow = midnight - hour;
    const kit = homeKit(clock, {
      buses: [{ id: 'line', port: './line', baudRate: 115_200 }],
      devices: [{ id: 'fridge', bus: 'line', address: 3, profile, pollEvery: '1h' }],
      tensors: [{ id: 'fridge', device: 'fridge', tags: ['#fridge'], capacity: 3680 }],
    });
    ends.push(() => kit.remove());
    const simulator: SerialSimulator = await startSerialSimulator({
      baudRate: 115_200,
      link: join(kit.folder, 'line'),
      now: () => metersNow,
      devices: [{ address: 3, profile, load: wattsAt, energyWh: 7_654_320 }],
    });
    ends.push(() => simulator.close());
    const { log, lines } = keepingLog();
    const agent: RunningAgent = await kit.start(log);
    ends.push(() => agent.close());
    for (let at = midnight - hour; at <= midnight + 4 * slot; at += hour) {
      metersNow = at;
      await clock.stepTo(epochMs(at));
    }
    const day = ['--from', '2026-11-23T00:00:00Z'];
    const shown = await kit.run('tensors', 'show', 'fridge', ...day, '--step', '6h', '--slots', '4', '--json');
    const { slots } = JSON.parse(shown.stdout) as { slots: { value: number }[] };
    // Both meters show hundredths of a kWh or less; the curve is added up minute by minute.
    slots.forEach(({ value }, index) => {
      expect(Math.abs(value - (kwh[index] ?? 0) * 1000)).toBeLessThanOrEqual(10);
    });
    const hourly = await kit.run('tensors', 'show', 'fridge', ...day, '--step', '1h', '--slots', '24', '--json');
    const fine = (JSON.parse(hourly.stdout) as { slots: { value: number }[] }).slots;
    const total = (part: readonly { value: number }[]) =>
      part.reduce((sum, { value }) => sum + Math.round(value * 1000), 0);
    expect(total(fine)).toBe(total(slots));
    expect(lines.join('\n')).not.toMatch(/76543\d\d|7654\.3/);
  });
});

/** `wattveil agent run` as a process of its own. */
async function startProcess(kit: HomeKit): Promise<{ child: ChildProcess; lines: string[] }> {
  const script = fileURLToPath(new URL('../../scripts/wattveil.ts', import.meta.url));
  const child = spawn(process.execPath, ['--import', 'tsx', script, 'agent', 'run', '--config', kit.configPath]);
  ends.push(() => child.kill('SIGKILL'));
  const lines: string[] = [];
  await new Promise<void>((resolve, reject) => {
    createInterface(child.stdout).on('line', (line) => {
      lines.push(line);
      if (line.includes('the agent runs')) resolve();
    });
    child.stderr.on('data', (text: Buffer) => lines.push(text.toString()));
    child.once('exit', () => reject(new Error(lines.join('\n'))));
  });
  return { child, lines };
}

describe('the process', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)('ends well on %s, and leaves its folder free', async (signal) => {
    const kit = homeKit(systemClock(() => {}));
    ends.push(() => kit.remove());
    const { child, lines } = await startProcess(kit);
    expect((await kit.run('agent', 'status')).stdout).toContain(`${child.pid}, version`);
    child.kill(signal);
    expect(await once(child, 'exit')).toEqual([0, null]);
    expect(existsSync(join(kit.dataDir, 'agent.sock'))).toBe(false);
    expect(lines.at(-1)).toContain('stopping');
    const agent = await kit.start();
    await agent.close();
  });

  it('killed at any moment, it starts again with all it had', async () => {
    const kit = homeKit(systemClock(() => {}));
    ends.push(() => kit.remove());
    const { child } = await startProcess(kit);
    const add = ['tensors', 'add', 'bulb', '--tag', '#bulb', '--unit', 'kWh', '--capacity', '1'];
    await kit.run(...add, '--from', '2026-01-01T00:00:00Z', '--step', '1h', '0.25');
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect((await kit.run('tensors', 'show', 'bulb')).stdout).toContain('0.250');
    await startProcess(kit);
    expect(await kit.run('tensors', 'show', 'bulb')).toMatchObject({
      stderr: '',
      stdout: expect.stringContaining('0.250'),
    });
  });
});
