import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { agentCommands } from '../../agent/cli.ts';
import { loadConfig } from '../../agent/config.ts';
import { formatDuration } from '../../agent/duration.ts';
import type { RunningAgent } from '../../agent/main.ts';
import { epochMs, SteppedClock } from '../../broker/protocol/clock.ts';
import { keepingLog } from '../broker/silent-log.ts';
import { allOf, type HomeKit, homeKit, runCommand } from './home-kit.ts';

const midnight = Date.parse('2026-11-24T00:00:00Z');
const day = '2026-11-23T00:00:00Z';
const add = [
  ...['tensors', 'add', 'bulb', '--tag', '#energy-consumption', '--tag', '#light-bulb', '--unit', 'kWh'],
  ...['--capacity', '3.68', '--describe', 'in the hall', '--from', day, '--step', '6h'],
];

let clock: SteppedClock;
let kit: HomeKit;
let agent: RunningAgent | undefined;

beforeEach(() => {
  clock = new SteppedClock(epochMs(midnight));
  kit = homeKit(clock);
});
afterEach(async () => {
  await agent?.close();
  agent = undefined;
  kit.remove();
});

/** What --json printed. */
async function json(...words: readonly string[]): Promise<never> {
  const { stdout, code } = await kit.run(...words, '--json');
  expect(code).toBe(0);
  return JSON.parse(stdout) as never;
}

