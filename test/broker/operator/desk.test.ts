import { connectAsync } from 'mqtt';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { epochMs, SteppedClock } from '../../../broker/protocol/clock.ts';
import { fromHex } from '../../../broker/protocol/hex.ts';
import { Result, Tariff } from '../../../broker/protocol/json-messages.ts';
import type { OperatorReply } from '../../../broker/protocol/operator.ts';
import { readSignedJson } from '../../../broker/protocol/signed-json.ts';
import { topicOf } from '../../../broker/protocol/topics.ts';
import { eventually } from '../eventually.ts';
import { Member } from '../member.ts';
import { RawOperator, startBroker, type TestBroker } from '../running-broker.ts';
import { cohort, noon, prefix, TestHome, temporaryFolder, tensor } from '../utility-kit.ts';

const hour = 3_600_000;
/** The grid of the story: four slots of six hours, over at noon. */
const grid = { from: noon - 24 * hour, step: 'PT6H', slots: 4 };
const tag = '#energy-consumption';
/** Sums of the homes of the story, Wh per slot. */
const story: Record<string, readonly number[] | undefined> = {
  alice: [6500, 9100, 19900, 11400],
  bill: [11700, 11800, 17700, 8400],
  bob: [15500, 17100, 17900, 14400],
  james: undefined,
};

let folder: ReturnType<typeof temporaryFolder>;
let broker: TestBroker;
let operator: RawOperator;
let homes: TestHome[];
let members: Member[];

beforeEach(async () => {
  folder = temporaryFolder();
  broker = await startBroker(folder.folder);
  operator = await RawOperator.connect(broker.port);
  homes = [];
  members = [];
});
afterEach(async () => {
  await operator.close();
  for (const home of homes) await home.close();
  await broker.close();
  folder.remove();
});

let number = 0;
const ask = (payload: string | object, id = `q${number++}`) =>
  operator.ask(id, typeof payload === 'string' ? payload : { v: 1, ...payload });

/** All four enrolled, with catalogues and keys; James has nothing to sum. */
async function enrolStreet(): Promise<void> {
  for (const [id, wattHours] of Object.entries(story)) {
    const home = await TestHome.connect(broker.port, id);
    homes.push(home);
    await home.ask();
    await eventually(async () => ((await ask({ type: 'homes' })) as { homes: unknown[] }).homes.length).toBe(
      homes.length,
    );
    expect(await ask({ type: 'approve', home: id, cohort })).toMatchObject({
      of: 'approve',
      home: { state: 'approved' },
    });
    await eventually(() => home.replies.length).toBe(1);
    await home.publishCatalogue(1, wattHours === undefined ? [] : [tensor('main', tag, '#main')]);
    const member = new Member(home, wattHours);
    members.push(member);
    await member.start();
  }
  await eventually(async () => {
    const reply = await ask({ type: 'homes' });
    return reply.type === 'result' && reply.of === 'homes' && reply.homes.every(({ ready, online }) => ready && online);
  }).toBe(true);
  expect(await ask({ type: 'roster', cohort })).toMatchObject({ of: 'roster', homes: Object.keys(story) });
}

const roundRequest = { v: 1, type: 'round', cohort, tags: [tag], minimum: 3, ...grid };
const openedRound = async (id = 'r1') => {
  const reply = await operator.ask(id, roundRequest);
  if (reply.type !== 'result' || reply.of !== 'round') throw new Error(JSON.stringify(reply));
  return reply.result;
};

