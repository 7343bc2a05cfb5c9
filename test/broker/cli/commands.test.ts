import { writeFileSync } from 'node:fs';
import { Command } from 'commander';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { brokerCommands } from '../../../broker/cli.ts';
import { epochMs } from '../../../broker/protocol/clock.ts';
import { eventually } from '../eventually.ts';
import { Member } from '../member.ts';
import { startBroker, type TestBroker } from '../running-broker.ts';
import { cohort, noon, TestHome, temporaryFolder, tensor } from '../utility-kit.ts';

const tag = '#energy-consumption';
const street: Record<string, readonly number[] | undefined> = {
  alice: [6500, 9100, 19900, 11400],
  bill: [11700, 11800, 17700, 8400],
  bob: [15500, 17100, 17900, 14400],
  james: undefined,
};

let folder: ReturnType<typeof temporaryFolder>;
let broker: TestBroker;
let homes: TestHome[];

beforeEach(async () => {
  folder = temporaryFolder();
  broker = await startBroker(folder.folder);
  homes = [];
});
afterEach(async () => {
  for (const home of homes) await home.close();
  await broker.close();
  folder.remove();
});

/** `wattveil …`, in this process. */
async function wattveil(...words: string[]): Promise<{ out: string; err: string; code: number }> {
  const program = new Command('wattveil').exitOverride();
  for (const add of Object.values(brokerCommands)) await add(program, broker.clock);
  const out: string[] = [];
  const err: string[] = [];
  const keep = (lines: string[]) => (text: unknown) => {
    lines.push(String(text));
    return true;
  };
  const stdout = vi.spyOn(process.stdout, 'write').mockImplementation(keep(out));
  const stderr = vi.spyOn(process.stderr, 'write').mockImplementation(keep(err));
  const before = process.exitCode;
  process.exitCode = 0;
  try {
    await program.parseAsync(words, { from: 'user' }).catch((error: { exitCode?: number }) => {
      process.exitCode = error.exitCode ?? 99;
    });
    return { out: out.join(''), err: err.join(''), code: Number(process.exitCode) };
  } finally {
    stdout.mockRestore();
    stderr.mockRestore();
    process.exitCode = before;
  }
}
const atBroker = (...words: string[]) => wattveil(...words, '--broker', `mqtt://127.0.0.1:${broker.port}`);
const json = async (...words: string[]) =>
  JSON.parse((await atBroker(...words, '--json')).out) as Record<string, unknown>;

async function enrolStreet(): Promise<void> {
  for (const [id, wattHours] of Object.entries(street)) {
    const home = await TestHome.connect(broker.port, id);
    homes.push(home);
    await home.ask(`${id}, Oak Street`);
    await eventually(async () => (await atBroker('homes', 'approve', id, '--cohort', cohort)).code).toBe(0);
    await eventually(() => home.replies.length).toBeGreaterThan(0);
    await home.publishCatalogue(1, wattHours === undefined ? [] : [tensor('main', tag)]);
    await new Member(home, wattHours).start();
  }
  await eventually(async () => {
    const { homes: rows } = (await json('homes', 'list')) as { homes: { ready: boolean; online: boolean }[] };
    return rows.every(({ ready, online }) => ready && online);
  }).toBe(true);
}

