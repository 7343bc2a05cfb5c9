/** Processes are killed in the middle of a round, and started again: the round completes with the one right sum. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RoundRow } from '../../broker/protocol/operator.ts';
import { cohort, day } from '../../scripts/story/people.ts';
import { must, openReadyStreet } from '../../scripts/story/ready.ts';
import type { Street } from '../../scripts/story/street.ts';

const meanKwh = [33.7 / 3, 38 / 3, 55.5 / 3, 34.2 / 3];
const openWords = ['rounds', 'open', cohort, '#energy-consumption', '--day', day, '--step', '6h', '--minimum', '3'];

let folder = '';
let street: Street;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wattveil-kills-'));
  street = await openReadyStreet(folder);
}, 120_000);

afterEach(async () => {
  await street?.close();
  await rm(folder, { recursive: true });
});

async function row(): Promise<RoundRow> {
  const { stdout } = await must(street.atUtility('rounds', 'list', '--json'));
  const [first] = (JSON.parse(stdout) as { rounds: RoundRow[] }).rounds;
  if (first === undefined) throw new Error('there is no round');
  return first;
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

async function theSumIsRight(): Promise<void> {
  await eventually(async () => (await row()).state).toBe('opened');
  const { stdout } = await must(street.atUtility('rounds', 'show', (await row()).round, '--json'));
  const { result } = JSON.parse(stdout) as { result: { mean: number[]; contributors: number } };
  expect(result.contributors).toBe(3);
  for (const [slot, mean] of result.mean.entries()) expect(mean / 1000).toBeCloseTo(meanKwh[slot] ?? Number.NaN, 6);
  await eachHomeReportedOnce();
}

async function eachHomeReportedOnce(): Promise<void> {
  for (const home of ['bob', 'alice', 'bill']) {
    const { stdout } = await must(street.atHome(home, 'ledger', '--json'));
    const kinds = (JSON.parse(stdout) as { kind: string }[]).map(({ kind }) => kind);
    expect(kinds.filter((kind) => kind === 'released')).toHaveLength(1);
    expect(kinds.filter((kind) => kind === 'answered')).toHaveLength(1);
  }
}

describe('a round completes', () => {
  it('when an agent is killed after its report', async () => {
    freeze('bill');
    await must(street.atUtility(...openWords));
    await eventually(async () => (await row()).reports).toBe(2);
    await killAgent('bob');
    await street.startAgent('bob');
    thaw('bill');
    await theSumIsRight();
  });

  it('when an agent is killed while its answer is awaited', async () => {
    freeze('james');
    await must(street.atUtility(...openWords));
    await eventually(async () => (await row()).answers).toBe(3);
    await killAgent('alice');
    await killAgent('james');
    await street.startAgent('james');
    await street.startAgent('alice');
    await theSumIsRight();
  });

  it('when the coordinator is killed while it collects', async () => {
    freeze('bill');
    await must(street.atUtility(...openWords));
    await eventually(async () => (await row()).reports).toBe(2);
    await street.broker.end('SIGKILL');
    await street.startBroker();
    thaw('bill');
    await theSumIsRight();
  });

  it('when the coordinator is killed between collecting and opening', async () => {
    freeze('james');
    await must(street.atUtility(...openWords));
    await eventually(async () => (await row()).state).toBe('opening');
    await street.broker.end('SIGKILL');
    thaw('james');
    await street.startBroker();
    await theSumIsRight();
  });
});