describe('what is wrong with a request is said, with what to do', () => {
  test.each([
    ['is not JSON', 'hello', 'REQUEST_NOT_JSON', 'not JSON'],
    ['is a JSON array', '[]', 'REQUEST_NOT_JSON', 'no object'],
    ['is empty', '', 'REQUEST_NOT_JSON', 'not JSON'],
    ['nests a million deep', '['.repeat(200_000), 'REQUEST_NOT_JSON', 'not JSON'],
    ['has no type', { v: 1 }, 'REQUEST_MALFORMED', 'type is missing'],
    ['has a misspelt type', { v: 1, type: 'serach' }, 'REQUEST_MALFORMED', 'did you mean search?'],
    ['is of another version', { v: 2, type: 'homes' }, 'REQUEST_MALFORMED', 'v is not valid'],
    ['has no version', '{"type":"homes"}', 'REQUEST_MALFORMED', 'v is missing'],
    [
      'has a misspelt field',
      { v: 1, type: 'homes', cohrot: 'x' },
      'REQUEST_MALFORMED',
      'no field cohrot; did you mean cohort?',
    ],
    [
      'has a tag without #',
      { v: 1, type: 'search', tags: ['fridge'] },
      'REQUEST_MALFORMED',
      'tags.0 takes 1 to 16 tags',
    ],
    ['has no tags', { v: 1, type: 'search' }, 'REQUEST_MALFORMED', 'tags is missing'],
    ['has a step that is none', { ...roundRequest, step: '6 hours' }, 'REQUEST_MALFORMED', 'step takes a duration'],
    ['has a start that is none', { ...roundRequest, from: 'yesterday' }, 'REQUEST_MALFORMED', 'from takes an instant'],
    ['asks for a cohort nobody is in', { v: 1, type: 'roster', cohort: 'feeder-8' }, 'COHORT_UNKNOWN', 'feeder-8'],
    ['approves who has not asked', { v: 1, type: 'approve', home: 'bob', cohort }, 'HOME_UNKNOWN', 'bob'],
    [
      'asks for values',
      { v: 1, type: 'values', home: 'bob', tensor: 'fridge' },
      'VALUES_STAY_HOME',
      'fridge stay with bob',
    ],
    [
      'adds a schedule for nobody',
      { v: 1, type: 'schedule-add', schedule: 'a', cohort, tags: [tag], zone: 'Europe/Berlin', timesPerDay: 4 },
      'COHORT_UNKNOWN',
      cohort,
    ],
    [
      'adds a schedule seven times a day',
      { v: 1, type: 'schedule-add', schedule: 'a', cohort, tags: [tag], zone: 'Europe/Berlin', timesPerDay: 7 },
      'REQUEST_MALFORMED',
      'timesPerDay is no number of equal slots',
    ],
    ['pauses a schedule that is not there', { v: 1, type: 'schedule-pause', schedule: 'a' }, 'SCHEDULE_UNKNOWN', 'a'],
    ['removes a schedule that is not there', { v: 1, type: 'schedule-remove', schedule: 'a' }, 'SCHEDULE_UNKNOWN', 'a'],
    ['watches a round that is not there', { v: 1, type: 'round-watch', round: 'ab'.repeat(16) }, 'ROUND_UNKNOWN', 'ab'],
    ['stops a round that is not there', { v: 1, type: 'round-stop', round: 'ab'.repeat(16) }, 'ROUND_UNKNOWN', 'ab'],
    ['shows a round that is not there', { v: 1, type: 'round-show', round: 'ab'.repeat(16) }, 'ROUND_UNKNOWN', 'abab'],
    [
      'sets a tariff from a round that is not there',
      { v: 1, type: 'tariff', round: 'ab'.repeat(16), formula: 'mean' },
      'ROUND_UNKNOWN',
      'abab',
    ],
  ])('one that %s', async (_, payload, code, says) => {
    const reply = await ask(payload);
    expect(reply).toMatchObject({ type: 'error', code, says: expect.stringContaining(says) });
    expect((reply as Extract<OperatorReply, { type: 'error' }>).remedy.length).toBeGreaterThan(10);
    // The process goes on.
    expect(await ask({ type: 'rounds' })).toMatchObject({ of: 'rounds', rounds: [] });
  });

  test('one whose id is none is answered where it looks for its reply', async () => {
    await operator.send('a.b', { v: 1, type: 'homes' });
    await eventually(() => operator.of('-')).toMatchObject([{ type: 'error', code: 'REQUEST_ID_INVALID' }]);
  });

  test('of rounds that cannot be', { timeout: 60_000 }, async () => {
    await enrolStreet();
    const table: [object, string, string][] = [
      [{ tags: ['#energy-consumtion'] }, 'TAG_UNKNOWN', 'did you mean #energy-consumption?'],
      [{ tags: [tag, '#pool'] }, 'TAG_UNKNOWN', '#pool'],
      [{ cohort: 'feeder-77' }, 'COHORT_UNKNOWN', 'did you mean feeder-7?'],
      [{ from: noon + 30 * 24 * hour }, 'ROUND_GRID_AHEAD', 'slots'],
      [{ step: 'PT5M' }, 'ROUND_SLOT_TOO_SHORT', '15 minutes'],
      [{ minimum: 4 }, 'ROUND_TOO_FEW_MATCH', '3 homes'],
      [{ unit: 'kWh' }, 'ROUND_QUANTITY_UNKNOWN', 'kWh'],
    ];
    for (const [change, code, says] of table) {
      const reply = await ask({ ...roundRequest, ...change });
      expect(reply).toMatchObject({ type: 'error', code, says: expect.stringContaining(says) });
    }
    expect(await ask({ type: 'rounds' })).toMatchObject({ rounds: [] });
  });
});

