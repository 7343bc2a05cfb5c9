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

export interface EnteredValue {
  /** Where it begins, in steps. */
  readonly slot: number;
  readonly steps: number;
  readonly value: number;
}

export interface EnteredValues {
  readonly from: number;
  readonly step: number;
  /** One that was deleted is missing. */
  readonly values: readonly EnteredValue[];
}

/**
 * Answers where both edges of a slot are edges of slots entered: their sum for a counter, else their mean.
 * Every other slot is not covered: how the energy of one slot was spread within it, nobody knows.
 */
export function enteredPerSlot(entered: EnteredValues, kind: 'counter' | 'level', grid: Grid): SlotValues {
  const values = new Float64Array(grid.slots);
  const coverage: Coverage[] = [];
  const place = (at: number) => (at - entered.from) / entered.step;
  const byFirst = new Map(entered.values.map((one) => [one.slot, one]));
  for (let slot = 0; slot < grid.slots; slot++) {
    const first = place(grid.from + slot * grid.step);
    const end = place(grid.from + (slot + 1) * grid.step);
    const part = wholeIn(byFirst, first, end);
    coverage.push(part === undefined ? 'gap' : 'covered');
    if (part === undefined) continue;
    const isLevel = kind === 'level';
    const weighed = part.flatMap(({ value, steps }) => (isLevel ? new Array<number>(steps).fill(value) : [value]));
    values[slot] = exactSum(weighed, isLevel ? end - first : 1);
  }
  return { values, coverage };
}

/** One upon the other from edge to edge; undefined where they do not fit. */
function wholeIn(byFirst: ReadonlyMap<number, EnteredValue>, first: number, end: number): EnteredValue[] | undefined {
  const part: EnteredValue[] = [];
  let place = first;
  while (place < end) {
    const one = byFirst.get(place);
    if (one === undefined) return undefined;
    part.push(one);
    place += one.steps;
  }
  return place === end ? part : undefined;
}

/** The slots that were entered, those that were deleted among them; as few grids as there can be. */
export function enteredGrids({ from, step, values }: EnteredValues): Grid[] {
  const lengths: number[] = [];
  let place = 0;
  for (const { slot, steps } of values) {
    // What is missing in between was deleted; whether as one slot or several, nobody knows any more.
    if (slot > place) lengths.push(slot - place);
    lengths.push(steps);
    place = slot + steps;
  }
  const grids: Grid[] = [];
  let begins = from;
  for (const length of lengths) {
    const last = grids.at(-1);
    if (last?.step === length * step) grids[grids.length - 1] = { ...last, slots: last.slots + 1 };
    else grids.push({ from: begins, step: length * step, slots: 1 });
    begins += length * step;
  }
  return grids;
}

/** Sum / `parts`, of the decimals that people read in the values: 0.1 and 0.2 are 0.3. */
function exactSum(values: readonly number[], parts: number): number {
  const decimals = values.map(decimalOf);
  const lowest = Math.min(0, ...decimals.map(({ exponent }) => exponent));
  const sum = decimals.reduce((total, { digits, exponent }) => total + digits * tenTo(exponent - lowest), 0n);
  return nearestDouble(sum, BigInt(parts), lowest);
}
