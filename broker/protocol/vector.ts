/**
 * What a vector holds: a home's slot values as integers, for each statistic, and the limits that bound them. Pure.
 */
import { decimalOf, nearestDouble, ratioOf, tenTo } from './decimal.ts';
import { ProtocolError } from './errors.ts';
import { fieldBound } from './field.ts';
import type { Scaled, Statistics } from './fields.ts';

/** The fields of an announcement that give a vector its form. */
export interface VectorShape {
  readonly grid: { readonly slots: number };
  readonly resolution: Scaled;
  readonly limit: number;
  readonly statistics: Statistics;
}

const msPerHour = 3_600_000n;

/** Integers before padding: one sum per slot, then one square per slot, then the buckets of each slot. */
export function vectorLength(shape: Pick<VectorShape, 'grid' | 'statistics'>): number {
  const { variance, histogram } = shape.statistics;
  return shape.grid.slots * (1 + (variance ? 1 : 0) + (histogram?.buckets ?? 0));
}

/**
 * @param values one home's value per slot, in the query's unit
 * @throws {ProtocolError} VALUE_OUT_OF_LIMIT
 */
export function encodeVector(shape: VectorShape, values: readonly number[]): bigint[] {
  if (values.length !== shape.grid.slots) {
    throw new RangeError(`values: expected ${shape.grid.slots} slots, got ${values.length}`);
  }
  const { variance, histogram } = shape.statistics;
  const steps = values.map((value) => stepsOf(shape, value));
  return [
    ...steps,
    ...(variance ? steps.map((step) => step * step) : []),
    ...(histogram ? steps.flatMap((step) => oneHot(histogram, step)) : []),
  ];
}

/** The smallest limit under which every home may contribute. @param totals largest value of each home in one slot */
export function limitFor(totals: readonly number[], resolution: Scaled): number {
  let limit = 1n;
  for (const total of totals) {
    const [numerator, denominator] = ratioOf(decimalOf(total), decimalOfScaled(resolution));
    const steps = (numerator + denominator - 1n) / denominator;
    if (steps > limit) limit = steps;
  }
  if (limit > BigInt(Number.MAX_SAFE_INTEGER)) throw new ProtocolError('VALUE_OUT_OF_FIELD', { reason: 'limit' });
  return Number(limit);
}

/** Whether limit · resolution is at least `total`, the sum of a home's capacities over one step. */
export function capacityFits(shape: Pick<VectorShape, 'limit' | 'resolution'>, total: number): boolean {
  const [numerator, denominator] = ratioOf(decimalOf(total), decimalOfScaled(shape.resolution));
  return numerator <= BigInt(shape.limit) * denominator;
}

/** Whether the squares of all homes together stay within what the fields carry. */
export function limitFitsField(homes: number, limit: number): boolean {
  return BigInt(homes) * BigInt(limit) ** 2n <= fieldBound;
}

/** Of an energy the change in a slot counts, and its capacity is per hour; of all others the mean, and the value. */
export function isEnergy(quantity: string): boolean {
  return quantity.startsWith('energy');
}

/** The largest value in one step of a tensor of this capacity: energies have theirs per hour. */
export function capacityPerStep(quantityIsEnergy: boolean, capacity: Scaled, stepMs: number): number {
  return totalCapacity(quantityIsEnergy, [capacity], stepMs);
}

/** The same of several tensors together: added exactly, so that home and coordinator get one number in any order. */
export function totalCapacity(quantityIsEnergy: boolean, capacities: readonly Scaled[], stepMs: number): number {
  const lowest = Math.min(0, ...capacities.map(([, exponent]) => exponent));
  const sum = capacities.reduce(
    (total, [mantissa, exponent]) => total + BigInt(mantissa) * tenTo(exponent - lowest),
    0n,
  );
  return quantityIsEnergy ? nearestDouble(sum * BigInt(stepMs), msPerHour, lowest) : nearestDouble(sum, 1n, lowest);
}

/**
 * @param value above 0
 * @throws {RangeError} where its shortest decimal has no place in a scaled number
 */
export function scaledOf(value: number): Scaled {
  let { digits, exponent } = decimalOf(value);
  while (digits !== 0n && digits % 10n === 0n) {
    digits /= 10n;
    exponent += 1;
  }
  // Exponents end at 12: what is above goes into the mantissa.
  while (exponent > 12 && digits <= BigInt(Number.MAX_SAFE_INTEGER)) {
    digits *= 10n;
    exponent -= 1;
  }
  if (digits < 1n || digits > BigInt(Number.MAX_SAFE_INTEGER) || exponent < -12) {
    throw new RangeError(`value: expected above 0, with 15 digits and 12 decimals at most, got ${value}`);
  }
  return [Number(digits), exponent];
}

export function numberOf([mantissa, exponent]: Scaled): number {
  return Number(`${mantissa}e${exponent}`);
}

/** value / resolution, exact in decimals, rounded half away from zero. */
function stepsOf(shape: VectorShape, value: number): bigint {
  if (!Number.isFinite(value)) throw outOfLimit();
  const [numerator, denominator] = ratioOf(decimalOf(value), decimalOfScaled(shape.resolution));
  const size = numerator < 0n ? -numerator : numerator;
  const rounded = (2n * size + denominator) / (2n * denominator);
  if (rounded > BigInt(shape.limit)) throw outOfLimit();
  return numerator < 0n ? -rounded : rounded;
}

/** 1 in the bucket that holds `step`, 0 in the others; the first and the last take in what lies beyond them. */
function oneHot(histogram: { start: number; width: number; buckets: number }, step: bigint): bigint[] {
  const offset = step - BigInt(histogram.start);
  const place = offset < 0n ? 0n : offset / BigInt(histogram.width);
  const bucket = Math.min(Number(place), histogram.buckets - 1);
  return Array.from({ length: histogram.buckets }, (_, at) => (at === bucket ? 1n : 0n));
}

const decimalOfScaled = ([mantissa, exponent]: Scaled) => ({ digits: BigInt(mantissa), exponent });

/** Names no value: this text may reach a log. */
function outOfLimit(): ProtocolError {
  return new ProtocolError('VALUE_OUT_OF_LIMIT', { reason: 'value-out-of-limit' });
}
