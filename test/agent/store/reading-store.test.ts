import { afterEach, beforeEach, describe, expect, it } from 'vitest';
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

  it('of a counter are marked while it stands lower than it had, also after a restart', () => {
    readings.append([energy(1000, 100), energy(2000, 0), energy(3000, 90)]);
    const restarted = new ReadingStore(database);
    restarted.append([energy(4000, 99.9), energy(5000, 100), energy(6000, 100.5), energy(7000, 100.4)]);
    const marks = restarted.around(1, 'energyImport', 0, 9000, 0).map(({ lower }) => lower);
    expect(marks).toEqual([false, true, true, true, false, false, true]);
  });

  it('of a level may fall', () => {
    const power = (at: number, value: number): NewReading => ({ ...energy(at, value), quantity: 'power' });
    readings.append([power(1000, 500), power(2000, -20)]);
    expect(readings.around(1, 'power', 0, 9000, 0).map(({ lower }) => lower)).toEqual([false, false]);
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
