/** Wrong values in a million requests on a bus in a storm: late, doubled, cut, noisy, echoed, foreign answers. */
import { playStorm } from '../hardware/bus-storm.ts';
import { atMost, type Figure } from './figure.ts';

const requests = 1_000_000;

export async function measure(): Promise<readonly Figure[]> {
  const started = performance.now();
  const storm = await playStorm(requests, 1);
  const seconds = (performance.now() - started) / 1000;
  for (const wrong of storm.wrong.slice(0, 10)) console.error(wrong);
  return [
    {
      name: `wrong values in ${storm.requests.toLocaleString('en')} requests, ${storm.values.toLocaleString('en')} values`,
      value: storm.wrong.length,
      unit: '',
      goal: atMost(0),
    },
    {
      name: 'readings that came through that storm',
      value: (100 * storm.read) / (storm.read + storm.failed),
      unit: '%',
    },
    { name: 'that storm, simulated', value: seconds, unit: 's' },
  ];
}
