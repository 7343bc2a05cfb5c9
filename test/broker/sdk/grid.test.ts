import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startMqttServer } from '../../../broker/mqtt/mqtt-server.ts';
import { CodedError } from '../../../broker/protocol/errors.ts';
import type { FailedResult, OpenedResult } from '../../../broker/protocol/json-messages.ts';
import type { RoundRow } from '../../../broker/protocol/operator.ts';
import { connect } from '../../../broker/sdk/connect.ts';
import type { Grid } from '../../../broker/sdk/grid.ts';
import { OperatorLink } from '../../../broker/sdk/operator-link.ts';
import { silentLog } from '../silent-log.ts';
import { ScriptedCoordinator } from './scripted-coordinator.ts';

const midnight = Date.parse('2026-11-23T00:00:00Z');
const hour = 3_600_000;
const round = 'ab'.repeat(16);
const grid = { from: midnight, step: 6 * hour, slots: 4 };
const query = { tags: ['#energy-consumption'], quantity: 'energyImport', unit: 'Wh' };
const question = { cohort: 'oak-street', tags: query.tags, from: new Date(midnight), step: 'PT6H', slots: 4 };

const row: RoundRow = {
  round,
  cohort: 'oak-street',
  state: 'collecting',
  query,
  ...grid,
  openedAt: midnight + 30 * hour,
  deadline: midnight + 31 * hour,
  expiry: midnight + 54 * hour,
  minimum: 3,
  members: 4,
  reports: 0,
  statistics: {},
  declined: {},
  answers: 0,
  needed: 4,
};
const ofRound = {
  v: 1,
  type: 'result',
  cohort: 'oak-street',
  round,
  hash: 'cd'.repeat(32),
  query,
  grid,
  members: 4,
  signature: 'A'.repeat(86),
} as const;
const opened: OpenedResult = {
  ...ofRound,
  state: 'opened',
  set: 'ef'.repeat(32),
  contributors: 3,
  answers: 4,
  needed: 4,
  checked: false,
  inconsistent: [],
  sum: [33_700, 38_000, 55_500, 34_200],
  mean: [33_700 / 3, 38_000 / 3, 18_500, 11_400],
};
const failed: FailedResult = { ...ofRound, state: 'failed', reason: 'too-few-answers', missing: ['james'] };
const fridge = {
  id: 'fridge',
  tags: ['#energy-consumption', '#fridge'],
  description: 'Fridge in the kitchen',
  quantity: 'energyImport',
  unit: 'Wh',
  dtype: 'float64',
  shape: [5760],
  from: midnight,
  until: midnight + 24 * hour,
  capacity: [3680, 0],
} as const;

let coordinator: ScriptedCoordinator;
let opens: (Grid | OperatorLink)[];
beforeEach(async () => {
  opens = [];
  coordinator = await new ScriptedCoordinator().start();
});
afterEach(async () => {
  for (const open of opens) await open.close();
  await coordinator.stop();
});

async function gridOf(timeoutMs = 5000): Promise<Grid> {
  const connected = await connect(coordinator.url, { timeoutMs });
  opens.push(connected);
  return connected;
}

describe('searching', () => {
  beforeEach(() => {
    coordinator.script = ({ body }, reply) =>
      body.type === 'search'
        ? reply({
            type: 'result',
            of: 'search',
            matched: 1,
            offline: 0,
            homes: [
              { home: 'bob', cohort: 'oak-street', online: true, tensors: [fridge] },
              { home: 'james', cohort: 'oak-street', online: true, tensors: [] },
            ],
          })
        : reply({
            type: 'error',
            code: 'VALUES_STAY_HOME',
            says: 'the values of fridge stay with bob',
            remedy: 'Open a round over its tags.',
          });
  });

  test('gives pointers per home, none for a home without a match', async () => {
    const found = await (await gridOf()).search('#energy-consumption', '#fridge');
    expect(coordinator.asked[0]?.body).toEqual({ v: 1, type: 'search', tags: ['#energy-consumption', '#fridge'] });
    expect([...found.keys()]).toEqual(['bob', 'james']);
    expect(found.get('james')).toEqual([]);
    expect(found.get('bob')?.[0]).toMatchObject({
      home: 'bob',
      cohort: 'oak-street',
      id: 'fridge',
      tags: ['#energy-consumption', '#fridge'],
      description: 'Fridge in the kitchen',
      unit: 'Wh',
      shape: [5760],
    });
  });

  test('a pointer asked for its values is refused, with what to do instead', async () => {
    const [pointer] = (await (await gridOf()).search('#fridge')).get('bob') ?? [];
    await expect(pointer?.get()).rejects.toMatchObject({
      code: 'VALUES_STAY_HOME',
      message: 'the values of fridge stay with bob',
      remedy: 'Open a round over its tags.',
    });
    expect(coordinator.asked[1]?.body).toEqual({ v: 1, type: 'values', home: 'bob', tensor: 'fridge' });
  });
});

