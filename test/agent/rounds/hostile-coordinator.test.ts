/**
 * A coordinator that holds its true key and does with it what it likes, before a real home with a real disk: what it
 * tries, what the home says to it, and that it never holds more of the home than one report for a cell and one answer
 * for a round.
 */
import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { overlapMs } from '../../../agent/key-life.ts';
import type { RefusalCode } from '../../../agent/policy/refusals.ts';
import { forgetRounds } from '../../../agent/store/forget-rounds.ts';
import { Ledger } from '../../../agent/store/ledger.ts';
import { RoundStore } from '../../../agent/store/round-store.ts';
import { generateAgreement } from '../../../broker/protocol/agreement.ts';
import { makeOpen } from '../../../broker/protocol/answer.ts';
import { after, durationMs, type EpochMs, epochMs } from '../../../broker/protocol/clock.ts';
import { toHex } from '../../../broker/protocol/hex.ts';
import { AgreementKey, type Announce, ContributorSet, MemberList, Open } from '../../../broker/protocol/messages.ts';
import { makeRoster } from '../../../broker/protocol/roster.ts';
import { makeAnnounce, type Round } from '../../../broker/protocol/round.ts';
import { signJson } from '../../../broker/protocol/signed-json.ts';
import { generateSigningKey, type SigningKey, signMessage } from '../../../broker/protocol/signing.ts';
import { type Quantity, unitOf } from '../../../hardware/quantity.ts';
import { cohort, type MadeHome, makeCohort, makeReports, makeSetOf, now } from '../../broker/protocol/made-cohort.ts';
import { enter, hour, temporaryFolder } from '../made-agent.ts';
import { meteredIn, readMeters } from '../metered.ts';
import { MadeInbox } from './made-inbox.ts';

const made = makeCohort(5);
const { announceFields } = made;
const { grid, query } = announceFields;
const minute = 60_000;

let folder: { folder: string; remove: () => void };
let home: MadeInbox;

beforeEach(() => {
  folder = temporaryFolder();
  home = new MadeInbox(folder.folder, made);
  const from = grid.from - 4 * 6 * hour;
  const tags = ['#energy-consumption', '#fridge'];
  enter(home.tensors, 'fridge', [5000, 8500, 9700, 2500, 1000, 1100, 1200, 1300], { from, tags });
});
afterEach(() => {
  home.close();
  folder.remove();
});

async function offered(changes: Partial<Announce> = {}): Promise<Round> {
  const round = home.announce(changes);
  await home.announced(round);
  await home.rosterComes();
  return round;
}

/** The home gets two meters, one behind the other, that measure several quantities each. */
function metered(): void {
  home.close();
  home = new MadeInbox(folder.folder, made, now, meteredIn);
  readMeters(home.database, grid.from - 24 * hour, now);
  for (const { id } of home.tensors.list()) home.tensors.publish(id, epochMs(grid.from - 24 * hour), now);
}

/** The quantities of one meter, one round after the other over the same hours. */
async function fridgeOffered(...asked: readonly Quantity[]): Promise<void> {
  metered();
  for (const quantity of asked) await offered({ query: { tags: ['#fridge'], quantity, unit: unitOf(quantity) } });
}

interface Asking {
  readonly contributors?: readonly number[];
  /** Signed for this round, whatever it says. */
  readonly fields?: Partial<ContributorSet>;
  readonly key?: SigningKey;
}

/** An open request with shares that open, of home 1's report and of reports that the coordinator makes up itself. */
function openFor(round: Round, { contributors = [1, 2, 3], fields = {}, key = made.coordinator }: Asking = {}) {
  const others = contributors.filter((index) => index !== 1);
  const reports = makeReports({ ...made, round }, others, new Array(round.length).fill(7n));
  const own = home.sent('report', round)[0];
  if (contributors.includes(1) && own !== undefined) reports.set(1, own);
  const ordered = new Map([...reports].sort(([one], [other]) => one - other));
  const { set, sealedFor } = makeSetOf({ ...made, round }, ordered);
  const { contributors: bitmap, salts } = ContributorSet.decode(unsigned(set.signed));
  const signed = signMessage(key, ContributorSet, { round: round.hash, contributors: bitmap, salts, ...fields });
  return makeOpen({ ...set, signed }, sealedFor(1));
}

