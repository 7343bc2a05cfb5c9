import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  decodeRegisters,
  encodeRegisters,
  type RegisterTypeName,
  registersOf,
  registerTypes,
  type WordOrder,
} from '../../../hardware/modbus/register.ts';

const cases: [RegisterTypeName, WordOrder, number, string, number][] = [
  // The answer to "volts" in Eastron's SDM120M protocol V2.5, 2.1, which calls it 230.2: one float32 beside it.
  ['float32', 'big', 1, '43663334', 230.20001],
  ['float32', 'big', 1000, '41b9999a', 23200],
  ['float32', 'little', 1000, '999a41b9', 23200],
  // Voltage and energy as read from a DDS238 (dzlabing/dds238).
  ['uint16', 'big', 0.1, '0917', 232.7],
  ['uint32', 'big', 10, '0000127d', 47330],
  ['uint32', 'little', 10, '127d0000', 47330],
  // Voltage as an ET112 sends it, low word first (ioBroker.modbus issue 286).
  ['int32', 'little', 0.1, '091b0000', 233.1],
  ['int16', 'big', 1, 'ff7d', -131],
  ['int32', 'big', 0.01, 'ffffffff', -0.01],
  ['uint64', 'big', 10, '00000000075bcd15', 1234567890],
  ['uint64', 'little', 10, 'cd15075b00000000', 1234567890],
  ['int64', 'big', 1, 'ffffffffffffff85', -123],
  ['float64', 'big', 1, '4037333333333333', 23.2],
  ['float64', 'little', 1000, '3333333333334037', 23200],
];

test.each(cases)('%s, %s word first, times %s: %s is %s', (type, wordOrder, scale, hex, value) => {
  const encoding = { type, wordOrder, scale };
  expect(decodeRegisters(Buffer.from(hex, 'hex'), encoding)).toBe(value);
  expect(encodeRegisters(value, encoding).toString('hex')).toBe(hex);
});

test.each(['7fc00000', '7f800000', 'ff800000'])('a float32 that is no number, %s, is no value', (hex) => {
  expect(decodeRegisters(Buffer.from(hex, 'hex'), { type: 'float32', wordOrder: 'big', scale: 1 })).toBeUndefined();
});

test('what is written is read again, to half a step of the register', () => {
  const types = fc.constantFrom(...(Object.keys(registerTypes) as RegisterTypeName[]));
  const scales = fc.constantFrom(1000, 10, 1, 0.1, 0.01, 0.001);
  fc.assert(
    fc.property(
      types,
      fc.constantFrom<WordOrder>('big', 'little'),
      scales,
      fc.double({ min: 0, max: 30, noNaN: true }),
      (type, wordOrder, scale, raw) => {
        const encoding = { type, wordOrder, scale };
        const bytes = encodeRegisters(raw * scale, encoding);
        expect(bytes.length).toBe(2 * registersOf(type));
        const step = registerTypes[type].floating ? 1e-5 : 0.5;
        expect(Math.abs((decodeRegisters(bytes, encoding) ?? Number.NaN) / scale - raw)).toBeLessThanOrEqual(
          step + 1e-9,
        );
      },
    ),
  );
});

test('a counter is rounded down, and no value leaves its register', () => {
  const uint16 = { type: 'uint16', wordOrder: 'big', scale: 10 } as const;
  expect(encodeRegisters(99.9, uint16, 'down').readUInt16BE()).toBe(9);
  expect(encodeRegisters(99.9, uint16).readUInt16BE()).toBe(10);
  expect(encodeRegisters(-1000, uint16).readUInt16BE()).toBe(0);
  expect(encodeRegisters(1e9, uint16).readUInt16BE()).toBe(0xffff);
});

test.each<[RegisterTypeName, string, WordOrder, WordOrder, number | undefined]>([
  ['bcd16', '1234', 'big', 'big', 1234],
  ['bcd32', '00123456', 'big', 'big', 123456],
  ['bcd32', '34560012', 'little', 'big', 123456],
  ['bcd16', '12A4', 'big', 'big', undefined],
  ['uint32', '34120000', 'little', 'little', 0x1234],
  ['uint32', '00003412', 'big', 'little', 0x1234],
])('%s: %s, words %s and bytes %s first, is %s', (type, hex, wordOrder, byteOrder, value) => {
  const encoding = { type, wordOrder, byteOrder, scale: 1 };
  const bytes = Buffer.from(hex, 'hex');
  expect(decodeRegisters(bytes, encoding)).toBe(value);
  if (value !== undefined) expect(encodeRegisters(value, encoding)).toEqual(bytes);
});

test('what stands for "no value" is none, in whatever order it comes', () => {
  const encoding = { type: 'int32' as const, wordOrder: 'little' as const, scale: 1, noValue: ['7FFFFFFF'] };
  expect(decodeRegisters(Buffer.from('FFFF7FFF', 'hex'), encoding)).toBeUndefined();
  expect(decodeRegisters(Buffer.from('00017FFF', 'hex'), encoding)).toBe(0x7fff0001);
});
