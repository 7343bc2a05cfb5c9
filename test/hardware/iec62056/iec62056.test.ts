import { expect, test } from 'vitest';
import { measuredIn } from '../../../hardware/obis-quantities.ts';
import { decodeTelegrams } from '../../../hardware/recording.ts';
import { writeBlock, writePushed } from '../../../hardware/simulator/iec62056-readout.ts';

const readout = { model: 'TEST', serial: '4711', importWh: 1_234_567, exportWh: 5, watts: -250 };
const asked = Buffer.concat([Buffer.from('/?!\r\n/WVL5TEST\r\n\x06050\r\n', 'latin1'), writeBlock(readout)]);
const decode = (bytes: Uint8Array) => decodeTelegrams('iec62056', bytes);

test('a readout that was asked for has a check, one that was pushed has none; both say the same', () => {
  const telegrams = decode(Buffer.concat([asked, writePushed(readout), asked]));
  expect(telegrams.map(({ check }) => check)).toEqual(['ok', 'none', 'ok']);
  for (const telegram of telegrams) {
    const { values, serial } = telegram;
    expect(serial).toBe('4711');
    expect(values.get('1.8.0')).toEqual({ raw: 1234567n, scaler: -3, unit: 'kWh', value: '1234.567' });
    expect(measuredIn(telegram).map(({ value }) => value)).toEqual([1_234_567, 5, -250]);
  }
});

test('parity that was not taken off is taken off', () => {
  const even = asked.map((byte) => {
    const ones = byte.toString(2).replaceAll('0', '').length;
    return ones % 2 === 1 ? byte | 0x80 : byte;
  });
  expect(decode(even)).toEqual(decode(asked));
});

test.each(['1234', '\x03', '4711'])('a readout damaged at %j gives no values', (at) => {
  const damaged = Buffer.from(asked);
  const place = damaged.indexOf(at, 12, 'latin1');
  damaged.writeUInt8(damaged.readUInt8(place) ^ 1, place);
  const telegrams = decode(Buffer.concat([damaged, asked]));
  expect(telegrams.filter(({ check }) => check !== 'ok').every(({ values }) => values.size === 0)).toBe(true);
  expect(telegrams.at(-1)?.check).toBe('ok');
});

test('a stream that begins in the middle, breaks off and goes on gives the whole ones', () => {
  const stream = Buffer.concat([asked.subarray(30), asked, asked.subarray(0, 50), Buffer.from('\r\n'), asked]);
  expect(decode(stream).map(({ check }) => check)).toEqual(['ok', 'ok']);
});

test('several data sets in a line, a code of the past, a name', () => {
  const text =
    '/WVL5TEST\r\n\r\n1.8.1(0001.5*kWh)1.8.2(2*kWh)\r\n1-0:1.8.0*255(7*kWh)\r\n1.8.0*01(6.0*kWh)\r\nC.1.0(0815)\r\n!\r\n';
  expect(
    Object.fromEntries([...(decode(Buffer.from(text))[0]?.values ?? [])].map(([code, { value }]) => [code, value])),
  ).toEqual({
    '1.8.1': '1.5',
    '1.8.2': '2',
    '1-0:1.8.0': '7',
    '1.8.0*01': '6.0',
    'C.1.0': '0815',
  });
});
