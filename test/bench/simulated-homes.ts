/**
 * 100,000 homes in cohorts of 100 through a whole round of 96 values in one process: the machines of home and
 * coordinator and all their cryptography, without network and disk. Rosters and pair keys are of an epoch, not of a
 * round: one set of them serves all cohorts, each of which has a round of its own.
 * Runs as a process of its own, which `simulation.ts` starts, and sends it the figures.
 */
import { randomBytes } from 'node:crypto';
import { announce, makeStreet, type Street, start } from '../simulation/street.ts';
import { World } from '../simulation/world.ts';
import { BareRound } from './bare.ts';
import { atLeast, atMost, type Figure } from './figure.ts';
import { makeRound } from './made-round.ts';

const homes = 100;
const cohorts = 1000;
const slots = 96;
/** After each tenth. */
const bareHomes = 500;
const quarterHour = 900_000;

process.send?.(await measure());

async function measure(): Promise<readonly Figure[]> {
  const street = makeStreet(homes, 15);
  const bare = new BareRound(makeRound(homes).round);
  await wholeRound(street);
  const tenths: Tenth[] = [];
  let bareSeconds = 0;
  for (let tenth = 0; tenth < 10; tenth += 1) {
    tenths.push(await measureTenth(street));
    bareSeconds += await processorSeconds(() => oneByOne(bareHomes, () => bareHome(bare)));
  }
  const cpuSeconds = tenths.reduce((sum, { seconds }) => sum + seconds, 0);
  const [first, last] = [tenths[0], tenths.at(-1)] as [Tenth, Tenth];
  const of = `${(homes * cohorts).toLocaleString('en')} homes in cohorts of ${homes}, ${slots} values`;
  return [
    {
      name: `${of}: homes per second and core`,
      value: (homes * cohorts) / cpuSeconds,
      unit: '1/s',
      goal: atLeast(300),
    },
    {
      name: `${of}: time of a home by that of its bare parts, in turns`,
      value: cpuSeconds / (homes * cohorts) / (bareSeconds / (tenths.length * bareHomes)),
      unit: '',
    },
    {
      name: `${of}: time of the last tenth by that of the first`,
      value: last.seconds / first.seconds,
      unit: '',
      goal: atMost(1.2),
    },
    {
      name: `${of}: memory after the last tenth by that after the first`,
      value: last.bytes / first.bytes,
      unit: '',
      goal: atMost(1.2),
    },
    { name: `${of}: resident`, value: last.bytes / 1e6, unit: 'MB' },
  ];
}

interface Tenth {
  /** Of processor time. */
  readonly seconds: number;
  readonly bytes: number;
}

async function measureTenth(street: Street): Promise<Tenth> {
  const seconds = await processorSeconds(() => oneByOne(cohorts / 10, () => wholeRound(street)));
  return { seconds, bytes: process.memoryUsage().rss };
}

function bareHome(bare: BareRound): void {
  bare.report();
  bare.answer();
}

async function processorSeconds(work: () => Promise<void>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}

async function oneByOne(times: number, work: () => void | Promise<void>): Promise<void> {
  for (let time = 0; time < times; time += 1) await work();
}

async function wholeRound(street: Street): Promise<void> {
  const grid = { from: start - slots * quarterHour, step: quarterHour, slots };
  const sharing = { dropouts: 18, packing: 4, minimum: 15 };
  const round = announce(street, { grid, tag: '#all', ...sharing });
  const values = (home: number) => home;
  const world = new World({ ...street, round: () => round }, randomBytes, values);
  await world.play([{ do: 'announce', round: 0 }]);
  await world.quieten();
  const result = world.coordinator.disk.get(round.id)?.result;
  // Two meters each.
  if (result?.state !== 'opened' || result.sum[0] !== homes * (homes + 1)) throw new Error('the sum is not right');
}
