import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, test } from 'vitest';
import { parse } from 'yaml';
import { AgentYaml } from '../../../agent/config-schema.ts';
import { hardwareCommands } from '../../../hardware/cli.ts';
import { openBus, openDevice } from '../../../hardware/open-device.ts';
import { agentYaml } from '../../../hardware/simulator/agent-yaml.ts';
import { type ApplianceUse, applianceLoad, together } from '../../../hardware/simulator/appliance.ts';
import { pickFault } from '../../../hardware/simulator/faults.ts';
import { startHousehold } from '../../../hardware/simulator/household.ts';
import { LoadCounter } from '../../../hardware/simulator/load.ts';
import { readHousehold } from '../../../hardware/simulator/simulate.ts';
import { openSwitch } from '../../../hardware/switching/open-switch.ts';
import { never } from '../never.ts';

const minute = 60_000;
const hour = 60 * minute;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'household-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A household.yaml with `text` in it. */
function written(text: string): string {
  const file = join(folder, 'household.yaml');
  writeFileSync(file, text);
  return file;
}

async function example(): Promise<string> {
  const program = new Command('wattveil');
  await hardwareCommands.simulate(program, { now: () => 0 });
  let help = '';
  program.commands[0]?.configureOutput({ writeOut: (text) => (help += text) }).outputHelp();
  return help.slice(help.indexOf('  since:'), help.indexOf('\nFaults:')).replace(/^ {2}/gm, '');
}

describe('an appliance', () => {
  const noon = new Date(2026, 10, 24, 12).getTime();
  const morning = new Date(2026, 10, 24, 7).getTime();
  it.each<[string, ApplianceUse, number, number, number]>([
    ['always the same', { watts: 9 }, noon, noon + 2 * hour, 18],
    ['in cycles', { watts: 90, on: 20 * minute, off: 40 * minute }, 100 * hour, 110 * hour, 300],
    ['in half a cycle', { watts: 90, on: 20 * minute, off: 40 * minute }, 100 * hour + 10 * minute, 101 * hour, 15],
    ['at times of the day', { watts: 2000, at: [7 * hour], for: 6 * minute }, morning - hour, noon, 200],
    ['while it is on', { watts: 2000, at: [7 * hour], for: 6 * minute }, morning + 3 * minute, noon, 100],
    ['over midnight', { watts: 1000, at: [23 * hour], for: 2 * hour }, noon, noon + 13 * hour, 2000],
  ])('counts what it draws, %s', (_, use, from, to, wh) => {
    const counter = new LoadCounter(applianceLoad(use), from, { import: 0, export: 0 });
    expect(counter.at(to).importWh).toBeCloseTo(wh, 6);
  });

  it('counts the same, however often it is looked at', () => {
    const use = fc.oneof(
      fc.record({ watts: fc.integer({ min: -3000, max: 3000 }) }),
      fc.record({
        watts: fc.integer({ min: 1, max: 3000 }),
        // Every switching is gone through: two days of milliseconds would take minutes.
        on: fc.integer({ min: 1000, max: 3 * hour }),
        off: fc.integer({ min: 1000, max: 3 * hour }),
      }),
      fc.record({
        watts: fc.integer({ min: 1, max: 3000 }),
        at: fc.array(fc.nat(24 * hour - 1), { minLength: 1, maxLength: 3 }),
        for: fc.integer({ min: 1, max: 30 * hour }),
      }),
    );
    fc.assert(
      fc.property(
        fc.array(use, { minLength: 1, maxLength: 4 }),
        fc.array(fc.nat(48 * hour), { maxLength: 20 }),
        (uses, looks) => {
          const load = together(uses.map(applianceLoad));
          const often = new LoadCounter(load, noon, { import: 0, export: 0 });
          for (const look of looks.toSorted((one, other) => one - other)) often.at(noon + look);
          const once = new LoadCounter(load, noon, { import: 0, export: 0 });
          const [seen, right] = [often.at(noon + 48 * hour), once.at(noon + 48 * hour)];
          expect(seen.importWh).toBeCloseTo(right.importWh, 3);
          expect(seen.exportWh).toBeCloseTo(right.exportWh, 3);
        },
      ),
      { numRuns: 60 },
    );
  });
});

