import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { generateAgreement } from '../../../broker/protocol/agreement.ts';
import { makeOpen } from '../../../broker/protocol/answer.ts';
import { after, epochMs } from '../../../broker/protocol/clock.ts';
import { gridEnd } from '../../../broker/protocol/grid.ts';
import { toHex } from '../../../broker/protocol/hex.ts';
import { AgreementKey, Decline, MemberList } from '../../../broker/protocol/messages.ts';
import { readReport } from '../../../broker/protocol/report.ts';
import { makeRoster } from '../../../broker/protocol/roster.ts';
import { makeAnnounce, type Round } from '../../../broker/protocol/round.ts';
import { signJson } from '../../../broker/protocol/signed-json.ts';
import { generateSigningKey, type SigningKey, signMessage } from '../../../broker/protocol/signing.ts';
import { cohort, type MadeHome, makeCohort, makeReports, makeSetOf, now } from '../../broker/protocol/made-cohort.ts';
import { enter, hour, temporaryFolder } from '../made-agent.ts';
import { MadeInbox } from './made-inbox.ts';

const made = makeCohort(4);
const { from } = made.announceFields.grid;

let folder: { folder: string; remove: () => void };
let home: MadeInbox;

beforeEach(() => {
  folder = temporaryFolder();
  home = new MadeInbox(folder.folder, made);
  enter(home.tensors, 'bulb', [5000, 8500, 9700, 2500], { from });
  enter(home.tensors, 'fridge', [8000, 4900, 7000, 10_900], { from });
});
afterEach(() => {
  home.close();
  folder.remove();
});

/** The first round, with the roster it brings. */
async function firstRound(round = home.announce()): Promise<Round> {
  await home.announced(round);
  await home.rosterComes();
  return round;
}

/** What the coordinator asks home 1, once it and two others have reported. */
function openFor(round: Round, with1 = home.sent('report', round)[0]) {
  const reports = makeReports({ ...made, round }, [2, 3], [1n, 2n, 3n, 4n]);
  if (with1 !== undefined) reports.set(1, with1);
  else reports.set(4, makeReports({ ...made, round }, [4], [1n, 2n, 3n, 4n]).get(4) as Uint8Array);
  const ordered = new Map([...reports].sort(([one], [other]) => one - other));
  const { set, sealedFor } = makeSetOf({ ...made, round }, ordered);
  return { set, bytes: makeOpen(set, sealedFor(1)) };
}

function resultOf(round: Round, key: SigningKey = made.coordinator): Buffer {
  const { announce } = round;
  return Buffer.from(
    signJson(key, {
      v: 1,
      type: 'result',
      cohort: announce.cohort,
      round: round.id,
      hash: toHex(round.hash),
      query: announce.query,
      grid: announce.grid,
      members: 4,
      state: 'failed',
      reason: 'too-few-answers',
    }),
  );
}

describe('a round from its announcement to its result', () => {
  test('a roster that is not there is asked for, then the report goes out', async () => {
    const round = home.announce();
    await home.announced(round);
    expect(home.wanted).toEqual([toHex(made.roster.hash)]);
    expect(home.stateOf(round)).toBe('rosterWanted');
    await home.rosterComes();
    expect(home.stateOf(round)).toBe('reported unasked');
    expect(readReport(round, home.sent('report')[0] ?? expect.fail('no report')).shares).toHaveLength(4);
    expect(home.ledger()).toMatchObject([{ kind: 'released', round: round.id, tensors: ['bulb', 'fridge'] }]);
  });

  test('the roster is asked for once, and serves the next rounds', async () => {
    await firstRound();
    await home.announced(home.announce({ grid: { from: from - 24 * hour, step: 6 * hour, slots: 4 } }));
    expect(home.wanted).toHaveLength(1);
  });

  test('the answer follows the open request; the result ends it', async () => {
    const round = await firstRound();
    await home.inbox.asked(round.id, openFor(round).bytes);
    expect(home.stateOf(round)).toBe('proved answered');
    expect(home.sent('answer')).toHaveLength(1);
    await home.inbox.resulted(round.id, resultOf(round));
    expect(home.stateOf(round)).toBeUndefined();
    expect(home.ledger()).toMatchObject([
      { kind: 'answered', contributors: 3, result: { state: 'failed' } },
      { kind: 'released', contributors: 3 },
    ]);
    await home.announced(round);
    expect(home.sent('report')).toHaveLength(1);
  });

  test('an open request may come first', async () => {
    const round = home.announce();
    await home.inbox.asked(round.id, openFor(round).bytes);
    await firstRound(round);
    expect(home.stateOf(round)).toBe('leftOut answered');
    expect(home.sent('report')).toEqual([]);
  });

  test('hours that are not over are waited for', async () => {
    const grid = { from: now - 6 * hour, step: 6 * hour, slots: 2 };
    enter(home.tensors, 'late', [100, 200], { from: grid.from, tags: ['#late'] });
    const query = { ...made.announceFields.query, tags: ['#late'] };
    const times = { deadline: now + 20 * hour, expiry: now + 40 * hour };
    const round = await firstRound(home.announce({ grid, query, ...times }));
    expect(home.stateOf(round)).toBe('waiting unasked');
    await home.clock.stepTo(epochMs(gridEnd(grid) - 1));
    expect(home.sent('report')).toEqual([]);
    await home.clock.stepTo(gridEnd(grid));
    expect(home.sent('report')).toHaveLength(1);
  });

  test('the expiry ends it by the home’s own clock', async () => {
    const round = await firstRound();
    await home.clock.stepTo(epochMs(round.announce.expiry));
    expect(home.stateOf(round)).toBeUndefined();
    await home.announced(round);
    await home.inbox.asked(round.id, openFor(round).bytes);
    expect([home.sent('report').length, home.sent('answer').length]).toEqual([1, 0]);
  });
});

