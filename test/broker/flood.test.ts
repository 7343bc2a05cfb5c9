/** Thousands of messages of garbage a second at a real broker, while the homes of a cohort are in a round. */
import { randomBytes } from 'node:crypto';
import { connectAsync, type MqttClient } from 'mqtt';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { topicOf } from '../../broker/protocol/topics.ts';
import { eventually } from './eventually.ts';
import { Member } from './member.ts';
import { RawOperator, startBroker, type TestBroker } from './running-broker.ts';
import { cohort, noon, prefix, TestHome, temporaryFolder, tensor } from './utility-kit.ts';

const tag = '#energy-consumption';
const street = { ann: [1000, 0], bea: [200, 0], cid: [30, 0], dan: [4, 0] };
const ids = Object.keys(street);
const messages = 10_000;

let folder: ReturnType<typeof temporaryFolder>;
let broker: TestBroker;
let operator: RawOperator;
let mallory: MqttClient;
const homes: TestHome[] = [];

beforeEach(async () => {
  folder = temporaryFolder();
  broker = await startBroker(folder.folder);
  operator = await RawOperator.connect(broker.port);
  mallory = await connectAsync(`mqtt://127.0.0.1:${broker.port}`, { clientId: 'mallory', reconnectPeriod: 0 }, false);
  mallory.on('error', () => undefined);
});
afterEach(async () => {
  await mallory.endAsync(true);
  for (const home of homes) await home.close();
  await operator.close();
  await broker.close();
  folder.remove();
});

/** An id is one request: what failed once under it stays so. */
let asked = 0;
const ask = (request: object, id?: string) => {
  asked += 1;
  return operator.ask(id ?? `q${asked}`, { v: 1, ...request });
};

async function enrol(id: string, wattHours: readonly number[]): Promise<void> {
  const home = await TestHome.connect(broker.port, id);
  homes.push(home);
  await home.ask();
  await eventually(async () => (await ask({ type: 'approve', home: id, cohort })).type).toBe('result');
  await eventually(() => home.replies.length).toBe(1);
  await home.publishCatalogue(1, [tensor('main', tag)]);
  await new Member(home, wattHours).start();
}

/** Nothing that is said here is a message, or of a home that is known; the topics are those of the round itself, too. */
function topicFor(nth: number): string {
  const accepted = operator.of('r').find((reply) => reply.type === 'accepted');
  const round = accepted?.type === 'accepted' && nth % 3 > 0 ? accepted.round : randomBytes(16).toString('hex');
  const home = nth % 2 === 0 ? 'mallory' : (ids[nth % ids.length] ?? 'mallory');
  const names = ['report', 'answer', 'complaint', 'decline'] as const;
  if (nth % 50 === 0) return topicOf(prefix, 'enrolmentRequest', { home: 'mallory' });
  return topicOf(prefix, names[nth % names.length] ?? 'report', { home, round });
}

async function flood(): Promise<number> {
  const started = performance.now();
  for (let nth = 0; nth < messages; nth += 1) {
    mallory.publish(topicFor(nth), randomBytes(nth % 400), { qos: 0 });
    if (nth % 500 === 499) await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return performance.now() - started;
}

test('ten thousand messages of garbage, as fast as they go: the round ends right', { timeout: 60_000 }, async () => {
  for (const [id, wattHours] of Object.entries(street)) await enrol(id, wattHours);
  await eventually(async () => (await ask({ type: 'roster', cohort })) as object).toMatchObject({
    homes: ids,
  });
  const grid = { from: noon - 12 * 3_600_000, step: 'PT6H', slots: 2 };
  const [reply] = await Promise.all([ask({ type: 'round', cohort, tags: [tag], minimum: 3, ...grid }, 'r'), flood()]);
  expect(reply).toMatchObject({ result: { state: 'opened', contributors: 4, answers: 4, sum: [1234, 0] } });
  expect(reply).not.toMatchObject({ result: { fault: expect.anything() } });
  // Whoever asks next is answered: nothing is still being worked off, and nothing has ended.
  expect(await ask({ type: 'rounds' })).toMatchObject({ rounds: [{ state: 'opened' }] });
  expect(broker.lines.filter((line) => line.includes('"level":50'))).toEqual([]);
});
