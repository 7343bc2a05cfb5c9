import { createHash } from 'node:crypto';
import { afterEach, describe, expect, test } from 'vitest';
import { OpenedResult } from '../../../broker/protocol/json-messages.ts';
import { decodeSigned } from '../../../broker/protocol/message.ts';
import { Answer, Decline, Open } from '../../../broker/protocol/messages.ts';
import { readTopic } from '../../../broker/protocol/topics.ts';
import { keepingLog } from '../silent-log.ts';
import { cohort, hour, makeCohort } from './made-cohort.ts';
import { prefix, spoilSeals, wrongAnswer } from './simulated-homes.ts';
import { type HomePlan, settled, Utility } from './utility.ts';

/** The tutorial's kWh per slot, added up at home. */
const tutorial = {
  bob: { wattHours: [5.0 + 2.5 + 8.0, 8.5 + 3.7 + 4.9, 9.7 + 1.2 + 7.0, 2.5 + 1.0 + 10.9].map((kwh) => kwh * 1000) },
  alice: { wattHours: [3.0 + 0.5 + 3.0, 2.5 + 1.7 + 4.9, 6.7 + 5.2 + 8.0, 4.5 + 1.0 + 5.9].map((kwh) => kwh * 1000) },
  bill: { wattHours: [8.0 + 3.7, 7.5 + 4.3, 9.7 + 8.0, 2.5 + 5.9].map((kwh) => kwh * 1000) },
  james: {},
};

const utilities: Utility[] = [];
afterEach(() => {
  for (const utility of utilities.splice(0)) utility.end();
});

async function street(plans: Record<string, HomePlan> = tutorial, log = keepingLog()): Promise<Utility> {
  const utility = new Utility(makeCohort(Object.keys(plans)), plans, log.log);
  utilities.push(utility);
  await utility.wire.connect();
  await utility.rounds.publishRoster(cohort);
  return utility;
}

const letters = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j'];
/** Homes a to j, each with 1 kWh in the first slot; one of them may fail to answer. */
const ten = (changes: Record<string, HomePlan> = {}) => ({
  ...Object.fromEntries(letters.map((id) => [id, { wattHours: [1000, 0, 0, 0] }])),
  ...changes,
});

const kinds = (utility: Utility) =>
  [...utility.wire.retained.keys()].map((topic) => readTopic(prefix, topic)?.name ?? topic).sort();

describe('the tutorial’s round', () => {
  test('its mean and the tariff come out, though no home gave a value', async () => {
    const utility = await street();
    const { round, rows, results } = await utility.ask();
    await utility.look();
    await utility.look();
    const result = OpenedResult.parse(utility.result(round));
    expect(results).toEqual([result]);
    expect(result.sum).toEqual([33_700, 38_000, 55_500, 34_200]);
    expect(result.mean.map((mean) => ((0.5 * mean) / 1000 + 5).toFixed(4))).toEqual([
      '10.6167',
      '11.3333',
      '14.2500',
      '10.7000',
    ]);
    expect(result).toMatchObject({ contributors: 3, members: 4, answers: 4, needed: 4, checked: false });
    expect(rows.map((row) => `${row.state} ${row.reports} ${row.answers}`)).toEqual([
      'collecting 1 0',
      'collecting 2 0',
      'opening 3 0',
      'opening 3 1',
      'opening 3 2',
      'opening 3 3',
      'opened 3 4',
    ]);
  });

  test('while it runs roster, announcement and open requests are retained; after it roster and result', async () => {
    const utility = await street();
    await utility.ask();
    expect(kinds(utility)).toEqual(['roster', 'round']);
    await utility.look();
    expect(kinds(utility)).toEqual(['open', 'open', 'open', 'open', 'roster', 'round']);
    await utility.look();
    expect(kinds(utility)).toEqual(['result', 'roster']);
  });

  test.each([false, true])(
    'its result is taken back when it was kept long enough (restarted: %s)',
    async (restarted) => {
      const utility = await street();
      const { round } = await utility.ask();
      await utility.look();
      await utility.look();
      await utility.step(30 * 24 * hour - 1);
      expect(kinds(utility)).toEqual(['result', 'roster']);
      if (restarted) await utility.restart();
      await utility.step(1);
      expect(kinds(utility)).toEqual(['roster']);
      expect(utility.rounds.show(round)).toMatchObject({ row: { state: 'opened' }, result: { contributors: 3 } });
    },
  );

  test('the same hours again are declined by all, and the round fails with the reason', async () => {
    const spent = { declines: 'spent' } as const;
    const utility = await street({ bob: spent, alice: spent, bill: spent, james: {} });
    const { round, results } = await utility.ask();
    await utility.look();
    expect(results).toMatchObject([{ state: 'failed', reason: 'too-few-contributors' }]);
    expect(utility.rounds.show(round).row).toMatchObject({ state: 'failed', declined: { spent: 3 }, reports: 0 });
    expect(kinds(utility)).toEqual(['result', 'roster']);
  });
});