describe('after a power cut', () => {
  test('the same report goes out again, and only while it is asked for', async () => {
    const round = await firstRound();
    home.restart();
    expect(home.sent('report')).toHaveLength(1);
    await home.announced(round);
    const [first, second] = home.sent('report');
    expect(second).toEqual(first);
    expect(home.wanted).toHaveLength(1);
  });

  test('the same answer goes out again', async () => {
    const round = await firstRound();
    const open = openFor(round);
    await home.inbox.asked(round.id, open.bytes);
    home.restart();
    await home.inbox.asked(round.id, open.bytes);
    const [first, second] = home.sent('answer');
    expect(second).toEqual(first);
  });

  test('it answers for one set, still', async () => {
    const round = await firstRound();
    await home.inbox.asked(round.id, openFor(round).bytes);
    home.restart();
    await home.inbox.asked(round.id, openFor(round).bytes);
    expect(home.sent('answer')).toHaveLength(1);
    expect(home.refusals()).toEqual(['SET_OTHER']);
  });

  test('it answers for a round whose announcement does not come again', async () => {
    const round = await firstRound();
    const open = openFor(round);
    home.restart();
    await home.inbox.asked(round.id, open.bytes);
    expect(home.sent('answer')).toHaveLength(1);
  });

  test('the hours stay spent', async () => {
    await firstRound();
    home.restart();
    const again = home.announce();
    await home.announced(again);
    expect(Decline.decode(home.sent('decline')[0] ?? expect.fail('no decline')).reason).toBe('spent');
    expect(home.refusals()).toEqual(['CELL_SPENT']);
  });

  test('the id stays bound', async () => {
    const round = await firstRound();
    home.restart();
    await home.announced(home.announce({ id: round.announce.id, minimum: 4 }));
    expect(home.refusals()).toEqual(['ROUND_ID_BOUND']);
    expect(home.stateOf(round)).toBe('reported unasked');
  });
});

describe('what is cleared', () => {
  test('an announcement: nothing is repeated; when it comes again, it is taken up', async () => {
    const round = await firstRound();
    await home.inbox.announced(round.id, new Uint8Array());
    expect(home.stateOf(round)).toBeUndefined();
    await home.announced(round);
    expect(home.sent('report')).toHaveLength(2);
  });

  test('an open request: nothing is sent', async () => {
    const round = await firstRound();
    await home.inbox.asked(round.id, new Uint8Array());
    expect(home.sent('answer')).toEqual([]);
  });
});

