/**
 * A year of readings of 20 devices, 5 quantities, every 10 s, through the real store on a real disk: what it writes, how
 * large it gets, how soon it answers; and energy that resampling would lose or make.
 */
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { type Database, openDatabase } from '../../agent/store/database.ts';
import { rememberDevices } from '../../agent/store/device-store.ts';
import { migrations } from '../../agent/store/migrations.ts';
import { type NewReading, ReadingStore } from '../../agent/store/reading-store.ts';
import { ReadingTiers } from '../../agent/store/reading-tiers.ts';
import { pruning } from '../../agent/store/retention-plan.ts';
import { longestGap, slotsBetween } from '../../agent/tensors/resampling.ts';
import { epochMs } from '../../broker/protocol/clock.ts';
import type { Grid } from '../../broker/protocol/fields.ts';
import { startWattveil } from '../../scripts/story/processes.ts';
import { atLeast, atMost, bestMs, type Figure } from './figure.ts';
import { energyLostOrMade } from './resampling-errors.ts';

const devices = 20;
const quantities = ['energyImport', 'energyExport', 'power', 'voltage', 'current'] as const;
const everyMs = 10_000;
const hour = 3_600_000;
const day = 24 * hour;
const commitsPerDay = day / everyMs;
/** Midnight, 366 days before the day that is measured: an agent believes the clock where nothing is of the future. */
const start = Math.floor(Date.now() / day) * day - 366 * day;
/** As a device is granted that is read each quarter of an hour. */
const gapMs = 20 * 60_000;
/** How many polls apart: where only quarters are left, where minutes are, where all is. */
const [perQuarter, perMinute] = [90, 6];
const retention = { readingsMs: 7 * day, minutesMs: 30 * day, leastFreeBytes: 0 };

export async function measure(): Promise<readonly Figure[]> {
  const folder = await mkdtemp(join(tmpdir(), 'wattveil-bench-'));
  const path = join(await dataFolder(folder), 'agent.db');
  try {
    const ingest = await ingestRatio(join(folder, 'ingest.db'));
    const year = buildYear(path);
    const written = await bytesOfOneDay(year);
    const answers = answerTimes(year.readings);
    year.database.close();
    const { size } = await stat(path);
    const residentMb = await residentOfAgent(folder);
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
      { name: 'an agent with that database: resident', value: residentMb, unit: 'MB', goal: atMost(120) },
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

/** A real agent of all these devices, whose line is not there, after it has looked at all it has. */
async function residentOfAgent(folder: string): Promise<number> {
  const path = join(folder, 'agent.yaml');
  const ids = Array.from({ length: devices }, (_, index) => `d${index}`);
  const device = { bus: 'line', profile: 'eastron-sdm120', pollEvery: '10s' };
  const settings = {
    ...{ home: 'bob', dataDir: './home', broker: { url: 'mqtt://127.0.0.1:9' } },
    buses: [{ id: 'line', port: '/dev/line' }],
    devices: ids.map((id, index) => ({ ...device, id, address: index + 1 })),
    tensors: ids.map((id) => ({ id, device: id, tags: ['#house'], capacity: 9000 })),
  };
  await writeFile(path, stringify(settings));
  const agent = startWattveil('agent', ['agent', 'run', '--config', path]);
  try {
    await agent.line((line) => line.includes('the agent runs'));
    await new Promise((resolve) => setTimeout(resolve, 20_000));
    const status = await readFile(`/proc/${agent.pid}/status`, 'utf8');
    return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1000;
  } finally {
    await agent.end('SIGKILL');
  }
}

interface Year {
  readonly database: Database;
  readonly readings: ReadingStore;
  readonly tiers: ReadingTiers;
}

function open(path: string): Year {
  const database = openDatabase(path, migrations);
  rememberDevices(
    database,
    Array.from({ length: devices }, (_, index) => ({
      id: `d${index}`,
      port: '/dev/line',
      address: index + 1,
      serial: undefined,
    })),
  );
  return { database, readings: new ReadingStore(database), tiers: new ReadingTiers(database) };
}

/** What all devices say at the n-th poll, each a little late. */
function poll(n: number): NewReading[] {
  const seconds = (n * everyMs) / 1000;
  return Array.from({ length: devices }, (_, index) => index + 1).flatMap((device) => {
    const at = epochMs(start + n * everyMs + device * 37 + (n % 11));
    const watts = 200 + 150 * Math.sin(seconds / 3000 + device) + ((n * 7919 * device) % 100) / 10;
    const values = [Math.round(seconds * (0.05 + device / 100)), 0, watts, 229.5 + (n % 13) / 10, watts / 230];
    return quantities.map((quantity, place) => ({ device, quantity, at, value: values[place] ?? 0 }));
  });
}

/**
 * The last days in full. What came before only leaves edges, so it is fed at the pace of edges: through the same code,
 * but in a minute and not in hours.
 */
function buildYear(path: string): Year {
  const year = open(path);
  // Nobody cuts the power here.
  year.database.pragma('synchronous = OFF');
  for (let today = 0; today < 365; today++) {
    const stride = today < 365 - 32 ? perQuarter : today < 365 - 8 ? perMinute : 1;
    for (let n = today * commitsPerDay; n < (today + 1) * commitsPerDay; n += stride * 6) {
      const rows: NewReading[] = [];
      for (let each = n; each < n + stride * 6; each += stride) rows.push(...poll(each));
      append(year, rows, stride);
      if (stride === 1 && n % (hour / everyMs) === 0) retain(year);
    }
    retain(year);
  }
  year.database.pragma('synchronous = FULL');
  year.database.pragma('wal_checkpoint(TRUNCATE)');
  return year;
}

/** In the last days one commit a poll, as an agent does. */
function append({ readings }: Year, rows: readonly NewReading[], stride: number): void {
  if (stride > 1) {
    readings.append(rows);
    return;
  }
  const size = devices * quantities.length;
  for (let from = 0; from < rows.length; from += size) readings.append(rows.slice(from, from + size));
}

function retain({ tiers }: Year): void {
  while (tiers.condense());
  const holdings = tiers.holdings();
  if (holdings === undefined) return;
  while (tiers.prune(pruning({ ...holdings, freeBytes: 1e12 }, retention)));
}

/** Of the write system calls of this process, by the kernel's count: also what the page cache would merge. */
async function bytesWritten(): Promise<number> {
  return Number(/wchar: (\d+)/.exec(await readFile('/proc/self/io', 'utf8'))?.[1]);
}

async function bytesOfOneDay(year: Year): Promise<number> {
  const before = await bytesWritten();
  const first = 365 * commitsPerDay;
  for (let n = first; n < first + commitsPerDay; n++) {
    year.readings.append(poll(n));
    if (n % (hour / everyMs) === 0) retain(year);
  }
  year.database.pragma('wal_checkpoint(PASSIVE)');
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
  const { database, readings } = open(path);
  database.exec(
    'CREATE TABLE bare (series INTEGER, at_ms INTEGER, value REAL, PRIMARY KEY (series, at_ms)) WITHOUT ROWID',
  );
  const insert = database.prepare('INSERT INTO bare VALUES (?, ?, ?)');
  const bare = database.transaction((rows: readonly NewReading[]) => {
    for (const [place, { at, value }] of rows.entries()) insert.run(place, at, value);
  });
  const batches = Array.from({ length: 2000 }, (_, n) => poll(n));
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
