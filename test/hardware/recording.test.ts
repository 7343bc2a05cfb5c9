import { expect, test } from 'vitest';
import { Recording } from '../../hardware/recording.ts';
import { writeBlock, writePushed } from '../../hardware/simulator/iec62056-readout.ts';
import { sealP1, writeP1 } from '../../hardware/simulator/p1-telegram.ts';
import { writeSml } from '../../hardware/simulator/sml-telegram.ts';
import type { TelegramFormat } from '../../hardware/telegram-formats.ts';

const p1 = writeP1({ version: '5', serial: 'E1', at: 0, importWh: 1500, exportWh: 0, watts: 0, volts: 230 });
const sml = writeSml({
  serverId: Buffer.from('0a0157564c0000000001', 'hex'),
  seconds: 1,
  entries: [{ obis: '1-0:1.8.0*255', unit: 30, scaler: -1, value: 15_000n }],
});
const readout = { model: 'TEST', serial: '4711', importWh: 1, exportWh: 0, watts: 0 };
const pushed = writePushed(readout);
const asked = Buffer.concat([Buffer.from('/WVL5TEST\r\n'), writeBlock(readout)]);
const keys = { key: Buffer.alloc(16, 7), authenticationKey: Buffer.alloc(16, 9) };
const sealed = sealP1(p1, keys);

function play(format: TelegramFormat, bytes: Uint8Array, piece = bytes.length || 1, with_?: typeof keys) {
  const recording = new Recording(format, with_);
  const telegrams = [];
  for (let at = 0; at < bytes.length; at += piece) telegrams.push(...recording.push(bytes.subarray(at, at + piece)));
  telegrams.push(...recording.end());
  return { telegrams, trouble: recording.trouble() };
}

const dumps: readonly (readonly [string, (hex: string) => string])[] = [
  ['without a break', (hex) => hex],
  [
    'in capitals, a space between bytes, in lines of sixteen',
    (hex) => hex.toUpperCase().replace(/(..){16}|../g, '$& '),
  ],
  ['in lines of 75, ended as Windows does', (hex) => hex.replace(/.{75}/g, '$&\r\n')],
];

test.each(dumps)('a dump in hex %s says what its bytes say, however it comes in pieces', (_, written) => {
  for (const [format, bytes] of [
    ['sml', sml],
    ['dsmr', p1],
    ['iec62056', pushed],
  ] as const) {
    const twice = Buffer.concat([bytes.subarray(20), bytes, bytes]);
    const dump = Buffer.from(written(twice.toString('hex')));
    const expected = play(format, twice).telegrams;
    expect(expected.length).toBeGreaterThan(1);
    for (const piece of [1, 7, 5000]) expect(play(format, dump, piece).telegrams).toEqual(expected);
  }
});

test('a long dump is told before its end, and a telegram that begins with hex digits is none', () => {
  const recording = new Recording('sml');
  const dump = Buffer.from(sml.toString('hex').repeat(40));
  expect(recording.push(dump.subarray(0, 6000)).length).toBeGreaterThan(5);
  const text = Buffer.concat([Buffer.from('0A1B2C3D\r\n'), p1]);
  expect(play('dsmr', text, 3).telegrams).toEqual(play('dsmr', p1).telegrams);
});

test.each<[TelegramFormat, string, Uint8Array, string]>([
  ['sml', 'dsmr', p1, 'dsmr'],
  ['sml', 'iec62056', asked, 'iec62056'],
  ['dsmr', 'sml', sml, 'sml'],
  ['iec62056', 'sml', sml, 'sml'],
  ['sml', 'encrypted dsmr', sealed, 'dsmr'],
  ['iec62056', 'dsmr', p1, 'dsmr'],
  ['dsmr', 'iec62056', asked, 'iec62056'],
  ['sml', 'nothing', new Uint8Array(), ''],
  ['dsmr', 'noise', Buffer.alloc(100_000, 0xa5), ''],
])('a recording that is taken for %s, and holds %s, is told of', (format, _, bytes, other) => {
  const { telegrams, trouble } = play(format, bytes);
  expect(telegrams.filter(({ check }) => check !== 'bad')).toEqual([]);
  expect(trouble).toMatchObject({ code: 'RECORDING_WITHOUT_TELEGRAMS', details: { format, other } });
});

test('encrypted telegrams need a key, and the right one', () => {
  expect(play('dsmr', sealed)).toMatchObject({ telegrams: [], trouble: { code: 'METER_KEY_MISSING' } });
  expect(play('dsmr', sealed, 100, keys)).toMatchObject({ telegrams: [{ check: 'ok' }], trouble: undefined });
  const damaged = Buffer.from(p1.toString('latin1').replace('1.8.1', '1.8.2'), 'latin1');
  const opened = play('dsmr', sealP1(damaged, keys), 100, keys);
  expect(opened).toMatchObject({ telegrams: [{ check: 'bad' }], trouble: undefined });
  const wrong = { ...keys, key: Buffer.alloc(16) };
  expect(play('dsmr', sealed, 100, wrong)).toMatchObject({
    telegrams: [{ check: 'bad' }],
    trouble: {
      code: 'METER_KEY_WRONG',
      says: 'the key given does not open the telegrams of the meter that was recorded',
    },
  });
});

test('telegrams that lie open need no key, and it is said', () => {
  const details = { format: 'dsmr under a key', other: 'dsmr' };
  expect(play('dsmr', p1, 100, keys)).toMatchObject({ telegrams: [], trouble: { details } });
});

test('a recording of damaged telegrams alone is one of telegrams', () => {
  const damaged = Buffer.from(p1);
  damaged.writeUInt8(damaged.readUInt8(60) ^ 1, 60);
  expect(play('dsmr', damaged)).toMatchObject({ telegrams: [{ check: 'bad' }], trouble: undefined });
});