describe('nothing leaves that is not on disk', () => {
  test.each(['reports', 'spent_cells', 'ledger'])('no report where %s cannot be written', async (table) => {
    home.database.exec(`CREATE TRIGGER full BEFORE INSERT ON ${table} BEGIN SELECT RAISE(ABORT, 'disk full'); END`);
    const round = home.announce();
    await home.announced(round);
    await expect(home.rosterComes()).rejects.toThrow('disk full');
    expect(home.published).toEqual([]);
    // Once there is room again, the retained announcement brings it all back.
    home.database.exec('DROP TRIGGER full');
    await home.announced(round);
    expect(home.sent('report')).toHaveLength(1);
  });

  test('no answer where it cannot be written', async () => {
    const round = await firstRound();
    const open = openFor(round);
    home.database.exec("CREATE TRIGGER full BEFORE INSERT ON answers BEGIN SELECT RAISE(ABORT, 'disk full'); END");
    await expect(home.inbox.asked(round.id, open.bytes)).rejects.toThrow('disk full');
    expect(home.sent('answer')).toEqual([]);
    home.database.exec('DROP TRIGGER full');
    await home.inbox.asked(round.id, open.bytes);
    expect(home.sent('answer')).toHaveLength(1);
  });
});

describe('a member', () => {
  test('answers while sharing is off', async () => {
    home.sharing = false;
    const round = await firstRound();
    expect(home.stateOf(round)).toBe('declined unasked');
    await home.inbox.asked(round.id, openFor(round).bytes);
    expect(home.sent('answer')).toHaveLength(1);
    expect(home.sent('report')).toEqual([]);
  });

  test('answers for a round that has too few contributors for its own report', async () => {
    home.policy = { ...home.policy, minContributors: 15 };
    const round = await firstRound();
    expect(Decline.decode(home.sent('decline')[0] ?? expect.fail('no decline')).reason).toBe('policy');
    await home.inbox.asked(round.id, openFor(round).bytes);
    expect(home.sent('answer')).toHaveLength(1);
  });

  test('answers without a tensor', async () => {
    const round = await firstRound(home.announce({ query: { ...made.announceFields.query, tags: ['#nothing'] } }));
    expect(home.published).toEqual([]);
    await home.inbox.asked(round.id, openFor(round).bytes);
    expect(home.sent('answer')).toHaveLength(1);
  });

  test('turning sharing on within the time of a round lets it report', async () => {
    home.sharing = false;
    const round = await firstRound();
    home.sharing = true;
    await home.inbox.reconsider();
    expect(home.stateOf(round)).toBe('reported unasked');
  });
});

describe('bad input ends nothing and is told once', () => {
  const garbage = [Buffer.from('x'), randomBytes(300), Buffer.alloc(5000, 0x9f), Buffer.from('a'.repeat(100))];

  test.each(['announced', 'asked', 'rosterCame', 'resulted'] as const)('garbage as %s', async (kind) => {
    const round = await firstRound();
    const hash = toHex(made.roster.hash);
    const before = home.ledger().length;
    for (const bytes of garbage)
      for (let n = 0; n < 3; n++) await home.inbox[kind](kind === 'rosterCame' ? hash : round.id, bytes);
    expect(home.ledger().length - before).toBeLessThanOrEqual(2);
    expect(home.stateOf(round)).toBe('reported unasked');
  });

  test('a bad roster is refused, and a good one taken after it', async () => {
    const round = home.announce();
    await home.announced(round);
    await home.inbox.rosterCame(toHex(made.roster.hash), makeCohort(4).signedRoster);
    expect(home.refusals()).toEqual(['ROSTER_SIGNATURE']);
    await firstRound(round);
    expect(home.stateOf(round)).toBe('reported unasked');
  });

  test('a roster under another’s name is refused', async () => {
    const hash = Buffer.alloc(32, 1);
    const signed = makeAnnounce(made.coordinator, { ...made.announceFields, id: randomBytes(16), roster: hash });
    const id = randomBytes(16);
    await home.inbox.announced(toHex(id), makeAnnounce(made.coordinator, { ...made.announceFields, id, roster: hash }));
    expect(signed.length).toBeGreaterThan(0);
    await home.inbox.rosterCame(toHex(hash), made.signedRoster);
    expect(home.refusals()).toEqual(['ROSTER_NOT_THE_ONE_NAMED']);
  });

  test('a roster that nobody asked for is not looked at', async () => {
    await home.rosterComes();
    expect(home.database.prepare('SELECT count(*) FROM rosters').pluck().get()).toBe(0);
  });

  test('announcements of another signer under ever new ids leave one entry', async () => {
    const stranger = generateSigningKey();
    for (let n = 0; n < 50; n++) {
      const id = randomBytes(16);
      await home.inbox.announced(toHex(id), makeAnnounce(stranger, { ...made.announceFields, id }));
    }
    expect(home.refusals()).toEqual(['ROUND_SIGNATURE']);
    expect(home.shell.participants.size).toBe(0);
  });

  test('open requests for rounds that were never announced are held in a small number', async () => {
    for (let n = 0; n < 100; n++) await home.inbox.asked(toHex(randomBytes(16)), randomBytes(100));
    expect(home.shell.participants.size).toBe(16);
    expect(home.refusals()).toEqual(['EARLY_REQUESTS_TOO_MANY']);
  });

  test('a result of another signer, or of another round, ends nothing', async () => {
    const round = await firstRound();
    await home.inbox.resulted(round.id, resultOf(round, generateSigningKey()));
    await home.inbox.resulted(round.id, resultOf({ ...round, hash: Buffer.alloc(32) }));
    expect(home.stateOf(round)).toBe('reported unasked');
    expect(home.refusals()).toEqual(['RESULT_OTHER_ROUND', 'RESULT_REFUSED']);
  });
});

