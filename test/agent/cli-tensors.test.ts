/** What a household sees of its tensors, beside a running agent whose meters were read before. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadConfig } from '../../agent/config.ts';
import type { DeviceTree, TensorShown } from '../../agent/control/commands.ts';
import type { RunningAgent } from '../../agent/main.ts';
import { configuredDevices, rememberDevices } from '../../agent/store/device-store.ts';
import { HomeStore } from '../../agent/store/home-store.ts';
import { ReadingStore } from '../../agent/store/reading-store.ts';
import type { DeviceNode } from '../../agent/tensors/device-tree.ts';
import { epochMs, SteppedClock } from '../../broker/protocol/clock.ts';
import { openPty } from '../../hardware/simulator/pty.ts';
import { keepingLog } from '../broker/silent-log.ts';
import { type HomeKit, homeKit } from './home-kit.ts';
import { hour, openAgentDatabase } from './made-agent.ts';

const now = Date.parse('2026-11-02T00:00:00Z');
const device = { bus: 'line', profile: 'eastron-sdm120', pollEvery: '10m' };
const settings = {
  buses: [{ id: 'line', port: '/dev/nowhere' }],
  devices: [
    { ...device, id: 'main', address: 1 },
    { ...device, id: 'kitchen', address: 2, parent: 'main' },
    { ...device, id: 'fridge', address: 3, parent: 'kitchen' },
    { ...device, id: 'heater', address: 4, parent: 'main' },
    { ...device, id: 'pump', address: 5 },
  ],
  tensors: [
    { id: 'house', device: 'main', tags: ['#energy-consumption', '#house'], capacity: 20_000 },
    { id: 'fridge', device: 'fridge', tags: ['#energy-consumption', '#fridge'], capacity: 3680 },
    { id: 'pump', device: 'pump', tags: ['#pump'], capacity: 3680 },
  ],
};

let kit: HomeKit;
let agent: RunningAgent;
const { log, lines } = keepingLog();

/** Wh in an hour of each device, all through October. */
const perHour: [device: string, wh: number][] = [
  ['main', 10_000.5],
  ['kitchen', 3000.25],
  ['fridge', 1000.125],
  ['heater', 4000],
];
const from = Date.parse('2026-10-01T00:00:00Z');
/** No reading came in this hour. */
const silence = Date.parse('2026-10-30T12:00:00Z');

/** For two hours the pump, which counts no energy, takes more and more. */
const pumped = Date.parse('2026-10-20T00:00:00Z');

beforeAll(async () => {
  const clock = new SteppedClock(epochMs(now));
  kit = homeKit(clock, settings);
  mkdirSync(kit.dataDir, { mode: 0o700 });
  const database = openAgentDatabase(kit.dataDir);
  const known = rememberDevices(database, configuredDevices(loadConfig(kit.configPath)));
  const readings = new ReadingStore(database);
  for (const [id, wh] of perHour) {
    const instants = Array.from({ length: (now - hour - from) / hour }, (_, index) => from + index * hour);
    readings.append(
      instants
        .filter((at) => id !== 'heater' || at !== silence)
        .map((at, index) => ({
          device: known.get(id)?.number ?? 0,
          ...{ quantity: 'energyImport', at: epochMs(at), value: index * wh },
        })),
    );
  }
  readings.append(
    Array.from({ length: 13 }, (_, index) => ({
      device: known.get('pump')?.number ?? 0,
      ...{ quantity: 'power', at: epochMs(pumped + index * (hour / 6)), value: index * 60 },
    })),
  );
  database.close();
  agent = await kit.start(log);
});
afterAll(async () => {
  await agent.close();
  kit.remove();
});

async function json<Shown>(...words: readonly string[]): Promise<Shown> {
  const { stdout, code, stderr } = await kit.run(...words, '--json');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout) as Shown;
}

describe('tensors list', () => {
  it.each<[string[], string[]]>([
    [['#energy-consumption'], ['fridge', 'house']],
    [['#energy-consumption', '#fridge'], ['fridge']],
    [['#fridge', '#house'], []],
  ])('with %s shows those that have all of them', async (tags, ids) => {
    const rows: { id: string }[] = await json('tensors', 'list', ...tags);
    expect(rows.map(({ id }) => id)).toEqual(ids);
  });

  it('says so where none has, and where a tag is none', async () => {
    expect((await kit.run('tensors', 'list', '#fridge', '#house')).stdout).toBe(
      'No tensor of this home has all of #fridge #house.\n',
    );
    expect((await kit.run('tensors', 'list', 'fridge')).stderr).toContain('A tag is # and then a-z 0-9 -, in quotes');
  });
});

