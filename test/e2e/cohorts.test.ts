/**
 * Two cohorts of one coordinator, at a real broker and over MQTT: half the homes of one say nothing, the other half
 * send rubbish as fast as the broker takes it. The cohort beside it gets its sums while that goes on; and the
 * first one its own, once its homes are themselves again.
 */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectAsync, type MqttClient } from 'mqtt';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { defaultPrefix as prefix } from '../../broker/protocol/default-prefix.ts';
import { Complaint, Report } from '../../broker/protocol/messages.ts';
import { topicOf } from '../../broker/protocol/topics.ts';
import { Grid } from '../../broker/sdk/grid.ts';
import { MqttStreet } from '../simulation/mqtt-street.ts';

const homes = 4;
const yesterday = (Math.floor(Date.now() / 86_400_000) - 1) * 86_400_000;
const errors: unknown[] = [];
/** So many of its messages under way at a time, of each liar. */
const atOnce = 100;

let folder = '';
let street: MqttStreet;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wattveil-cohorts-'));
  const plan = { folder, cohorts: ['quick', 'slow'], homes, rounds: { grace: '1s' } };
  street = await MqttStreet.open({ ...plan, onError: (error) => errors.push(error) });
});

afterAll(async () => {
  await street?.close();
  await rm(folder, { recursive: true });
});

const homesOf = (cohort: string) => street.homes.filter(({ id }) => id.startsWith(cohort));

/** What is sent in a home's name: no message at all, well-formed ones about nothing, and what is not for it to say. */
function rubbishOf(home: string, round: string): readonly { topic: string; payload: Buffer }[] {
  const hash = randomBytes(32);
  const report = Report.encode({ round: hash, salt: randomBytes(16), shares: randomBytes(400) });
  const complaint = Complaint.encode({ round: hash, set: randomBytes(32), contributor: 1 });
  const ofRound = { home, round };
  return [
    { topic: topicOf(prefix, 'report', ofRound), payload: Buffer.from(report) },
    { topic: topicOf(prefix, 'answer', ofRound), payload: randomBytes(300) },
    { topic: topicOf(prefix, 'complaint', ofRound), payload: Buffer.from(complaint) },
    { topic: topicOf(prefix, 'decline', ofRound), payload: Buffer.alloc(0) },
    {
      topic: topicOf(prefix, 'report', { home, round: randomBytes(16).toString('hex') }),
      payload: Buffer.from(report),
    },
    { topic: topicOf(prefix, 'catalogue', { home }), payload: randomBytes(200) },
    { topic: topicOf(prefix, 'agreementKey', { home }), payload: randomBytes(150) },
    { topic: topicOf(prefix, 'enrolmentRequest', { home }), payload: Buffer.from('{"v":1}') },
  ];
}

class Liar {
  /** Taken by the broker. */
  sent = 0;
  readonly #client: MqttClient;
  #on = true;
  readonly #ended: Promise<void>;

  constructor(client: MqttClient, rubbish: ReturnType<typeof rubbishOf>) {
    this.#client = client;
    this.#ended = this.#send(rubbish);
  }

  static async start(name: string, rubbish: ReturnType<typeof rubbishOf>): Promise<Liar> {
    return new Liar(await connectAsync(street.url, { clientId: name, reconnectPeriod: 0 }), rubbish);
  }

  async stop(): Promise<void> {
    this.#on = false;
    await this.#ended;
    await this.#client.endAsync();
  }

  async #send(rubbish: ReturnType<typeof rubbishOf>): Promise<void> {
    while (this.#on) {
      const some = Array.from({ length: atOnce }, (_, nth) => rubbish[nth % rubbish.length] as (typeof rubbish)[0]);
      await Promise.all(some.map(({ topic, payload }) => this.#client.publishAsync(topic, payload, { qos: 1 })));
      this.sent += some.length;
    }
  }
}

test('a cohort whose homes are silent or send rubbish delays no other one', async () => {
  const grid = new Grid(street.operator);
  const ask = (cohort: string) =>
    grid.round({ cohort, tags: ['#all'], from: yesterday, step: 'PT15M', slots: 1, minimum: 3 });
  const stateOfSlow = async () => (await street.operator.request({ type: 'rounds', cohort: 'slow' })).rounds[0];
  for (const home of homesOf('slow')) home.held.add('report');
  let slowEnded = false;
  const slow = ask('slow').finally(() => {
    slowEnded = true;
  });
  await expect.poll(stateOfSlow).toMatchObject({ state: 'collecting' });
  const { round = '' } = (await stateOfSlow()) ?? {};

  const liars = await Promise.all(
    homesOf('slow')
      .slice(2)
      .map(({ id }, nth) => Liar.start(`liar-${nth}`, rubbishOf(id, round))),
  );
  const sent = () => liars.map((liar) => liar.sent);
  const before = sent();
  // Two meters each, of which each reads the home's index.
  expect(await ask('quick')).toMatchObject({ contributors: homes, answers: homes, sum: [homes * (homes + 1)] });
  // It did not take its turn in a pause of theirs, and long before the deadline of the other, which goes on.
  await expect.poll(() => sent().every((count, nth) => count > (before[nth] ?? 0))).toBe(true);
  expect(slowEnded).toBe(false);
  expect(await stateOfSlow()).toMatchObject({ state: 'collecting', reports: 0 });
  for (const liar of liars) await liar.stop();
  await Promise.all(homesOf('slow').map((home) => home.release()));
  expect(await slow).toMatchObject({ contributors: homes, inconsistent: [], sum: [homes * (homes + 1)] });
  expect(errors).toEqual([]);
});
