/** Taking out and deleting what is held of a home, beside its running agent; the files are searched for what is left. */
import { mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadConfig } from '../../agent/config.ts';
import type { RunningAgent } from '../../agent/main.ts';
import { openDatabase } from '../../agent/store/database.ts';
import { configuredDevices, rememberDevices } from '../../agent/store/device-store.ts';
import { migrations } from '../../agent/store/migrations.ts';
import { ReadingStore } from '../../agent/store/reading-store.ts';
import { epochMs, SteppedClock } from '../../broker/protocol/clock.ts';
import { keepingLog } from '../broker/silent-log.ts';
import { type HomeKit, homeKit } from './home-kit.ts';
import { hour, openAgentDatabase } from './made-agent.ts';

const now = Date.parse('2026-11-24T00:00:00Z');
const from = now - 48 * hour;
const device = { bus: 'line', profile: 'eastron-sdm120', pollEvery: '10m' };
const settings = {
  buses: [{ id: 'line', port: '/dev/nowhere' }],
  devices: [
    { ...device, id: 'fridge', address: 1, serial: '4711' },
    { ...device, id: 'oven', address: 2 },
  ],
  tensors: [{ id: 'fridge', device: 'fridge', tags: ['#fridge'], capacity: 3680 }],
};
const every = 10 * 60_000;
const count = (now - from) / every;
const perPoll = { fridge: 7.123, oven: 11.377 };
const entered = [3.0123, 2.5377, 6.7919, 4.5471];

let kit: HomeKit;
let agent: RunningAgent;
let lines: readonly string[];

beforeEach(async () => {
  kit = homeKit(new SteppedClock(epochMs(now)), settings);
  mkdirSync(kit.dataDir, { mode: 0o700 });
  const database = openAgentDatabase(kit.dataDir);
  const known = rememberDevices(database, configuredDevices(loadConfig(kit.configPath)));
  const readings = new ReadingStore(database);
  const polls = Array.from({ length: count }, (_, poll) => poll);
  for (const [id, wh] of Object.entries(perPoll)) {
    const number = known.get(id)?.number ?? 0;
    readings.append(
      polls.map((poll) => ({
        ...{ device: number, quantity: 'energyImport', at: epochMs(from + poll * every), value: 1000 + poll * wh },
      })),
    );
  }
  database.close();
  const kept = keepingLog();
  lines = kept.lines;
  agent = await kit.start(kept.log);
  const slots = ['--from', '2026-11-23T00:00Z', '--step', '6h', ...entered.map(String)];
  await kit.run('tensors', 'add', 'bulb', '--tag', '#bulb', '--capacity', '3.68', '--unit', 'kWh', ...slots);
});
afterEach(async () => {
  await agent.close();
  kit.remove();
});

/** Whatever of a table's rows can be found again in a file: numbers as SQLite writes them, and packed bytes. */
function tracesOf(tables: readonly string[]): Buffer[] {
  const database = openDatabase(join(kit.dataDir, 'agent.db'), migrations, { readonly: true });
  try {
    const rows = tables.flatMap((table) => database.prepare<[], object>(`SELECT * FROM ${table}`).all());
    return rows.flatMap((row) => Object.values(row).flatMap(bytesOf));
  } finally {
    database.close();
  }
}

function bytesOf(value: unknown): Buffer[] {
  if (value instanceof Uint8Array && value.length >= 16) return [Buffer.from(value)];
  if (typeof value === 'string' && value.length >= 64) return [Buffer.from(value)];
  if (typeof value !== 'number' || Number.isInteger(value)) return [];
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleBE(value);
  return [bytes];
}

function tracesLeft(traces: readonly Buffer[]): number {
  const files = readdirSync(kit.dataDir)
    .map((name) => join(kit.dataDir, name))
    .filter((path) => statSync(path).isFile())
    .map((path) => readFileSync(path));
  return traces.filter((trace) => files.some((bytes) => bytes.includes(trace))).length;
}

const readingTables = ['reading_batches', 'minute_edges', 'quarter_edges', 'stands'];

describe('data export', () => {
  it('writes everything into a file for its owner alone, and none over another', async () => {
    const file = join(kit.folder, 'all.csv');
    expect((await kit.run('data', 'export', file)).stdout).toBe(`${2 * count + 4} rows are in ${file}.\n`);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const [head, ...rows] = readFileSync(file, 'utf8').trimEnd().split('\n');
    expect(head).toBe('of,serial,quantity,unit,at,until,value,note');
    expect(rows[1]).toBe('fridge,4711,energyImport,Wh,2026-11-22T00:10:00.000Z,,1007.123,');
    expect(rows.at(-1)).toBe('bulb,,energyImport,Wh,2026-11-23T18:00:00.000Z,2026-11-24T00:00:00.000Z,4547.1,');
    const again = await kit.run('data', 'export', file);
    expect(again.stderr).toMatch(/^EXPORT_FAILED: .*EEXIST/);
    expect(statSync(file).size).toBeGreaterThan(0);
  });

  it.each<[string, string[], number]>([
    ['a device', ['--device', 'oven'], count],
    ['a device by its number', ['--device', '4711'], count],
    ['a stretch of time', ['--from', '2026-11-23T12:00Z', '--until', '2026-11-23T13:00Z'], 2 * 6 + 1],
    ['a device in it', ['--device', 'oven', '--from', '2026-11-23T12:00Z', '--until', '2026-11-23T13:00Z'], 6],
    ['a time before all', ['--until', '2026-11-22T00:00Z'], 0],
  ])('of %s writes only that', async (_, words, rows) => {
    const { stdout } = await kit.run('data', 'export', '--json', ...words);
    expect(JSON.parse(stdout)).toHaveLength(rows);
  });

  it('works while no agent runs, and of a misspelt device says what was meant', async () => {
    expect((await kit.run('data', 'export', '--device', 'frigde')).stderr).toMatch(
      /DEVICE_UNKNOWN: .*did you mean fridge\?/,
    );
    await agent.close();
    const { stdout } = await kit.run('data', 'export', '--device', 'oven');
    expect(stdout.trimEnd().split('\n')).toHaveLength(count + 1);
  });
});