describe('search', () => {
  test('all tags must match, also when the first has no hit', { timeout: 60_000 }, async () => {
    await enrolStreet();
    const bob = homes.find(({ id }) => id === 'bob');
    await bob?.publishCatalogue(2, [tensor('fridge', tag, '#fridge'), tensor('bulb', tag, '#light-bulb')]);
    const found = async (...tags: string[]) => {
      const reply = await ask({ type: 'search', tags });
      if (reply.type !== 'result' || reply.of !== 'search') throw new Error(JSON.stringify(reply));
      const pointers = reply.homes.flatMap(({ home, tensors }) => tensors.map(({ id }) => `${home}/${id}`));
      return { matched: reply.matched, offline: reply.offline, homes: reply.homes.length, pointers };
    };
    await eventually(() => found('#fridge')).toEqual({ matched: 1, offline: 0, homes: 4, pointers: ['bob/fridge'] });
    expect(await found(tag)).toEqual({
      matched: 3,
      offline: 0,
      homes: 4,
      pointers: ['alice/main', 'bill/main', 'bob/fridge', 'bob/bulb'],
    });
    expect(await found('#fridge', tag)).toMatchObject({ pointers: ['bob/fridge'] });
    expect(await found('#fridge', '#light-bulb')).toMatchObject({ matched: 0, pointers: [] });
    expect(await found('#no-such-tag', tag)).toEqual({ matched: 0, offline: 0, homes: 4, pointers: [] });
    bob?.mqtt.stream.destroy();
    await eventually(() => found(tag)).toMatchObject({ matched: 3, offline: 1 });
  });
});

