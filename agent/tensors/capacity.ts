/**
 * No value leaves the house that is above what its tensor's connection can carry. Pure.
 */
import { capacityPerStep, isEnergy } from '../../broker/protocol/vector.ts';
import type { Tensor } from './tensor.ts';

/** The largest value of a tensor in one slot, in its unit. */
export function capacityOf(tensor: Pick<Tensor, 'quantity' | 'capacity'>, stepMs: number): number {
  return capacityPerStep(isEnergy(tensor.quantity), tensor.capacity, stepMs);
}

export interface Clipped {
  readonly values: Float64Array;
  /** Slots whose value was beyond the capacity, from 0: for the log, which is not told the value. */
  readonly slots: readonly number[];
}

/** A home that declined because of a value would reveal it: so what is beyond the capacity is cut off instead. */
export function clipToCapacity(
  tensor: Pick<Tensor, 'quantity' | 'capacity'>,
  stepMs: number,
  values: Float64Array,
): Clipped {
  const most = capacityOf(tensor, stepMs);
  const least = isEnergy(tensor.quantity) ? 0 : -most;
  const slots: number[] = [];
  const clipped = values.map((value, slot) => {
    const kept = Math.min(Math.max(value, least), most);
    if (kept !== value) slots.push(slot);
    return kept;
  });
  return { values: clipped, slots };
}
