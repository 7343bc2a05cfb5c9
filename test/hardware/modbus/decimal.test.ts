import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decimalOf, shortestFloat32, times, toNumber } from '../../../hardware/modbus/decimal.ts';

test.each([
  ['23.2', '1000', 23200],
  ['2304', '0.1', 230.4],
  ['47.33', '1000', 47330],
  ['4998', '0.01', 49.98],
  ['-131', '1', -131],
  ['1e-7', '1000', 0.0001],
  ['1.5e+21', '10', 1.5e22],
  ['18446744073709551615', '0.001', 18446744073709552],
])('%s times %s is %s', (one, other, product) => {
  expect(toNumber(times(decimalOf(one), decimalOf(other)))).toBe(product);
});

test('every finite number is its own decimal', () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
      // There is no minus nought among decimals.
      expect(toNumber(decimalOf(String(value)))).toBe(value === 0 ? 0 : value);
    }),
  );
});

test.each(['', 'x', 'NaN', 'Infinity', '1.', '--1', '0x10'])('"%s" is no decimal', (text) => {
  expect(() => decimalOf(text)).toThrow('not a decimal');
});

test.each([
  [23.2, '23.2'],
  [230.2, '230.2'],
  [0, '0'],
  [-0.05, '-0.05'],
  [16777216, '16777216'],
  [123456.78, '123456.78'],
])('the float32 nearest to %s counts as %s', (value, text) => {
  expect(shortestFloat32(Math.fround(value))).toBe(text);
});

test('the decimal of a float32 leads back to it, and a shorter one does not', () => {
  fc.assert(
    fc.property(fc.float({ noNaN: true, noDefaultInfinity: true }), (value) => {
      const text = shortestFloat32(value);
      expect(Math.fround(Number(text))).toBe(value === 0 ? 0 : value);
      const digits = text.replace(/e.*$/, '').replace(/^-?(0\.)?0*|\D|0*$/g, '').length;
      if (digits > 1) expect(Math.fround(Number(value.toPrecision(digits - 1)))).not.toBe(value);
    }),
  );
});
