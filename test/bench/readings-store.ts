/**
 * A year of readings of 20 devices, 5 quantities, every 10 s, through the real store on a real disk: what it writes, how
 * large it gets, how soon it answers, what an agent holds of it in memory; and energy that resampling would lose or make.
 */
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { NewReading, ReadingStore } from '../../agent/store/reading-store.ts';
import { longestGap, slotsBetween } from '../../agent/tensors/resampling.ts';
import type { Grid } from '../../broker/protocol/fields.ts';
import { type Running, startWattveil } from '../../scripts/story/processes.ts';
import { atLeast, atMost, bestMs, type Figure } from './figure.ts';
import { day, type Extent, FedStore, madeYear, pollsPerDay, quantities } from './made-year.ts';
import { energyLostOrMade } from './resampling-errors.ts';

const year: Extent = { devices: 20, days: 365, readingDays: 7, minuteDays: 30 };
/** Midnight, 366 days before the day that is measured: an agent believes the clock where nothing is of the future. */
const start = Math.floor(Date.now() / day) * day - 366 * day;
/** As a device is granted that is read each quarter of an hour. */
const gapMs = 20 * 60_000;
/** Of metering, before the memory is looked at. */
const meteredMs = 30_000;

export async function measure(): Promise<readonly Figure[]> {
  const folder = await mkdtemp(join(tmpdir(), 'wattveil-bench-'));
  const path = join(await dataFolder(folder), 'agent.db');
  try {
    const ingest = await ingestRatio(join(folder, 'ingest.db'));
    const store = madeYear(path, start, year);
    const written = await bytesOfOneDay(store);
    const answers = answerTimes(store.readings);
    store.database.close();
    const { size } = await stat(path);
    const resident = await residentOfAgent(folder);
    const wrong = energyLostOrMade(10_000);
    return [
      {
        name: 'bytes written a day: 8,640 commits, condensed, pruned',
        value: written / 1e6,
        unit: 'MB',
        goal: atMost(120),
      },
      {
        name: 'file after a year: 8 days every 10 s, 24 each min, before each 15',
        value: size / 1e6,
        unit: 'MB',
        goal: atMost(400),
      },
      { name: 'one day in 96 slots from the newest data', value: answers.dayMs, unit: 'ms', goal: atMost(5) },
      { name: 'one year in days', value: answers.yearMs, unit: 'ms', goal: atMost(50) },
      { name: 'one year in days, of a level', value: answers.levelYearMs, unit: 'ms', goal: atMost(50) },
      { name: 'ingest against bare prepared inserts, rows a second', value: ingest, unit: '×', goal: atLeast(0.7) },
      { name: 'slots of 10,000 series that lose or make a digit', value: wrong, unit: 'slots', goal: atMost(0) },
      {
        name: 'an agent that meters on with that database: resident',
        value: resident.mb,
        unit: 'MB',
        goal: atMost(120),
      },
      { name: 'the same, at most since its start', value: resident.mostMb, unit: 'MB', goal: atMost(120) },
    ];
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function dataFolder(folder: string): Promise<string> {
  const path = join(folder, 'home');
  await mkdir(path, { mode: 0o700 });
  return path;
}

/** A real agent that reads all these devices over a simulated line. */
async function residentOfAgent(folder: string): Promise<{ mb: number; mostMb: number }> {
  const [path, household] = [join(folder, 'agent.yaml'), join(folder, 'household.yaml')];
  await writeFile(path, stringify(agentSettings()));
  await writeFile(household, stringify(householdSettings()));
  const running: Running[] = [];
  try {
    const simulator = startWattveil('simulator', ['simulate', household]);
    running.push(simulator);
    await simulator.line((line) => line.includes('The household runs'));
    const agent = startWattveil('agent', ['agent', 'run', '--config', path]);
    running.push(agent);
    await agent.line((line) => line.includes('the agent runs'));
    await new Promise((resolve) => setTimeout(resolve, meteredMs));
    const status = await readFile(`/proc/${agent.pid}/status`, 'utf8');
    const mb = (name: string) => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1]) / 1000;
    return { mb: mb('VmRSS'), mostMb: mb('VmHWM') };
  } finally {
    for (const process of running.reverse()) await process.end('SIGKILL');
  }
}