describe('beside the running agent', () => {
  beforeEach(async () => {
    agent = await kit.start();
  });

  it('values are entered by hand, shown, published, withdrawn and removed', async () => {
    const entered = await kit.run(...add, '3.0', '2.5', '6.7', '4.5');
    expect(entered).toMatchObject({ code: 0, stderr: '' });
    expect(entered.stdout).toContain('bulb is entered: 4 slots of 6h');

    const shown = await kit.run('tensors', 'show', 'bulb');
    expect(shown.stdout).toContain('bulb: in the hall, #energy-consumption #light-bulb, not published');
    for (const value of ['3.000', '2.500', '6.700', '4.500']) expect(shown.stdout).toContain(value);

    expect((await kit.run('tensors', 'publish', 'bulb')).stdout).toContain('bulb is published');
    expect(await json('tensors', 'list')).toEqual([
      expect.objectContaining({
        id: 'bulb',
        published: true,
        unit: 'Wh',
        capacity: 3680,
        shape: [4],
        consentFrom: '2026-11-23T00:00:00.000Z',
      }),
    ]);
    expect((await kit.run('tensors', 'withdraw', 'bulb')).code).toBe(0);
    expect(await json('tensors', 'list')).toEqual([expect.objectContaining({ published: false })]);
    expect((await kit.run('tensors', 'remove', 'bulb')).code).toBe(0);
    expect((await kit.run('tensors', 'list')).stdout).toContain('There are no tensors');
    expect((await kit.run(...add, '1')).stderr).toContain('TENSOR_NAME_SPENT');
  });

  it('a grid may be asked for, and what is not covered has no value', async () => {
    await kit.run(...add, '3.0', '2.5', '6.7', '4.5');
    const shown: { slots: object[] } = await json(
      'tensors',
      'show',
      'bulb',
      '--from',
      day,
      '--step',
      '12h',
      '--slots',
      '3',
    );
    expect(shown.slots).toEqual([
      { from: '2026-11-23T00:00:00.000Z', until: '2026-11-23T12:00:00.000Z', value: 5500 },
      { from: '2026-11-23T12:00:00.000Z', until: '2026-11-24T00:00:00.000Z', value: 11_200 },
      { from: '2026-11-24T00:00:00.000Z', until: '2026-11-24T12:00:00.000Z', uncovered: 'not over' },
    ]);
    const text = await kit.run('tensors', 'show', 'bulb', '--from', day, '--step', '12h', '--slots', '3');
    expect(text.stdout).toContain('not covered');
  });

  it('values may come from a file', async () => {
    const file = join(kit.folder, 'values.txt');
    writeFileSync(file, '3.0\n2.5\n\n6.7\r\n4.5\n');
    expect((await kit.run(...add, '--file', file)).code).toBe(0);
    const shown: { slots: { value: number }[] } = await json('tensors', 'show', 'bulb');
    expect(shown.slots.map(({ value }) => value)).toEqual([3000, 2500, 6700, 4500]);
  });

  it.each<[string, string[], RegExp]>([
    ['a value that is none', ['3.0', 'two', '6.7'], /^VALUE_MALFORMED: value 2: not a plain decimal number\n/],
    ['a value with a comma', ['3,0'], /VALUE_MALFORMED: value 1/],
    ['a negative energy', ['3.0', '-1'], /VALUE_NEGATIVE: value 2/],
    ['a value above the capacity', ['3.0', '6.7', '22.1'], /VALUE_ABOVE_CAPACITY: value 3/],
    ['no values', [], /VALUES_MISSING/],
    ['a slot that is not over', ['1', '1', '1', '1', '1'], /FIELD_MALFORMED: from: with 5 slots .* in the future/],
    ['a tag without #', ['1', '--tag', 'bulb'], /FIELD_MALFORMED: tag: "bulb" is not #/],
    [
      'a unit of another quantity',
      ['1', '--unit', 'kW'],
      /FIELD_MALFORMED: unit: energyImport is measured in Wh or kWh/,
    ],
    ['a quantity that is none', ['1', '--quantity', 'energy'], /FIELD_MALFORMED: quantity: "energy" is none of/],
    ['a capacity that is none', ['1', '--capacity', '0'], /FIELD_MALFORMED: capacity/],
    ['a file that is not there', ['--file', '/nowhere/values.txt'], /VALUES_UNREADABLE: .*\/nowhere\/values\.txt/],
  ])('%s is refused, its place named, and nothing is stored', async (_, words, says) => {
    const { code, stderr, stdout } = await kit.run(...add, ...words);
    expect(stderr).toMatch(says);
    expect(stderr).toMatch(/\nWhat to do: .+\n$/);
    expect(stderr).not.toMatch(/\n\s+at /);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(await json('tensors', 'list')).toEqual([]);
  });

  it('a bad value in a file is named by its line', async () => {
    const file = join(kit.folder, 'values.txt');
    writeFileSync(file, '3.0\n\n2.5 kWh\n');
    expect((await kit.run(...add, '--file', file)).stderr).toContain(`${file}, line 3: not a plain decimal number`);
    expect(await json('tensors', 'list')).toEqual([]);
  });

  it('no error repeats a value', async () => {
    for (const value of ['-123456', '123456', '1.23456e5']) {
      const { stderr } = await kit.run(...add, '--', value);
      expect(stderr).toMatch(/^VALUE_/);
      expect(stderr).not.toMatch(/2345/);
    }
  });

  it.each([
    ['--from', 'yesterday'],
    ['--from', '2026-02-30'],
    ['--from', '2026-11-23T25:00'],
    ['--step', '6 hours'],
  ])('%s %s is refused with an example', async (option, value) => {
    const { code, stderr } = await kit.run(...add, '1', option, value);
    expect(code).toBe(1);
    expect(stderr).toMatch(/is invalid\. Give a (day|length of time) like/);
  });

  it('a misspelt tensor is told with the one that was meant, in JSON too', async () => {
    await kit.run(...add, '3.0');
    expect((await kit.run('tensors', 'show', 'blub')).stderr).toMatch(/TENSOR_UNKNOWN: .*did you mean bulb\?/);
    const { code, stdout } = await kit.run('tensors', 'show', 'blub', '--json');
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'TENSOR_UNKNOWN', remedy: expect.any(String) } });
  });

  it('sharing is off, until it is turned on', async () => {
    expect(await json('agent', 'status')).toMatchObject({
      home: 'bob',
      sharing: false,
      version: '1.2.3',
      pid: process.pid,
    });
    expect((await kit.run('share', 'on')).stdout).toMatch(/^Sharing is on/);
    expect(await json('agent', 'status')).toMatchObject({ sharing: true });
    expect((await kit.run('share', 'off')).stdout).toMatch(/^Sharing is off/);
    expect(await json('agent', 'status')).toMatchObject({ sharing: false });
  });

  it('a home whose broker is away asks to be enrolled as soon as it is back', async () => {
    const { code, stdout } = await kit.run('enrol');
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /fingerprint, to compare: [0-9a-f]{64}\nThe broker mqtt:\/\/127\.0\.0\.1:9 is not reached now/,
    );
    expect((await kit.run('agent', 'status')).stdout).toMatch(/enrolled +asked, waits for the operator/);
  });

  it('the ledger, the tariff and the meters are shown, also when there is nothing', async () => {
    expect((await kit.run('ledger')).stdout).toBe('Nothing has left the house, and nothing was refused.\n');
    expect((await kit.run('tariff', 'show')).stdout).toBe('No tariff has come yet.\n');
    expect((await kit.run('meters', 'read')).stdout).toBe('No devices are configured.\n');
    expect(await json('ledger')).toEqual([]);
    expect(await json('tariff', 'show')).toBeNull();
    expect(await json('meters', 'read')).toEqual({ live: true, now: '2026-11-24T00:00:00.000Z', devices: [] });
  });

  it('a second agent on the same folder is refused, with the process of the first', async () => {
    const { code, stderr } = await kit.run('agent', 'run');
    expect(code).toBe(1);
    expect(stderr).toContain(
      `DATA_FOLDER_IN_USE: an agent works on the data folder ${kit.dataDir} already: process ${process.pid}`,
    );
    expect((await kit.run('agent', 'status')).code).toBe(0);
  });
});

