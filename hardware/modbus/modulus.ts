/**
 * Where a counter has no more digits and goes on from 0. Pure.
 */

import type { Register } from '../profiles/modbus-profile.ts';
import { type Quantity, quantities } from '../quantity.ts';

/** Numbers that an unsigned register cannot exceed; wider ones do not fill up in a house. */
const full: Readonly<Record<string, number>> = { uint16: 2 ** 16, uint32: 2 ** 32, bcd16: 1e4, bcd32: 1e8 };

/** @returns none or one, ready for an object's entries */
export function modulusOf({ quantity, type, scale, modulus }: Register): (readonly [Quantity, number])[] {
  if (quantities[quantity].kind !== 'counter') return [];
  const numbers = full[type];
  const width = modulus ?? (numbers === undefined ? undefined : numbers * scale);
  return width === undefined ? [] : [[quantity, width]];
}