const ids = Array.from({ length: year.devices }, (_, index) => `d${index}`);
const profile = 'eastron-sdm120';

function agentSettings(): object {
  return {
    ...{ home: 'bob', dataDir: './home', broker: { url: 'mqtt://127.0.0.1:9' } },
    buses: [{ id: 'line', port: './line', baudRate: 38_400, pause: '20ms' }],
    devices: ids.map((id, index) => ({ bus: 'line', profile, pollEvery: '10s', id, address: index + 1 })),
    tensors: ids.flatMap((id) =>
      quantities.map((quantity) => ({
        ...{ id: `${id}-${quantity.toLowerCase()}`, device: id, quantity, tags: ['#house'], capacity: 9000 },
      })),
    ),
  };
}

function householdSettings(): object {
  const devices = ids.map((id, index) => ({ id, address: index + 1, profile, appliances: ['fridge'], kwh: 5000 }));
  return {
    appliances: { fridge: { watts: 90, on: '20m', off: '40m' } },
    lines: [{ link: './line', baudRate: 38_400, devices }],
  };
}

/** Of the write system calls of this process, by the kernel's count: also what the page cache would merge. */
async function bytesWritten(): Promise<number> {
  return Number(/wchar: (\d+)/.exec(await readFile('/proc/self/io', 'utf8'))?.[1]);
}

async function bytesOfOneDay(store: FedStore): Promise<number> {
  const before = await bytesWritten();
  store.feed(year.days * pollsPerDay, (year.days + 1) * pollsPerDay);
  store.database.pragma('wal_checkpoint(PASSIVE)');
  return (await bytesWritten()) - before;
}

function answerTimes(readings: ReadingStore) {
  const ask = (quantity: string, grid: Grid) => {
    const edges = readings.edges(7, quantity, grid, longestGap(grid, gapMs));
    const { coverage } = slotsBetween(quantity === 'power' ? 'mean' : 'change', edges, grid, gapMs);
    const covered = coverage.filter((one) => one === 'covered').length;
    if (covered < 0.9 * grid.slots)
      throw new Error(`${covered} of ${grid.slots} slots are covered: nothing was measured`);
  };
  const newest = start + 366 * day;
  const dayMs = bestMs(20, () => ask('energyImport', { from: newest - day, step: day / 96, slots: 96 }));
  const inDays = { from: start + day, step: day, slots: 364 };
  const yearMs = bestMs(10, () => ask('energyImport', inDays));
  const levelYearMs = bestMs(10, () => ask('power', inDays));
  return { dayMs, yearMs, levelYearMs };
}

/** How many rows a second batches take, for each that bare inserts take of the same rows in the same run. */
async function ingestRatio(path: string): Promise<number> {
  const store = new FedStore(path, start, year);
  const { database, readings } = store;
  database.exec(
    'CREATE TABLE bare (series INTEGER, at_ms INTEGER, value REAL, PRIMARY KEY (series, at_ms)) WITHOUT ROWID',
  );
  const insert = database.prepare('INSERT INTO bare VALUES (?, ?, ?)');
  const bare = database.transaction((rows: readonly NewReading[]) => {
    for (const [place, { at, value }] of rows.entries()) insert.run(place, at, value);
  });
  const batches = Array.from({ length: 2000 }, (_, n) => store.poll(n));
  const time = (work: (rows: readonly NewReading[]) => void) => {
    const began = performance.now();
    for (const rows of batches) work(rows);
    return performance.now() - began;
  };
  const bareMs = time((rows) => bare(rows));
  const ours = time((rows) => readings.append(rows));
  database.close();
  return bareMs / ours;
}
