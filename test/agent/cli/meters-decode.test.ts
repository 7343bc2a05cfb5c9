import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { epochMs, SteppedClock } from '../../../broker/protocol/clock.ts';
import { sealP1, writeP1 } from '../../../hardware/simulator/p1-telegram.ts';
import { writeSml } from '../../../hardware/simulator/sml-telegram.ts';
import { runCommand } from '../home-kit.ts';

const folder = mkdtempSync(join(tmpdir(), 'decode-'));
const p1 = writeP1({ version: '5', serial: 'E1', at: 0, importWh: 1500, exportWh: 0, watts: 0, volts: 230 });
const keys = { key: Buffer.alloc(16, 0xab), authenticationKey: Buffer.alloc(16, 0xcd) };
const most = 2n ** 63n - 1n;
const sml = writeSml({
  serverId: Buffer.from('0a0157564c0000000001', 'hex'),
  seconds: 1,
  entries: [
    { obis: '1-0:1.8.0*255', unit: 30, scaler: -1, value: 15_000n },
    { obis: '1-0:2.8.0*255', unit: 30, scaler: -4, value: most },
  ],
});

async function decode(bytes: Uint8Array, ...words: readonly string[]) {
  const file = join(folder, 'recording');
  writeFileSync(file, bytes);
  return await runCommand(new SteppedClock(epochMs(0)), ['meters', 'decode', file, ...words]);
}

test('recorded telegrams are shown as JSON: numbers exact, damaged ones without values', async () => {
  const damaged = Buffer.from(p1);
  damaged.writeUInt8(damaged.readUInt8(60) ^ 1, 60);
  const { stdout, code } = await decode(Buffer.concat([p1.subarray(99), p1, damaged]), '--format', 'dsmr');
  expect(code).toBe(0);
  const [good, bad] = JSON.parse(stdout) as { values: Record<string, unknown> }[];
  expect(good).toMatchObject({ index: 0, crc: 'ok' });
  expect(good?.values['1-0:1.8.1']).toEqual({ raw: 1500, scaler: -3, unit: 'kWh', value: '1.500' });
  expect(bad).toEqual({ index: 1, crc: 'bad', values: {} });
});

test('an integer that readers of JSON would round goes as text', async () => {
  const { stdout } = await decode(sml, '--format', 'sml');
  expect(JSON.parse(stdout)).toEqual([
    {
      index: 0,
      crc: 'ok',
      values: {
        '1-0:1.8.0': { raw: 15_000, scaler: -1, unit: 'Wh', value: '1500.0' },
        '1-0:2.8.0': { raw: String(most), scaler: -4, unit: 'Wh', value: '922337203685477.5807' },
      },
    },
  ]);
});

test('an encrypted recording needs the key', async () => {
  const sealed = sealP1(p1, keys);
  const without = await decode(sealed, '--format', 'dsmr');
  expect([without.code, without.stdout]).toEqual([1, expect.stringContaining('METER_KEY_MISSING')]);
  const words = ['--key', 'ab'.repeat(16), '--authentication-key', 'cd'.repeat(16)];
  const { stdout } = await decode(sealed, '--format', 'dsmr', ...words);
  expect(JSON.parse(stdout)).toMatchObject([{ crc: 'ok' }]);
});

test('what looks like a telegram within encrypted ones leaves the list whole', async () => {
  const recording = Buffer.concat([Buffer.from('/XYZ\r\n!\r\n'), sealP1(p1, keys), sealP1(p1, keys)]);
  const { code, stdout, stderr } = await decode(recording, '--format', 'dsmr');
  expect(JSON.parse(stdout)).toEqual([{ index: 0, crc: 'bad', values: {} }]);
  expect([code, stderr]).toEqual([1, expect.stringContaining('METER_KEY_MISSING')]);
});

test('a recording that is not there is told of, and so is one without telegrams, beside the empty list', async () => {
  const missing = await runCommand(new SteppedClock(epochMs(0)), ['meters', 'decode', '/nowhere', '--format', 'sml']);
  expect([missing.code, missing.stdout]).toEqual([1, expect.stringContaining('RECORDING_UNREADABLE')]);
  const folderGiven = await runCommand(new SteppedClock(epochMs(0)), ['meters', 'decode', folder, '--format', 'sml']);
  expect([folderGiven.code, folderGiven.stdout]).toEqual([1, expect.stringContaining('RECORDING_UNREADABLE')]);
  const none = { code: 0, stdout: '[]\n', stderr: expect.stringContaining('RECORDING_WITHOUT_TELEGRAMS') };
  expect(await decode(Buffer.alloc(0), '--format', 'iec62056')).toEqual(none);
  expect(await decode(p1, '--format', 'sml')).toEqual(none);
});

test('a key that opens nothing is told of beside the list, and one that could open nothing is refused', async () => {
  const wrong = await decode(sealP1(p1, keys), '--format', 'dsmr', '--key', 'ac'.repeat(16));
  expect(JSON.parse(wrong.stdout)).toEqual([{ index: 0, crc: 'bad', values: {} }]);
  expect([wrong.code, wrong.stderr]).toEqual([1, expect.stringContaining('METER_KEY_WRONG')]);
  for (const words of [
    ['--format', 'sml', '--key', 'ac'.repeat(16)],
    ['--format', 'dsmr', '--authentication-key', 'ac'.repeat(16)],
  ]) {
    const refused = await decode(p1, ...words);
    expect([refused.code, refused.stdout, refused.stderr]).toEqual([1, '', expect.stringContaining('--key')]);
  }
});

test('what comes in is decoded while it comes: the list is one, whatever the pieces', async () => {
  const whole = await decode(Buffer.concat([p1, p1]), '--format', 'dsmr');
  expect(await decodeStdin(Readable.from([p1.subarray(0, 33), Buffer.concat([p1.subarray(33), p1])]))).toEqual(whole);
  expect(whole.stdout).toBe(`${JSON.stringify(JSON.parse(whole.stdout), null, 2)}\n`);
});

test('what breaks off has its list ended, and the error beside it', async () => {
  async function* breaking() {
    yield p1;
    throw Object.assign(new Error('EIO: i/o error, read'), { code: 'EIO' });
  }
  const { stdout, stderr, code } = await decodeStdin(Readable.from(breaking()));
  expect(JSON.parse(stdout)).toMatchObject([{ index: 0, crc: 'ok' }]);
  expect(stderr).toContain('RECORDING_UNREADABLE');
  expect(code).toBe(1);
});

async function decodeStdin(pieces: Readable) {
  const { stdin } = process;
  Object.defineProperty(process, 'stdin', { value: pieces, configurable: true });
  try {
    return await runCommand(new SteppedClock(epochMs(0)), ['meters', 'decode', '-', '--format', 'dsmr']);
  } finally {
    Object.defineProperty(process, 'stdin', { value: stdin, configurable: true });
  }
}
