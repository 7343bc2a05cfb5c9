/**
 * A home's value per slot: its tensors added up, each held to its capacity. Pure.
 */
import { numberOf, totalCapacity } from '../../broker/protocol/vector.ts';
import { isEnergy } from '../policy/assess-round.ts';
import type { ReadSlots } from './participant-event.ts';

/**
 * A decline because of a value would tell of the value, so one beyond the capacity is cut to it.
 * @returns one value per slot, and the ids of the tensors that were cut
 */
export function ownSum(
  slots: readonly ReadSlots[],
  grid: { readonly step: number; readonly slots: number },
): { values: readonly number[]; clipped: readonly string[] } {
  const values = new Array<number>(grid.slots).fill(0);
  const clipped: string[] = [];
  for (const { tensor, values: own } of slots) {
    const most = isEnergy(tensor.quantity)
      ? totalCapacity(true, [tensor.capacity], grid.step)
      : numberOf(tensor.capacity);
    let cut = false;
    for (let slot = 0; slot < grid.slots; slot++) {
      const value = own[slot] ?? 0;
      const held = Math.min(Math.max(value, -most), most);
      cut ||= held !== value;
      values[slot] = (values[slot] ?? 0) + held;
    }
    if (cut) clipped.push(tensor.id);
  }
  const capacities = slots.map(({ tensor }) => tensor.capacity);
  const quantity = slots[0]?.tensor.quantity ?? '';
  // Adding doubles may end a last digit above what the capacities add up to exactly.
  const total = totalCapacity(isEnergy(quantity), capacities, grid.step);
  return { values: values.map((value) => Math.min(Math.max(value, -total), total)), clipped };
}
