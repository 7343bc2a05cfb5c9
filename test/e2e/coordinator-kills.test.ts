/**
 * The utility's process is killed in each state of a round, and with it all that its broker retained; the homes, on real
 * connections, keep what they have. Started again, it ends the round with the one right sum.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Grid } from '../../broker/sdk/grid.ts';
import { MqttStreet } from '../simulation/mqtt-street.ts';
import { standsAt } from '../simulation/stored-standing.ts';

/** Three of them may be missing, so that one is asked first. */
const homes = 15;
const quarterHour = 900_000;
const yesterday = (Math.floor(Date.now() / 86_400_000) - 1) * 86_400_000;
const errors: unknown[] = [];

let folder = '';
let street: MqttStreet;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wattveil-coordinator-kills-'));
  const rounds = { grace: '1500ms' };
  street = await MqttStreet.open({ folder, cohorts: ['feeder-7'], homes, rounds, onError: (e) => errors.push(e) });
});

afterAll(async () => {
  await street?.close();
  await rm(folder, { recursive: true });
});

/** What these homes do not send until the process is there again. */
interface Held {
  readonly topic: 'report' | 'answer';
  readonly homes: number;
}

test.each<{ state: string; held?: Held; spoils?: true }>([
  { state: 'no report is there', held: { topic: 'report', homes } },
  { state: 'reports come', held: { topic: 'report', homes: 5 } },
  { state: 'the first are asked', held: { topic: 'answer', homes } },
  { state: 'all are asked', held: { topic: 'answer', homes } },
  { state: 'answers come', held: { topic: 'answer', homes: 5 } },
  { state: 'all are asked for a second set', held: { topic: 'answer', homes }, spoils: true },
  { state: 'the round is over' },
])('killed where $state', async ({ state, held, spoils = false }) => {
  // Each test has a quarter of an hour of its own: that of a test before it is spent.
  const from = yesterday + quarterHour * statesSeen++;
  for (const home of street.homes.slice(0, held?.homes ?? 0)) home.held.add(held?.topic ?? 'report');
  spoiler().spoils = spoils;
  const grid = new Grid(street.operator);
  const outcome = grid.round({ cohort: 'feeder-7', tags: ['#all'], from, step: 'PT15M', slots: 1, minimum: 3 });
  await expect.poll(() => standsAt(street.databasePath, from), { timeout: 20_000, interval: 20 }).toBe(state);
  await street.kill();
  expect(standsAt(street.databasePath, from)).toBe(state);
  await street.restart();
  await Promise.all(street.homes.map((home) => home.release()));
  // Two meters each, of which each reads the home's index.
  const whole = { contributors: homes, sum: [homes * (homes + 1)] };
  const without = { contributors: homes - 1, sum: [homes * (homes + 1) - 2 * 3], disputed: [spoiler().id] };
  expect(await outcome).toMatchObject({ inconsistent: [], ...(spoils ? without : whole) });
  expect(errors).toEqual([]);
});

/** The third home of the roster, which may seal badly. */
const spoiler = () => street.homes[2] as (typeof street.homes)[0];
let statesSeen = 0;