const unsigned = (signed: Uint8Array) => {
  // [payload, signature], the payload with a length of two bytes at most.
  const long = signed[1] === 0x59 ? 4 : 3;
  return signed.subarray(long, signed.length - 66);
};

async function offerRoster(epoch: number, homes: readonly MadeHome[], authority = made.authority, of = cohort) {
  const members = signMessage(authority, MemberList, { cohort: of, epoch, homes: homes.map(({ id }) => id) });
  const { signed, hash } = makeRoster(made.coordinator, { cohort: of, epoch, members, homes });
  const id = randomBytes(16);
  const times = { grid: { ...grid, from: grid.from - 4 * 6 * hour } };
  await home.inbox.announced(
    toHex(id),
    makeAnnounce(made.coordinator, { ...announceFields, ...times, id, roster: hash }),
  );
  await home.inbox.rosterCame(toHex(hash), signed);
}

/** With another key of its own, as if it had rotated it. */
const rotated = (of: MadeHome, sequence: number): MadeHome => {
  const secret = generateAgreement();
  return {
    ...of,
    secret,
    agreement: signMessage(of.identity, AgreementKey, { home: of.id, sequence, key: secret.publicKey }),
  };
};
const [one, two, three, four, five] = made.homes as readonly MadeHome[] as [
  MadeHome,
  MadeHome,
  MadeHome,
  MadeHome,
  MadeHome,
];

function failedResult(round: Round): Buffer {
  const { announce } = round;
  return Buffer.from(
    signJson(made.coordinator, {
      v: 1,
      type: 'result',
      cohort,
      round: round.id,
      hash: toHex(round.hash),
      query: announce.query,
      grid: announce.grid,
      members: 5,
      state: 'failed',
      reason: 'too-few-answers',
    }),
  );
}

/** The key that the roster names is replaced, erased, and what it was for forgotten. @returns when */
async function forgotten(round: Round): Promise<EpochMs> {
  const rules = { rotateEvery: durationMs(30 * 24 * hour) };
  const replaced = after(now, rules.rotateEvery);
  home.keys.renew(replaced, rules);
  const later = after(replaced, overlapMs);
  home.keys.renew(later, rules);
  expect(forgetRounds(home.database, later)).toBe(1);
  expect(new RoundStore(home.database, new Ledger(home.database)).round(round.id)?.signed).toHaveLength(0);
  return later;
}

interface Attack {
  readonly attack: string;
  readonly act: () => Promise<void>;
  /** What the home notes down, oldest first. */
  readonly refused: readonly RefusalCode[];
  /** Different reports and answers that it gives away in all. */
  readonly reports: number;
  readonly answers: number;
}

