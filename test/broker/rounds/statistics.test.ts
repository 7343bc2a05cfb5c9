/** Statistics that need many homes, through a real broker and coordinator in this process. */
import { afterEach, expect, test } from 'vitest';
import { resultText } from '../../../broker/cli/round-text.ts';
import type { OpenedResult } from '../../../broker/protocol/json-messages.ts';
import { quantileOf } from '../../../broker/sdk/connect.ts';
import { eventually } from '../eventually.ts';
import { Member } from '../member.ts';
import { RawOperator, startBroker, type TestBroker } from '../running-broker.ts';
import { cohort, noon, TestHome, temporaryFolder, tensor } from '../utility-kit.ts';

const hour = 3_600_000;
const tag = '#energy-consumption';
const slots = 2;
/** 0, 100, … 9900 Wh in the first slot; the same in the second. */
const values = Array.from({ length: 100 }, (_, at) => [at * 100, 500]);
const folder = temporaryFolder();
const homes: TestHome[] = [];
let broker: TestBroker;
let operator: RawOperator;

afterEach(async () => {
  await operator.close();
  await Promise.all(homes.map((home) => home.close()));
  await broker.close();
  folder.remove();
});

let ids = 0;
const ask = (request: object) => operator.ask(`q${ids++}`, { v: 1, ...request });

async function enrolAll(): Promise<void> {
  broker = await startBroker(folder.folder);
  operator = await RawOperator.connect(broker.port);
  homes.push(...(await Promise.all(values.map((_, at) => TestHome.connect(broker.port, `home-${at + 100}`)))));
  for (const home of homes) await home.ask();
  const known = async () => {
    const reply = await ask({ type: 'homes' });
    return reply.type === 'result' && reply.of === 'homes' ? reply.homes : [];
  };
  await eventually(async () => (await known()).length).toBe(homes.length);
  for (const { id } of homes) expect(await ask({ type: 'approve', home: id, cohort })).toMatchObject({ of: 'approve' });
  await eventually(() => homes.every(({ replies }) => replies.length > 0)).toBe(true);
  for (const [at, home] of homes.entries()) {
    await home.publishCatalogue(1, [tensor('main', tag)]);
    await new Member(home, values[at]).start();
  }
  await eventually(async () => (await known()).every(({ ready, online }) => ready && online)).toBe(true);
  expect(await ask({ type: 'roster', cohort })).toMatchObject({ leftOut: [] });
}

const open = async (more: { from: number; statistics: object }): Promise<OpenedResult> => {
  const question = { type: 'round', cohort, tags: [tag], step: 'PT1H', slots, limit: 160_000, ...more };
  const reply = await ask(question);
  if (reply.type !== 'result' || reply.of !== 'round' || reply.result.state !== 'opened') {
    throw new Error(JSON.stringify(reply));
  }
  return reply.result;
};

test('of a hundred homes a histogram opens, and a variance', { timeout: 60_000 }, async () => {
  await enrolAll();
  // Buckets of 1.5 kWh, in steps of 0.1 Wh.
  const spread = await open({
    from: noon - 24 * hour,
    statistics: { histogram: { start: 0, width: 15_000, buckets: 8 } },
  });
  expect(spread.sum).toEqual([495_000, 50_000]);
  const counts = [
    [15, 15, 15, 15, 15, 15, 10, 0],
    [100, 0, 0, 0, 0, 0, 0, 0],
  ];
  expect(spread.histogram).toEqual({ start: 0, width: 1500, counts });
  // Half of the homes do not exceed what lies in the fourth bucket.
  expect(resultText(spread)).toContain('4.5000 to 6.0000');
  expect(quantileOf(spread, 0, 0.5)).toEqual({ from: 4500, below: 6000 });

  const { mean, variance } = await open({ from: noon - 12 * hour, statistics: { variance: true } });
  expect(mean).toEqual([4950, 500]);
  // Of 0, 1, …, 99 it is (100² − 1) / 12.
  expect(variance).toEqual([8_332_500, 0]);
});