describe('a round', () => {
  test('resolves to mean, sum and contributors, and tells how it goes on', async () => {
    coordinator.script = async (_, reply) => {
      await reply({ type: 'accepted', round, row });
      await reply({ type: 'progress', row: { ...row, reports: 1 } });
      await reply({ type: 'result', of: 'round', result: opened });
    };
    const rows: RoundRow[] = [];
    const outcome = await (await gridOf()).round({ ...question, onProgress: (each) => rows.push(each) });
    expect(coordinator.asked[0]?.body).toEqual({ ...question, v: 1, type: 'round', from: midnight });
    expect(outcome).toMatchObject({ sum: opened.sum, mean: opened.mean, contributors: 3, members: 4, query, grid });
    expect(rows.map((each) => each.reports)).toEqual([0, 1]);
  });

  test('that fails rejects with the reason and what to do', async () => {
    coordinator.script = (_, reply) => reply({ type: 'result', of: 'round', result: failed });
    await expect((await gridOf()).round(question)).rejects.toMatchObject({
      code: 'ROUND_FAILED',
      message: expect.stringContaining('fewer members answered') as unknown,
      remedy: expect.stringContaining('missing') as unknown,
      result: { missing: ['james'] },
    });
  });

  test('that is refused rejects with the coordinator’s code, remedy and time to try again', async () => {
    const error = { code: 'ROUND_GRID_AHEAD', says: 'the slots begin later', remedy: 'Wait.', retryAt: midnight };
    coordinator.script = (_, reply) => reply({ type: 'error', ...error });
    await expect((await gridOf()).round(question)).rejects.toMatchObject({
      code: 'ROUND_GRID_AHEAD',
      message: 'the slots begin later',
      remedy: 'Wait.',
      retryAt: midnight,
    });
  });

  test('takes longer than the time-out once it was accepted', async () => {
    coordinator.script = async (_, reply) => {
      await reply({ type: 'accepted', round, row });
      await new Promise((resolve) => setTimeout(resolve, 400));
      await reply({ type: 'result', of: 'round', result: opened });
    };
    expect(await (await gridOf(200)).round(question)).toMatchObject({ contributors: 3 });
  });

  test('goes on under the same id when the connection is lost meanwhile', async () => {
    coordinator.script = async (_, reply) => {
      await reply({ type: 'accepted', round, row });
      if (coordinator.asked.length === 1) coordinator.cut();
      else await reply({ type: 'result', of: 'round', result: opened });
    };
    expect(await (await gridOf()).round(question)).toMatchObject({ contributors: 3 });
    const [first, again] = coordinator.asked;
    expect(again).toEqual(first);
  });

  test('is asked again on the same connection until somebody has heard it, and then no more', async () => {
    coordinator.script = async (_, reply) => {
      // As when the broker is there before its coordinator listens.
      if (coordinator.asked.length === 1) return;
      await reply({ type: 'accepted', round, row });
      await new Promise((resolve) => setTimeout(resolve, 2500));
      await reply({ type: 'result', of: 'round', result: opened });
    };
    expect(await (await gridOf(20_000)).round(question)).toMatchObject({ contributors: 3 });
    const [first, ...again] = coordinator.asked;
    expect(again).toEqual([first]);
  });

  test('goes on when the broker was away for a while', async () => {
    coordinator.script = (_, reply) => reply({ type: 'accepted', round, row });
    const grid = await gridOf();
    let accept: () => void = () => undefined;
    const accepted = new Promise<void>((resolve) => {
      accept = resolve;
    });
    const outcome = grid.round({ ...question, onProgress: accept });
    await accepted;
    await coordinator.stop();
    coordinator.script = (_, reply) => reply({ type: 'result', of: 'round', result: opened });
    await coordinator.start();
    expect(await outcome).toMatchObject({ contributors: 3 });
  });
});

