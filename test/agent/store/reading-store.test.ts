import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Mark } from '../../../agent/polling/counter.ts';
import type { Database } from '../../../agent/store/database.ts';
import { rememberDevices } from '../../../agent/store/device-store.ts';
import { type NewReading, ReadingStore } from '../../../agent/store/reading-store.ts';
import { epochMs } from '../../../broker/protocol/clock.ts';
import { openAgentDatabase, temporaryFolder } from '../made-agent.ts';

let folder: { folder: string; remove: () => void };
let database: Database;
let readings: ReadingStore;

beforeEach(() => {
  folder = temporaryFolder();
  database = openAgentDatabase(folder.folder);
  rememberDevices(database, [{ id: 'fridge', port: '/dev/line', address: 1, serial: undefined }]);
  readings = new ReadingStore(database);
});
afterEach(() => {
  database.close();
  folder.remove();
});

const energy = (at: number, value: number): NewReading => ({
  device: 1,
  quantity: 'energyImport',
  at: epochMs(at),
  value,
});

describe('readings', () => {
  it('are found by time, with those around', () => {
    readings.append([1000, 2000, 3000, 4000, 5000].map((at) => energy(at, at)));
    expect(readings.around(1, 'energyImport', 2500, 3500, 500).map(({ at }) => at)).toEqual([2000, 3000, 4000]);
    expect(readings.around(1, 'power', 0, 9000, 0)).toEqual([]);
    expect(readings.around(2, 'energyImport', 0, 9000, 0)).toEqual([]);
  });

  it('are stored all or none', () => {
    const broken = { ...energy(2000, 2), value: Number.NaN };
    expect(() => readings.append([energy(1000, 1), broken])).toThrow();
    expect(readings.extent(1, 'energyImport', 0)).toBeUndefined();
  });

  it('of an instant that is not after the last are left out, and counted', () => {
    expect(readings.append([energy(2000, 10)])).toBe(0);
    expect(readings.append([energy(2000, 11), energy(1000, 5), energy(2001, 12)])).toBe(2);
    expect(readings.around(1, 'energyImport', 0, 9000, 0).map(({ value }) => value)).toEqual([10, 12]);
  });

  it('are in order of time after a restart, though a bus was stored after one that was ahead of it', () => {
    const power = (at: number): NewReading => ({ ...energy(at, 5), quantity: 'power' });
    readings.append([energy(1000, 1), power(50_000)]);
    readings.append([energy(10_000, 2)]);
    readings.append([energy(20_000, 3), power(60_000)]);
    database.close();
    database = openAgentDatabase(folder.folder);
    readings = new ReadingStore(database);
    expect(readings.around(1, 'energyImport', 1000, 90_000, 0).map(({ value }) => value)).toEqual([1, 2, 3]);
    expect(readings.standOf(1, 'energyImport').last.last).toMatchObject({ at: 20_000, value: 3, lowerAt: 10_000 });
  });

  it('keep their marks', () => {
    const marked = (at: number, value: number, mark: Mark): NewReading => ({ ...energy(at, value), mark });
    readings.append([energy(1000, 100), marked(2000, 0, 'doubtful'), marked(3000, 5, 'anew')]);
    expect(readings.around(1, 'energyImport', 0, 9000, 0).map(({ mark }) => mark)).toEqual([
      'good',
      'doubtful',
      'anew',
    ]);
  });

  it('tell where a counter stands: the last that is believed, since when, and the last that are not', () => {
    const marked = (at: number, value: number, mark: Mark): NewReading => ({ ...energy(at, value), mark });
    expect(readings.standOf(1, 'energyImport')).toEqual({ last: {}, doubtful: [] });
    readings.append([energy(1000, 100), energy(2000, 110), energy(3000, 110)]);
    expect(readings.standOf(1, 'energyImport').last).toEqual({ last: { at: 3000, value: 110, lowerAt: 1000 } });
    readings.append([4000, 5000, 6000].map((at) => marked(at, at / 1000, 'doubtful')));
    expect(readings.standOf(1, 'energyImport').doubtful.map(({ at }) => at)).toEqual([5000, 6000]);
    readings.append([marked(7000, 200, 'anew')]);
    // What it was before it began anew says nothing of since when it stands there.
    expect(readings.standOf(1, 'energyImport').last).toEqual({ last: { at: 7000, value: 200, lowerAt: undefined } });
  });

  it('are counted from an instant on', () => {
    readings.append([energy(1000, 1), energy(2000, 2), energy(3000, 3)]);
    expect(readings.extent(1, 'energyImport', 2000)).toEqual({ readings: 2, from: 2000, until: 3000 });
    expect(readings.extent(1, 'energyImport', 3001)).toBeUndefined();
  });

  it('give the last of each quantity of a device', () => {
    readings.append([energy(1000, 1), { ...energy(1000, 230), quantity: 'voltage' }]);
    readings.append([energy(2000, 2)]);
    expect(readings.last(1)).toEqual([
      { quantity: 'energyImport', unit: 'Wh', at: 2000, value: 2 },
      { quantity: 'voltage', unit: 'V', at: 1000, value: 230 },
    ]);
  });
});
