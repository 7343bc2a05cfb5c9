import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openBus, openDevice } from '../../../hardware/open-device.ts';
import { codeOf } from '../code-of.ts';
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
  const asked = performance.now();
  const cut = codeOf(meter.read(never));
  await pauseFor(100);
  await first.unplug();
  expect(await cut).toBe('PORT_GONE');
  expect(performance.now() - asked).toBeLessThan(2000);
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
