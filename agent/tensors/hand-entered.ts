/**
 * Values that a person enters slot by slot: how numbers are read, and how they answer a grid. Pure.
 */
import { decimalOf, nearestDouble, tenTo } from '../../broker/protocol/decimal.ts';
import type { Grid } from '../../broker/protocol/fields.ts';
import { isQuantity, type Quantity, quantities } from '../../hardware/quantity.ts';
import { AgentError } from '../errors.ts';
import { nearest } from '../nearest.ts';
import type { SlotValues } from './resampling.ts';
import type { Coverage } from './tensor.ts';

/**
 * @param prefix power of ten from the unit written to the quantity's own: 3 for kWh
 * @returns the number in the quantity's unit, exact in decimals; undefined for what is no plain decimal number
 */
export function readDecimal(text: string, prefix: number): number | undefined {
  const written = text.trim();
  const digits = /^[+-]?(\d+(?:\.\d+)?)$/.exec(written)?.[1]?.replace('.', '').replace(/^0+/, '');
  // A double tells fifteen digits apart, no more.
  if (digits === undefined || digits.length > 15) return undefined;
  // The power of ten is moved in the text: a multiplication would round twice.
  return Number(`${written}e${prefix}`);
}

export interface Scale {
  readonly quantity: Quantity;
  readonly unit: string;
  readonly prefix: number;
}

/** The quantity and how far its own unit is from the one people write. @throws {AgentError} FIELD_MALFORMED */
export function scaleOf(quantity: string, written?: string): Scale {
  if (!isQuantity(quantity)) {
    const meant = nearest(quantity, Object.keys(quantities));
    const why = `"${quantity}" is none of ${Object.keys(quantities).join(', ')}`;
    throw new AgentError('FIELD_MALFORMED', { field: 'quantity', why: meant ? `${why}; did you mean ${meant}?` : why });
  }
  const { unit } = quantities[quantity];
  if (written === undefined || written === unit) return { quantity, unit, prefix: 0 };
  if (written === `k${unit}`) return { quantity, unit, prefix: 3 };
  throw new AgentError('FIELD_MALFORMED', {
    field: 'unit',
    why: `${quantity} is measured in ${unit} or k${unit}, not in "${written}"`,
  });
}

export interface EnteredValues {
  readonly from: number;
  readonly step: number;
  /** None where one was deleted. */
  readonly values: readonly (number | undefined)[];
}

/**
 * Answers where both edges of a slot are edges of slots entered: their sum for a counter, else their mean.
 * Every other slot is not covered: how the energy of one slot was spread within it, nobody knows.
 */
export function enteredPerSlot(entered: EnteredValues, kind: 'counter' | 'level', grid: Grid): SlotValues {
  const values = new Float64Array(grid.slots);
  const coverage: Coverage[] = [];
  const place = (at: number) => (at - entered.from) / entered.step;
  for (let slot = 0; slot < grid.slots; slot++) {
    const first = place(grid.from + slot * grid.step);
    const end = place(grid.from + (slot + 1) * grid.step);
    const isWhole = Number.isInteger(first) && Number.isInteger(end) && first >= 0 && end <= entered.values.length;
    const part = isWhole ? entered.values.slice(first, end).filter((value) => value !== undefined) : [];
    const known = isWhole && part.length === end - first;
    coverage.push(known ? 'covered' : 'gap');
    if (known) values[slot] = exactSum(part, kind === 'level' ? end - first : 1);
  }
  return { values, coverage };
}

/** Sum / `parts`, of the decimals that people read in the values: 0.1 and 0.2 are 0.3. */
function exactSum(values: readonly number[], parts: number): number {
  const decimals = values.map(decimalOf);
  const lowest = Math.min(0, ...decimals.map(({ exponent }) => exponent));
  const sum = decimals.reduce((total, { digits, exponent }) => total + digits * tenTo(exponent - lowest), 0n);
  return nearestDouble(sum, BigInt(parts), lowest);
}
