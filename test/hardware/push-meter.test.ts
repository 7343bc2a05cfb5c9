import { afterEach, expect, test } from 'vitest';
import type { Bus } from '../../hardware/bus/bus.ts';
import { type DeviceConfig, openBus, openDevice } from '../../hardware/open-device.ts';
import type { Fault } from '../../hardware/simulator/faults.ts';
import { type PullLine, startPullSimulator } from '../../hardware/simulator/pull-simulator.ts';
import { type PushLine, type PushSimulator, startPushSimulator } from '../../hardware/simulator/push-simulator.ts';
import type { TelegramWriting } from '../../hardware/simulator/telegram-source.ts';
import { codeOf } from './code-of.ts';
import { never } from './never.ts';

const hour = 3_600_000;
const since = Date.UTC(2026, 10, 23);
const now = () => since + hour / 2;
const meter = { load: 1400, energyWh: 22_500, exportWh: 17, since };
const fast = { baudRate: 115_200, everyMs: 120, now };
const keys = { key: Buffer.alloc(16, 7), authenticationKey: Buffer.alloc(16, 9) };
let simulator: PushSimulator | undefined;
let bus: Bus | undefined;

const unhang = async () => {
  await bus?.close();
  await simulator?.close();
  [bus, simulator] = [undefined, undefined];
};
afterEach(unhang);

async function hang(writing: TelegramWriting, line: Partial<PushLine> = {}): Promise<Bus> {
  simulator = await startPushSimulator({ ...fast, meter, writing, ...line });
  bus = openBus({ port: simulator.path, baudRate: 115_200 });
  return bus;
}

const profiles = { dsmr: 'dsmr-p1', sml: 'sml', iec62056: 'iec62056-push' } as const;
const open = (on: Bus, { protocol }: TelegramWriting, more: Partial<DeviceConfig> = {}) =>
  openDevice({ bus: on, profile: profiles[protocol], ...more });
const energy = { quantity: 'energyImport', unit: 'Wh', value: 23_200 };

const writings: TelegramWriting[] = [
  { protocol: 'dsmr' },
  { protocol: 'dsmr', version: 'be' },
  { protocol: 'dsmr', version: '2.2' },
  { protocol: 'dsmr', version: 'lu', keys },
  { protocol: 'sml' },
  { protocol: 'sml', holley: true },
  { protocol: 'iec62056' },
];

test.each(writings)('a meter that sends %j tells its next telegram, and its serial number', async (writing) => {
  const on = await hang(writing);
  const own = 'keys' in writing ? { keys: writing.keys } : {};
  const device = open(on, writing, own);
  expect(await device.read(never)).toEqual(
    expect.arrayContaining([energy, { quantity: 'energyExport', unit: 'Wh', value: 17 }]),
  );
  expect(await device.serialNumber(never)).toMatch(/10001$/);
  expect(await codeOf(open(on, writing, { ...own, serial: '77' }).read(never))).toBe('METER_REPLACED');
});

test.each<[Fault, string]>([
  [{ kind: 'badCrc', times: 2 }, 'done'],
  [{ kind: 'short', times: 2 }, 'done'],
  [{ kind: 'noise' }, 'done'],
  [{ kind: 'doubled', byMs: 100 }, 'done'],
  [{ kind: 'late', byMs: 100 }, 'done'],
])('a meter whose telegrams are %j: %s', async (fault, outcome) => {
  for (const writing of [{ protocol: 'dsmr' }, { protocol: 'sml' }] as const) {
    const on = await hang(writing, { fault });
    const device = open(on, writing);
    expect(await codeOf(device.read(never))).toBe(outcome);
    expect(await device.read(never)).toContainEqual(energy);
    await unhang();
  }
});

const timeoutMs = 300;

