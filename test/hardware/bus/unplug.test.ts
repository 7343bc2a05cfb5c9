import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { busOver } from '../../../hardware/bus/bus.ts';
import { busDefaults } from '../../../hardware/bus/bus-config.ts';
import { openBus, openDevice } from '../../../hardware/open-device.ts';
import { SimulatedDevices } from '../../../hardware/simulator/simulated-devices.ts';
import { SimulatedTime } from '../../simulated-time.ts';
import { codeOf } from '../code-of.ts';
import { MemoryLine } from '../memory-line.ts';
import { never } from '../never.ts';
import { startRemoteSimulator } from '../remote-simulator.ts';

const hour = 3_600_000;
const link = join(mkdtempSync(join(tmpdir(), 'unplug-')), 'line');
const line = { link, devices: [{ address: 1, profile: 'hiking-dds238', load: 1000, since: 0 }] };

const pauseFor = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

test('a port that is unplugged is said to be gone, and read again when it is back under its name', async () => {
  const first = await startRemoteSimulator(line, hour);
  const bus = openBus({ port: link, timeoutMs: 3000 });
  const meter = openDevice({ bus, address: 1, profile: 'hiking-dds238' });
  expect((await meter.read(never))[0]?.value).toBe(1000);

  // In the middle of a request, long before its time-out.
  await first.setFault(1, { kind: 'silent' });
  const cut = codeOf(meter.read(never));
  await pauseFor(100);
  await first.unplug();
  expect(await cut).toBe('PORT_GONE');
  expect(await codeOf(meter.read(never))).toBe('PORT_GONE');

  const second = await startRemoteSimulator(line, 3 * hour);
  const until = performance.now() + 10_000;
  let code: unknown;
  while (code !== 'done' && performance.now() < until) {
    code = await codeOf(meter.read(never));
    await pauseFor(50);
  }
  expect(code).toBe('done');
  // Its load counts from the same instant as before: the counter went on while nobody looked.
  expect((await meter.read(never))[0]?.value).toBe(3000);
  await bus.close();
  await second.unplug();
});

test.each([10, 3600])('back after %d s, a port is read within three, by whoever asks once a second', async (awayS) => {
  const backMs = await new SimulatedTime().run(async () => {
    const devices = new SimulatedDevices([{ address: 1, profile: 'hiking-dds238', load: 1000 }], () => 0);
    const wire = new MemoryLine((request, self) => {
      for (const { bytes } of devices.hear(request)) self.say(bytes, 5);
    });
    const bus = busOver(wire, { ...busDefaults, port: wire.name });
    const meter = openDevice({ bus, address: 1, profile: 'hiking-dds238' });
    expect(await codeOf(meter.read(never))).toBe('done');
    wire.unplug();
    const backAt = performance.now() + awayS * 1000;
    setTimeout(() => {
      wire.plugged = true;
    }, awayS * 1000);
    do await pauseFor(1000);
    while ((await codeOf(meter.read(never))) !== 'done');
    await bus.close();
    return performance.now() - backAt;
  });
  expect(backMs).toBeGreaterThanOrEqual(0);
  expect(backMs).toBeLessThanOrEqual(3000);
});
