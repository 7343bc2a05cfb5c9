/** How much of what an agent acknowledged is lost by 1,000 power cuts, each with other parts of the disk's work undone. */
import { cutPower } from '../agent/store/power-cut/power-cuts.ts';
import { atLeast, atMost, type Figure } from './figure.ts';

const cuts = 1000;

export async function measure(): Promise<readonly Figure[]> {
  const kept = cutPower(cuts, { steps: 150, seed: 7 });
  const careless = cutPower(cuts / 4, { steps: 150, seed: 7, synchronous: 'NORMAL' });
  return [
    { name: 'power cuts, acknowledged steps looked for', value: kept.steps, unit: '' },
    { name: 'power cuts of 1,000 with something lost or unsound', value: kept.lossy, unit: '', goal: atMost(0) },
    { name: 'the same with synchronous=NORMAL, of 250', value: careless.lossy, unit: '', goal: atLeast(1) },
  ];
}
