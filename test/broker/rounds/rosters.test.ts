import { afterEach, describe, expect, test } from 'vitest';
import type { ApprovedHome } from '../../../broker/enrolment/home-directory.ts';
import { AgreementKey } from '../../../broker/protocol/messages.ts';
import { checkRoster } from '../../../broker/protocol/roster.ts';
import { generateSigningKey, signMessage } from '../../../broker/protocol/signing.ts';
import { topicOf } from '../../../broker/protocol/topics.ts';
import { makeCertificate } from '../protocol/made-certificates.ts';
import { cohort, hour, makeCohort, makeHome, morning } from './made-cohort.ts';
import { prefix } from './simulated-homes.ts';
import { type HomePlan, Utility } from './utility.ts';

const ids = ['ada', 'ben', 'cleo', 'dan'];
const plans: Record<string, HomePlan> = Object.fromEntries(ids.map((id) => [id, { wattHours: [1, 2, 3, 4] }]));

const utilities: Utility[] = [];
afterEach(() => {
  for (const utility of utilities.splice(0)) utility.end();
});

async function utilityOf(): Promise<Utility> {
  const utility = new Utility(makeCohort(ids), plans);
  utilities.push(utility);
  await utility.wire.connect();
  return utility;
}

/** Changes what is known of one home. */
function change(utility: Utility, id: string, changes: (home: ApprovedHome) => Partial<ApprovedHome>): void {
  utility.approved = utility.approved.map((home) => (home.home === id ? { ...home, ...changes(home) } : home));
}

const rosterTopics = (utility: Utility) =>
  [...utility.wire.retained.keys()].filter((topic) => topic.includes('/rosters/'));
const topicOfHash = (hash: string) => topicOf(prefix, 'roster', { cohort, hash });

describe('a roster', () => {
  test('passes the checks of a home, and is named by its hash', async () => {
    const utility = await utilityOf();
    const { epoch, hash, homes, leftOut } = await utility.rounds.publishRoster(cohort);
    const { coordinator, authority } = utility.made;
    const roster = checkRoster(utility.wire.retained.get(topicOfHash(hash)) as Uint8Array, {
      coordinator: coordinator.publicKey,
      authority: authority.publicKey,
      cohort,
      now: morning,
      seen: new Map(),
      epochs: new Map(),
    });
    expect(roster).toMatchObject({ epoch, homes: ids.map((id) => ({ id })) });
    expect({ epoch, homes, leftOut }).toEqual({ epoch: 1, homes: ids, leftOut: [] });
  });

  test('of the next epoch takes the place of the last one, also after a restart', async () => {
    const utility = await utilityOf();
    await utility.rounds.publishRoster(cohort);
    await utility.restart();
    const next = await utility.rounds.publishRoster(cohort);
    expect(next.epoch).toBe(2);
    expect(rosterTopics(utility)).toEqual([topicOfHash(next.hash)]);
  });

  test('stays retained while a round uses it', async () => {
    const utility = await utilityOf();
    const first = await utility.rounds.publishRoster(cohort);
    await utility.ask();
    const second = await utility.rounds.publishRoster(cohort);
    await utility.restart();
    expect(rosterTopics(utility).sort()).toEqual([topicOfHash(first.hash), topicOfHash(second.hash)].sort());
    await utility.look();
    await utility.look();
    expect(rosterTopics(utility)).toEqual([topicOfHash(second.hash)]);
  });

  test('that was signed and not stored before a power cut is passed over, not published with another list', async () => {
    const utility = await utilityOf();
    utility.authority.signMembers(cohort, 1, ['ada', 'ben', 'cleo']);
    expect(await utility.rounds.publishRoster(cohort)).toMatchObject({ epoch: 2, homes: ids });
  });

  test('is published at the next connect when it was made while the link was down', async () => {
    const utility = await utilityOf();
    utility.wire.connected = false;
    const { hash } = await utility.rounds.publishRoster(cohort);
    expect(rosterTopics(utility)).toEqual([]);
    await utility.wire.connect();
    expect(rosterTopics(utility)).toEqual([topicOfHash(hash)]);
  });
});