describe('from a round to a tariff', () => {
  test('with nothing but JSON over MQTT', { timeout: 60_000 }, async () => {
    await enrolStreet();
    const result = await openedRound();
    expect(result).toMatchObject({ state: 'opened', contributors: 3, members: 4 });
    if (result.state !== 'opened') throw new Error(result.reason);
    expect(result.sum).toEqual([33700, 38000, 55500, 34200]);
    const replies = operator.of('r1').map(({ type }) => type);
    expect(replies[0]).toBe('accepted');
    expect(replies.at(-1)).toBe('result');
    expect(replies.includes('progress')).toBe(true);

    const reply = await operator.ask('t1', { v: 1, type: 'tariff', round: result.round, formula: '0.5*mean+5' });
    if (reply.type !== 'result' || reply.of !== 'tariff') throw new Error(JSON.stringify(reply));
    expect(reply.centsPerKwh).toEqual([10.6167, 11.3333, 14.25, 10.7]);
    expect(reply.tariff.until).toBe(noon + 24 * hour);
    const { event } = reply.tariff;
    expect(event.intervals.map(({ payloads }) => payloads[0]?.values[0])).toEqual([0.106167, 0.113333, 0.1425, 0.107]);
    expect(event).toMatchObject({
      objectType: 'EVENT',
      targets: [cohort],
      payloadDescriptors: [{ payloadType: 'PRICE', units: 'KWH', currency: 'EUR' }],
      intervalPeriod: { start: new Date(noon).toISOString(), duration: 'PT6H' },
    });

    // Retained and signed by the key the homes have pinned.
    const pinned = homes[0]?.replies[0];
    if (pinned?.state !== 'approved') throw new Error('not enrolled');
    const coordinator = fromHex(pinned.coordinator);
    const tariffTopic = topicOf(prefix, 'tariff', { cohort });
    const text = await retained(tariffTopic);
    expect(readSignedJson(Tariff, 'tariff', coordinator, text, 'the coordinator')).toEqual(reply.tariff);
    const resultTopic = topicOf(prefix, 'result', { cohort, round: result.round });
    expect(readSignedJson(Result, 'result', coordinator, await retained(resultTopic), 'the coordinator')).toEqual(
      result,
    );

    // A later one has a higher sequence.
    const second = await operator.ask('t2', { v: 1, type: 'tariff', round: result.round, formula: 'mean' });
    if (second.type !== 'result' || second.of !== 'tariff') throw new Error(JSON.stringify(second));
    expect(second.tariff.sequence).toBeGreaterThan(reply.tariff.sequence);

    // The same request again, also after a restart: the same outcome, the same tariff in force.
    for (let restarts = 0; restarts < 2; restarts++) {
      expect(await operator.ask('t1', { v: 1, type: 'tariff', round: result.round, formula: '0.5*mean+5' })).toEqual(
        reply,
      );
      expect(await openedRound()).toEqual(result);
      expect(JSON.parse((await retained(tariffTopic)).toString())).toEqual(second.tariff);
      if (restarts === 0) await restart();
    }
    expect(await operator.ask('t1', { v: 1, type: 'tariff', round: result.round, formula: '7' })).toMatchObject({
      code: 'REQUEST_ID_REUSED',
    });

    // It is cleared when it is over.
    await broker.clock.stepTo(epochMs(noon + 24 * hour));
    await expect(retained(tariffTopic, 200)).rejects.toThrow('nothing retained');
  });

  test('a formula that is none, a start in the past, a round that has not opened', { timeout: 60_000 }, async () => {
    await enrolStreet();
    const { round } = await openedRound();
    const table: [object, string, string][] = [
      [{ formula: '0.5*meen+5' }, 'FORMULA_NAME_UNKNOWN', 'did you mean mean?'],
      [{ formula: '0.5*' }, 'FORMULA_MALFORMED', ''],
      [{ formula: 'mean/0' }, 'FORMULA_NOT_A_NUMBER', 'slot 1'],
      [{ formula: 'mean', from: noon - 48 * hour }, 'TARIFF_OVER', 'ended'],
      [{ formula: 'x'.repeat(201) }, 'REQUEST_MALFORMED', 'formula'],
      [{ formula: 'mean', unit: 'MWh' }, 'REQUEST_MALFORMED', 'unit'],
      [{ formula: 'mean', currency: 'euro' }, 'REQUEST_MALFORMED', 'currency'],
    ];
    for (const [change, code, says] of table) {
      const reply = await ask({ type: 'tariff', round, ...change });
      expect(reply).toMatchObject({ type: 'error', code, says: expect.stringContaining(says) });
    }
    for (const member of members) member.reports = false;
    await operator.send('r2', { ...roundRequest, from: noon - 48 * hour });
    await eventually(() => operator.of('r2')[0]?.type).toBe('accepted');
    const accepted = operator.of('r2')[0];
    if (accepted?.type !== 'accepted') throw new Error(JSON.stringify(accepted));
    expect(await ask({ type: 'tariff', round: accepted.round, formula: 'mean' })).toMatchObject({
      code: 'TARIFF_ROUND_NOT_OPENED',
      says: expect.stringContaining('collecting'),
    });
  });
});

describe('a round that runs', () => {
  test('is followed by whoever asks, each time once, until its operator stops it', { timeout: 60_000 }, async () => {
    await enrolStreet();
    for (const member of members) member.reports = false;
    await operator.send('r1', roundRequest);
    await eventually(() => operator.of('r1')[0]?.type).toBe('accepted');
    const [accepted] = operator.of('r1');
    const round = accepted?.type === 'accepted' ? accepted.round : '';
    const watch = { v: 1, type: 'round-watch', round };
    for (const _ of ['asked', 'asked again after a lost connection']) {
      const before = operator.of('w1').length;
      await operator.send('w1', watch);
      await eventually(() => operator.of('w1').length).toBe(before + 1);
    }
    expect(operator.of('w1')[0]).toMatchObject({ type: 'progress', row: { round, state: 'collecting' } });
    expect(await ask({ type: 'round-stop', round })).toMatchObject({
      of: 'round-stop',
      row: { state: 'failed', reason: 'stopped' },
    });
    const stopped = { of: 'round-watch', result: { round, state: 'failed', reason: 'stopped' } };
    await eventually(() => operator.finals('w1')).toMatchObject([stopped]);
    expect(operator.finals('r1')).toMatchObject([{ of: 'round', result: { reason: 'stopped' } }]);
    expect(await operator.ask('w2', watch)).toMatchObject(stopped);
    expect(operator.finals('w1')).toHaveLength(1);
  });
});