describe('while no agent runs', () => {
  it.each<[string, string[]]>([
    ['enrol', ['enrol']],
    ['share on', ['share', 'on']],
    ['tensors add', [...add, '1']],
    ['tensors publish', ['tensors', 'publish', 'bulb']],
    ['tensors withdraw', ['tensors', 'withdraw', 'bulb']],
    ['tensors remove', ['tensors', 'remove', 'bulb']],
    ['agent status', ['agent', 'status']],
  ])('%s says so, and how to start it', async (_, words) => {
    const { code, stderr } = await kit.run(...words);
    expect(code).toBe(1);
    expect(stderr).toBe(
      `AGENT_NOT_RUNNING: no agent runs on the data folder ${kit.dataDir}\n` +
        `What to do: Start it, then repeat this: wattveil agent run --config ${kit.configPath}\n`,
    );
  });

  it('what only reads is answered from the database', async () => {
    agent = await kit.start();
    await kit.run(...add, '3.0', '2.5');
    await agent.close();
    agent = undefined;
    const list = await kit.run('tensors', 'list');
    expect(list).toMatchObject({ code: 0, stderr: 'The agent does not run: this is what it stored before.\n' });
    expect(list.stdout).toContain('bulb');
    expect((await kit.run('tensors', 'show', 'bulb')).stdout).toContain('2.500');
    expect((await kit.run('ledger')).code).toBe(0);
    expect((await kit.run('tariff', 'show')).code).toBe(0);
    expect((await kit.run('meters', 'read')).code).toBe(0);
  });

  it('there is nothing to read before it ran for the first time', async () => {
    for (const words of [['tensors', 'list'], ['ledger'], ['meters', 'read'], ['tariff', 'show']]) {
      expect((await kit.run(...words)).stderr).toContain('NEVER_STARTED: there is nothing in the data folder');
    }
  });
});

describe('bad configurations', () => {
  it.each([
    [
      'a misspelt key',
      'homme: bob\n',
      /CONFIG_KEY_UNKNOWN: .* has no setting homme\nWhat to do: Did you mean home\?\n/,
    ],
    ['no YAML', 'home: [\n', /CONFIG_NOT_YAML: .*agent\.yaml, line \d+/],
    ['a missing setting', 'home: bob\n', /CONFIG_INVALID: .*: dataDir: this setting is missing/],
  ])('%s is refused by every command', async (_, text, says) => {
    writeFileSync(kit.configPath, text);
    for (const words of [['agent', 'run'], ['tensors', 'list'], ['enrol']]) {
      const { code, stderr } = await kit.run(...words);
      expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringMatching(says) });
    }
  });

  it('a file that is not there is named', async () => {
    const { stderr } = await runCommand(clock, ['agent', 'run', '--config', '/nowhere/agent.yaml']);
    expect(stderr).toMatch(/^CONFIG_UNREADABLE: the configuration \/nowhere\/agent\.yaml cannot be read: ENOENT/);
  });

  it('a data folder whose socket would have too long a path is refused before anything is made', async () => {
    const deep = `./${'deep/'.repeat(25)}bob`;
    writeFileSync(kit.configPath, `home: bob\ndataDir: ${deep}\nbroker: { url: "mqtt://127.0.0.1:9" }\n`);
    expect((await kit.run('agent', 'run')).stderr).toMatch(/^SOCKET_PATH_TOO_LONG: /);
    expect(() => statSync(join(kit.folder, 'deep'))).toThrow(/ENOENT/);
  });

  it('a device profile that does not exist keeps the agent from starting, and leaves the folder free', async () => {
    kit.remove();
    kit = homeKit(clock, {
      buses: [{ id: 'line', port: '/dev/nowhere' }],
      devices: [{ id: 'fridge', bus: 'line', address: 1, profile: 'eastron-sdm12' }],
    });
    expect((await kit.run('agent', 'run')).stderr).toMatch(/^PROFILE_UNKNOWN: .*eastron-sdm12[\s\S]*eastron-sdm120/);
    writeFileSync(kit.configPath, readFileSync(kit.configPath, 'utf8').replace('eastron-sdm12', 'eastron-sdm120'));
    agent = await kit.start();
    expect((await kit.run('agent', 'status')).code).toBe(0);
  });

  it('a database that is none keeps the agent from starting', async () => {
    mkdirSync(kit.dataDir, { mode: 0o700 });
    writeFileSync(
      join(kit.dataDir, 'agent.db'),
      'certainly no database, however long one looks at it, and it is long enough',
    );
    expect((await kit.run('agent', 'run')).stderr).toMatch(/^DATABASE_LOST: /);
  });
});

