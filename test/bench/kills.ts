/**
 * The utility's process is killed at a random instant of a round, 200 times, and started again: each round ends with the
 * one right sum. What the broker retained is gone with it, too.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { GridError, Refusal } from '../../broker/sdk/errors.ts';
import { Grid, type RoundOutcome } from '../../broker/sdk/grid.ts';
import { MqttStreet } from '../simulation/mqtt-street.ts';
import { standsAt } from '../simulation/stored-standing.ts';
import { atLeast, type Figure } from './figure.ts';

const kills = 200;
/** Three of them may be missing, one is asked first. */
const homes = 15;
const quarterHour = 900_000;
const longestMs = 20 * 60_000;

export async function measure(): Promise<readonly Figure[]> {
  const folder = await mkdtemp(join(tmpdir(), 'wattveil-kills-'));
  const rounds = { grace: '1s' };
  const onError = (error: unknown) => console.error(error);
  const street = await MqttStreet.open({ folder, cohorts: ['feeder-7'], homes, rounds, onError });
  try {
    return await killOften(street);
  } finally {
    await street.close();
    await rm(folder, { recursive: true });
  }
}

async function killOften(street: MqttStreet): Promise<readonly Figure[]> {
  const grid = new Grid(street.operator);
  const lastsMs = await undisturbed(grid);
  const killedWhile = new Map<string, number>();
  const started = performance.now();
  let right = 0;
  let done = 0;
  // Bounded; rounds that were not reached do not count as right.
  for (; done < kills && performance.now() - started < longestMs; done += 1) {
    const outcome = ask(grid, done + 10);
    await wait(Math.random() * 1.2 * lastsMs);
    await street.kill();
    const state = standsAt(street.databasePath, fromOf(done + 10));
    killedWhile.set(state, (killedWhile.get(state) ?? 0) + 1);
    await street.restart();
    if (isRight(await outcome)) right += 1;
  }
  const seconds = (performance.now() - started) / 1000;
  return [
    {
      name: `the coordinator killed ${kills} times: rounds that end right`,
      value: right,
      unit: '',
      goal: atLeast(kills),
    },
    ...[...killedWhile].map(([state, count]) => ({ name: `killed while ${state}`, value: count, unit: 'times' })),
    { name: 'from one kill to the next', value: seconds / done, unit: 's' },
  ];
}

/** How long a round lasts that nobody disturbs, once the processes are warm. */
async function undisturbed(grid: Grid): Promise<number> {
  let ms = 0;
  for (let slot = 0; slot < 3; slot += 1) {
    const started = performance.now();
    await ask(grid, slot);
    ms = performance.now() - started;
  }
  return ms;
}

/**
 * Each round about another quarter of an hour. A request that never was stored is refused until the homes are back, and
 * one that is made while nobody listens is made again.
 */
async function ask(grid: Grid, slot: number): Promise<RoundOutcome> {
  const question = { cohort: 'feeder-7', tags: ['#all'], step: 'PT15M', slots: 1, minimum: 3 };
  for (;;) {
    try {
      return await grid.round({ ...question, from: fromOf(slot) });
    } catch (error) {
      const early = error instanceof Refusal && error.code.startsWith('ROUND_TOO_FEW_');
      const away = error instanceof GridError && error.code === 'BROKER_AWAY';
      if (!early && !away) throw error;
      await wait(100);
    }
  }
}

function fromOf(slot: number): number {
  const today = Math.floor(Date.now() / 86_400_000) * 86_400_000;
  return today - 3 * 86_400_000 + slot * quarterHour;
}

/** Two meters each, of which each reads the home's index. */
function isRight({ sum, contributors }: RoundOutcome): boolean {
  return contributors === homes && sum.length === 1 && sum[0] === homes * (homes + 1);
}
