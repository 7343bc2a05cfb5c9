import { describe, expect, it } from 'vitest';
import { clipToCapacity } from '../../../agent/tensors/capacity.ts';
import { isEnergy } from '../../../broker/protocol/vector.ts';
import { quantities } from '../../../hardware/quantity.ts';

const quarter = 900_000;

describe('what a tensor lets out', () => {
  it('of an energy lies between nothing and its capacity over the slot', () => {
    const fridge = { quantity: 'energyImport', capacity: [368, 1] as [number, number] };
    const { values, slots } = clipToCapacity(fridge, quarter, Float64Array.of(100, 920, 920.001, 5e9, -1));
    expect([...values]).toEqual([100, 920, 920, 920, 0]);
    expect(slots).toEqual([2, 3, 4]);
  });

  it('of a level lies within its capacity on both sides, whatever the slot', () => {
    const power = { quantity: 'power', capacity: [5, 3] as [number, number] };
    const { values, slots } = clipToCapacity(power, quarter, Float64Array.of(-6000, 4999, 6000));
    expect([...values]).toEqual([-5000, 4999, 5000]);
    expect(slots).toEqual([0, 2]);
  });
});

it('what meters count up is what the protocol takes for an energy, and nothing else', () => {
  for (const [name, { kind }] of Object.entries(quantities))
    expect([name, isEnergy(name)]).toEqual([name, kind === 'counter']);
});