describe('the agent', () => {
  it('starts with no port and no broker there, says so once each, and goes on', async () => {
    kit.remove();
    kit = homeKit(clock, {
      buses: [{ id: 'line', port: '/dev/serial/by-id/usb-gone' }],
      devices: [{ id: 'fridge', bus: 'line', address: 1, profile: 'eastron-sdm120', pollEvery: '10s' }],
      tensors: [{ id: 'fridge', device: 'fridge', tags: ['#fridge'], capacity: 3680 }],
    });
    const { log, lines } = keepingLog();
    agent = await kit.start(log);
    for (let step = 1; step <= 6; step++) await clock.stepTo(epochMs(midnight + step * 10_000));
    expect(lines.filter((line) => line.includes('PORT_NOT_FOUND'))).toHaveLength(1);
    const { stdout } = await kit.run('meters', 'read');
    expect(stdout).toMatch(/fridge +never/);
    expect(stdout).toMatch(
      /! fridge: PORT_NOT_FOUND, for 1m, \d tries: there is no port \/dev\/serial\/by-id\/usb-gone/,
    );
    expect(stdout).toMatch(/What to do: Plug the adapter in/);
    const shown = await kit.run('tensors', 'show', 'fridge', '--from', day, '--step', '6h', '--slots', '4');
    expect(shown.stdout.match(/not covered/g)).toHaveLength(4);
  });

  it('keeps what is entered when it is started again', async () => {
    agent = await kit.start();
    await kit.run(...add, '3.0');
    await kit.run('tensors', 'publish', 'bulb');
    await kit.run('share', 'on');
    await agent.close();
    agent = await kit.start();
    expect(await json('tensors', 'list')).toEqual([expect.objectContaining({ id: 'bulb', published: true })]);
    expect(await json('agent', 'status')).toMatchObject({ sharing: true });
  });
});

/** A recorded telegram, or a port that no agent has yet. */
const ofNoHome = ['meters decode', 'meters scan', 'meters try'];

describe('the help', async () => {
  const program = new Command('wattveil');
  for (const add of Object.values(agentCommands)) await add(program, new SteppedClock(epochMs(0)));
  // `ledger` is a command itself, and has one below it.
  const commands = allOf(program).filter((command) => command.commands.length === 0 || command.name() === 'ledger');
  const nameOf = (command: Command): string =>
    command.parent === null || command.parent === program
      ? command.name()
      : `${nameOf(command.parent)} ${command.name()}`;

  it('lists every command that a household needs', () => {
    expect(commands.map(nameOf).toSorted()).toEqual([
      ...[
        'agent run',
        'agent status',
        'backup',
        'data delete',
        'data export',
        'doctor',
        'enrol',
        'ledger',
        'ledger verify',
      ],
      ...['meters check', 'meters decode', 'meters read', 'meters scan', 'meters try'],
      ...['plugs list', 'plugs off', 'plugs on', 'plugs read', 'restore', 'share off', 'share on', 'tariff show'],
      ...['tensors add', 'tensors list', 'tensors publish', 'tensors remove', 'tensors show', 'tensors tree'],
      'tensors withdraw',
    ]);
  });

  it.each(commands.map((command) => nameOf(command)))('of %s says what it does, with an example', async (name) => {
    const { stdout, code } = await runCommand(clock, [...name.split(' '), '--help']);
    expect(code).toBe(0);
    if (!ofNoHome.includes(name)) expect(stdout).toContain('-c, --config <path>');
    expect(stdout).toMatch(/Example/);
  });

  it('of agent run shows a configuration that can be read', async () => {
    const { stdout } = await runCommand(clock, ['agent', 'run', '--help']);
    const yaml = stdout.slice(stdout.indexOf('  home: bob'), stdout.indexOf('\nIt ends on')).replace(/^ {2}/gm, '');
    const read = yaml
      .replace(/^pins:.*$/m, '')
      .replace(/^(\s+)parent: main.*$/m, '')
      .replace('usb-…', 'usb-1');
    writeFileSync(kit.configPath, read);
    agent = await kit.start();
    expect(await json('agent', 'status')).toMatchObject({ home: 'bob' });
  });

  it('of agent run has a line with its default for each setting of a bus', async () => {
    const { stdout } = await runCommand(clock, ['agent', 'run', '--help']);
    writeFileSync(
      kit.configPath,
      `${readFileSync(kit.configPath, 'utf8')}\nbuses: [{ id: line-1, port: /dev/ttyUSB0 }]`,
    );
    const { id: _, port: __, ...defaults } = loadConfig(kit.configPath).buses[0] ?? {};
    for (const [key, value] of Object.entries(defaults)) {
      const written = key === 'timeout' || key === 'pause' ? formatDuration(Number(value)) : String(value);
      expect(stdout).toMatch(new RegExp(`^ +${key}: ${written} +# \\[${written}\\]`, 'm'));
    }
  });
});