describe('rosters that follow each other', () => {
  const fourth = made.homes[3] as MadeHome;
  const renewed = renew(fourth, 2);

  /** Announces a round under this roster, and lets the roster come. */
  async function offer(epoch: number, homes: readonly MadeHome[]): Promise<void> {
    const ids = homes.map(({ id }) => id);
    const members = signMessage(made.authority, MemberList, { cohort, epoch, homes: ids });
    const { signed, hash } = makeRoster(made.coordinator, { cohort, epoch, members, homes });
    const id = randomBytes(16);
    await home.inbox.announced(toHex(id), makeAnnounce(made.coordinator, { ...made.announceFields, id, roster: hash }));
    await home.inbox.rosterCame(toHex(hash), signed);
  }

  test('the next epoch is taken', async () => {
    await firstRound();
    await offer(2, [...made.homes.slice(0, 3), renewed]);
    expect(home.refusals()).toEqual(['CELL_SPENT']);
  });

  test('a second roster for an epoch is refused', async () => {
    await firstRound();
    await offer(1, [...made.homes.slice(0, 3), renewed]);
    expect(home.refusals()).toEqual(['ROSTER_SECOND_HASH']);
  });

  test('a lower epoch is refused, rounds of it that were accepted go on', async () => {
    const round = await firstRound();
    await offer(3, [...made.homes.slice(0, 3), renewed]);
    await offer(2, [...made.homes.slice(0, 3), renewed]);
    expect(home.refusals()).toEqual(['ROSTER_LOWER_EPOCH', 'CELL_SPENT']);
    await home.inbox.asked(round.id, openFor(round).bytes);
    expect(home.sent('answer')).toHaveLength(1);
  });

  test('an agreement key that was replaced does not come back, whatever happened in between', async () => {
    await firstRound();
    await offer(2, [...made.homes.slice(0, 3), renewed]);
    home.restart();
    await offer(3, made.homes);
    expect(home.refusals()).toEqual(['ROSTER_SEQUENCE', 'CELL_SPENT']);
  });

  test('a roster without this home is refused', async () => {
    const [, ...others] = made.homes;
    await offer(2, others);
    expect(home.refusals()).toEqual(['ROSTER_WITHOUT_HOME']);
  });

  function renew(of: MadeHome, sequence: number): MadeHome {
    const secret = generateAgreement();
    const agreement = signMessage(of.identity, AgreementKey, { home: of.id, sequence, key: secret.publicKey });
    return { ...of, secret, agreement };
  }
});

test('a value beyond the capacity is noted without the value', async () => {
  enter(home.tensors, 'surge', [99_999_999, 1, 1, 1], { from, tags: ['#surge'] });
  await firstRound(home.announce({ query: { ...made.announceFields.query, tags: ['#surge'] } }));
  expect(home.sent('report')).toHaveLength(1);
  const logged = home.lines.join('');
  expect(logged).toContain('surge');
  expect(logged).not.toContain('99999999');
});

test('what is pending at a close is called off', async () => {
  const grid = { from: now - 6 * hour, step: 6 * hour, slots: 2 };
  await firstRound(home.announce({ grid, deadline: now + 20 * hour, expiry: now + 40 * hour }));
  home.shell.close();
  await home.clock.stepTo(after(now, 50 * hour));
  expect(home.published).toEqual([]);
});
