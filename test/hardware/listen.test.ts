import { afterEach, expect, test } from 'vitest';
import { scanPort } from '../../hardware/scan.ts';
import { scanDefaults } from '../../hardware/scan-options.ts';
import { startPullSimulator } from '../../hardware/simulator/pull-simulator.ts';
import { type PushLine, type PushSimulator, startPushSimulator } from '../../hardware/simulator/push-simulator.ts';
import type { TelegramWriting } from '../../hardware/simulator/telegram-source.ts';
import { never } from './never.ts';

const now = () => Date.UTC(2026, 10, 23);
const meter = { load: 1400, energyWh: 22_517, serialNumber: 4711, since: now() };
const keys = { key: Buffer.alloc(16, 7), authenticationKey: Buffer.alloc(16, 9) };
let simulator: PushSimulator | undefined;
afterEach(async () => {
  await simulator?.close();
  simulator = undefined;
});

const options = { ...scanDefaults, addresses: [1], speeds: [9600], timeoutMs: 20, listenMs: 400 };
const scan = async () => {
  const found = await scanPort(simulator?.path ?? '', options, () => {}, never);
  return found.map(({ remarks, ...one }) => ({ ...one, remarks: remarks.map(({ code }) => code) }));
};
const send = async (writing: TelegramWriting, line: Partial<PushLine> = {}) => {
  simulator = await startPushSimulator({ meter, writing, now, baudRate: 115_200, everyMs: 100, ...line });
  return simulator.path;
};
const eight = { parity: 'none', dataBits: 8, stopBits: 1 };
const seven = { parity: 'even', dataBits: 7, stopBits: 1 };

/** A pseudo-terminal knows no speed: which one is written down is that of the profile. */
test.each<[TelegramWriting, string, object, string | undefined, string[]]>([
  [{ protocol: 'sml' }, 'sml', { baudRate: 9600, ...eight }, '1WVL0000004711', []],
  [{ protocol: 'sml', locked: true }, 'sml', { baudRate: 9600, ...eight }, '1WVL0000004711', ['METER_WITHOUT_PIN']],
  [{ protocol: 'dsmr' }, 'dsmr-p1', { baudRate: 115_200, ...eight }, 'E0000004711', []],
  [{ protocol: 'dsmr', version: '2.2' }, 'dsmr-p1-v2', { baudRate: 9600, ...seven }, 'E0000004711', []],
  [
    { protocol: 'dsmr', version: 'lu', keys },
    'dsmr-p1',
    { baudRate: 115_200, ...eight },
    undefined,
    ['METER_KEY_MISSING'],
  ],
  [{ protocol: 'iec62056' }, 'iec62056-push', { baudRate: 9600, ...seven }, '4711', []],
])('a port on which a meter sends %j by itself is found as %s', async (writing, profile, settings, serial, remarks) => {
  const port = await send(writing);
  expect(await scan()).toEqual([
    { port, profiles: [profile], sure: true, settings, ...(serial !== undefined && { serial }), remarks },
  ]);
});

test('a meter that is asked by IEC 62056-21 is found where nothing is sent', async () => {
  simulator = await startPullSimulator({ meters: [meter], now, speed: 6 });
  expect(await scan()).toEqual([
    {
      port: simulator.path,
      profiles: ['iec62056-pull'],
      sure: true,
      settings: { baudRate: 300, ...seven },
      serial: '4711',
      remarks: [],
    },
  ]);
});
