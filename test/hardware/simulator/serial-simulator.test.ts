import { existsSync, mkdtempSync, readlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { charMs } from '../../../hardware/bus/bus-config.ts';
import { openBus, openDevice } from '../../../hardware/open-device.ts';
import { startSerialSimulator } from '../../../hardware/simulator/serial-simulator.ts';
import { never } from '../never.ts';

const devices = [{ address: 1, profile: 'hiking-dds238', load: 100 }];

test.each([
  { baudRate: 9600, parity: 'none', dataBits: 8 },
  { baudRate: 2400, parity: 'even', dataBits: 8 },
] as const)('bytes take their time on a line of %j', async (settings) => {
  const simulator = await startSerialSimulator({ ...settings, devices, now: () => 0 });
  const bus = openBus({ port: simulator.path, ...settings });
  const meter = openDevice({ bus, address: 1, profile: 'hiking-dds238' });
  await meter.read(never);
  const from = performance.now();
  await meter.read(never);
  const tookMs = performance.now() - from;
  // A request of 8 bytes, an answer of 10 registers and 5 bytes.
  const wireMs = 33 * charMs({ stopBits: 1, ...settings });
  expect(tookMs).toBeGreaterThanOrEqual(wireMs);
  expect(tookMs).toBeLessThan(3 * wireMs + 100);
  await bus.close();
  await simulator.close();
});

test('a port that was closed can be opened again, as often as one likes', async () => {
  const simulator = await startSerialSimulator({ baudRate: 115200, devices, now: () => 0 });
  for (let time = 0; time < 5; time++) {
    const bus = openBus({ port: simulator.path, baudRate: 115200 });
    expect(await openDevice({ bus, address: 1, profile: 'hiking-dds238' }).read(never)).toHaveLength(6);
    await bus.close();
  }
  await simulator.close();
});

test('a link leads to the newest line, and only that one takes it away', async () => {
  const link = join(mkdtempSync(join(tmpdir(), 'simulator-')), 'line');
  const older = await startSerialSimulator({ link, devices, now: () => 0 });
  const before = readlinkSync(link);
  const newer = await startSerialSimulator({ link, devices, now: () => 0 });
  expect(readlinkSync(link)).not.toBe(before);
  await older.close();
  expect(existsSync(link)).toBe(true);
  await newer.close();
  expect(existsSync(link)).toBe(false);
});
