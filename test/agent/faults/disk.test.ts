import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Reader } from '../../../agent/cli/at-agent.ts';
import { exportTo } from '../../../agent/cli/data-export.ts';
import { diskTrouble } from '../../../agent/disk-trouble.ts';
import { onceUsable } from '../../../agent/once-usable.ts';
import { CounterWatch } from '../../../agent/polling/counter-watch.ts';
import { WaitingReadings } from '../../../agent/polling/waiting-readings.ts';
import type { Database } from '../../../agent/store/database.ts';
import { rememberDevices } from '../../../agent/store/device-store.ts';
import { ReadingStore } from '../../../agent/store/reading-store.ts';
import { steppedTime } from '../../../agent/time/time-watch.ts';
import { Troubles } from '../../../agent/troubles.ts';
import { epochMs, SteppedClock } from '../../../broker/protocol/clock.ts';
import { eventually } from '../../broker/eventually.ts';
import { silentLog } from '../../broker/silent-log.ts';
import { openAgentDatabase } from '../made-agent.ts';
import { SmallDisk } from './small-disk.ts';

const log = silentLog;
let disk: SmallDisk;
let database: Database;
let readings: ReadingStore;
let waiting: WaitingReadings;
let troubles: Troubles;
let acknowledged: number[];

beforeEach(() => {
  disk = new SmallDisk(4096);
  troubles = new Troubles({ clock, log });
  acknowledged = [];
  open();
});
afterEach(() => {
  database.close();
  disk.remove();
});

const clock = new SteppedClock(epochMs(0));

function open(): void {
  database = openAgentDatabase(disk.folder);
  rememberDevices(database, [{ id: 'fridge', port: '/dev/line', address: 1, serial: undefined }]);
  readings = new ReadingStore(database);
  const noted: Pick<ReadingStore, 'append' | 'beforeReading'> = {
    beforeReading: () => undefined,
    append(fresh) {
      const leftOut = readings.append(fresh);
      acknowledged.push(...fresh.map(({ at }) => at));
      return leftOut;
    },
  };
  const counters = new CounterWatch({ readings, limitsOf: () => ({ perHour: 3680 }), log });
  const settings = { dataDir: disk.folder };
  waiting = new WaitingReadings({ settings, readings: noted, counters, clock, time: steppedTime, troubles, log });
}

function read(from: number, until: number): void {
  for (let second = from; second < until; second++) {
    const reading = { device: 1, quantity: 'energyImport', at: epochMs(second * 1000), value: second } as const;
    waiting.add([{ device: 'fridge', reading, elapsed: undefined }]);
    waiting.store();
  }
}

const storedAt = () => readings.around(1, 'energyImport', 0, 1e12, 0).map(({ at }) => at);
const seconds = (from: number, until: number) => Array.from({ length: until - from }, (_, at) => (from + at) * 1000);

describe('a disk that gets full', () => {
  it('leaves no part of an export behind, which would pass for the whole', async () => {
    disk.fill();
    const slot = { from: epochMs(0), until: epochMs(3_600_000), value: 1, coverage: 'covered' } as const;
    const slots = new Array(10_000).fill(slot);
    const entered = [{ tensor: 'bulb', quantity: 'energyImport', unit: 'Wh', from: epochMs(0), until: epochMs(1) }];
    const file = join(disk.folder, 'all.csv');
    const ask = (async () => ({ slots })) as unknown as Reader;
    const exported = exportTo(file, { series: [], entered }, { ask, wanted: {}, json: false });
    await expect(exported).rejects.toMatchObject({ code: 'EXPORT_FAILED' });
    expect(existsSync(file)).toBe(false);
  });

  it('keeps what was acknowledged; what comes meanwhile waits, and is stored when there is room', () => {
    read(1, 100);
    disk.fill();
    read(100, 400);
    expect(troubles.list()).toMatchObject([{ code: 'DISK_FULL' }]);
    expect(storedAt()).toEqual(acknowledged);
    expect(acknowledged.length).toBeLessThan(399);
    disk.makeRoom();
    read(400, 401);
    expect(storedAt()).toEqual(seconds(1, 401));
    expect(troubles.list()).toEqual([]);
    expect(database.pragma('quick_check', { simple: true })).toBe('ok');
  });

  it('is waited for at the start, and opened once there is room', async () => {
    read(1, 100);
    database.close();
    disk.fill();
    const opening = onceUsable(disk.folder, troubles, open, 20);
    await eventually(() => troubles.list()).toMatchObject([{ code: 'DISK_FULL' }]);
    disk.makeRoom();
    await opening;
    expect(troubles.list()).toEqual([]);
    expect(storedAt()).toEqual(seconds(1, 100));
  });
});

describe('a disk that takes no writing any more', () => {
  it('keeps what was acknowledged; what comes then waits, and the next start says what is wrong', async () => {
    read(1, 100);
    disk.fail();
    read(100, 120);
    expect(troubles.list()).toMatchObject([{ code: 'DISK_READ_ONLY' }]);
    expect(acknowledged).toEqual(seconds(1, 100));
    expect(diskTrouble(disk.folder)?.code).toBe('DISK_READ_ONLY');
    database.close();
    disk.startAgain();
    open();
    expect(storedAt()).toEqual(seconds(1, 100));
  });
});

it('a start for which there is some room, but not enough, waits too', async () => {
  let tries = 0;
  const work = () => {
    tries += 1;
    if (tries < 3) throw new Sqlite.SqliteError('database or disk is full', 'SQLITE_FULL');
    expect(troubles.list()).toMatchObject([{ code: 'DISK_FULL' }]);
    return 'begun';
  };
  expect(await onceUsable(disk.folder, troubles, work, 20)).toBe('begun');
  expect(troubles.list()).toEqual([]);
});

it('a start that fails for another reason is not tried again', async () => {
  const failing = () => {
    throw new Error('no');
  };
  await expect(onceUsable(disk.folder, troubles, failing, 20)).rejects.toThrow('no');
  expect(troubles.list()).toEqual([]);
  expect(readdirSync(disk.folder)).not.toContain('.probe');
});