const renewed = (
  { made: { authority } }: Utility,
  identity: Uint8Array,
  validity: [string, string] = ['260601000000Z', '460601000000Z'],
) => makeCertificate({ authority, identity, home: 'dan', cohort, validity });

const rotated = (utility: Utility, id: string, sequence: number) => {
  const home = utility.made.homes.find((made) => made.id === id) as (typeof utility.made.homes)[0];
  const key = makeHome(utility.made.authority, id).secret.publicKey;
  return signMessage(home.identity, AgreementKey, { home: id, sequence, key });
};

describe('a round that is opened', () => {
  const changes: [what: string, epochs: number, change: (utility: Utility) => void][] = [
    ['nothing has changed', 1, () => undefined],
    [
      'a home has a new agreement key',
      2,
      (utility) => change(utility, 'dan', () => ({ agreementKey: rotated(utility, 'dan', 5) })),
    ],
    [
      'a home was removed',
      2,
      (utility) => {
        utility.approved = utility.approved.filter(({ home }) => home !== 'dan');
      },
    ],
    [
      // The old one in the roster would keep it from homes that have yet to accept it, once it is over.
      'a certificate was renewed',
      2,
      (utility) => change(utility, 'dan', ({ identity }) => ({ certificate: renewed(utility, identity) })),
    ],
    ['a gateway was replaced', 2, (utility) => change(utility, 'dan', () => replaced(utility))],
    [
      'a key came that is kept out',
      2,
      (utility) => change(utility, 'dan', () => ({ agreementKey: rotated(utility, 'cleo', 5) })),
    ],
  ];
  const replaced = (utility: Utility) => {
    const { identity, certificate } = makeHome(utility.made.authority, 'dan');
    const key = makeHome(utility.made.authority, 'dan').secret.publicKey;
    const agreementKey = signMessage(identity, AgreementKey, { home: 'dan', sequence: 5, key });
    return { identity: identity.publicKey, certificate, agreementKey };
  };

  test.each(changes)('when %s is in epoch %i', async (_, epochs, becomes) => {
    const utility = await utilityOf();
    await utility.rounds.publishRoster(cohort);
    becomes(utility);
    await utility.ask();
    // A change makes one epoch, however often is asked.
    await utility.ask();
    const [topic] = rosterTopics(utility);
    expect(rosterTopics(utility)).toHaveLength(1);
    // The next one, whatever it holds, is one above.
    const { epoch, hash } = await utility.rounds.publishRoster(cohort);
    expect(epoch).toBe(epochs + 1);
    expect(new Set(rosterTopics(utility))).toEqual(new Set([topic, topicOfHash(hash)]));
  });

  test('goes on without a home whose certificate has run out', async () => {
    const utility = await utilityOf();
    const toTomorrow: [string, string] = ['260601000000Z', '261125000000Z'];
    change(utility, 'dan', ({ identity }) => ({ certificate: renewed(utility, identity, toTomorrow) }));
    await utility.rounds.publishRoster(cohort);
    await utility.step(24 * hour);
    const { round } = await utility.ask();
    for (const _ of ['report', 'answer']) await utility.look('ada', 'ben', 'cleo');
    expect(utility.result(round)).toMatchObject({ state: 'opened', members: 3, contributors: 3 });
    expect(utility.rounds.leftOut([cohort])).toMatchObject([
      { home: 'dan', why: expect.stringContaining('not valid at this time') as unknown },
    ]);
  });

  test('makes no further epoch for a home that stays kept out', async () => {
    const utility = await utilityOf();
    change(utility, 'dan', () => ({ agreementKey: rotated(utility, 'cleo', 5) }));
    await utility.rounds.publishRoster(cohort);
    await utility.ask();
    expect((await utility.rounds.publishRoster(cohort)).epoch).toBe(2);
  });

  test('waits for the first roster to be published by an operator', async () => {
    const utility = await utilityOf();
    await expect(utility.ask()).rejects.toMatchObject({ code: 'ROUND_NO_ROSTER' });
  });
});