describe('the operator’s commands', () => {
  test('play the story: homes, roster, search, a round watched, a tariff', { timeout: 120_000 }, async () => {
    expect((await atBroker('homes', 'list')).out).toBe('No home has asked to be enrolled.\n');
    await enrolStreet();
    const { out: list } = await atBroker('homes', 'list');
    expect(list).toMatch(/^home +state +cohort +online +ready +fingerprint +claim\n/);
    expect(list).toMatch(/\nbob +approved +feeder-7 +yes +yes +[0-9a-f]{64} +bob, Oak Street\n/);
    expect((await atBroker('roster', 'publish', cohort)).out).toContain(
      'feeder-7, epoch 1: 4 homes (alice, bill, bob, james)',
    );

    const { out: found } = await atBroker('search', tag);
    expect(found).toContain('matched 3, offline 0\n');
    expect(found).toMatch(/\nbob +feeder-7 +yes +main +#energy-consumption +energyImport Wh +\[96\] /);
    expect(found).toMatch(/\njames +feeder-7 +yes +-\n/);

    const grid = ['--from', '2026-11-22T12:00:00Z', '--step', '6h', '--slots', '4', '--minimum', '3'];
    const watched = await atBroker('rounds', 'open', cohort, tag, ...grid, '--watch');
    expect(watched).toMatchObject({ code: 0, err: '' });
    expect(watched.out).toContain('collecting: 0 of 4 homes reported\n');
    expect(watched.out).toContain('opened: 3 contributors of 4 homes; ');
    expect(watched.out).toMatch(/\n2026-11-22T12:00Z +33.7000 +11.2333\n/);

    const { rounds } = (await json('rounds', 'list')) as { rounds: { round: string; state: string }[] };
    expect(rounds).toMatchObject([{ state: 'opened' }]);
    const round = rounds[0]?.round ?? '';
    expect((await atBroker('rounds', 'list', '--cohort', cohort)).out).toContain(round);
    const shown = (await atBroker('rounds', 'show', round)).out;
    expect(shown).toContain('11.2333');
    expect(shown).toContain(`asks for sum, mean of energyImport in Wh of ${tag}`);

    const tariff = await atBroker('tariff', 'set', '--round', round, '--formula', '0.5*mean+5');
    for (const price of ['10.6167', '11.3333', '14.2500', '10.7000']) expect(tariff.out).toContain(price);

    // The same by itself: the slot that ends at 12:00 in Berlin is over at 11:00Z; now it is noon.
    const berlin = ['--zone', 'Europe/Berlin', '--times', '4', '--minimum', '3', '--spread', '1m'];
    const spread = await atBroker(
      'schedules',
      'add',
      'spread',
      cohort,
      tag,
      ...berlin,
      '--histogram',
      '--variance',
      '--json',
    );
    expect(spread.out.replaceAll(/\s/g, '')).toContain('"statistics":{"variance":true,"histogram":true}');
    await atBroker('schedules', 'remove', 'spread');
    const added = await atBroker('schedules', 'add', 'evening', cohort, tag, ...berlin, '--formula', '0.5*mean+5');
    expect(added.out).toContain('evening (feeder-7): 4 times a day by Europe/Berlin, energyImport of ');
    expect(added.out).toContain('for 2026-11-23T11:00Z to 2026-11-23T17:00Z\n');
    expect((await atBroker('schedules', 'pause', 'evening')).out).toContain('next: none, it is paused\n');
    expect((await atBroker('schedules', 'resume', 'evening')).out).toContain('last: none yet\n');
    await broker.clock.stepTo(epochMs(noon + 6 * 3_600_000));
    await eventually(async () => (await atBroker('schedules', 'list')).out).toMatch(
      /opened; mean 11\.2333 kWh over 3 homes; price 10\.6167; round /,
    );
    expect((await atBroker('schedules', 'remove', 'evening')).out).toBe('evening is removed.\n');

    // Not watched, it is accepted and goes on by itself.
    const open = await atBroker('rounds', 'open', cohort, tag, ...grid);
    expect(open).toMatchObject({ code: 0, out: expect.stringContaining('Follow it: wattveil rounds watch ') });
    const followed = await atBroker('rounds', 'watch', round);
    expect(followed).toMatchObject({ code: 0, out: expect.stringMatching(/^opened: 3 of 4 [\s\S]*11\.2333/) });
    expect(await atBroker('rounds', 'stop', round)).toMatchObject({
      code: 1,
      err: expect.stringContaining('ROUND_OVER'),
    });
  });

  test.each([
    [['rounds', 'open', 'feeder-8', tag, '--day', '2026-11-22'], 'COHORT_UNKNOWN: '],
    [['homes', 'approve', 'bob', '--cohort', cohort], 'HOME_UNKNOWN: '],
    [['tariff', 'set', '--round', 'ab'.repeat(16), '--formula', 'mean'], 'ROUND_UNKNOWN: '],
    [['rounds', 'show', 'x'], 'REQUEST_MALFORMED: '],
    [['schedules', 'pause', 'evening'], 'SCHEDULE_UNKNOWN: '],
  ])('%j ends with 1, code, text and remedy', async (words, says) => {
    const outcome = await atBroker(...words);
    expect(outcome).toMatchObject({ code: 1, out: '' });
    expect(outcome.err).toContain(says);
    expect(outcome.err).toMatch(/\n {2}\S.*\n$/);
    const asJson = await atBroker(...words, '--json');
    expect(asJson).toMatchObject({ code: 1, err: '' });
    expect(JSON.parse(asJson.out)).toMatchObject({ error: { code: says.slice(0, -2) } });
  });

  test.each([
    [['rounds', 'open', cohort, tag], 'give either --day or --from'],
    [['rounds', 'open', cohort, tag, '--from', '2026-11-22T12:00:00Z'], 'give --slots with --from'],
    [['rounds', 'open', cohort, tag, '--day', 'yesterday'], 'Give a day like 2026-11-23.'],
    [['rounds', 'open', cohort, tag, '--day', '2026-11-23', '--step', 'six'], 'Give a duration like 15m, 6h or PT6H.'],
    [['rounds', 'open', cohort, tag, '--day', '2026-11-23', '--step', '7h'], 'no whole number of such steps'],
    [['tariff', 'set', '--round', 'x'], '--formula'],
    [['search'], 'tag'],
    [['schedules', 'add', 'evening', cohort, tag, '--times', '4'], '--zone'],
    [['schedules', 'add', 'evening', cohort, tag, '--zone', 'Europe/Berlin', '--times', 'often'], 'whole number'],
  ])('%j is refused before anything is sent', async (words, says) => {
    const { code, err } = await atBroker(...words);
    expect(code).toBe(1);
    expect(err).toContain(says);
  });

  test('a broker that is not there is named', async () => {
    const { code, err } = await wattveil('homes', 'list', '--broker', 'mqtt://127.0.0.1:1');
    expect(code).toBe(1);
    expect(err).toContain('BROKER_AWAY: no MQTT broker answers at mqtt://127.0.0.1:1');
  });

  test('a claim cannot move the cursor', async () => {
    const home = await TestHome.connect(broker.port, 'mallory');
    homes.push(home);
    await home.ask('Mallory\u001b[2J\u0007 of Oak Street');
    await eventually(async () => (await atBroker('homes', 'list')).out).toContain('Mallory?[2J? of Oak Street');
  });
});

describe('broker run', () => {
  test.each([
    ['dataDri: x', 'did you mean dataDir?'],
    ['dataDir: x\nlisten: { host: 0.0.0.0, port: 0 }', 'LISTEN_NOT_LOOPBACK'],
  ])('with %j ends with 1 and says why', async (yaml, says) => {
    const config = `${folder.folder}/broker.yaml`;
    writeFileSync(config, yaml);
    const { code, err } = await wattveil('broker', 'run', '--config', config, '--log-level', 'silent');
    expect(code).toBe(1);
    expect(err).toContain(says);
  });

  test('on a data folder in use ends with 1', async () => {
    const config = `${folder.folder}/broker.yaml`;
    writeFileSync(config, `dataDir: ${folder.folder}\nlisten: { port: 0 }`);
    const { code, err } = await wattveil('broker', 'run', '--config', config, '--log-level', 'silent');
    expect(code).toBe(1);
    expect(err).toContain(
      `BROKER_RUNS_ALREADY: a broker already runs on the data folder ${folder.folder} (process ${process.pid})`,
    );
  });
});

describe('help', () => {
  test('of every command gives an example, and every one but `broker run` takes --json', async () => {
    const program = new Command('wattveil');
    for (const add of Object.values(brokerCommands)) await add(program, broker.clock);
    const leaves = (command: Command): Command[] =>
      command.commands.length === 0 ? [command] : command.commands.flatMap(leaves);
    const commands = leaves(program);
    expect(commands.map((command) => `${command.parent?.name()} ${command.name()}`)).toEqual([
      'broker run',
      'homes list',
      'homes approve',
      'homes remove',
      'roster publish',
      'wattveil search',
      'rounds open',
      'rounds list',
      'rounds watch',
      'rounds stop',
      'rounds show',
      'schedules add',
      'schedules list',
      'schedules pause',
      'schedules resume',
      'schedules remove',
      'tariff set',
    ]);
    for (const command of commands) {
      const written: string[] = [];
      command.configureOutput({ writeOut: (part) => void written.push(part) }).outputHelp();
      const text = written.join('');
      expect(text).toContain('Example');
      expect(text.includes('--json')).toBe(command.name() !== 'run');
    }
  });
});
