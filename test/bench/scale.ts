/**
 * The utility's process on loopback, and a thousand homes in ten cohorts on connections of their own in this one: a round
 * of 96 values in each cohort at once, from the operator's requests to the last result.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Grid } from '../../broker/sdk/grid.ts';
import { MqttStreet } from '../simulation/mqtt-street.ts';
import { atMost, type Figure } from './figure.ts';

const cohorts = Array.from({ length: 10 }, (_, at) => `feeder-${at}`);
const homes = 100;
const slots = 96;
const day = 86_400_000;

export async function measure(): Promise<readonly Figure[]> {
  const folder = await mkdtemp(join(tmpdir(), 'wattveil-scale-'));
  const street = await MqttStreet.open({ folder, cohorts, homes, onError: fail });
  try {
    return await measureRounds(street);
  } finally {
    await street.close();
    await rm(folder, { recursive: true });
  }
}

async function measureRounds(street: MqttStreet): Promise<readonly Figure[]> {
  const grid = new Grid(street.operator);
  const from = Math.floor(Date.now() / day - 1) * day;
  const cpuBefore = await cpuMs(street.broker.pid);
  const started = performance.now();
  const results = await Promise.all(
    cohorts.map((cohort) => grid.round({ cohort, tags: ['#all'], from, step: 'PT15M', slots, minimum: 15 })),
  );
  const seconds = (performance.now() - started) / 1000;
  const cpu = ((await cpuMs(street.broker.pid)) - cpuBefore) / 1000;
  // Two meters each, of which each reads the home's index.
  const right = homes * (homes + 1);
  if (results.some(({ sum }) => sum.length !== slots || sum.some((each) => each !== right)))
    throw new Error('a wrong sum');
  const contributors = results.reduce((total, each) => total + each.contributors, 0);
  const of = `${cohorts.length * homes} homes over MQTT, ${slots} values`;
  return [
    { name: `${of}: from requests to results`, value: seconds, unit: 's', goal: atMost(10) },
    { name: `${of}: homes lost`, value: cohorts.length * homes - contributors, unit: '', goal: atMost(0) },
    {
      name: `${of}: most memory of the broker's process`,
      value: await peakMB(street.broker.pid),
      unit: 'MB',
      goal: atMost(400),
    },
    { name: `${of}: processor time of the broker's process`, value: cpu, unit: 's' },
  ];
}

/** Since its start, as Linux counts it. */
async function peakMB(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? Number.NaN) / 1000;
}

/** User and system, in ticks of 10 ms. */
async function cpuMs(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return 10 * (Number(fields[11]) + Number(fields[12]));
}

function fail(error: unknown): never {
  throw error;
}