test.each<[Fault | undefined, Partial<DeviceConfig>, string]>([
  [{ kind: 'silent' }, {}, 'METER_SILENT'],
  [{ kind: 'badCrc' }, {}, 'METER_GARBLED'],
  [undefined, { keys }, 'METER_GARBLED'],
  [undefined, { isCurrent: () => false }, 'METER_OUT_OF_TIME'],
  [undefined, { isCurrent: (at) => at === now() }, 'done'],
])('a P1 port that is %j, read with %j, gives %s', async (fault, more, code) => {
  const on = await hang({ protocol: 'dsmr' }, { ...(fault && { fault }) });
  expect(await codeOf(open(on, { protocol: 'dsmr' }, { timeoutMs, ...more }).read(never))).toBe(code);
});

test('an encrypted port says that a key is needed, and that another one is wrong', async () => {
  const on = await hang({ protocol: 'dsmr', version: 'lu', keys });
  const read = (more: Partial<DeviceConfig>) =>
    codeOf(open(on, { protocol: 'dsmr' }, { timeoutMs, ...more }).read(never));
  expect(await read({})).toBe('METER_KEY_MISSING');
  expect(await read({ keys: { ...keys, key: Buffer.alloc(16) } })).toBe('METER_KEY_WRONG');
  expect(await read({ keys })).toBe('done');
});

test('what is read was sent after it was asked for', async () => {
  let at = since;
  const on = await hang({ protocol: 'dsmr' }, { now: () => at, meter: { ...meter, load: 1000, energyWh: 0 } });
  const device = open(on, { protocol: 'dsmr' });
  for (let hours = 1; hours <= 8; hours++) {
    at = since + hours * hour;
    expect(await device.read(never)).toContainEqual({ ...energy, value: 1000 * hours });
  }
});

test('a reading that is called off ends with the reason given', async () => {
  const on = await hang({ protocol: 'sml' }, { fault: { kind: 'silent' } });
  const reader = new AbortController();
  const reason = new Error('no more');
  setTimeout(() => reader.abort(reason), 50);
  expect(await codeOf(open(on, { protocol: 'sml' }).read(reader.signal))).toBe(reason);
});

/** Asked faster than at the 300 baud that the standard has, where that is not what is shown. */
const pull = (line: Omit<PullLine, 'now'>) => startPullSimulator({ now, firstSpeed: 4800, ...line });
const pullBus = (baudRate = 4800) => {
  bus = openBus({ port: simulator?.path ?? '', baudRate, parity: 'even', dataBits: 7 });
  return bus;
};

test('a meter that is asked at 300 baud offers a speed, is acknowledged, and is heard at that speed', async () => {
  simulator = await startPullSimulator({ meters: [meter], now, speed: 5 });
  expect(await openDevice({ bus: pullBus(300), profile: 'iec62056-pull' }).read(never)).toContainEqual(energy);
});

test('a meter whose readout came damaged is asked again', async () => {
  simulator = await pull({ meters: [meter], fault: { kind: 'badCrc', times: 1 } });
  expect(await openDevice({ bus: pullBus(), profile: 'iec62056-pull' }).read(never)).toContainEqual(energy);
});

test('of several meters on a line that is asked which is named, whatever zeros stand before its number', async () => {
  const meters = [
    { ...meter, address: '00104711', serialNumber: 1 },
    { ...meter, address: '00104712', serialNumber: 2 },
  ];
  simulator = await pull({ meters, speed: 6 });
  const on = pullBus();
  const at = (address: string) =>
    openDevice({ bus: on, address, profile: 'iec62056-pull', timeoutMs: 600, tries: 1 }).serialNumber(never);
  expect(await at('104712')).toBe('2');
  expect(await at('00104711')).toBe('1');
  expect(await codeOf(at('00104713'))).toBe('METER_NO_ANSWER');
});

test('a meter that offers a speed and then says nothing is told of', async () => {
  simulator = await pull({ meters: [meter], speed: 6, fault: { kind: 'silent' } });
  const device = openDevice({ bus: pullBus(), profile: 'iec62056-pull', timeoutMs: 600, tries: 1 });
  expect(await codeOf(device.read(never))).toBe('METER_BAD_FRAME');
});