describe('a home that would stop the others is left out', () => {
  const cases: [string, (utility: Utility) => void, RegExp][] = [
    ['no agreement key', (utility) => change(utility, 'dan', () => ({ agreementKey: undefined })), /no agreement key/],
    [
      'an agreement key signed by someone else',
      (utility) => change(utility, 'dan', () => ({ agreementKey: rotatedBy(generateSigningKey()) })),
      /signature/,
    ],
    [
      'a key of low order',
      (utility) => {
        const { identity } = utility.made.homes[3] as (typeof utility.made.homes)[0];
        const agreementKey = signMessage(identity, AgreementKey, { home: 'dan', sequence: 1, key: new Uint8Array(32) });
        change(utility, 'dan', () => ({ agreementKey }));
      },
      /low order/,
    ],
    [
      'a certificate of another authority',
      (utility) => change(utility, 'dan', () => ({ certificate: makeHome(generateSigningKey(), 'dan').certificate })),
      /certificate/,
    ],
  ];
  const rotatedBy = (identity: ReturnType<typeof generateSigningKey>) =>
    signMessage(identity, AgreementKey, { home: 'dan', sequence: 1, key: identity.publicKey });

  test.each(cases)('%s', async (_, spoil, why) => {
    const utility = await utilityOf();
    spoil(utility);
    const { homes, leftOut } = await utility.rounds.publishRoster(cohort);
    expect(homes).toEqual(['ada', 'ben', 'cleo']);
    expect(leftOut).toMatchObject([{ home: 'dan', why: expect.stringMatching(why) as unknown }]);
    // For the list of homes.
    expect(utility.rounds.leftOut([cohort])).toEqual(leftOut);
  });

  test('as long as that is so', async () => {
    const utility = await utilityOf();
    const good = utility.approved.find(({ home }) => home === 'dan')?.agreementKey;
    change(utility, 'dan', () => ({ agreementKey: rotated(utility, 'cleo', 5) }));
    await utility.rounds.publishRoster(cohort);
    await utility.restart();
    expect(utility.rounds.leftOut([cohort])).toMatchObject([{ home: 'dan' }]);
    change(utility, 'dan', () => ({ agreementKey: good }));
    expect(utility.rounds.leftOut([cohort])).toEqual([]);
  });

  test('an agreement key older than the last roster’s', async () => {
    const utility = await utilityOf();
    change(utility, 'dan', () => ({ agreementKey: rotated(utility, 'dan', 5) }));
    expect((await utility.rounds.publishRoster(cohort)).leftOut).toEqual([]);
    change(utility, 'dan', () => ({ agreementKey: rotated(utility, 'dan', 4) }));
    expect((await utility.rounds.publishRoster(cohort)).leftOut).toMatchObject([{ home: 'dan' }]);
  });

  const copy = (utility: Utility, from: string, to: string) => {
    const [owner, copier] = [from, to].map((id) => utility.made.homes.find((home) => home.id === id));
    if (owner === undefined || copier === undefined) throw new Error('no such home');
    const key = owner.secret.publicKey;
    change(utility, to, () => ({
      agreementKey: signMessage(copier.identity, AgreementKey, { home: to, sequence: 9, key }),
    }));
  };

  test('one that copies another’s agreement key; the owner that a roster has named stays', async () => {
    const utility = await utilityOf();
    await utility.rounds.publishRoster(cohort);
    copy(utility, 'ben', 'dan');
    const { homes, leftOut } = await utility.rounds.publishRoster(cohort);
    expect(homes).toEqual(['ada', 'ben', 'cleo']);
    expect(leftOut).toMatchObject([{ home: 'dan', why: 'its agreement key is also that of ben' }]);
  });
});

test('fewer than three homes make no roster, and the error says who is left out and why', async () => {
  const utility = await utilityOf();
  for (const id of ['cleo', 'dan']) change(utility, id, () => ({ agreementKey: undefined }));
  await expect(utility.rounds.publishRoster(cohort)).rejects.toMatchObject({
    code: 'ROSTER_TOO_FEW_HOMES',
    message: expect.stringContaining('2 homes, fewer than 3; cleo: no agreement key has come from it yet') as unknown,
  });
  expect(rosterTopics(utility)).toEqual([]);
});

test('a cohort without homes has no roster', async () => {
  const utility = await utilityOf();
  await expect(utility.rounds.publishRoster('elm-street')).rejects.toMatchObject({ code: 'COHORT_UNKNOWN' });
});
