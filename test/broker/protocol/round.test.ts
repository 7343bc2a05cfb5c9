import { describe, expect, it } from 'vitest';
import { type EpochMs, epochMs } from '../../../broker/protocol/clock.ts';
import { sameBytes, toHex } from '../../../broker/protocol/hex.ts';
import type { Announce } from '../../../broker/protocol/messages.ts';
import { checkAnnounce, makeAnnounce, rosterOfAnnounce } from '../../../broker/protocol/round.ts';
import { generateSigningKey } from '../../../broker/protocol/signing.ts';
import { type MadeCohort, makeCohort, now } from './made-cohort.ts';
import { refusalOf } from './refusal.ts';

const day = 24 * 3_600_000;
const small = makeCohort(4);
const ten = makeCohort(10);
const large = makeCohort(120);
const gridEndOf = ({ announceFields: { grid } }: MadeCohort) => grid.from + grid.step * grid.slots;

type Changes = Partial<Announce>;

function check(of: MadeCohort, changes: Changes, at: EpochMs = now): string {
  const signed = makeAnnounce(of.coordinator, { ...of.announceFields, ...changes });
  return refusalOf(() => checkAnnounce(signed, { ...of.announceContext, now: at }));
}

describe('an announcement', () => {
  it('gives the round its id, hash, sharing and lengths', () => {
    const { round, roster, announceFields } = small;
    expect(round.id).toBe(toHex(announceFields.id));
    expect(round.sharing).toMatchObject({ homes: 4, answers: 4, threshold: 3, collusion: 3 });
    expect([round.length, round.blocks, round.hash.length]).toEqual([4, 4, 32]);
    expect(round.roster).toBe(roster);
    expect(sameBytes(rosterOfAnnounce(round.signed, small.coordinator.publicKey), roster.hash)).toBe(true);
  });

  const histogram = { start: -40, width: 37_500, buckets: 8 };
  /** n · limit² has to stay within (M − 1) / 2. */
  const largestLimit = 1_073_729_280;
  const accepted: readonly [string, MadeCohort, Changes, EpochMs?][] = [
    ['as it should be', small, {}],
    ['with all homes for its minimum', small, { minimum: 4 }],
    ['with one home for its minimum', small, { minimum: 1 }],
    ['with the largest limit', small, { limit: largestLimit }],
    ['that expires 14 days after its grid', small, { expiry: gridEndOf(small) + 14 * day }],
    ['whose deadline is its expiry', small, { deadline: now + day, expiry: now + day }],
    ['a moment before its expiry', small, { expiry: now + day }, epochMs(now + day - 1)],
    ['before its grid is over', small, {}, epochMs(now - day)],
    ['with a variance and 30 contributors', large, { statistics: { variance: true }, minimum: 30 }],
    ['with a histogram and 100 contributors', large, { statistics: { histogram }, minimum: 100 }],
    ['of 4096 integers', small, { grid: { from: 0, step: 900_000, slots: 4096 }, deadline: 1, expiry: 2 }, epochMs(1)],
    ['with the smallest collusion bound allowed', large, { dropouts: 23, packing: 4 }],
  ];
  it.each(accepted)('%s is accepted', (_, of, changes, at) => {
    expect(check(of, changes, at)).toBe('accepted');
  });

  const refused: readonly [string, string, MadeCohort, Changes, EpochMs?][] = [
    ['of another cohort', 'ROUND_REFUSED/cohort', small, { cohort: 'elm-street' }],
    ['of another roster', 'ROUND_REFUSED/unknown-roster', small, { roster: new Uint8Array(32) }],
    ['that leaves nothing random', 'ROUND_REFUSED/sharing', small, { dropouts: 3 }],
    ['with more dropouts than homes', 'ROUND_REFUSED/sharing', small, { dropouts: 9_007_199_254_740_991 }],
    ['with a collusion bound under a third', 'ROUND_REFUSED/collusion', large, { dropouts: 24, packing: 4 }],
    ['with a collusion bound of 3 where a third is 3 1/3', 'ROUND_REFUSED/collusion', ten, { dropouts: 2, packing: 1 }],
    ['with a collusion bound under a third, by packing', 'ROUND_REFUSED/collusion', small, { packing: 2 }],
    ['with a higher minimum than homes', 'ROUND_REFUSED/minimum', small, { minimum: 5 }],
    ['with a limit beyond the field', 'ROUND_REFUSED/limit-overflow', small, { limit: largestLimit + 1 }],
    ['with the highest limit there is', 'ROUND_REFUSED/limit-overflow', small, { limit: Number.MAX_SAFE_INTEGER }],
    [
      'of 4098 integers',
      'ROUND_REFUSED/vector-length',
      large,
      {
        minimum: 30,
        statistics: { variance: true },
        grid: { from: 0, step: 900_000, slots: 2049 },
        deadline: 1,
        expiry: 2,
      },
      epochMs(1),
    ],
    [
      'that expires 14 days and 1 ms after its grid',
      'ROUND_REFUSED/expiry',
      small,
      { expiry: gridEndOf(small) + 14 * day + 1 },
    ],
    ['whose deadline is after its expiry', 'ROUND_REFUSED/expiry', small, { deadline: now + 2, expiry: now + 1 }],
    ['at its expiry', 'ROUND_REFUSED/expired', small, { expiry: now + day }, epochMs(now + day)],
    [
      'whose grid ends beyond all time',
      'ROUND_REFUSED/grid',
      small,
      { grid: { from: now, step: Number.MAX_SAFE_INTEGER, slots: 4 } },
    ],
    [
      'with a variance and 29 contributors',
      'ROUND_REFUSED/minimum',
      large,
      { statistics: { variance: true }, minimum: 29 },
    ],
    [
      'with a histogram and 99 contributors',
      'ROUND_REFUSED/minimum',
      large,
      { statistics: { histogram }, minimum: 99 },
    ],
    [
      'with buckets narrower than a 16th of the limit',
      'ROUND_REFUSED/bucket-width',
      large,
      { statistics: { histogram: { ...histogram, width: 37_499 } }, minimum: 100 },
    ],
  ];
  it.each(refused)('%s is refused', (_, refusal, of, changes, at) => {
    expect(check(of, changes, at)).toBe(refusal);
  });

  it('is refused when another signed it, or its topic names another round', () => {
    const { announceContext, announceFields, round } = small;
    const foreign = makeAnnounce(generateSigningKey(), announceFields);
    expect(refusalOf(() => checkAnnounce(foreign, announceContext))).toBe('SIGNATURE_INVALID/signature');
    const topicRound = '00'.repeat(16);
    expect(refusalOf(() => checkAnnounce(round.signed, { ...announceContext, topicRound }))).toBe(
      'ROUND_REFUSED/topic',
    );
    expect(refusalOf(() => checkAnnounce(round.signed, { ...announceContext, topicRound: round.id }))).toBe('accepted');
  });

  it('is refused when the roster found for its hash is another one', () => {
    const roster = { ...small.roster, hash: new Uint8Array(32) };
    const context = { ...small.announceContext, roster: () => roster };
    expect(refusalOf(() => checkAnnounce(small.round.signed, context))).toBe('ROUND_REFUSED/unknown-roster');
    const elsewhere = { ...small.announceContext, roster: () => ({ ...small.roster, cohort: 'elm-street' }) };
    expect(refusalOf(() => checkAnnounce(small.round.signed, elsewhere))).toBe('ROUND_REFUSED/cohort');
    const foreign = { ...elsewhere, cohort: 'oak-street' };
    const announced = makeAnnounce(small.coordinator, { ...small.announceFields, cohort: 'elm-street' });
    expect(refusalOf(() => checkAnnounce(announced, foreign))).toBe('ROUND_REFUSED/cohort');
    const unknown = { ...small.announceContext, roster: () => undefined };
    expect(refusalOf(() => checkAnnounce(small.round.signed, unknown))).toBe('ROUND_REFUSED/unknown-roster');
  });
});
