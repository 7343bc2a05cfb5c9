/** A line that is set to another speed or parity than what hangs on it. */
import { afterEach, expect, test } from 'vitest';
import { busDefaults } from '../../hardware/bus/bus-config.ts';
import { settingsText } from '../../hardware/bus/settings-text.ts';
import { HardwareError } from '../../hardware/errors.ts';
import { openBus, openDevice } from '../../hardware/open-device.ts';
import { scanPort } from '../../hardware/scan.ts';
import { scanDefaults } from '../../hardware/scan-options.ts';
import type { TelegramWriting } from '../../hardware/simulator/telegram-source.ts';
import { type FarEnd, farModbus, farTelegrams, line } from './far-end.ts';
import { never } from './never.ts';
import { heardAt } from './uart.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const modbusAt = (...settings: Parameters<typeof farModbus>) => opened(farModbus(...settings));
const telegramsAt = (...settings: Parameters<typeof farTelegrams>) => opened(farTelegrams(...settings));

function opened(far: FarEnd): string {
  closing.push(() => far.close());
  return far.path;
}

async function outcomeOf(read: (signal: AbortSignal) => Promise<unknown>): Promise<unknown> {
  try {
    await read(never);
    return 'read';
  } catch (error) {
    if (!(error instanceof HardwareError)) throw error;
    return { code: error.code, says: error.says, remedy: error.remedy };
  }
}

test('bytes that are sent and heard alike come through, others do not', () => {
  const bytes = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
  const eight = line('9600 8N1');
  for (const text of ['300 8E1', '9600 8N1', '9600 8O2', '115200 8N2']) {
    expect(heardAt(bytes, line(text), line(text), true).equals(bytes)).toBe(true);
  }
  expect(heardAt(bytes, line('19200 8N1'), eight).equals(bytes)).toBe(false);
  // At twice its speed each level is heard twice: the byte ends in the middle of what follows, and so does the next.
  expect([...heardAt(Buffer.of(0x55), eight, line('19200 8N1'))]).toEqual([0x66, 0xe6]);
  // An even parity bit of 0 in place of the stop bit: Linux takes the byte, a device does not.
  expect([...heardAt(Buffer.of(0x03), line('9600 8E1'), eight)]).toEqual([0x03]);
  expect([...heardAt(Buffer.of(0x03), line('9600 8E1'), eight, true)]).toEqual([]);
});

test.each([
  ['19200 8N1', '9600 8N1'],
  ['9600 8N1', '19200 8N1'],
  ['2400 8N1', '115200 8N1'],
  ['9600 8E1', '9600 8N1'],
  ['9600 8N1', '9600 8E1'],
  ['9600 8O1', '9600 8E1'],
])('a Modbus device at %s does not answer on a line at %s, and the remedy names its speed', async (own, host) => {
  const settings = line(host);
  const bus = openBus({ port: modbusAt(line(own), settings), ...settings, timeoutMs: 40 });
  closing.push(() => bus.close());
  const device = openDevice({ bus, address: 1, profile: 'eastron-sdm630', tries: 2 });
  expect(await outcomeOf((signal) => device.read(signal))).toMatchObject({
    code: 'METER_NO_ANSWER',
    remedy: expect.stringMatching(/address and speed \(new from the maker: 9600 8N1\).*wattveil meters scan/),
  });
});

test.each<[string, string, TelegramWriting, string]>([
  ['115200 8N1', '9600 8N1', { protocol: 'dsmr' }, 'dsmr-p1'],
  ['9600 7E1', '9600 8N1', { protocol: 'dsmr', version: '2.2' }, 'dsmr-p1-v2'],
  ['9600 8N1', '115200 8N1', { protocol: 'sml' }, 'sml'],
  ['9600 8N1', '9600 7E1', { protocol: 'sml' }, 'sml'],
  ['9600 7E1', '2400 7E1', { protocol: 'iec62056' }, 'iec62056-push'],
])(
  'telegrams sent at %s and heard at %s give no value, and the remedy names speed and framing',
  async (own, host, writing, profile) => {
    const settings = line(host);
    const bus = openBus({ port: telegramsAt(line(own), settings, writing), ...settings });
    closing.push(() => bus.close());
    const device = openDevice({ bus, profile, timeoutMs: 350 });
    expect(await outcomeOf((signal) => device.read(signal))).toMatchObject({
      code: 'METER_GARBLED',
      remedy: expect.stringMatching(/^Check speed and framing \(usually \d+ [78][NE]1/),
    });
  },
);

test.each(['9600 8N1', '19200 8N1', '38400 8N1'])('a scan finds a device at %s, and says so', async (own) => {
  const port = modbusAt(line(own), { ...busDefaults });
  const options = { ...scanDefaults, addresses: [1], parities: ['none'] as const, timeoutMs: 150, listenMs: 50 };
  const [found] = await scanPort(port, options, () => {}, never);
  expect(found?.profiles[0]).toBe('eastron-sdm630');
  expect(found?.settings && settingsText(found.settings)).toBe(own);
});
