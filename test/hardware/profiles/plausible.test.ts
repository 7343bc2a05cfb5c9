import fc from 'fast-check';
import { expect, test } from 'vitest';
import { encodeRegisters, type RegisterTypeName } from '../../../hardware/modbus/register.ts';
import { fittingOrders, isPlausible, plausibleRange } from '../../../hardware/profiles/plausible.ts';
import type { Quantity } from '../../../hardware/quantity.ts';

test.each<[Quantity, number, boolean]>([
  ['voltage', 230, true],
  ['voltage', 0, true],
  ['voltage', -230, false],
  ['voltage', 2.4e-41, false],
  ['energyImport', -1, false],
  ['energyImport', 3e12, false],
  ['power', -5000, true],
  ['frequency', 500, false],
])('a %s of %d: plausible %s', (quantity, value, plausible) => {
  expect(isPlausible(value, plausibleRange({ quantity }))).toBe(plausible);
});

test('a voltage read in a wrong order cannot be, and the right order is among those that fit', () => {
  const orders = fc.constantFrom('big' as const, 'little' as const);
  const types = fc.constantFrom<RegisterTypeName>('float32', 'int32', 'uint32');
  fc.assert(
    fc.property(fc.integer({ min: 2000, max: 2500 }), types, orders, orders, (tenths, type, wordOrder, byteOrder) => {
      const right = { type, wordOrder, byteOrder, scale: type === 'float32' ? 1 : 0.1 };
      const bytes = encodeRegisters(tenths / 10, right);
      const wrong = { ...right, wordOrder: wordOrder === 'big' ? ('little' as const) : ('big' as const) };
      const fitting = fittingOrders(bytes, wrong, plausibleRange({ quantity: 'voltage' }));
      expect(fitting).toContainEqual({ wordOrder, byteOrder });
    }),
  );
});
