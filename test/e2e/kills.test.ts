/** Processes are killed in the middle of a round, and started again: the round completes with the one right sum. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { epochMs } from '../../broker/protocol/clock.ts';
import type { RoundRow } from '../../broker/protocol/operator.ts';
import { cohort, hour, midnight, slot } from '../../scripts/story/people.ts';
import { must, openReadyStreet } from '../../scripts/story/ready.ts';
import type { Street } from '../../scripts/story/street.ts';
import { Gate, type Point } from './gate.ts';

const meanKwh = [33.7 / 3, 38 / 3, 55.5 / 3, 34.2 / 3, 12 / 3];
/** Each test asks for hours of its own: those of a test before it are spent. */
let slotsAsked = 0;
let round = '';

let folder = '';
let gate: Gate;
let street: Street;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wattveil-kills-'));
  const connectTo = async (brokerPort: number) => {
    gate = await Gate.open(brokerPort);
    return gate.port;
  };
  street = await openReadyStreet(folder, { connectTo });
}, 120_000);

afterAll(async () => {
  await street?.close();
  await gate?.close();
  await rm(folder, { recursive: true });
});

async function openRound(): Promise<void> {
  const from = new Date(midnight + slotsAsked * slot).toISOString();
  slotsAsked += 1;
  const grid = ['--from', from, '--step', '6h', '--slots', '1', '--minimum', '3'];
  const open = () => street.atUtility('rounds', 'open', cohort, '#energy-consumption', ...grid, '--json');
  let outcome = await open();
  // Of the test before, homes may still be on their way back to a coordinator that was killed.
  while (outcome.stdout.includes('ROUND_TOO_FEW_ONLINE')) outcome = await open();
  const { stdout } = await must(Promise.resolve(outcome));
  ({ round } = JSON.parse(stdout) as RoundRow);
}

async function row(): Promise<RoundRow> {
  const { stdout } = await must(street.atUtility('rounds', 'list', '--json'));
  const ours = (JSON.parse(stdout) as { rounds: RoundRow[] }).rounds.find((row) => row.round === round);
  if (ours === undefined) throw new Error(`there is no round ${round}`);
  return ours;
}

const eventually = (poll: () => Promise<unknown>) => expect.poll(poll, { timeout: 40_000, interval: 300 });

/** The process stands still, as a machine that hangs: its connection stays, it says nothing. */
function freeze(home: string): void {
  process.kill(pidOf(home), 'SIGSTOP');
}

function thaw(home: string): void {
  process.kill(pidOf(home), 'SIGCONT');
}

function pidOf(home: string): number {
  const agent = street.agents.get(home);
  if (agent === undefined) throw new Error(`there is no agent of ${home}`);
  return agent.pid;
}

async function killAgent(home: string): Promise<void> {
  await street.agents.get(home)?.end('SIGKILL');
}

/** Resolves when it is gone, before anybody has what it was about to have or to give. */
async function killedWhen(point: Point, home: string): Promise<void> {
  await gate.stop(home, point, () => process.kill(pidOf(home), 'SIGKILL'));
  await street.agents.get(home)?.ended;
}

async function theSumIsRight(): Promise<void> {
  await eventually(async () => (await row()).state).toBe('opened');
  const { stdout } = await must(street.atUtility('rounds', 'show', round, '--json'));
  const { result } = JSON.parse(stdout) as { result: { mean: number[]; contributors: number } };
  expect(result.contributors).toBe(3);
  expect(result.mean).toHaveLength(1);
  expect((result.mean[0] ?? 0) / 1000).toBeCloseTo(meanKwh[slotsAsked - 1] ?? Number.NaN, 6);
  await eachHomeReportedOnce();
}

async function eachHomeReportedOnce(): Promise<void> {
  for (const home of ['bob', 'alice', 'bill']) {
    const { stdout } = await must(street.atHome(home, 'ledger', '--json'));
    const entries = JSON.parse(stdout) as { kind: string; round?: string }[];
    const kinds = entries.flatMap((entry) => (entry.round === round ? [entry.kind] : []));
    expect(kinds.filter((kind) => kind === 'released')).toHaveLength(1);
    expect(kinds.filter((kind) => kind === 'answered')).toHaveLength(1);
  }
}