describe('tensors show', () => {
  const show = (...words: string[]) => ['tensors', 'show', 'house', ...words];

  it.each<[string, string, string[]]>([
    ['Europe/Berlin', '2026-10-24', ['24', '25', '24']],
    ['America/New_York', '2026-10-31', ['24', '25']],
    ['UTC', '2026-10-24', ['24', '24', '24']],
  ])('in %s from %s on has days of %s hours', async (zone, first, hours) => {
    const words = ['--from', first, '--step', '1d', '--slots', String(hours.length), '--zone', zone];
    const { slots }: { slots: { from: string; until: string; value?: number }[] } = await json(...show(...words));
    const lengths = slots.map((slot) => String((Date.parse(slot.until) - Date.parse(slot.from)) / hour));
    expect(lengths).toEqual(hours);
    const covered = slots.filter(({ value }) => value !== undefined);
    expect(covered.length).toBeGreaterThan(0);
    for (const slot of covered)
      expect(slot.value).toBe(10_000.5 * ((Date.parse(slot.until) - Date.parse(slot.from)) / hour));
  });

  it('names the two hours of the same name by their offset', async () => {
    const words = ['--from', '2026-10-25T01:00', '--step', '1h', '--slots', '3', '--zone', 'Europe/Berlin'];
    const { stdout } = await kit.run(...show(...words));
    expect(stdout).toMatch(/2026-10-25 02:00\+02:00 +2026-10-25 02:00\+01:00 +10\.001/);
    expect(stdout).toMatch(/2026-10-25 02:00\+01:00 +2026-10-25 03:00 +10\.001/);
    expect(stdout).toContain('energyImport in kWh, shape [3], 3 of 3 slots covered');
    expect(stdout).toContain('times are local: Europe/Berlin');
  });

  it('says why a slot is not covered', async () => {
    const words = ['--from', '2026-09-30T23:00Z', '--step', '1h', '--slots', '2'];
    expect((await kit.run(...show(...words))).stdout).toMatch(/not covered: gap\n.*10\.001/);
    const ahead = await kit.run(...show('--from', '2026-11-01T23:00Z', '--step', '2h'));
    expect(ahead.stdout).toMatch(/not covered: not over/);
  });

  it('without all of a grid shows up to now', async () => {
    const { slots }: { slots: unknown[] } = await json(...show('--from', '2026-10-30T00:00Z', '--step', '6h'));
    expect(slots).toHaveLength(12);
    expect((await json<{ slots: unknown[] }>(...show('--step', '1d'))).slots).toHaveLength(7);
    expect((await kit.run(...show('--from', '2026-01-01', '--step', '15m'))).stderr).toMatch(
      /FIELD_MALFORMED: slots: more than 4096/,
    );
  });

  it('marks an energy that is worked out from power', async () => {
    const grid = ['--from', '2026-10-20T00:00Z', '--step', '1h', '--slots', '2', '--zone', 'UTC'];
    const shown = await json<TensorShown>('tensors', 'show', 'pump', ...grid);
    expect(shown.tensor).toMatchObject({ derived: true, shape: [13] });
    expect(shown.slots.map(({ value }) => value)).toEqual([180, 540]);
    const { stdout } = await kit.run('tensors', 'show', 'pump', ...grid);
    expect(stdout).toContain('energyImport (derived from power) in kWh');
    expect((await kit.run('tensors', 'show', 'pump', ...grid, '--csv')).stdout).toMatch(/T01:00:00\.000Z,180,,true\n/);
    expect((await kit.run('tensors', 'list', '#pump')).stdout).toContain('energyImport Wh, derived');
    expect((await json<TensorShown>(...show(...grid))).tensor.derived).toBe(false);
    expect((await kit.run('tensors', 'list', '#house')).stdout).not.toContain('derived');
  });

  it('as CSV can be entered again, to the last digit', async () => {
    const grid = ['--from', '2026-10-20T00:00Z', '--step', '6h', '--slots', '8'];
    const { stdout } = await kit.run(...show(...grid, '--csv'));
    expect(stdout).toMatch(
      /^from,until,energyImport_Wh,uncovered,derived\n2026-10-20T00:00:00\.000Z,2026-10-20T06:00:00\.000Z,60003,,false\n/,
    );
    const file = join(kit.folder, 'readings.csv');
    writeFileSync(file, stdout);
    const add = ['tensors', 'add', 'again', '--tag', '#house', '--capacity', '20000', '--file', file];
    expect((await kit.run(...add)).stdout).toContain('again is entered: 8 slots of 6h');
    const values = async (id: string) =>
      (await json<{ slots: { value: number }[] }>('tensors', 'show', id, ...grid)).slots.map(({ value }) => value);
    expect(await values('again')).toEqual(await values('house'));
  });
});