const attacks: readonly Attack[] = [
  {
    attack: 'two rosters for one epoch',
    act: async () => {
      await offered();
      await offerRoster(1, [one, two, three, four, rotated(five, 2)]);
    },
    refused: ['ROSTER_SECOND_HASH'],
    reports: 1,
    answers: 0,
  },
  {
    attack: 'a roster of a lower epoch',
    act: async () => {
      await offered();
      await offerRoster(3, [one, two, three, rotated(four, 2), five]);
      await offerRoster(2, [one, two, three, rotated(four, 3), five]);
    },
    refused: ['ROSTER_LOWER_EPOCH'],
    reports: 2,
    answers: 0,
  },
  {
    attack: 'a list of homes that the authority never signed',
    act: () => offerRoster(2, [one, two, three], generateSigningKey()),
    refused: ['ROSTER_SIGNATURE'],
    reports: 0,
    answers: 0,
  },
  {
    attack: 'a list of another cohort',
    act: () => offerRoster(2, made.homes, made.authority, 'elm-street'),
    refused: ['ROSTER_COHORT'],
    reports: 0,
    answers: 0,
  },
  {
    attack: 'a roster of a home and its three puppets without keys of the authority',
    act: () => offerRoster(2, [one, ...makeCohort(5).homes.slice(1)]),
    refused: ['ROSTER_CERTIFICATE'],
    reports: 0,
    answers: 0,
  },
  {
    attack: 'an old agreement key of a neighbour, which it has the private part of',
    act: async () => {
      await offered();
      await offerRoster(2, [one, rotated(two, 5), three, four, five]);
      await offerRoster(3, [one, rotated(two, 4), three, four, five]);
    },
    refused: ['ROSTER_SEQUENCE'],
    reports: 2,
    answers: 0,
  },
  {
    attack: 'another key for this home',
    act: () => offerRoster(2, [rotated(one, 2), two, three, four, five]),
    refused: ['ROSTER_OTHER_KEY'],
    reports: 0,
    answers: 0,
  },
  {
    attack: 'a second announcement under a round’s id',
    act: async () => {
      const round = await offered();
      await home.announced(home.announce({ id: round.announce.id, limit: 500_000 }));
    },
    refused: ['ROUND_ID_BOUND'],
    reports: 1,
    answers: 0,
  },
  {
    attack: 'an announcement on another round’s topic',
    act: async () => {
      const round = await offered();
      await home.inbox.announced(round.id, home.announce().signed);
    },
    refused: ['ROUND_TOPIC'],
    reports: 1,
    answers: 0,
  },
  {
    attack: 'grids that overlap',
    act: async () => {
      await offered();
      await offered({ grid: { ...grid, from: grid.from + 18 * hour, slots: 1 } });
      await offered({ grid: { ...grid, from: grid.from - 6 * hour, slots: 2 } });
      await offered({ grid: { from: grid.from, step: 24 * hour, slots: 1 }, limit: 2_400_000 });
    },
    refused: ['CELL_SPENT', 'CELL_SPENT', 'CELL_SPENT'],
    reports: 1,
    answers: 0,
  },
  {
    attack: 'the same hours shifted by a minute',
    act: async () => {
      await offered();
      await offered({ grid: { ...grid, from: grid.from - minute } });
      await offered({ grid: { ...grid, from: grid.from - 24 * hour + minute } });
    },
    refused: ['CELL_SPENT', 'CELL_SPENT'],
    reports: 1,
    answers: 0,
  },
  {
    attack: 'other tags on the same meter',
    act: async () => {
      await offered();
      await offered({ query: { ...query, tags: ['#fridge'] } });
    },
    refused: ['CELL_SPENT'],
    reports: 1,
    answers: 0,
  },
  {
    attack: 'the power of a meter after its energy',
    act: () => fridgeOffered('energyImport', 'power', 'current'),
    refused: ['CELL_SPENT', 'CELL_SPENT'],
    reports: 1,
    answers: 0,
  },
  {
    attack: 'the power of a meter after its export',
    act: () => fridgeOffered('energyExport', 'power', 'current'),
    refused: ['CELL_SPENT', 'CELL_SPENT'],
    reports: 1,
    answers: 0,
  },
  {
    attack: 'either direction of a meter after its power',
    act: () => fridgeOffered('power', 'energyExport', 'energyImport'),
    refused: ['CELL_SPENT', 'CELL_SPENT'],
    reports: 1,
    answers: 0,
  },
  {
    attack: 'a limit raised step by step, to find where the home begins to report',
    act: async () => {
      // 3680 W, published in its catalogue, is 220,800 tenths of a Wh in six hours.
      for (const limit of [1, 1000, 220_799, 220_800, 220_801, 600_000]) await offered({ limit });
    },
    refused: ['CAPACITY_ABOVE_LIMIT', 'CAPACITY_ABOVE_LIMIT', 'CAPACITY_ABOVE_LIMIT', 'CELL_SPENT', 'CELL_SPENT'],
    reports: 1,
    answers: 0,
  },
  {
    attack: 'a minimum lowered between report and open request',
    act: async () => {
      const round = await offered({ minimum: 4 });
      await home.announced(home.announce({ ...round.announce, minimum: 2 }));
      const fields = { contributors: Uint8Array.of(0b11), salts: randomBytes(32) };
      await home.inbox.asked(round.id, openFor(round, { contributors: [1, 2, 3, 4], fields }));
    },
    refused: ['ROUND_ID_BOUND', 'SET_MINIMUM'],
    reports: 1,
    answers: 0,
  },
  {
    attack: 'two sets that differ by this home',
    act: async () => {
      const round = await offered();
      await home.inbox.asked(round.id, openFor(round, { contributors: [1, 2, 3, 4] }));
      await home.inbox.asked(round.id, openFor(round, { contributors: [2, 3, 4] }));
    },
    refused: ['SET_OTHER'],
    reports: 1,
    answers: 1,
  },
  {
    attack: 'a set before the announcement, another after it',
    act: async () => {
      const round = home.announce();
      await home.inbox.asked(round.id, openFor(round, { contributors: [2, 3, 4] }));
      await home.announced(round);
      await home.rosterComes();
      await home.inbox.asked(round.id, openFor(round, { contributors: [3, 4, 5] }));
    },
    refused: ['SET_OTHER'],
    reports: 0,
    answers: 1,
  },
  {
    attack: 'the same set asked again with other salts',
    act: async () => {
      const round = await offered();
      const open = openFor(round);
      await home.inbox.asked(round.id, open);
      await home.inbox.asked(round.id, openFor(round, { fields: { salts: randomBytes(48) } }));
    },
    refused: ['SET_OTHER'],
    reports: 1,
    answers: 1,
  },
  {
    attack: 'salts that open nothing, first',
    act: async () => {
      const round = await offered();
      await home.inbox.asked(round.id, openFor(round, { fields: { salts: randomBytes(48) } }));
      await home.inbox.asked(round.id, openFor(round));
      await home.inbox.asked(round.id, openFor(round, { fields: { salts: randomBytes(48) } }));
    },
    refused: ['SHARE_NOT_OPENED', 'SET_OTHER'],
    reports: 1,
    answers: 1,
  },
  {
    attack: 'a set with a home beyond the roster',
    act: async () => {
      const round = await offered();
      const fields = { contributors: Uint8Array.of(0b0010_0111), salts: randomBytes(64) };
      await home.inbox.asked(round.id, openFor(round, { fields }));
    },
    refused: ['SET_BITMAP'],
    reports: 1,
    answers: 0,
  },
  {
    attack: 'a set of another round with the same homes',
    act: async () => {
      const round = await offered();
      const other = await offered({ grid: { ...grid, from: grid.from - 24 * hour } });
      await home.inbox.asked(round.id, openFor(other));
      await home.inbox.asked(other.id, openFor(other, { fields: { round: round.hash } }));
    },
    refused: ['SET_ROUND', 'SET_ROUND'],
    reports: 2,
    answers: 0,
  },
  {
    attack: 'a set signed by nobody known',
    act: async () => {
      const round = await offered();
      await home.inbox.asked(round.id, openFor(round, { key: generateSigningKey() }));
    },
    refused: ['SET_SIGNATURE'],
    reports: 1,
    answers: 0,
  },
  {
    attack: 'this home’s own share in a neighbour’s place',
    act: async () => {
      const round = await offered();
      const { set, shares } = Open.decode(openFor(round));
      const size = shares.length / 3;
      const twice = Buffer.concat([shares.subarray(0, size), shares.subarray(0, size), shares.subarray(2 * size)]);
      await home.inbox.asked(round.id, Open.encode({ set, shares: twice }));
    },
    refused: ['SHARE_NOT_OPENED'],
    reports: 1,
    answers: 0,
  },
  {
    attack: 'everything again after a restart',
    act: async () => {
      const round = await offered();
      const open = openFor(round);
      await home.inbox.asked(round.id, open);
      home.restart();
      await home.announced(round);
      await home.inbox.asked(round.id, open);
      await home.inbox.asked(round.id, openFor(round, { contributors: [2, 3, 4] }));
      await offered();
    },
    refused: ['SET_OTHER', 'CELL_SPENT'],
    reports: 1,
    answers: 1,
  },
  {
    attack: 'everything again after its end',
    act: async () => {
      const round = await offered();
      await home.clock.stepTo(epochMs(round.announce.expiry));
      await home.announced(round);
      await home.inbox.asked(round.id, openFor(round));
      await offered({ id: round.announce.id, expiry: after(epochMs(round.announce.expiry), hour) });
      await offered({ expiry: after(epochMs(round.announce.expiry), hour) });
    },
    refused: ['ROUND_ID_BOUND', 'CELL_SPENT'],
    reports: 1,
    answers: 0,
  },
  {
    attack: 'a round again once its messages are forgotten, and another one under its id',
    act: async () => {
      const round = await offered();
      const open = openFor(round);
      await home.inbox.asked(round.id, open);
      const later = await forgotten(round);
      // Also before a clock that says that the round is still open.
      for (const at of [later, now]) {
        home.restart(at);
        await home.announced(round);
        await home.inbox.asked(round.id, open);
        await home.inbox.asked(round.id, openFor(round, { contributors: [1, 4, 5] }));
        await home.announced(
          home.announce({ id: round.announce.id, expiry: after(epochMs(round.announce.expiry), 1) }),
        );
        await home.rosterComes();
      }
    },
    refused: ['ROUND_ID_BOUND'],
    reports: 1,
    answers: 1,
  },
  {
    attack: 'the same hours once the round is forgotten, under a new roster and under the old one',
    act: async () => {
      const round = await offered();
      home.restart(await forgotten(round));
      home.restart(now);
      await offered();
      home.nextRoster();
      await offered();
    },
    refused: ['ROSTER_KEY_REPLACED', 'CELL_SPENT'],
    reports: 1,
    answers: 0,
  },
  {
    attack: 'the same hours a month later, when no memory of rounds would have to be kept any more',
    act: async () => {
      const round = await offered();
      const later = after(epochMs(round.announce.expiry), 30 * 24 * hour);
      await home.clock.stepTo(later);
      home.restart();
      await home.announced(round);
      const id = randomBytes(16);
      const times = { deadline: later + hour, expiry: later + 24 * hour };
      await home.inbox.announced(toHex(id), makeAnnounce(made.coordinator, { ...announceFields, ...times, id }));
    },
    refused: ['ROUND_EXPIRY'],
    reports: 1,
    answers: 0,
  },
  {
    attack: 'everything again after the clock is set back',
    act: async () => {
      const round = await offered();
      const open = openFor(round);
      await home.inbox.asked(round.id, open);
      await home.clock.stepTo(epochMs(round.announce.expiry + 1));
      home.restart(epochMs(now - 5 * hour));
      await home.announced(round);
      await home.inbox.asked(round.id, openFor(round, { contributors: [1, 4, 5] }));
      await home.clock.stepTo(now);
      await offered();
    },
    refused: ['SET_OTHER', 'CELL_SPENT'],
    reports: 1,
    answers: 1,
  },
  {
    attack: 'a round that is said to have failed, asked again',
    act: async () => {
      const round = await offered();
      await home.inbox.resulted(round.id, failedResult(round));
      await home.announced(round);
      await home.inbox.asked(round.id, openFor(round));
      await offered();
    },
    refused: ['CELL_SPENT'],
    reports: 1,
    answers: 0,
  },
  {
    attack: 'hours that are not over yet',
    act: async () => {
      await offered({ grid: { ...grid, from: now - 6 * hour, slots: 2 }, expiry: now + 30 * hour });
    },
    refused: [],
    reports: 0,
    answers: 0,
  },
  {
    attack: 'a round that more than a third of the homes could open by themselves',
    act: async () => {
      const id = randomBytes(16);
      await home.inbox.announced(toHex(id), makeAnnounce(made.coordinator, { ...announceFields, id, dropouts: 1 }));
      await home.rosterComes();
    },
    refused: ['ROUND_COLLUSION'],
    reports: 0,
    answers: 0,
  },
];

