import { afterEach, describe, expect, test } from 'vitest';
import { AgreementKey } from '../../../broker/protocol/messages.ts';
import { signMessage } from '../../../broker/protocol/signing.ts';
import { readTopic } from '../../../broker/protocol/topics.ts';
import { ResultStore } from '../../../broker/rounds/result-store.ts';
import { cohort, hour, makeCohort, makeHome } from './made-cohort.ts';
import { prefix } from './simulated-homes.ts';
import { settled, Utility } from './utility.ts';

const ids = ['ada', 'ben', 'cleo', 'dan'];
const utilities: Utility[] = [];
afterEach(() => {
  for (const utility of utilities.splice(0)) utility.end();
});

async function utilityOf(): Promise<Utility> {
  const plan = { wattHours: [1, 2, 3, 4] };
  const utility = new Utility(makeCohort(ids), { ada: plan, ben: plan, cleo: plan });
  utilities.push(utility);
  await utility.wire.connect();
  await utility.rounds.publishRoster(cohort);
  return utility;
}

/** Ends with an epoch of its own: ada has a new key each time. */
async function endOne(utility: Utility, sequence: number): Promise<string> {
  const { identity } = utility.made.homes[0] as (typeof utility.made.homes)[0];
  const { publicKey } = makeHome(utility.made.authority, 'ada').secret;
  const agreementKey = signMessage(identity, AgreementKey, { home: 'ada', sequence, key: publicKey });
  utility.approved = utility.approved.map((home) => (home.home === 'ada' ? { ...home, agreementKey } : home));
  const { round } = await utility.ask();
  utility.rounds.stop(round);
  await settled();
  return round;
}

async function openOne(utility: Utility): Promise<void> {
  await utility.ask();
  await utility.look();
  await utility.look();
}

/** How many messages of each kind take something back from now on. */
function clears(utility: Utility): () => Partial<Record<string, number>> {
  const { published } = utility.wire;
  const begun = published.length;
  return () => {
    const counts: Partial<Record<string, number>> = {};
    for (const { topic, bytes } of published.slice(begun)) {
      const name = readTopic(prefix, topic)?.name ?? topic;
      if (bytes === 0) counts[name] = (counts[name] ?? 0) + 1;
    }
    return counts;
  };
}

describe('a roster that is out of use', () => {
  test('is cleared once, however many rounds end after it', async () => {
    const utility = await utilityOf();
    const counted = clears(utility);
    for (let sequence = 2; sequence < 10; sequence += 1) await endOne(utility, sequence);
    expect(counted()).toEqual({ roster: 8, round: 8 });
  });

  test('is cleared at the next connect where nobody had taken it back', async () => {
    const utility = await utilityOf();
    utility.wire.connected = false;
    await endOne(utility, 2);
    const counted = clears(utility);
    await utility.wire.connect();
    expect(counted()).toEqual({ roster: 1, round: 1 });
  });
});

describe('at a start with a long history', () => {
  async function history(): Promise<Utility> {
    const utility = await utilityOf();
    for (let sequence = 2; sequence < 152; sequence += 1) {
      await endOne(utility, sequence);
      await utility.step(2 * hour);
    }
    return utility;
  }

  test('what was cleared long ago stays so, what was cleared lately is cleared once more', async () => {
    const utility = await history();
    const counted = clears(utility);
    await utility.restart();
    expect(counted()).toEqual({ roster: 1, round: 1 });
  });

  test('a broker that comes back with what it held before the last rounds ended is told', async () => {
    const utility = await utilityOf();
    await openOne(utility);
    await utility.ask();
    await utility.look();
    const older = new Map(utility.wire.retained);
    await utility.look();
    expect([...older.keys()].some((topic) => topic.endsWith('/open'))).toBe(true);
    utility.kill();
    utility.wire.retained.clear();
    for (const [topic, payload] of older) utility.wire.retained.set(topic, payload);
    await utility.step(24 * hour);
    utility.start();
    await utility.wire.connect();
    const kinds = [...utility.wire.retained.keys()].map((topic) => readTopic(prefix, topic)?.name ?? topic);
    expect(kinds.sort()).toEqual(['result', 'result', 'roster']);
  });

  test('a broker that was away for as long as results are kept is told of open requests from before', async () => {
    const utility = await utilityOf();
    await utility.ask();
    await utility.look();
    const older = new Map(utility.wire.retained);
    expect([...older.keys()].some((topic) => topic.endsWith('/open'))).toBe(true);
    utility.wire.connected = false;
    await utility.look();
    await utility.step(31 * 24 * hour);
    utility.kill();
    utility.start();
    await utility.wire.connect();
    const kinds = [...utility.wire.retained.keys()].map((topic) => readTopic(prefix, topic)?.name);
    expect(kinds).toEqual(['roster']);
  });

  test('results are published again page by page', async () => {
    const utility = await history();
    const { database } = utility.parts();
    const store = new ResultStore(database);
    const first = store.retainedResults('');
    expect(first.length).toBeLessThan(150);
    expect(first.length).toBeGreaterThan(1);
    const retained = database.prepare('SELECT count(*) FROM results WHERE retained = 1').pluck().get() as number;
    utility.wire.retained.clear();
    await utility.restart();
    const kept = [...utility.wire.retained.keys()].filter((topic) => readTopic(prefix, topic)?.name === 'result');
    expect(kept).toHaveLength(retained);
  });
});
