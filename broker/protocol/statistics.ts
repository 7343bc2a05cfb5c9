/**
 * From opened integers to statistics in the query's unit, unless they lie outside the possible. Pure.
 */
import { nearestDouble } from './decimal.ts';
import { type VectorShape, vectorLength } from './vector.ts';

export interface OpenedStatistics {
  readonly sum: number[];
  readonly mean: number[];
  /** Over the contributing homes, as a population. */
  readonly variance?: number[];
  /** Homes per bucket, for each slot; `start` and `width` in the query's unit. */
  readonly histogram?: { readonly start: number; readonly width: number; readonly counts: number[][] };
}

/**
 * @param integers as opened: the vector's, and after them those of the padding if any
 * @returns undefined where no honest contributors could have these sums
 */
export function statisticsOf(
  shape: VectorShape,
  contributors: number,
  integers: readonly bigint[],
): OpenedStatistics | undefined {
  const length = vectorLength(shape);
  if (integers.length < length) throw new RangeError(`integers: expected at least ${length}, got ${integers.length}`);
  const { variance, histogram } = shape.statistics;
  const { slots } = shape.grid;
  const count = BigInt(contributors);
  const sums = integers.slice(0, slots);
  const squares = variance ? integers.slice(slots, 2 * slots) : [];
  const buckets = inSlots(integers.slice(slots + squares.length, length), histogram?.buckets ?? 0);
  const padding = integers.slice(length);

  if (padding.some((value) => value !== 0n)) return undefined;
  if (!arePossible(sums, squares, count, BigInt(shape.limit))) return undefined;
  if (!buckets.every((slot) => addUp(slot, count))) return undefined;

  const [mantissa, exponent] = shape.resolution;
  const step = BigInt(mantissa);
  const inUnit = (steps: bigint, of = 1n) => nearestDouble(steps * step, of, exponent);
  return {
    sum: sums.map((sum) => inUnit(sum)),
    mean: sums.map((sum) => inUnit(sum, count)),
    ...(variance && {
      variance: squares.map((square, slot) => {
        const sum = sums[slot] as bigint;
        return nearestDouble((count * square - sum * sum) * step * step, count * count, 2 * exponent);
      }),
    }),
    ...(histogram && {
      histogram: {
        start: inUnit(BigInt(histogram.start)),
        width: inUnit(BigInt(histogram.width)),
        counts: buckets.map((slot) => slot.map(Number)),
      },
    }),
  };
}

function arePossible(sums: readonly bigint[], squares: readonly bigint[], count: bigint, limit: bigint): boolean {
  const withinLimit = sums.every((sum) => sum <= count * limit && sum >= -count * limit);
  return (
    withinLimit &&
    squares.every((square, slot) => {
      const sum = sums[slot] as bigint;
      // The last is Cauchy and Schwarz's: a mean of squares is no less than the square of the mean.
      return square >= 0n && square <= count * limit * limit && sum * sum <= count * square;
    })
  );
}

function addUp(buckets: readonly bigint[], count: bigint): boolean {
  return buckets.every((bucket) => bucket >= 0n) && buckets.reduce((sum, bucket) => sum + bucket, 0n) === count;
}

function inSlots(integers: readonly bigint[], perSlot: number): bigint[][] {
  const slots = perSlot === 0 ? 0 : integers.length / perSlot;
  return Array.from({ length: slots }, (_, slot) => integers.slice(slot * perSlot, (slot + 1) * perSlot));
}