describe('a round completes', () => {
  it('when agents are killed on the way to a report, and as they are asked', async () => {
    const killed: [string, Point][] = [
      ['alice', 'an announcement comes'],
      ['bob', 'a roster comes'],
      ['bill', 'its report leaves'],
      ['james', 'an open request comes'],
    ];
    const back = killed.map(([home, point]) => killedWhen(point, home).then(() => street.startAgent(home)));
    await openRound();
    await Promise.all(back);
    await theSumIsRight();
  });

  it('when agents are killed from their report to the end, and the broker with all it retains beside them', async () => {
    const killed: [string, Point][] = [
      ['bill', 'its report is acknowledged'],
      ['bob', 'its answer leaves'],
      ['alice', 'its answer is acknowledged'],
    ];
    const gone = killed.map(([home, point]) => killedWhen(point, home));
    const end = killedWhen('a result comes', 'james').then(() => street.startAgent('james'));
    await openRound();
    await gone[0];
    await street.startAgent('bill');
    await Promise.all(gone);
    await street.broker.end('SIGKILL');
    await Promise.all([street.startBroker(), street.startAgent('bob'), street.startAgent('alice')]);
    await end;
    await theSumIsRight();
  });

  it('when the coordinator is killed while it collects, and a home that has declined before that', async () => {
    freeze('bill');
    await must(street.atHome('alice', 'share', 'off'));
    await openRound();
    await eventually(async () => (await row()).declined).toEqual({ paused: 1 });
    await killAgent('alice');
    await street.startAgent('alice');
    await must(street.atHome('alice', 'share', 'on'));
    await eventually(async () => (await row()).reports).toBe(2);
    await street.broker.end('SIGKILL');
    await street.startBroker();
    thaw('bill');
    await theSumIsRight();
  });

  it('when the coordinator is killed between collecting and opening', async () => {
    freeze('james');
    await openRound();
    await eventually(async () => (await row()).state).toBe('opening');
    await street.broker.end('SIGKILL');
    thaw('james');
    await street.startBroker();
    await theSumIsRight();
  });

  it('when an agent is killed while it waits for the hours to be over', { timeout: 120_000 }, async () => {
    // It is the end of the fourth slot.
    slotsAsked = 4;
    await openRound();
    const waits = () => eventually(() => standingOf('bob')).toBe('waiting');
    await waits();
    await killAgent('bob');
    await street.startAgent('bob');
    await waits();
    await street.driver.stepTo(epochMs(midnight + slotsAsked * slot));
    const from = new Date(midnight + (slotsAsked - 1) * slot).toISOString();
    const used: [string, string][] = [
      ['bob', '6'],
      ['alice', '2.5'],
      ['bill', '3.5'],
    ];
    const add = ['tensors', 'add', 'evening', '--tag', '#energy-consumption', '--unit', 'kWh', '--capacity', '3.68'];
    const enter = async ([home, kwh]: [string, string]) => {
      await must(street.atHome(home, ...add, '--step', '6h', '--from', from, kwh));
      await must(street.atHome(home, 'tensors', 'withdraw', 'total'));
      await must(street.atHome(home, 'tensors', 'publish', 'evening'));
    };
    await Promise.all(used.map(enter));
    // Until the reading after them would be there.
    await street.driver.stepTo(epochMs(midnight + slotsAsked * slot + hour / 4));
    await theSumIsRight();
  });
});

/** As contributor of the round. */
async function standingOf(home: string): Promise<string | undefined> {
  const { stdout } = await must(street.atHome(home, 'agent', 'status', '--json'));
  const { rounds } = JSON.parse(stdout) as { rounds: { round: string; contribution: string }[] };
  return rounds.find((one) => one.round === round)?.contribution;
}
