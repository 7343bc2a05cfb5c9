import { afterEach, beforeEach, expect, it } from 'vitest';
import { CounterWatch, limitsBy } from '../../../agent/polling/counter-watch.ts';
import type { Database } from '../../../agent/store/database.ts';
import { rememberDevices } from '../../../agent/store/device-store.ts';
import { ReadingStore } from '../../../agent/store/reading-store.ts';
import { epochMs } from '../../../broker/protocol/clock.ts';
import { keepingLog } from '../../broker/silent-log.ts';
import { openAgentDatabase, temporaryFolder } from '../made-agent.ts';

let folder: { folder: string; remove: () => void };
let database: Database;
let kept: ReturnType<typeof keepingLog>;
const limits = () => ({ perHour: 3680, modulus: undefined });
const watch = () => new CounterWatch({ readings: new ReadingStore(database), limitsOf: limits, log: kept.log });

beforeEach(() => {
  folder = temporaryFolder();
  database = openAgentDatabase(folder.folder);
  rememberDevices(database, [{ id: 'fridge', port: '/dev/line', address: 1, serial: undefined }]);
  kept = keepingLog();
});
afterEach(() => {
  database.close();
  folder.remove();
});

const back = [600, 0, 0, 0, 641, 645];
const values = [100, 0, 105, 105, 105, 110, 0, 0, 0, 5, 900_000, 10, 15, 15, 3, 4, 12];
const read = (index: number, of: readonly number[] = values) => ({
  device: 1,
  quantity: 'energyImport' as const,
  at: epochMs(10_000 * index),
  value: of[index] ?? 0,
});
const stored = () => new ReadingStore(database).around(1, 'energyImport', 0, 1e9, 0).map(({ mark }) => mark);

it('an agent that is started anew after each reading marks them as one that runs on', () => {
  const one = watch();
  const marks = values.map((_, index) => one.marked('fridge', read(index)).mark);
  for (const index of values.keys()) new ReadingStore(database).append([watch().marked('fridge', read(index))]);
  expect(stored()).toEqual(marks);
  expect(new Set(marks)).toEqual(new Set(['good', 'doubtful', 'anew']));
});

it('what a counter stood at before it fell is not forgotten when the agent is started anew', () => {
  const one = watch();
  const marks = back.map((_, index) => one.marked('fridge', read(index, back)).mark);
  for (const index of back.keys()) new ReadingStore(database).append([watch().marked('fridge', read(index, back))]);
  expect(stored()).toEqual(marks);
  expect(marks).toEqual(['good', 'doubtful', 'doubtful', 'anew', 'anew', 'good']);
});

it('where what was marked could not be stored, the next is marked by what is', () => {
  const readings = new ReadingStore(database);
  const one = watch();
  for (const index of [0, 6, 7]) readings.append([one.marked('fridge', read(index))]);
  expect(one.marked('fridge', read(8)).mark).toBe('anew');
  one.forget();
  expect(one.marked('fridge', read(9)).mark).toBe('anew');
});

it('says once that a counter fell or leapt, each time that it begins anew, and no value', () => {
  const one = watch();
  for (const index of values.keys()) one.marked('fridge', read(index));
  const codes = kept.lines.map((line) => (JSON.parse(line) as { code?: string }).code);
  expect(codes).toEqual(['COUNTER_FELL', 'COUNTER_ANEW', 'COUNTER_ANEW', 'COUNTER_LEAPT', 'COUNTER_ANEW']);
  expect(kept.lines.join()).not.toMatch(/900_?000|110/);
});

it('a step is bounded by the rating, else by what any meter carries; never by a capacity, which the utility knows', () => {
  const boundOf = (rating: number | undefined) =>
    limitsBy({ devices: [{ id: 'fridge', rating }] as never })('fridge', 'energyImport').perHour;
  expect(boundOf(3680)).toBe(3680);
  expect(boundOf(undefined)).toBe(69_000);
});
