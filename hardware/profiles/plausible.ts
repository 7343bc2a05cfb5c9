/**
 * What can be measured in a house at all: a value outside of it is that of a wrong register, scale or word order. Pure.
 */

import { decodeRegisters, type Encoding, type WordOrder } from '../modbus/register.ts';
import type { Quantity } from '../quantity.ts';

export type Range = readonly [least: number, most: number];

const energy: Range = [0, 1e11];
const voltage: Range = [0, 1000];
const current: Range = [-10_000, 10_000];

const usual: Readonly<Record<string, Range>> = {
  energyImport: energy,
  energyExport: energy,
  power: [-1e6, 1e6],
  voltage,
  voltageL2: voltage,
  voltageL3: voltage,
  current,
  currentL2: current,
  currentL3: current,
  frequency: [0, 100],
};

/** No meter resolves as little as this: floats whose words are swapped mostly come out smaller. */
const tiniest = 1e-6;

export function plausibleRange(register: {
  readonly quantity: Quantity;
  readonly plausible?: Range | undefined;
}): Range {
  return register.plausible ?? usual[register.quantity] ?? [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
}

export function isPlausible(value: number, [least, most]: Range): boolean {
  return value === 0 ? least <= 0 && most >= 0 : Math.abs(value) >= tiniest && value >= least && value <= most;
}

export interface Order {
  readonly wordOrder: WordOrder;
  readonly byteOrder: WordOrder;
}

const orders: readonly WordOrder[] = ['big', 'little'];

/** @returns the other orders in which the same bytes are a value that can be, zero not counted */
export function fittingOrders(bytes: Uint8Array, encoding: Encoding, range: Range): Order[] {
  const { wordOrder, byteOrder = 'big' } = encoding;
  return orders
    .flatMap((word) => orders.map((byte) => ({ wordOrder: word, byteOrder: byte })))
    .filter((order) => order.wordOrder !== wordOrder || order.byteOrder !== byteOrder)
    .filter((order) => bytes.length > 2 || order.wordOrder === wordOrder)
    .filter((order) => {
      const value = decodeRegisters(bytes, { ...encoding, ...order });
      return value !== undefined && value !== 0 && isPlausible(value, range);
    });
}