describe('what goes wrong on the way', () => {
  test('no broker: BROKER_AWAY, with what to do', async () => {
    const { url } = coordinator;
    await coordinator.stop();
    await expect(connect(url)).rejects.toMatchObject({
      code: 'BROKER_AWAY',
      message: expect.stringContaining('ECONNREFUSED') as unknown,
      remedy: expect.stringContaining('wattveil broker run') as unknown,
    });
    await coordinator.start();
  });

  test.each(['127.0.0.1:1883', 'http://127.0.0.1', 'mqtt://', '', 'broker'])('no address: %j', async (url) => {
    await expect(connect(url)).rejects.toMatchObject({ code: 'BROKER_URL_INVALID' });
  });

  test('a coordinator that does not answer: COORDINATOR_SILENT after the time-out', async () => {
    await expect((await gridOf(150)).search('#fridge')).rejects.toMatchObject({
      code: 'COORDINATOR_SILENT',
      message: expect.stringContaining('within 150 ms') as unknown,
      remedy: expect.stringContaining('wattveil/v1') as unknown,
    });
  });

  test.each([
    ['no JSON', 'not JSON'],
    ['{"v":2}', 'invalid_union at type'],
    ['{"v":1,"request":"x","type":"progress"}', 'invalid_type at row'],
  ])('a reply that is none: %s', async (payload, why) => {
    coordinator.script = ({ id }) => coordinator.send(id, payload);
    await expect((await gridOf()).search('#fridge')).rejects.toMatchObject({
      code: 'REPLY_MALFORMED',
      message: expect.stringContaining(why) as unknown,
    });
  });

  test('a reply about something else', async () => {
    coordinator.script = (_, reply) => reply({ type: 'result', of: 'rounds', rounds: [] });
    await expect((await gridOf()).search('#fridge')).rejects.toMatchObject({ code: 'REPLY_MALFORMED' });
  });

  test('closed by the program: what is unanswered rejects, and nothing more is asked', async () => {
    const grid = await connect(coordinator.url);
    const searching = grid.search('#fridge');
    const refused = expect(searching).rejects.toMatchObject({ code: 'GRID_CLOSED' });
    await grid.close();
    await refused;
    await expect(grid.search('#fridge')).rejects.toMatchObject({ code: 'GRID_CLOSED' });
    await grid.close();
  });

  test('another prefix', async () => {
    const other = await new ScriptedCoordinator('south/wattveil').start();
    try {
      other.script = (_, reply) => reply({ type: 'result', of: 'rounds', rounds: [row] });
      const link = await OperatorLink.open(other.url, { prefix: 'south/wattveil' });
      opens.push(link);
      expect((await link.request({ type: 'rounds', cohort: 'oak-street' })).rounds).toEqual([row]);
    } finally {
      await other.stop();
    }
  });

  test('another prefix than the broker’s: it cuts the connection, and the error names the prefix', async () => {
    const listen = { host: '127.0.0.1', port: 0, insecure: false };
    const server = await startMqttServer({ listen, prefix: 'wattveil/v1', log: silentLog });
    try {
      const link = await OperatorLink.open(`mqtt://127.0.0.1:${server.port}`, { prefix: 'north', timeoutMs: 1500 });
      opens.push(link);
      const error: unknown = await link.request({ type: 'rounds' }).catch((reason: unknown) => reason);
      if (!(error instanceof CodedError)) throw error;
      // Cut off again and again, it is between two connections at the time-out, or just in one.
      expect(['BROKER_AWAY', 'COORDINATOR_SILENT']).toContain(error.code);
      expect(`${error.message} ${error.remedy}`).toContain('north');
    } finally {
      await server.close();
    }
  });

  test('many requests at once, each with its own reply', async () => {
    coordinator.script = ({ body }, reply) =>
      reply({ type: 'error', code: 'X', says: String(body.tensor), remedy: '' });
    const link = await OperatorLink.open(coordinator.url);
    opens.push(link);
    const asked = Array.from({ length: 50 }, (_, at) =>
      link.request({ type: 'values', home: 'bob', tensor: `t-${at}` }),
    );
    const said = await Promise.all(asked.map((each) => each.catch((error: Error) => error.message)));
    expect(said).toEqual(asked.map((_, at) => `t-${at}`));
  });
});