describe('a coordinator that is killed', () => {
  type Moment = (utility: Utility) => Promise<void>;
  const moments: [string, Moment][] = [
    ['before any report', async () => undefined],
    ['between reports', (utility) => utility.look('bob')],
    [
      'with the set stored but not published',
      async (utility) => {
        await utility.look('bob', 'alice');
        utility.wire.connected = false;
        await utility.look('bill');
      },
    ],
    ['with the open requests published', (utility) => utility.look()],
    [
      'between answers',
      async (utility) => {
        await utility.look();
        await utility.look('bob', 'james');
      },
    ],
    [
      'with the result stored but not published',
      async (utility) => {
        await utility.look();
        await utility.look('bob', 'alice', 'james');
        utility.wire.connected = false;
        await utility.look('bill');
      },
    ],
    [
      'after the end',
      async (utility) => {
        await utility.look();
        await utility.look();
      },
    ],
  ];

  test.each(moments)('%s goes on with the round', async (_, moment) => {
    const utility = await street();
    const { round } = await utility.ask({}, 'one');
    await moment(utility);
    await utility.restart();
    await utility.look();
    await utility.look();
    expect(utility.result(round)).toMatchObject({ state: 'opened', sum: [33_700, 38_000, 55_500, 34_200] });
    expect(kinds(utility)).toEqual(['result', 'roster']);
    // The request that opened it follows it, also after the restart, and opens no second one.
    const again = await utility.ask({}, 'one');
    expect(again.round).toBe(round);
    expect(again.results).toMatchObject([{ state: 'opened' }]);
    expect(utility.rounds.list()).toHaveLength(1);
  });

  test.each(moments)('%s, at a broker that has forgotten everything, goes on with the round', async (_, moment) => {
    const utility = await street();
    const { round } = await utility.ask();
    await moment(utility);
    utility.wire.retained.clear();
    await utility.restart();
    await utility.look();
    await utility.look();
    expect(utility.result(round)).toMatchObject({ state: 'opened', sum: [33_700, 38_000, 55_500, 34_200] });
  });

  test('between collecting and opening fixes one set only', async () => {
    const utility = await street();
    await utility.ask();
    await utility.look();
    const asked = [...utility.wire.retained].filter(([topic]) => topic.endsWith('/open'));
    await utility.restart();
    expect([...utility.wire.retained].filter(([topic]) => topic.endsWith('/open'))).toEqual(asked);
  });

  test('in the grace time begins it anew, and opens the sum after it', async () => {
    const utility = await street(ten());
    const { round } = await utility.ask();
    await utility.look();
    await utility.look(...letters.slice(0, 9));
    await utility.restart();
    await utility.step(10_000);
    expect(utility.result(round)).toMatchObject({ state: 'opened', answers: 9 });
  });

  test('past the deadline waits for reports on their way when it starts, then fixes the set', async () => {
    const utility = await street(ten());
    const { round } = await utility.ask();
    await utility.look('a', 'b', 'c');
    utility.kill();
    utility.now = (utility.now + 2 * hour) as typeof utility.now;
    utility.start();
    await utility.wire.connect();
    expect(utility.rounds.show(round).row).toMatchObject({ state: 'collecting', reports: 3 });
    await utility.look('d');
    await utility.step(10_000);
    expect(utility.rounds.show(round).row).toMatchObject({ state: 'opening', reports: 4 });
  });

  test('past the expiry fails the round when it starts', async () => {
    const utility = await street();
    const { round } = await utility.ask();
    await utility.look();
    utility.kill();
    utility.now = (utility.now + 25 * hour) as typeof utility.now;
    utility.start();
    await utility.wire.connect();
    expect(utility.result(round)).toMatchObject({
      state: 'failed',
      reason: 'too-few-answers',
      missing: ['alice', 'bill', 'bob', 'james'],
    });
  });
});

