import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Bus } from '../../hardware/bus/bus.ts';
import { HardwareError } from '../../hardware/errors.ts';
import { openBus, openDevice } from '../../hardware/open-device.ts';
import type { Fault } from '../../hardware/simulator/faults.ts';
import { codeOf } from './code-of.ts';
import { never } from './never.ts';
import { type RemoteSimulator, startRemoteSimulator } from './remote-simulator.ts';

const hour = 3_600_000;
const timeoutMs = 150;
let simulator: RemoteSimulator;
let bus: Bus;

beforeAll(async () => {
  const devices = [
    {
      address: 1,
      profile: 'eastron-sdm120',
      load: [
        { from: 0, watts: 1400 },
        { from: 0.5 * hour, watts: 0 },
      ],
      energyWh: 22500,
    },
    { address: 2, profile: 'hiking-dds238', load: -250, energyWh: 5000, exportWh: 1000 },
    { address: 3, profile: 'eastron-sdm120', load: 46, energyWh: 7 },
  ];
  simulator = await startRemoteSimulator({ baudRate: 19200, devices }, 0);
  bus = openBus({ port: simulator.path, baudRate: 19200, timeoutMs, pauseMs: 5 });
});

afterAll(async () => {
  await bus.close();
  await simulator.unplug();
});

const sdm120 = (address: number, serial?: string) => openDevice({ bus, address, profile: 'eastron-sdm120', serial });

test('two kinds of meters on one line tell what they measure, each value in its unit', async () => {
  await simulator.setNow(hour);
  const [one, other] = await Promise.all([
    sdm120(1).read(never),
    openDevice({ bus, address: 2, profile: 'hiking-dds238' }).read(never),
  ]);
  // 23.2 kWh on the wire.
  expect(one).toEqual([
    { quantity: 'energyImport', unit: 'Wh', value: 23200 },
    { quantity: 'energyExport', unit: 'Wh', value: 0 },
    { quantity: 'power', unit: 'W', value: 0 },
    { quantity: 'voltage', unit: 'V', value: 230 },
    { quantity: 'current', unit: 'A', value: 0 },
    { quantity: 'frequency', unit: 'Hz', value: 50 },
  ]);
  expect(other).toEqual([
    { quantity: 'energyImport', unit: 'Wh', value: 5000 },
    { quantity: 'energyExport', unit: 'Wh', value: 1250 },
    { quantity: 'power', unit: 'W', value: -250 },
    { quantity: 'voltage', unit: 'V', value: 230 },
    { quantity: 'current', unit: 'A', value: 1.09 },
    { quantity: 'frequency', unit: 'Hz', value: 50 },
  ]);
});

test('a device tells its serial number, where its profile knows how to ask', async () => {
  expect(await sdm120(3).serialNumber(never)).toBe('10003');
  expect(await openDevice({ bus, address: 2, profile: 'hiking-dds238' }).serialNumber(never)).toBeUndefined();
});

test('a device with another serial number than the expected one is not read', async () => {
  expect(await codeOf(sdm120(3, '10003').read(never))).toBe('done');
  expect(await codeOf(sdm120(3, '77').read(never))).toBe('METER_REPLACED');
});

test('a profile that there is not is refused before anything is opened', () => {
  expect(() => openDevice({ bus, address: 1, profile: 'sdm' })).toThrow(
    expect.objectContaining({ code: 'PROFILE_UNKNOWN' }),
  );
});

test.each<[Fault, string]>([
  [{ kind: 'silent' }, 'METER_NO_ANSWER'],
  [{ kind: 'late', byMs: 10 * timeoutMs }, 'METER_NO_ANSWER'],
  [{ kind: 'badCrc' }, 'METER_BAD_FRAME'],
  [{ kind: 'short' }, 'METER_BAD_FRAME'],
  [{ kind: 'wrongUnit' }, 'METER_BAD_FRAME'],
  [{ kind: 'exception' }, 'METER_EXCEPTION'],
  [{ kind: 'exception', code: 6 }, 'METER_EXCEPTION'],
  [{ kind: 'exception', code: 6, times: 2 }, 'done'],
  [{ kind: 'echo' }, 'done'],
  [{ kind: 'noise' }, 'done'],
  [{ kind: 'doubled', byMs: 0 }, 'done'],
  [{ kind: 'doubled', byMs: 20 }, 'done'],
  [{ kind: 'silent', times: 2 }, 'done'],
  [{ kind: 'badCrc', times: 2 }, 'done'],
  [{ kind: 'short', times: 2 }, 'done'],
  [{ kind: 'wrongUnit', times: 1 }, 'done'],
])('a device that is %j gives %s; its neighbour and its own next reading are right', async (fault, code) => {
  const meter = sdm120(1);
  const neighbour = sdm120(3);
  const right = [await meter.read(never), await neighbour.read(never)];
  await simulator.setFault(1, fault);
  const [faulty, beside] = await Promise.all([codeOf(meter.read(never)), neighbour.read(never)]);
  await simulator.setFault(1, undefined);
  expect(faulty).toBe(code);
  expect([await meter.read(never), beside]).toEqual(right);
});

test('an error says which meter, where, what is wrong and what to do', async () => {
  const error = await openDevice({ bus, address: 9, profile: 'hiking-dds238' })
    .read(never)
    .catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(HardwareError);
  const { says, message, remedy } = error as HardwareError;
  expect(message).toBe(says);
  expect(says).toMatch(/^Hiking DDS238-2 ZN\/S on .*, address 9, did not answer within \d+ ms \(tries: 3\)$/);
  expect(remedy).toContain('new from the maker: 9600 8N1');
  expect(remedy).toContain('wattveil meters scan');
});

test('a device that did not answer gets one try the next time, until it answers', async () => {
  const meter = sdm120(1);
  const triesOf = async () => /tries: (\d)/.exec(String(await meter.read(never).catch((error: unknown) => error)))?.[1];
  await simulator.setFault(1, { kind: 'silent' });
  expect([await triesOf(), await triesOf()]).toEqual(['3', '1']);
  await simulator.setFault(1, undefined);
  expect(await triesOf()).toBeUndefined();
  await simulator.setFault(1, { kind: 'silent' });
  expect(await triesOf()).toBe('3');
  await simulator.setFault(1, undefined);
});

test('a profile that asks for registers that the device lacks gets its exception, named', async () => {
  const error = await openDevice({ bus, address: 2, profile: 'eastron-sdm120' })
    .read(never)
    .catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: 'METER_EXCEPTION' });
  expect((error as HardwareError).says).toContain('input registers 0x00 to 0x01: exception 2: Illegal data address');
  expect((error as HardwareError).remedy).toContain('eastron-sdm120');
});

test('a reading that is called off ends with the reason given, and the next one is right', async () => {
  const meter = sdm120(1);
  const right = await meter.read(never);
  await simulator.setFault(1, { kind: 'late', byMs: 60, times: 1 });
  const reason = new Error('no more');
  const reader = new AbortController();
  setTimeout(() => reader.abort(reason), 30);
  expect(await codeOf(meter.read(reader.signal))).toBe(reason);
  expect(await meter.read(never)).toEqual(right);
});
