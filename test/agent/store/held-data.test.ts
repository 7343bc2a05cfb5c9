import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Database } from '../../../agent/store/database.ts';
import { rememberDevices } from '../../../agent/store/device-store.ts';
import { HeldData } from '../../../agent/store/held-data.ts';
import { ReadingStore } from '../../../agent/store/reading-store.ts';
import { ReadingTiers } from '../../../agent/store/reading-tiers.ts';
import { epochMs } from '../../../broker/protocol/clock.ts';
import { hour, openAgentDatabase, temporaryFolder } from '../made-agent.ts';

const minute = 60_000;
const days = 3;
const end = days * 24 * hour;
const all = { from: 0, until: Number.MAX_SAFE_INTEGER };
/** As after years: only what came on the last day is still held as it came. */
const readingsFrom = 2 * 24 * hour;
let folder: { folder: string; remove: () => void };
let database: Database;
let held: HeldData;

beforeEach(() => {
  folder = temporaryFolder();
  database = openAgentDatabase(folder.folder);
  rememberDevices(database, [{ id: 'fridge', port: '/dev/line', address: 1, serial: undefined }]);
  const readings = new ReadingStore(database);
  const polls = Array.from({ length: end / (5 * minute) }, (_, poll) => epochMs(poll * 5 * minute));
  readings.append(
    polls.flatMap((at, poll) => [
      { device: 1, quantity: 'energyImport' as const, at, value: poll * 2 },
      { device: 1, quantity: 'power' as const, at, value: 24 },
    ]),
  );
  const tiers = new ReadingTiers(database);
  while (tiers.condense());
  while (tiers.prune({ readingsBefore: readingsFrom, minutesBefore: readingsFrom }));
  held = new HeldData(database, readings);
});
afterEach(() => {
  database.close();
  folder.remove();
});

const read = (quantity: string) => {
  const series = held.list(all).series.find((one) => one.quantity === quantity);
  return series === undefined ? [] : held.read(series.series, all);
};

it('of readings that are too old to be kept, quarters are: where a counter stood, and the mean of a power', () => {
  const [first, second] = read('energyImport').slice(1);
  expect([first, second]).toEqual([
    { at: 15 * minute, value: 6, note: 'quarter' },
    { at: 30 * minute, value: 12, note: 'quarter' },
  ]);
  expect(read('power')[3]).toEqual({ at: 45 * minute, until: 60 * minute, value: 24, note: 'quarter' });
  const fresh = read('energyImport').filter(({ note }) => note === '');
  expect(fresh[0]).toEqual({ at: readingsFrom, value: (readingsFrom / (5 * minute)) * 2, note: '' });
  expect(fresh).toHaveLength((24 * 60) / 5);
});

it('a stretch of them is deleted from every tier, and nothing beside it', () => {
  const stretch = { from: 10 * hour, until: readingsFrom + 2 * hour };
  const before = read('energyImport');
  expect(held.erase(stretch, epochMs(end)).readings).toBe(2 * 24);
  const isIn = ({ at }: { at: number }) => at >= stretch.from && at < stretch.until;
  expect(read('energyImport')).toEqual(before.filter((row) => !isIn(row)));
  expect(read('power').filter(isIn)).toEqual([]);
});

it('all of them leave no row behind', () => {
  expect(held.erase({ ...all, device: 'fridge' }, epochMs(end)).readings).toBe(2 * 24 * 12);
  for (const table of ['reading_batches', 'minute_edges', 'quarter_edges', 'stands']) {
    expect(database.prepare(`SELECT count(*) AS rows FROM ${table}`).get()).toEqual({ rows: 0 });
  }
  expect(held.list(all)).toEqual({ series: [], entered: [] });
});
