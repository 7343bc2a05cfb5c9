import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { busOver } from '../../../hardware/bus/bus.ts';
import { busDefaults } from '../../../hardware/bus/bus-config.ts';
import type { HardwareErrorCode } from '../../../hardware/errors.ts';
import type { Device } from '../../../hardware/meter.ts';
import { openBus, openDevice } from '../../../hardware/open-device.ts';
import type { Fault } from '../../../hardware/simulator/faults.ts';
import { SimulatedDevices } from '../../../hardware/simulator/simulated-devices.ts';
import { codeOf } from '../code-of.ts';
import { MemoryLine } from '../memory-line.ts';
import { never } from '../never.ts';
import { startRemoteSimulator } from '../remote-simulator.ts';

const hour = 3_600_000;

/** Its four answers are equally long: nothing but time tells one from the next. */
const alike = fileURLToPath(new URL('../equal-blocks.yaml', import.meta.url));

test('bus: stale answer: after one that came too late, every next value is of its own register and its own time', async () => {
  const devices = [
    { address: 1, profile: alike, load: 1150, since: 0 },
    { address: 2, profile: 'eastron-sdm120', load: 7000, since: 0 },
    { address: 3, profile: 'hiking-dds238', load: 2000, since: 0 },
  ];
  const simulator = await startRemoteSimulator({ baudRate: 38400, devices }, hour);
  const bus = openBus({ port: simulator.path, baudRate: 38400, timeoutMs: 200, pauseMs: 5 });
  const meters = devices.map((device) => ({ ...device, meter: openDevice({ bus, ...device }) }));
  for (let hours = 1; hours <= 4; hours++) {
    await simulator.setNow(hours * hour);
    await simulator.setFault(1, { kind: 'late', byMs: 300, times: 1 });
    for (const { address, meter, load } of meters) {
      const values = Object.fromEntries((await meter.read(never)).map(({ quantity, value }) => [quantity, value]));
      expect(values, `address ${address}, hour ${hours}`).toMatchObject({
        voltage: 230,
        current: expect.closeTo(load / 230, 2),
        power: load,
        energyImport: load * hours,
      });
    }
  }
  await bus.close();
  await simulator.unplug();
});

/** What happens to one device's next answers, then it is asked for a reading. */
interface Step {
  readonly address: number;
  readonly fault: Fault | undefined;
}

const timeoutMs = 100;
// Beyond twice the time-out nobody could tell an answer from the next one to the same question.
const lateness = fc.integer({ min: timeoutMs + 10, max: 2 * timeoutMs - 5 });
const times = fc.integer({ min: 1, max: 4 });
const faults: fc.Arbitrary<Fault | undefined> = fc.oneof(
  { weight: 6, arbitrary: fc.constant(undefined) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('late' as const), byMs: lateness, times }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('doubled' as const), byMs: fc.nat(40), times }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('silent' as const), times }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('badCrc' as const), times }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('short' as const, 'wrongUnit' as const), times }) },
);
const steps: fc.Arbitrary<Step[]> = fc.array(fc.record({ address: fc.constantFrom(1, 2, 3, 4), fault: faults }), {
  minLength: 20,
  maxLength: 20,
});

/** @returns how many readings came, and how many requests were made for them */
async function play(script: readonly Step[]): Promise<{ read: number; requests: number }> {
  let now = 0;
  const kinds = ['eastron-sdm120', 'eastron-sdm120', 'hiking-dds238', alike];
  const devices = new SimulatedDevices(
    kinds.map((profile, index) => ({ address: index + 1, profile, load: 10, energyWh: 100_000 * index })),
    () => now,
  );
  const line = new MemoryLine((request, self) => {
    for (const { bytes, afterMs } of devices.hear(request)) self.say(bytes, 1 + afterMs);
  });
  const bus = busOver(line, { ...busDefaults, port: 'memory', baudRate: 115200, timeoutMs, pauseMs: 2 });
  const meters = kinds.map((profile, index) => openDevice({ bus, address: index + 1, profile }));
  let read = 0;
  for (const { address, fault } of script) {
    now += hour;
    devices.setFault(address, fault);
    // Ten watt-hours an hour: no two readings have the same energy.
    const right = 100_000 * (address - 1) + (10 * now) / hour;
    if (await isRight(meters[address - 1], right)) read++;
  }
  await bus.close();
  return { read, requests: line.sent.length };
}

const honest: readonly HardwareErrorCode[] = ['METER_NO_ANSWER', 'METER_BAD_FRAME', 'LINE_NOT_QUIET'];

/** @throws if the reading is wrong, or fails in a way that a meter cannot be blamed for */
async function isRight(meter: Device | undefined, energyWh: number): Promise<boolean> {
  const reading = meter?.read(never) ?? Promise.reject(new Error('no meter'));
  const code = await codeOf(reading);
  if (code !== 'done') {
    expect(honest).toContain(code);
    return false;
  }
  const values = Object.fromEntries((await reading).map(({ quantity, value }) => [quantity, value]));
  const current = expect.closeTo(10 / 230, 2);
  expect(values).toMatchObject({ energyImport: energyWh, power: 10, voltage: 230, current });
  return true;
}

test('bus: stale answer: whatever comes late, twice, damaged or not at all, no reading is ever wrong', async () => {
  let read = 0;
  let requests = 0;
  await fc.assert(
    fc.asyncProperty(fc.integer(), async (seed) => {
      // Each on a line of its own, all at once: most of the time is spent waiting.
      const scripts = fc.sample(steps, { seed, numRuns: 80 });
      for (const played of await Promise.all(scripts.map(play))) {
        read += played.read;
        requests += played.requests;
      }
    }),
    { numRuns: 1 },
  );
  expect(requests).toBeGreaterThan(3000);
  expect(read).toBeGreaterThan(1000);
});
