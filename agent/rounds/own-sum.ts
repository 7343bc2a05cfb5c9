/**
 * A home's value per slot: its tensors added up, each held to its capacity. Pure.
 */
import { isEnergy, totalCapacity } from '../../broker/protocol/vector.ts';
import { clipToCapacity } from '../tensors/capacity.ts';
import type { ReadSlots } from './participant-event.ts';

/** @returns one value per slot, and the ids of the tensors that had one beyond their capacity */
export function ownSum(
  slots: readonly ReadSlots[],
  grid: { readonly step: number; readonly slots: number },
): { values: readonly number[]; clipped: readonly string[] } {
  const sums = new Array<number>(grid.slots).fill(0);
  const clipped: string[] = [];
  for (const { tensor, values } of slots) {
    const held = clipToCapacity(tensor, grid.step, values);
    if (held.slots.length > 0) clipped.push(tensor.id);
    held.values.forEach((value, slot) => {
      sums[slot] = (sums[slot] ?? 0) + value;
    });
  }
  // Adding doubles may end a last digit beyond what the capacities add up to exactly.
  const capacities = slots.map(({ tensor }) => tensor.capacity);
  const most = totalCapacity(isEnergy(slots[0]?.tensor.quantity ?? ''), capacities, grid.step);
  return { values: sums.map((value) => Math.min(Math.max(value, -most), most)), clipped };
}