describe('messages that are lost, late or doubled', () => {
  test('every message doubled: everything counts once', async () => {
    const utility = await street();
    utility.wire.fate = () => 'arrives twice';
    const { round, results } = await utility.ask();
    await utility.look();
    await utility.look();
    expect(results).toMatchObject([{ sum: [33_700, 38_000, 55_500, 34_200] }]);
    expect(utility.rounds.show(round).row).toMatchObject({ reports: 3, answers: 4 });
  });

  test('every message lost three times: homes repeat what is not proved', async () => {
    const utility = await street();
    const lost = new Map<string, number>();
    utility.wire.fate = (name, home) => {
      const times = lost.get(`${name} ${home}`) ?? 0;
      lost.set(`${name} ${home}`, times + 1);
      return times < 3 ? 'is lost' : 'arrives';
    };
    const { results } = await utility.ask();
    for (let look = 0; look < 8; look += 1) await utility.look();
    expect(results).toMatchObject([{ sum: [33_700, 38_000, 55_500, 34_200] }]);
  });

  test('a report after the deadline counts until the set is fixed, one after that does not', async () => {
    const utility = await street(ten());
    const { round } = await utility.ask();
    await utility.look('a', 'b');
    await utility.step(hour);
    expect(utility.rounds.show(round).row.state).toBe('collecting');
    await utility.look('c');
    await utility.step(9_999);
    await utility.look('d');
    expect(utility.rounds.show(round).row.state).toBe('collecting');
    await utility.step(1);
    expect(utility.rounds.show(round).row.state).toBe('opening');
    await utility.look('e');
    await utility.look();
    expect(utility.result(round)).toMatchObject({ state: 'opened', contributors: 4, sum: [4000, 0, 0, 0] });
  });

  test('one member that does not answer: after the grace time the sum opens, unchecked', async () => {
    const utility = await street(ten());
    const { round } = await utility.ask();
    await utility.look();
    await utility.look(...letters.slice(0, 9));
    await utility.step(9_999);
    expect(utility.rounds.show(round).row.state).toBe('opening');
    await utility.step(1);
    expect(utility.result(round)).toMatchObject({ state: 'opened', contributors: 10, answers: 9, checked: false });
  });

  test('two members that do not answer: the round fails at its expiry and names them', async () => {
    const utility = await street(ten());
    const { round } = await utility.ask();
    await utility.look();
    await utility.look(...letters.slice(0, 8));
    await utility.step(24 * hour);
    expect(utility.result(round)).toMatchObject({ state: 'failed', reason: 'too-few-answers', missing: ['i', 'j'] });
    expect(kinds(utility)).toEqual(['result', 'roster']);
  });

  test('a home that declined and then reports after all counts as a contributor only', async () => {
    const utility = await street(ten());
    const { round, rows } = await utility.ask();
    const hash = utility.hashOf(round);
    const decline = (reason: 'paused' | 'spent') =>
      utility.wire.toCoordinator('decline', { home: 'a', round }, Decline.encode({ round: hash, reason }));
    await decline('paused');
    await decline('spent');
    expect(utility.rounds.show(round).row.declined).toEqual({ spent: 1 });
    await utility.look('a');
    await decline('paused');
    expect(utility.rounds.show(round).row).toMatchObject({ declined: {}, reports: 1 });
    expect(rows.map((row) => row.declined)).toEqual([{ paused: 1 }, { spent: 1 }, {}]);
  });

  test('a report that the disk does not take has not come, and takes none with it that came at once: sent again, it counts', async () => {
    const utility = await street(ten());
    const { round, rows } = await utility.ask();
    const { database } = utility.parts();
    database.exec(`CREATE TRIGGER full BEFORE INSERT ON reports WHEN NEW.home = 2
                   BEGIN SELECT RAISE(ABORT, 'the disk is full'); END`);
    const sent = await Promise.allSettled(['a', 'b', 'c'].map((home) => utility.look(home)));
    expect(sent.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(rows.map(({ reports }) => reports)).toEqual([1, 2]);
    database.exec('DROP TRIGGER full');
    await utility.look('b');
    expect(utility.rounds.show(round).row.reports).toBe(3);
  });

  test('a message of a home that is not in the roster, and one that is none, are logged and change nothing', async () => {
    const { log, lines } = keepingLog();
    const utility = await street(tutorial, { log, lines });
    const { round } = await utility.ask();
    await utility.wire.toCoordinator('report', { home: 'mallory', round }, Buffer.from('a0', 'hex'));
    await utility.wire.toCoordinator('report', { home: 'bob', round }, Buffer.from('a0', 'hex'));
    await utility.wire.toCoordinator('answer', { home: 'bob', round }, Buffer.from('ff', 'hex'));
    await utility.wire.toCoordinator('report', { home: 'bob', round: 'ab'.repeat(16) }, Buffer.from('a0', 'hex'));
    expect(utility.rounds.show(round).row).toMatchObject({ state: 'collecting', reports: 0 });
    expect(lines.filter((line) => line.includes('"level":40'))).toHaveLength(2);
    await utility.look();
    await utility.look();
    expect(utility.result(round)).toMatchObject({ state: 'opened' });
  });
});

describe('a round that its operator stops', () => {
  test.each([
    ['while reports are collected', 0],
    ['while answers are awaited', 1],
  ])('%s fails, and nothing is left of what it asked, also after a restart', async (_, looks) => {
    const utility = await street();
    const { round, results } = await utility.ask();
    for (let look = 0; look < looks; look += 1) await utility.look();
    expect(utility.rounds.stop(round)).toMatchObject({ state: 'failed', reason: 'stopped', reports: looks * 3 });
    await settled();
    expect(kinds(utility)).toEqual(['result', 'roster']);
    expect(results).toMatchObject([{ state: 'failed', reason: 'stopped' }]);
    await utility.restart();
    await utility.look();
    expect(kinds(utility)).toEqual(['result', 'roster']);
    // Once more changes nothing.
    expect(utility.rounds.stop(round)).toMatchObject({ reason: 'stopped' });
    expect(utility.result(round)).toMatchObject({ reason: 'stopped' });
  });

  test('after it has opened is refused', async () => {
    const utility = await street();
    const { round } = await utility.ask();
    await utility.look();
    await utility.look();
    expect(() => utility.rounds.stop(round)).toThrow(`round ${round} cannot be stopped: it is opened`);
    expect(() => utility.rounds.stop('ab'.repeat(16))).toThrow('there is no round abab');
    expect(utility.result(round)).toMatchObject({ state: 'opened' });
  });
});

test('a share that opens to nobody, without a first wave: the round fails, and says whose it is', async () => {
  const { log, lines } = keepingLog();
  const utility = await street({ ...tutorial, bob: { ...tutorial.bob, spoil: spoilSeals } }, { log, lines });
  const { round } = await utility.ask();
  await utility.look();
  await utility.look();
  await utility.step(10_000);
  expect(utility.result(round)).toMatchObject({
    state: 'failed',
    reason: 'complaint',
    contributors: 3,
    fault: ['bob'],
  });
  expect(lines.some((line) => line.includes('"contributor":"bob"'))).toBe(true);
});

describe('what single homes said in a round', () => {
  const tables = ['reports', 'declines', 'answers', 'complaints', 'contributor_sets'];
  const rowsIn = (utility: Utility) =>
    tables.map((table) => utility.parts().database.prepare(`SELECT count(*) FROM ${table}`).pluck().get());

  test('is forgotten with its result; the numbers stay', async () => {
    const utility = await street(ten({ c: { declines: 'paused' } }));
    const { round } = await utility.ask();
    await utility.look();
    await utility.look();
    const { row, result } = utility.rounds.show(round);
    expect(row).toMatchObject({ state: 'opened', reports: 9, answers: 10, declined: { paused: 1 } });
    expect(rowsIn(utility)).toEqual([9, 1, 10, 0, 1]);
    expect(utility.blobBytes().reports).toBe(0);
    await utility.step(30 * 24 * hour);
    expect(rowsIn(utility)).toEqual([0, 0, 0, 0, 0]);
    await utility.restart();
    expect(utility.rounds.show(round)).toEqual({ row, result });
    expect(utility.rounds.list()).toEqual([row]);
    expect(utility.rounds.standing(round)).toMatchObject({ noReport: [], noAnswer: [], inconsistent: [] });
  });

  test('and so are the bytes of rosters that no round needs any more', async () => {
    const utility = await street();
    const bytes = () =>
      utility.parts().database.prepare('SELECT length(signed) > 0 FROM rosters ORDER BY epoch').pluck().all();
    const first = await utility.ask();
    await utility.look();
    await utility.look();
    await utility.step(24 * hour);
    await utility.rounds.publishRoster(cohort);
    await utility.step(29 * 24 * hour - 1);
    expect(bytes()).toEqual([1, 1]);
    await utility.step(1);
    expect(bytes()).toEqual([0, 1]);
    await utility.restart();
    expect(utility.rounds.show(first.round).row.state).toBe('opened');
    expect(utility.rounds.standing(first.round)).toMatchObject({ noReport: [], noAnswer: [] });
    expect(await utility.rounds.publishRoster(cohort)).toMatchObject({ epoch: 3 });
  });
});

describe('a contributor whose shares open to nobody', () => {
  const street15 = () =>
    street(
      Object.fromEntries(
        [...letters, 'k', 'l', 'm', 'n', 'o'].map((id): [string, HomePlan] => [
          id,
          { wattHours: [1000, 0, 0, 0], ...(id === 'c' && { spoil: spoilSeals }) },
        ]),
      ),
    );
  type Moment = (utility: Utility) => Promise<void>;
  const nothing: Moment = async () => undefined;
  const restart: Moment = (utility) => utility.restart();
  const forget: Moment = (utility) => {
    utility.wire.retained.clear();
    return utility.restart();
  };
  const setLost: Moment = async (utility) => {
    utility.wire.connected = false;
    await utility.step(10_000);
    await utility.restart();
  };

  test.each<[string, Moment, Moment, Moment]>([
    ['is dropped', nothing, nothing, nothing],
    ['is dropped, killed in the first wave', restart, nothing, nothing],
    ['is dropped, killed with the complaint', nothing, restart, nothing],
    ['is dropped, killed with the second set stored but not published', nothing, setLost, nothing],
    ['is dropped, killed between answers to the second set', nothing, nothing, restart],
    ['is dropped, the broker emptied each time', forget, forget, forget],
  ])('%s', async (_, inWave, complained, answering) => {
    const utility = await street15();
    const { round } = await utility.ask();
    await utility.look();
    expect(kinds(utility).filter((kind) => kind === 'open')).toHaveLength(1);
    expect(utility.rounds.standing(round).noAnswer).toHaveLength(1);
    await inWave(utility);
    await utility.look();
    await complained(utility);
    await utility.step(10_000);
    expect(kinds(utility).filter((kind) => kind === 'open')).toHaveLength(15);
    await utility.look('a', 'b', 'd');
    await answering(utility);
    await utility.look();
    const opened = { state: 'opened', sum: [14_000, 0, 0, 0], contributors: 14, answers: 15, disputed: ['c'] };
    expect(utility.result(round)).toMatchObject(opened);
    expect(kinds(utility)).toEqual(['result', 'roster']);
  });

  test('a member that answered the first set is left alone in the second, and missing', async () => {
    // Nine may fail, so that four are asked first: one of them complains of c, whose shares open.
    const ids = Array.from({ length: 40 }, (_, at) => `home-${at + 10}`);
    const plans = Object.fromEntries(ids.map((id): [string, HomePlan] => [id, { wattHours: [1000, 0, 0, 0] }]));
    for (const id of ids.slice(0, 36)) plans[id] = { ...plans[id], complainsOf: ['home-45'] };
    const utility = await street(plans);
    const { round } = await utility.ask();
    await utility.look();
    const wave = [...utility.wire.retained.keys()].filter((topic) => topic.endsWith('/open'));
    expect(wave).toHaveLength(4);
    await utility.look();
    await utility.step(10_000);
    const honest = wave.filter((topic) => ids.slice(36).some((id) => topic.includes(id)));
    if (honest.length < 4) {
      expect(kinds(utility).filter((kind) => kind === 'open')).toHaveLength(40 - honest.length);
      for (const topic of honest) expect(utility.wire.retained.has(topic)).toBe(false);
    }
    await utility.look();
    await utility.step(10_000);
    expect(utility.result(round)).toMatchObject({ state: 'opened', contributors: 39, answers: 40 - honest.length });
  });
});

test('a member that answered the first set of two is said apart from those that have not answered', async () => {
  const ids = Array.from({ length: 40 }, (_, at) => `home-${at + 10}`);
  const plan: HomePlan = { wattHours: [1000, 0, 0, 0], complainsOf: ['home-45'] };
  const utility = await street(Object.fromEntries(ids.map((id) => [id, plan])));
  const { round } = await utility.ask();
  await utility.look();
  const [topic = '', payload = Buffer.alloc(0)] =
    [...utility.wire.retained].find(([retained]) => readTopic(prefix, retained)?.name === 'open') ?? [];
  const home = ids.find((id) => topic.includes(id)) ?? '';
  const set = createHash('sha256')
    .update('wattveil/1/set\0')
    .update(decodeSigned(Open.decode(payload).set, 'set').payload);
  const answer = Answer.encode({ round: utility.hashOf(round), set: set.digest(), sums: Buffer.alloc(8 * 4) });
  await utility.wire.toCoordinator('answer', { home, round }, answer);
  expect(utility.rounds.standing(round)).toMatchObject({ answeredBefore: [] });
  await utility.look(...ids.filter((id) => id !== home));
  await utility.step(10_000);
  expect(utility.rounds.show(round).row).toMatchObject({ state: 'opening', answers: 0 });
  const { noAnswer, answeredBefore } = utility.rounds.standing(round);
  expect({ noAnswer, answeredBefore }).toEqual({ noAnswer: ids.filter((id) => id !== home), answeredBefore: [home] });
});

test('a variance over thirty homes comes out; without a minimum of its own the request asks for as many as it takes', async () => {
  const ids = Array.from({ length: 30 }, (_, at) => `home-${at + 10}`);
  const plans = ids.map((id, at): [string, HomePlan] => [id, { wattHours: [at % 2 === 0 ? 1000 : 3000, 0, 0, 0] }]);
  const utility = await street(Object.fromEntries(plans));
  const { round } = await utility.ask({ statistics: { variance: true } });
  expect(utility.rounds.show(round).row).toMatchObject({ minimum: 30, statistics: { variance: true } });
  for (const _ of ['report', 'first wave', 'others']) await utility.look();
  expect(utility.result(round)).toMatchObject({ mean: [2000, 0, 0, 0], variance: [1_000_000, 0, 0, 0], checked: true });
});

test('an answer with a residue that is none counts as missing', async () => {
  const full = (answer: Uint8Array) => {
    const { v: _v, type: _type, ...fields } = Answer.decode(answer);
    return Answer.encode({ ...fields, sums: fields.sums.map(() => 255) });
  };
  const utility = await street(ten({ a: { wattHours: [1000, 0, 0, 0], spoilAnswer: full } }));
  const { round } = await utility.ask();
  await utility.look();
  await utility.look();
  expect(utility.rounds.show(round).row).toMatchObject({ state: 'opening', answers: 9 });
  await utility.step(10_000);
  expect(utility.result(round)).toMatchObject({ state: 'opened', answers: 9, inconsistent: [] });
});

describe('answers that are wrong', () => {
  const fifteen = (...liars: string[]) =>
    Object.fromEntries(
      [...letters, 'k', 'l', 'm', 'n', 'o'].map((id): [string, HomePlan] => [
        id,
        { wattHours: [1000, 0, 0, 0], ...(liars.includes(id) && { spoilAnswer: wrongAnswer }) },
      ]),
    );

  test('one of fifteen is left out of the sum and listed, not accused', async () => {
    const utility = await street(fifteen('c'));
    const { round } = await utility.ask();
    for (const _ of ['report', 'first wave', 'others']) await utility.look();
    expect(utility.result(round)).toMatchObject({ state: 'opened', sum: [15_000, 0, 0, 0], inconsistent: ['c'] });
  });

  test('too many to be found fail the round', async () => {
    const utility = await street(fifteen('c', 'd', 'e'));
    const { round } = await utility.ask();
    for (const _ of ['report', 'first wave', 'others']) await utility.look();
    expect(utility.result(round)).toMatchObject({ state: 'failed', reason: 'off-polynomial', answers: 15 });
  });
});

test('each report is on the disk once, and no sealed share is left after the end', async () => {
  const utility = await street(ten());
  await utility.ask();
  await utility.look();
  const bytes = utility.blobBytes();
  await utility.look();
  expect(bytes.reports).toBeGreaterThan(10 * 10 * 24);
  expect(bytes.all).toBeLessThan(bytes.reports * 1.5);
  expect(utility.blobBytes().reports).toBe(0);
});

test('a round that was stored while the broker was away is announced when it is back', async () => {
  const utility = await street();
  utility.wire.connected = false;
  const { round } = await utility.ask();
  expect(kinds(utility)).toEqual(['roster']);
  await utility.wire.connect();
  await utility.look();
  await utility.look();
  expect(utility.result(round)).toMatchObject({ state: 'opened' });
});

test('two rounds of one cohort run side by side, each with its own sum', async () => {
  const utility = await street();
  const one = await utility.ask();
  const other = await utility.ask({ slots: 4, minimum: 3, resolution: [1, 0] });
  await utility.look();
  await utility.look();
  expect([utility.result(one.round), utility.result(other.round)]).toMatchObject([
    { sum: [33_700, 38_000, 55_500, 34_200] },
    { sum: [33_700, 38_000, 55_500, 34_200] },
  ]);
  expect(utility.rounds.list(cohort).map((row) => row.state)).toEqual(['opened', 'opened']);
});
