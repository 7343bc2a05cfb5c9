import { describe, expect, it } from 'vitest';
import { DevicePoll } from '../../../agent/polling/device-poll.ts';
import { epochMs, SteppedClock } from '../../../broker/protocol/clock.ts';
import { busOver } from '../../../hardware/bus/bus.ts';
import { busDefaults } from '../../../hardware/bus/bus-config.ts';
import { openDevice } from '../../../hardware/open-device.ts';
import { SimulatedDevices } from '../../../hardware/simulator/simulated-devices.ts';
import { keepingLog, silentLog } from '../../broker/silent-log.ts';
import { MemoryLine } from '../../hardware/memory-line.ts';
import { never } from '../../hardware/never.ts';

const meter = (serialNumber: number) =>
  new SimulatedDevices([{ address: 1, profile: 'eastron-sdm120', load: 100, serialNumber }], () => 0);

it('a device says who it is before its first reading, and again after an outage', async () => {
  let devices = meter(111);
  const line = new MemoryLine((request, self) => {
    for (const { bytes, afterMs } of devices.hear(request)) self.say(bytes, 1 + afterMs);
  });
  const bus = busOver(line, { ...busDefaults, port: 'memory', baudRate: 115200, timeoutMs: 30, pauseMs: 0 });
  const heard: string[] = [];
  const poll = new DevicePoll(
    {
      id: 'fridge',
      meter: openDevice({ bus, address: 1, profile: 'eastron-sdm120' }),
      everyMs: 1000,
      ceilingMs: 60_000,
      identified: (serial) => heard.push(serial),
    },
    new SteppedClock(epochMs(0)),
    silentLog,
  );
  await poll.read(never);
  await poll.read(never);
  expect(heard).toEqual(['111']);
  devices.setFault(1, { kind: 'silent' });
  expect(await poll.read(never)).toBeUndefined();
  devices = meter(222);
  expect(await poll.read(never)).toBeDefined();
  expect(heard).toEqual(['111', '222']);
  // A number that was never set is none.
  devices = meter(0);
  devices.setFault(1, { kind: 'silent', times: 9 });
  await poll.read(never);
  devices.setFault(1, undefined);
  expect(await poll.read(never)).toBeDefined();
  expect(heard).toEqual(['111', '222']);
  await bus.close();
});

it('of an outage each thing that is wrong is said once, and anew in the next outage', async () => {
  const devices = meter(111);
  const line = new MemoryLine((request, self) => {
    for (const { bytes, afterMs } of devices.hear(request)) self.say(bytes, 1 + afterMs);
  });
  const bus = busOver(line, { ...busDefaults, port: 'memory', baudRate: 115200, timeoutMs: 30, pauseMs: 0 });
  const { log, lines } = keepingLog();
  const device = openDevice({ bus, address: 1, profile: 'eastron-sdm120' });
  const polled = { id: 'fridge', meter: device, everyMs: 1000, ceilingMs: 60_000 };
  const poll = new DevicePoll(polled, new SteppedClock(epochMs(0)), log);
  const faults = ['badCrc', 'silent', 'badCrc', 'silent', undefined, 'silent'] as const;
  for (const kind of faults) {
    devices.setFault(1, kind && { kind });
    await poll.read(never);
  }
  await bus.close();
  const said = lines.flatMap((text) => (JSON.parse(text) as { code?: string }).code ?? 'answers again');
  expect(said).toEqual(['METER_BAD_FRAME', 'METER_NO_ANSWER', 'answers again', 'METER_NO_ANSWER']);
});

describe('a reading that never ends', () => {
  const started: AbortSignal[] = [];
  const hang = <Result>(signal: AbortSignal): Promise<Result> => {
    started.push(signal);
    return new Promise(() => {});
  };
  const hanging = (ceilingMs: number) =>
    new DevicePoll(
      { id: 'fridge', meter: { read: hang, serialNumber: hang }, everyMs: 1000, ceilingMs },
      new SteppedClock(epochMs(0)),
      silentLog,
    );

  it('is given up at its ceiling, whether it heeds that or not, and is a failure like others', async () => {
    const poll = hanging(20);
    expect(await poll.read(never)).toBeUndefined();
    expect(started.at(-1)?.aborted).toBe(true);
    expect(poll.state().failure).toMatchObject({ code: 'READING_TOO_LONG', tries: 1 });
    expect(await poll.read(never)).toBeUndefined();
    expect(poll.state().failure).toMatchObject({ tries: 2 });
  });

  it('ends at once when the agent does', async () => {
    const stop = new AbortController();
    const reading = hanging(60_000).read(stop.signal);
    stop.abort(new Error('the agent stops'));
    await expect(reading).rejects.toThrow('the agent stops');
  });

  it('that says who it is too late says it to nobody', async () => {
    const heard: string[] = [];
    let say: (serial: string) => void = () => {};
    const late = new Promise<string>((resolve) => {
      say = resolve;
    });
    const meter = { read: hang<never>, serialNumber: () => late };
    const identified = (serial: string) => heard.push(serial);
    const device = { id: 'fridge', meter, everyMs: 1000, ceilingMs: 20, identified };
    await new DevicePoll(device, new SteppedClock(epochMs(0)), silentLog).read(never);
    say('111');
    await late;
    await new Promise((resolve) => setImmediate(resolve));
    expect(heard).toEqual([]);
  });
});