test('the example of the help is a household, and what is printed for it fits an agent', async () => {
  const household = readHousehold(written(await example()));
  const settings = parse(agentYaml(household, folder)) as object;
  const agent = AgentYaml.parse({ home: 'bob', dataDir: '.', broker: { url: 'mqtt://localhost' }, ...settings });
  expect(agent.buses.map(({ port }) => port)).toEqual([join(folder, 'line-1'), join(folder, 'p1')]);
  expect(agent.devices.map(({ id, profile }) => [id, profile])).toEqual([
    ['fridge', 'eastron-sdm120'],
    ['kettle', 'hiking-dds238'],
    ['main', 'dsmr-p1'],
  ]);
  expect(agent.plugs.map(({ id, channel, meter }) => [id, channel, meter])).toEqual([
    ['kettle', 1, 'kettle'],
    ['lamp', 2, undefined],
  ]);
});

test('what hangs behind a relay draws while it is on, and its meter counts that', async () => {
  const file = written(`
since: 2026-01-01
appliances:
  heater: { watts: 1000 }
  router: { watts: 10 }
lines:
  - link: ./line
    baudRate: 115200
    devices: [{ id: heater, address: 1, profile: hiking-dds238, appliances: [heater], kwh: 5 }]
    relays: [{ address: 2, profile: wp8025adam, channels: { 3: heater } }]
`);
  let now = Date.parse('2026-01-01T01:00:00Z');
  const running = await startHousehold(readHousehold(file), folder, () => now);
  const bus = openBus({ port: join(folder, 'line'), baudRate: 115200, timeoutMs: 200, pauseMs: 5 });
  const meter = openDevice({ bus, address: 1, profile: 'hiking-dds238' });
  const plug = openSwitch({ bus, address: 2, profile: 'wp8025adam', channel: 3 });
  const reading = async (quantity: string) =>
    (await meter.read(never)).find((measured) => measured.quantity === quantity)?.value;
  try {
    expect(await reading('energyImport')).toBe(6000);
    expect(await plug.set(false, never)).toBe('off');
    now += hour;
    expect([await reading('energyImport'), await reading('power')]).toEqual([6000, 0]);
    expect(await plug.set(true, never)).toBe('on');
    now += hour / 2;
    expect([await reading('energyImport'), await reading('power')]).toEqual([6500, 1000]);
  } finally {
    await bus.close();
    await running.close();
  }
});

test('mixed faults come in their shares', () => {
  const mix = [
    { share: 0.2, fault: { kind: 'silent' } },
    { share: 0.3, fault: { kind: 'badCrc' } },
  ] as const;
  const kinds = Array.from({ length: 10 }, (_, index) => pickFault(mix, index / 10 + 0.05)?.kind);
  expect(kinds).toEqual([...Array(2).fill('silent'), ...Array(3).fill('badCrc'), ...Array(5).fill(undefined)]);
});

const lines = (devices: string) => `
appliances: { lamp: { watts: 12 } }
lines: [{ link: ./line, devices: [${devices}] }]`;
test.each<[string, string, string]>([
  ['no YAML', 'appliances: [', 'household.yaml'],
  ['a key that there is not', 'apliances: {}', 'apliances'],
  ['no line', 'appliances: {}\nlines: []', 'lines'],
  ['a line of another kind', 'appliances: {}\nlines: [{ link: ./x, protocol: zigbee }]', 'protocol'],
  [
    'a time that is none',
    'appliances: { lamp: { watts: 1, at: ["25:00"], for: 5h } }\nlines: [{ link: ./x }]',
    'appliances.lamp',
  ],
  [
    'shares of more than all',
    lines(
      '{ id: a, address: 1, profile: hiking-dds238, faults: [{ kind: silent, share: 0.6 }, { kind: short, share: 0.6 }] }',
    ),
    'shares',
  ],
])('%s is no household', (_, text, says) => {
  expect(() => readHousehold(written(text))).toThrow(
    expect.objectContaining({ code: 'HOUSEHOLD_INVALID', message: expect.stringContaining(says) }),
  );
});

test.each<[string, string, string]>([
  [
    'an appliance that there is not',
    lines('{ id: a, address: 1, profile: hiking-dds238, appliances: [lump] }'),
    'lump, which is no appliance',
  ],
  [
    'two meters of one name',
    lines('{ id: a, address: 1, profile: hiking-dds238 }, { id: a, address: 2, profile: hiking-dds238 }'),
    'two meters are called a',
  ],
  ['a profile that there is not', lines('{ id: a, address: 1, profile: hiking }'), 'no device profile hiking'],
])('a household with %s does not start', async (_, text, says) => {
  await expect(startHousehold(readHousehold(written(text)), folder, () => 0)).rejects.toThrow(says);
});