describe('data delete', () => {
  it('says what it would delete, and deletes nothing unless it is sure', async () => {
    expect((await kit.run('data', 'delete')).stderr).toMatch(/^DELETE_WHAT: /);
    const { stdout, stderr, code } = await kit.run('data', 'delete', '--all');
    expect(stdout).toMatch(/^Held of it:\n.*\nfridge +4711 +energyImport +2026-.*\noven .*\nbulb +by hand/);
    expect({ stderr, code }).toEqual({ stderr: expect.stringMatching(/^DELETE_UNCONFIRMED: /), code: 1 });
    expect(await rowsLeft()).toBe(2 * count + 4);
  });

  it('of everything leaves no trace of it in any file, and keeps the ledger and what is spent', async () => {
    const database = openAgentDatabase(kit.dataDir);
    database.exec(`INSERT INTO spent_cells VALUES ('serial 4711', 'import', 1, 2, 'round')`);
    database.close();
    const traces = tracesOf([...readingTables, 'entered_values']);
    expect(tracesLeft(traces)).toBe(traces.length);
    expect(traces.length).toBeGreaterThan(3);
    const { stdout, stderr } = await kit.run('data', 'delete', '--all', '--yes');
    expect(stderr).toBe('');
    expect(stdout).toContain(
      `Deleted: ${2 * count} readings, 4 values entered by hand.\nThe ledger stays, with 0 releases`,
    );
    expect(tracesLeft(traces)).toBe(0);
    expect(statSync(join(kit.dataDir, 'agent.db-wal')).size).toBe(0);
    expect(await rowsLeft()).toBe(0);
    const after = openAgentDatabase(kit.dataDir);
    expect(after.prepare('SELECT count(*) AS spent FROM spent_cells').get()).toEqual({ spent: 1 });
    after.close();
    const bulb = ['--tag', '#bulb', '--capacity', '9', '--unit', 'kWh', '--from', '2026-11-23', '--step', '6h', '1'];
    expect((await kit.run('tensors', 'add', 'bulb', ...bulb)).stderr).toMatch(/^TENSOR_NAME_SPENT: /);
  });

  it('of what was deleted without care before leaves no trace, either', async () => {
    const traces = tracesOf(['entered_values']);
    await kit.run('tensors', 'remove', 'bulb');
    expect(tracesLeft(traces)).toBe(traces.length);
    expect((await kit.run('data', 'delete', '--all', '--yes')).code).toBe(0);
    expect(tracesLeft(traces)).toBe(0);
  });

  it('of a device leaves the others', async () => {
    expect((await kit.run('data', 'delete', '--device', 'fridge', '--yes')).stdout).toContain(
      `Deleted: ${count} readings, 0 `,
    );
    const { stdout } = await kit.run('data', 'export');
    expect(stdout.match(/^oven,/gm)).toHaveLength(count);
    expect(stdout.match(/^bulb,/gm)).toHaveLength(4);
    expect(stdout).not.toMatch(/^fridge,/m);
    expect((await kit.run('tensors', 'show', 'fridge')).stdout).toContain('0 of 24 slots covered');
  });

  it('of a stretch of time leaves what is before and after, and no slot over it has a value', async () => {
    const { stdout } = await kit.run(
      'data',
      'delete',
      '--from',
      '2026-11-23T07:00Z',
      '--until',
      '2026-11-23T08:00Z',
      '--yes',
    );
    expect(stdout).toContain('Deleted: 12 readings, 1 values entered by hand.');
    expect(await rowsLeft()).toBe(2 * (count - 6) + 3);
    const covered = async (id: string, ...grid: string[]) => {
      const { stdout: shown } = await kit.run('tensors', 'show', id, ...grid, '--json');
      return (JSON.parse(shown) as { slots: { value?: number }[] }).slots.map(({ value }) => value !== undefined);
    };
    expect(await covered('bulb')).toEqual([true, false, true, true]);
    const hours = ['--from', '2026-11-23T05:00Z', '--step', '1h', '--slots', '4'];
    expect(await covered('fridge', ...hours)).toEqual([true, false, false, true]);
  });

  it('writes no value into the log', async () => {
    await kit.run('data', 'export');
    await kit.run('data', 'delete', '--all', '--yes');
    expect(lines.length).toBeGreaterThan(0);
    const log = lines.join('\n');
    for (const value of [...entered, ...Object.values(perPoll)]) expect(log).not.toContain(String(value));
  });

  async function rowsLeft(): Promise<number> {
    return (JSON.parse((await kit.run('data', 'export', '--json')).stdout) as unknown[]).length;
  }
});
