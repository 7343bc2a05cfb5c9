/**
 * What meters measure, and the one unit in which each is given. Knows nothing of registers or devices.
 */

/**
 * `counter`: a total that only grows; `level`: what is the case now. Power is positive when taken from the grid, and that
 * of all phases together; `voltage` and `current` are those of the first phase, or of the only one.
 */
export const quantities = {
  energyImport: { unit: 'Wh', kind: 'counter' },
  energyExport: { unit: 'Wh', kind: 'counter' },
  power: { unit: 'W', kind: 'level' },
  voltage: { unit: 'V', kind: 'level' },
  voltageL2: { unit: 'V', kind: 'level' },
  voltageL3: { unit: 'V', kind: 'level' },
  current: { unit: 'A', kind: 'level' },
  currentL2: { unit: 'A', kind: 'level' },
  currentL3: { unit: 'A', kind: 'level' },
  frequency: { unit: 'Hz', kind: 'level' },
} as const satisfies Readonly<Record<string, { readonly unit: string; readonly kind: 'counter' | 'level' }>>;

export type Quantity = keyof typeof quantities;
export type Unit = (typeof quantities)[Quantity]['unit'];

export function unitOf(quantity: Quantity): Unit {
  return quantities[quantity].unit;
}

export function isQuantity(name: string): name is Quantity {
  return Object.hasOwn(quantities, name);
}