describe('a coordinator that lies', () => {
  test.each(attacks)('with $attack', async ({ act, refused, reports, answers }) => {
    await act();
    expect(home.refusals().reverse()).toEqual(refused);
    expect(different('report')).toBe(reports);
    expect(different('answer')).toBe(answers);
    expectNothingLearned();
  });
});

const different = (topic: 'report' | 'answer') => new Set(home.sent(topic).map(toHex)).size;

/**
 * A report on its own is sealed. What can be opened are the sums that members answer for, so a home gives away nothing
 * beyond them while it puts no cell into two reports, answers no round twice, and none for fewer than were announced.
 */
function expectNothingLearned(): void {
  for (const topic of ['report', 'answer'] as const) {
    for (const round of new Set(home.published.map((each) => each.round))) {
      const ofRound = home.published.filter((each) => each.topic === topic && each.round === round);
      expect(new Set(ofRound.map(({ payload }) => toHex(payload))).size).toBeLessThanOrEqual(1);
    }
  }
  const overlapping = home.database
    .prepare(
      `SELECT count(*) FROM spent_cells AS one JOIN spent_cells AS other ON one.rowid < other.rowid
       AND one.device = other.device AND one.family = other.family
       AND one.from_ms < other.until_ms AND other.from_ms < one.until_ms`,
    )
    .pluck()
    .get();
  expect(overlapping).toBe(0);
  const fewest = home.database.prepare('SELECT min(contributors) FROM answers').pluck().get() as number | null;
  expect(fewest ?? 3).toBeGreaterThanOrEqual(3);
}
