/**
 * Homes written in Python from the protocol's documents alone, in one cohort with agents of ours, at a real broker over
 * MQTT: what they seal our agents open, and the other way round.
 */
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { RunningAgent } from '../../agent/main.ts';
import { SteppedClock } from '../../broker/protocol/clock.ts';
import { type HomeKit, homeKit } from '../agent/home-kit.ts';
import { eventually } from '../broker/eventually.ts';
import { RawOperator, startBroker, type TestBroker } from '../broker/running-broker.ts';
import { cohort, noon, temporaryFolder } from '../broker/utility-kit.ts';
import { PythonHome } from '../peers/python-home.ts';

const hour = 3_600_000;
const tags = ['#energy-consumption', '#all'];
const from = noon - 24 * hour;
const grid = { from, step: 'PT6H', slots: 4 };
const values = {
  ana: [15500, 17100.25, 17900, 0.05],
  ben: [6500, 9100, 19900, 11400],
  carl: [11700, 11800, 17700, 8400],
  dora: [1, 2, 3, 4],
};

let folder: ReturnType<typeof temporaryFolder>;
let broker: TestBroker;
let operator: RawOperator;
const clock = new SteppedClock(noon);
const python: Record<string, PythonHome> = {};
const kits: HomeKit[] = [];
const agents: RunningAgent[] = [];

beforeEach(async () => {
  folder = temporaryFolder();
  broker = await startBroker(folder.folder, clock);
  operator = await RawOperator.connect(broker.port);
});
afterEach(async () => {
  for (const home of Object.values(python)) await home.kill();
  for (const agent of agents) await agent.close();
  for (const kit of kits) kit.remove();
  await operator.close();
  await broker.close();
  folder.remove();
});

const ask = (id: string, request: object) => operator.ask(id, { v: 1, ...request });

function startPython(home: 'ana' | 'ben'): PythonHome {
  const tensor = { id: 'all', tags, quantity: 'energyImport', unit: 'Wh', capacity: [10_000, 0] } as const;
  const made = new PythonHome({
    ...{ folder: folder.folder, home, port: broker.port, now: noon, minimum: 3 },
    ...(home === 'ben' && { keepalive: 0, wide: true }),
    tensor: { ...tensor, from, step: 6 * hour, values: values[home] },
  });
  made.start();
  python[home] = made;
  return made;
}

async function startAgent(home: 'carl' | 'dora'): Promise<void> {
  const settings = { home, broker: { url: `mqtt://127.0.0.1:${broker.port}` }, policy: { minContributors: 3 } };
  const kit = homeKit(clock, settings);
  kits.push(kit);
  agents.push(await kit.start());
  const words = [...tags.flatMap((tag) => ['--tag', tag]), '--unit', 'Wh', '--capacity', '10000', '--step', '6h'];
  const add = ['tensors', 'add', 'all', ...words, '--from', new Date(from).toISOString(), ...values[home].map(String)];
  for (const command of [add, ['tensors', 'publish', 'all'], ['share', 'on'], ['enrol']]) {
    expect(await kit.run(...command)).toMatchObject({ code: 0 });
  }
}

async function approveAll(): Promise<void> {
  await eventually(async () => ((await ask('asking', { type: 'homes' })) as { homes: unknown[] }).homes.length).toBe(4);
  for (const home of Object.keys(values)) {
    expect(await ask(`approve-${home}`, { type: 'approve', home, cohort })).toMatchObject({ type: 'result' });
  }
  await eventually(async () => {
    const reply = await ask('ready', { type: 'homes' });
    return reply.type === 'result' && reply.of === 'homes' && reply.homes.every(({ ready, online }) => ready && online);
  }).toBe(true);
  expect(await ask('roster', { type: 'roster', cohort })).toMatchObject({ homes: Object.keys(values), leftOut: [] });
}

it('homes in another language report, answer, and believe what comes of it', { timeout: 60_000 }, async () => {
  const [ana, ben] = [startPython('ana'), startPython('ben')];
  await startAgent('carl');
  await startAgent('dora');
  await approveAll();
  const round = { type: 'round', cohort, tags: ['#energy-consumption'], minimum: 4, ...grid };
  const reply = await ask('first', { ...round, slots: 3 });
  expect(reply).toMatchObject({
    of: 'round',
    result: { state: 'opened', contributors: 4, answers: 4, inconsistent: [] },
  });
  const sum = [0, 1, 2].map((slot) => Object.values(values).reduce((total, of) => total + (of[slot] ?? 0), 0));
  // In steps of 0.1 Wh, halves away from zero: 17100.25 counts as 17100.3.
  expect(reply).toMatchObject({ result: { sum: [sum[0], (sum[1] ?? 0) + 0.05, sum[2]] } });
  for (const home of [ana, ben]) {
    await eventually(() => home.last('result')).toMatchObject({ result: { state: 'opened', contributors: 4 } });
  }

  // Killed as it reports; it finds what it has promised in its file, and says the same again.
  ben.killedAt = 'reported';
  await operator.send('second', { v: 1, ...round, from: from + 18 * hour, slots: 1 });
  await ben.restart();
  await eventually(() => operator.finals('second').length).toBe(1);
  expect(operator.finals('second')[0]).toMatchObject({ result: { state: 'opened', contributors: 4, sum: [19_804.1] } });

  // The same hours again: everybody says that they are spent.
  expect(await ask('third', { ...round, slots: 1 })).toMatchObject({ result: { reason: 'too-few-contributors' } });
  expect(ana.last('declined')).toMatchObject({ reason: 'spent' });
  const { result } = reply as { result: { round: string } };
  await ask('tariff', { type: 'tariff', round: result.round, formula: '0.5*mean+5', from: noon + hour });
  for (const home of [ana, ben]) await eventually(() => home.count('tariff')).toBe(1);
  expect([ana.errors, ben.errors]).toEqual(['', '']);
  expect([ana.count('refused'), ben.count('refused')]).toEqual([0, 0]);
});