describe('a schedule', () => {
  const slow = { timeout: 60_000 };
  test('asks and sets the tariff by itself, also after a restart, with nothing but JSON over MQTT', slow, async () => {
    await enrolStreet();
    const asked = { schedule: 'evening', cohort, tags: [tag], zone: 'Europe/Berlin', timesPerDay: 4, spread: 'PT1M' };
    const add = { type: 'schedule-add', ...asked, minimum: 3, tariff: { formula: '0.5*mean+5' } };
    expect(await ask(add, 's1')).toMatchObject({ of: 'schedule-add', schedule: { spread: 60_000, paused: false } });
    expect(await ask(add, 's2')).toMatchObject({ of: 'schedule-add' });
    expect(await ask({ ...add, timesPerDay: 8 })).toMatchObject({ code: 'SCHEDULE_EXISTS' });
    await broker.clock.stepTo(epochMs(noon + 6 * hour));
    const last = async () => {
      const reply = await ask({ type: 'schedules', cohort });
      return reply.type === 'result' && reply.of === 'schedules' ? reply.schedules[0]?.last : undefined;
    };
    await eventually(last).toMatchObject({ state: 'opened', centsPerKwh: [10.6167], contributors: 3 });
    const tariff = JSON.parse((await retained(topicOf(prefix, 'tariff', { cohort }))).toString()) as Tariff;
    expect(tariff.until).toBe(Date.UTC(2026, 10, 23, 23));
    await restart();
    expect(await last()).toMatchObject({ state: 'opened', centsPerKwh: [10.6167] });
    expect(await ask({ type: 'schedule-pause', schedule: 'evening' })).toMatchObject({ schedule: { paused: true } });
    expect(await ask({ type: 'schedule-remove', schedule: 'evening' })).toMatchObject({ schedule: 'evening' });
    expect(await ask({ type: 'schedules' })).toMatchObject({ schedules: [] });
  });
});

describe('a restart', () => {
  const slow = { timeout: 60_000 };
  test('keeps homes, catalogues and a running round, whose operator hears of its end', slow, async () => {
    await enrolStreet();
    for (const member of members) member.reports = false;
    await operator.send('r1', roundRequest);
    await eventually(() => operator.of('r1')[0]?.type).toBe('accepted');
    await restart();
    expect(await ask({ type: 'homes' })).toMatchObject({
      homes: Object.keys(story).map((home) => ({ home, state: 'approved', ready: true, online: false })),
    });
    expect(await ask({ type: 'search', tags: [tag] })).toMatchObject({ matched: 3, offline: 3 });
    // Nobody is connected now.
    const elsewhere = { ...roundRequest, from: noon - 48 * hour };
    expect(await ask(elsewhere)).toMatchObject({ type: 'error', code: 'ROUND_TOO_FEW_ONLINE' });
    for (const [at, home] of homes.entries()) {
      const again = await TestHome.connect(broker.port, home.id, home.identity);
      again.replies.push(...home.replies);
      await new Member(again, story[home.id], members[at]?.secret).start();
      homes[at] = again;
    }
    await eventually(() => operator.finals('r1').length).toBe(1);
    const reply = operator.finals('r1')[0];
    expect(reply).toMatchObject({ of: 'round', result: { state: 'opened', contributors: 3 } });
    expect(await operator.ask('r1', roundRequest)).toEqual(reply);
    expect(await ask({ type: 'rounds' })).toMatchObject({ rounds: [{ state: 'opened' }] });
  });
});

async function restart(): Promise<void> {
  const clock = new SteppedClock(broker.clock.now());
  await operator.close();
  await broker.close();
  broker = await startBroker(folder.folder, clock);
  operator = await RawOperator.connect(broker.port);
}

async function retained(topic: string, waitMs = 10_000): Promise<Buffer> {
  const mqtt = await connectAsync(`mqtt://127.0.0.1:${broker.port}`, { reconnectPeriod: 0 });
  try {
    const message = new Promise<Buffer>((resolve, reject) => {
      mqtt.once('message', (_, payload) => resolve(payload));
      setTimeout(() => reject(new Error(`nothing retained on ${topic}`)), waitMs);
    });
    await mqtt.subscribeAsync(topic, { qos: 1 });
    return await message;
  } finally {
    await mqtt.endAsync();
  }
}
