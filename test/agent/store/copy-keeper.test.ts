import { existsSync, readdirSync, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CopyKeeper } from '../../../agent/store/copy-keeper.ts';
import type { Database } from '../../../agent/store/database.ts';
import { Troubles } from '../../../agent/troubles.ts';
import { epochMs, SteppedClock } from '../../../broker/protocol/clock.ts';
import { silentLog } from '../../broker/silent-log.ts';
import { SmallDisk } from '../faults/small-disk.ts';
import { openAgentDatabase, temporaryFolder } from '../made-agent.ts';

const [minute, day] = [60_000, 86_400_000];
const noon = Date.parse('2026-11-24T12:00:00Z');
let place: { folder: string; remove: () => void };
let database: Database;
let troubles: Troubles;
let clock: SteppedClock;

beforeEach(() => {
  place = temporaryFolder();
  start();
});
afterEach(() => {
  if (database.open) database.close();
  place.remove();
});

function start(): void {
  database = openAgentDatabase(place.folder);
  clock = new SteppedClock(epochMs(noon));
  troubles = new Troubles({ clock, log: silentLog });
}

const path = () => join(place.folder, 'agent.db');
const keep = () => new CopyKeeper({ database, path: path(), clock, troubles });
const isCopied = () => existsSync(`${path()}.copy`);
const step = (ms: number) => clock.stepTo(epochMs(clock.now() + ms));

/** As if it had been made at that time: files bear the machine's own. */
function madeAt(at: number): number {
  utimesSync(`${path()}.copy`, at / 1000, at / 1000);
  return statSync(`${path()}.copy`).ino;
}

describe('a good copy', () => {
  it('is made ten minutes after the first start, and then one a week', async () => {
    const keeper = keep();
    await step(10 * minute - 1);
    expect(isCopied()).toBe(false);
    await step(1);
    const first = madeAt(noon + 10 * minute);
    await step(7 * day - 1);
    expect(statSync(`${path()}.copy`).ino).toBe(first);
    await step(1);
    expect(statSync(`${path()}.copy`).mtimeMs).not.toBe(noon + 10 * minute);
    await keeper.close();
    expect(readdirSync(place.folder).filter((name) => name.includes('.copy'))).toEqual(['agent.db.copy']);
  });

  it('is a week old before the next one is made, however often the agent is started', async () => {
    await keep().close();
    const keeper = keep();
    await step(10 * minute);
    madeAt(noon - 6 * day);
    await keeper.close();
    const later = keep();
    await step(day - 11 * minute);
    expect(statSync(`${path()}.copy`).mtimeMs).toBe(noon - 6 * day);
    await step(20 * minute);
    expect(statSync(`${path()}.copy`).mtimeMs).not.toBe(noon - 6 * day);
    await later.close();
  });

  it('is not made where it would fill the disk, and the owner is told', async () => {
    const disk = new SmallDisk(8192);
    database.close();
    place.remove();
    place = { folder: disk.folder, remove: () => disk.remove() };
    start();
    const keeper = keep();
    await step(10 * minute);
    expect(isCopied()).toBe(false);
    expect(troubles.list()).toMatchObject([{ code: 'COPY_NOT_MADE' }]);
    await keeper.close();
  });
});