describe('tensors tree', () => {
  it('shows devices one behind the other, and the rest that none measures', async () => {
    const span = ['--from', '2026-10-20T00:00Z', '--until', '2026-10-21T00:00Z'];
    const { devices } = await json<DeviceTree>('tensors', 'tree', ...span);
    const [main] = devices as [DeviceNode];
    expect(main).toMatchObject({ device: 'main', tensors: ['house'], value: 240_012, rest: 72_006 });
    expect(main.behind).toEqual([
      {
        ...{ device: 'kitchen', tensors: [], value: 72_006, rest: 48_003 },
        behind: [{ device: 'fridge', tensors: ['fridge'], value: 24_003, behind: [] }],
      },
      { device: 'heater', tensors: [], value: 96_000, behind: [] },
    ]);
    expect((await kit.run('tensors', 'tree', ...span)).stdout).toMatch(
      /^.* – .*\ndevice +kWh +tensors\nmain +240\.012 +house\n├ kitchen +72\.006\n│ ├ fridge +24\.003 +fridge\n│ └ rest +48\.003 +not measured\n├ heater +96\.000\n└ rest +72\.006 +not measured\n/,
    );
  });

  it('has no rest where one of those behind has no value', async () => {
    const { devices } = await json<DeviceTree>(
      'tensors',
      'tree',
      '--from',
      '2026-10-30T11:00Z',
      '--until',
      '2026-10-30T12:00Z',
    );
    expect(devices[0]?.value).toBe(10_000.5);
    expect(devices[0]?.rest).toBeUndefined();
    expect(devices[0]?.behind[1]).toMatchObject({ device: 'heater', uncovered: 'gap' });
  });
});

describe('days entered by hand over a change of the clocks', () => {
  const zone = ['--zone', 'Europe/Berlin'];
  const words = (id: string) => ['tensors', 'add', id, '--tag', '#days', '--capacity', '9', '--unit', 'kWh', ...zone];
  const shown = async (id: string, ...more: string[]) => {
    const { stdout } = await kit.run('tensors', 'show', id, '--json', ...zone, ...more);
    return (JSON.parse(stdout) as { slots: { from: string; value?: number; uncovered?: string }[] }).slots;
  };
  const midnights = ['2026-10-23T22:00', '2026-10-24T22:00', '2026-10-25T23:00'].map((at) => `${at}:00.000Z`);

  it('are the days of the calendar: typed, from a file, and shown', async () => {
    const file = join(kit.folder, 'days.csv');
    writeFileSync(file, 'Datum;kWh\n24.10.2026;8,5\n25.10.2026;9,25\n26.10.2026;7\n');
    const typed = await kit.run(...words('typed'), '--from', '2026-10-24', '--step', '1d', '8.5', '9.25', '7');
    expect(typed.stdout).toContain('typed is entered: 3 slots, 2026-10-24 00:00 to 2026-10-27 00:00 (');
    expect(await kit.run(...words('filed'), '--file', file)).toMatchObject({ code: 0 });
    for (const id of ['typed', 'filed']) {
      const slots = await shown(id);
      expect(slots.map(({ from, value }) => [from, value])).toEqual([
        [midnights[0], 8500],
        [midnights[1], 9250],
        [midnights[2], 7000],
      ]);
      expect(await shown(id, '--from', '2026-10-24', '--step', '1d', '--slots', '3')).toEqual(slots);
      expect((await shown(id, '--from', '2026-10-24', '--step', '3d', '--slots', '1'))[0]?.value).toBe(24_750);
    }
  });
});

describe('tensors add', () => {
  const add = (id: string, ...words: string[]) =>
    kit.run(
      'tensors',
      'add',
      id,
      '--capacity',
      '9',
      '--unit',
      'kWh',
      '--from',
      '2026-10-20T00:00Z',
      '--step',
      '6h',
      ...words,
    );

  it('warns if the same hours might be summed twice', async () => {
    expect((await add('old', '--tag', '#heating', '1', '2')).stderr).toBe('');
    const { code, stderr } = await add('new', '--tag', '#heating', '1', '2');
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: expect.stringContaining('Careful: old has values for some of these hours, too'),
    });
  });

  it('names bad lines by number, and stores nothing', async () => {
    const file = join(kit.folder, 'readings.csv');
    writeFileSync(file, 'from;kWh\n2026-10-20;1,5\n2026-10-21;none\n2026-10-22;-1\n2026-10-23;x\n');
    const words = ['tensors', 'add', 'year', '--tag', '#a', '--capacity', '9', '--file', file];
    const { stderr, code } = await kit.run(...words);
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: expect.stringContaining(`VALUE_MALFORMED: ${file}, line 3; ${file}, line 5: not a plain decimal number`),
    });
    writeFileSync(file, 'from;usage\n2026-10-20;1,5\n2026-10-21;2\n');
    expect((await kit.run(...words)).stderr).toMatch(/^UNIT_MISSING: /);
    expect((await kit.run(...words, '--unit', 'kWh')).code).toBe(0);
    writeFileSync(file, '1\n2\n');
    expect((await kit.run(...words, '--unit', 'kWh')).stderr).toMatch(/^SLOTS_MISSING: /);
  });
});

describe('tensors publish', () => {
  it('shows first exactly what the utility will see', async () => {
    const { stdout } = await kit.run('tensors', 'publish', 'house', '--since', '2026-10-31T00:00Z');
    const entry = JSON.parse(stdout.slice(stdout.indexOf('{'), stdout.lastIndexOf('}') + 1));
    expect(entry).toEqual({
      ...{ id: 'house', tags: ['#energy-consumption', '#house'], description: '', quantity: 'energyImport' },
      ...{ unit: 'Wh', dtype: 'float64', capacity: [2, 4], shape: [47] },
      ...{ from: '2026-10-31T00:00:00.000Z', until: '2026-11-01T22:00:00.000Z' },
    });
    expect(stdout).toMatch(/house is published; its data from/);
    await kit.run('tensors', 'publish', 'fridge', '--yes');
    expect((await kit.run('tensors', 'withdraw', 'fridge')).stdout).toMatch(
      /^What the utility will still see: house\nfridge is not published any more/,
    );
  });

  it('warns of hours before the home was enrolled from its folder: a gateway before it may have released them', async () => {
    const database = openAgentDatabase(kit.dataDir);
    const home = new HomeStore(database);
    const publishes = async (...words: string[]) => (await kit.run('tensors', 'publish', 'pump', ...words)).stdout;
    const warning = /Another gateway of this home may have released/;
    // Not enrolled: all that was is before.
    expect(await publishes('--since', '2026-10-30T00:00Z')).toMatch(warning);
    const keys = { authority: 'aa', coordinator: 'bb', certificate: Buffer.of(1) };
    home.keepEnrolment({ home: 'bob', cohort: 'oak', ...keys, enrolledAt: epochMs(Date.parse('2026-10-30T00:00Z')) });
    expect(await publishes('--since', '2026-10-29T23:00Z')).toMatch(warning);
    expect(await publishes('--since', '2026-10-30T00:00Z')).not.toMatch(warning);
    expect(await publishes()).not.toMatch(warning);
    database.prepare('DELETE FROM enrolment').run();
    database.close();
    await kit.run('tensors', 'withdraw', 'pump');
  });

  it('asks whoever sits at a terminal, and does nothing unless told to', async () => {
    const published = async () => (await json<{ published: boolean }[]>('tensors', 'list', '#fridge'))[0]?.published;
    expect(await atTerminal('n')).toContain('Nothing is published.');
    expect(await published()).toBe(false);
    expect(await atTerminal('y')).toContain('fridge is published');
    expect(await published()).toBe(true);
  });

  /** The command in a process of its own, at a terminal; answers its question. */
  async function atTerminal(answer: string): Promise<string> {
    const { path, wire } = openPty();
    const end = openSync(path, 'r+');
    const words = [
      '--import',
      'tsx',
      'scripts/wattveil.ts',
      'tensors',
      'publish',
      'fridge',
      '--config',
      kit.configPath,
    ];
    const cwd = join(import.meta.dirname, '../..');
    const command = spawn(process.execPath, words, { cwd, stdio: [end, end, end], timeout: 60_000 });
    let shown = '';
    wire.setEncoding('utf8').on('data', (text: string) => {
      const wasAsked = shown.includes('[y/N]');
      shown += text;
      if (!wasAsked && shown.includes('[y/N]')) wire.write(`${answer}\r`);
    });
    // Linux says so once nobody holds the other side.
    wire.on('error', () => {});
    await once(command, 'exit');
    closeSync(end);
    wire.destroy();
    return shown;
  }
});

it('nothing that was measured or entered stands in the log', () => {
  expect(lines.length).toBeGreaterThan(0);
  for (const [, wh] of perHour) expect(lines.join('\n')).not.toContain(String(wh));
});
