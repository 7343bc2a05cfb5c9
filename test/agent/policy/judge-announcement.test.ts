import { expect, test } from 'vitest';
import { type AnnouncementContext, judgeAnnouncement, type Seat } from '../../../agent/policy/judge-announcement.ts';
import { pairKeysOf } from '../../../broker/protocol/agreement.ts';
import { epochMs } from '../../../broker/protocol/clock.ts';
import { toHex } from '../../../broker/protocol/hex.ts';
import { makeAnnounce } from '../../../broker/protocol/round.ts';
import { generateSigningKey } from '../../../broker/protocol/signing.ts';
import { cohort, type MadeHome, makeCohort, now } from '../../broker/protocol/made-cohort.ts';

const made = makeCohort(4);
const { round, roster } = made;
const pairKeys = pairKeysOf((made.homes[0] as MadeHome).secret, roster);
const seat: Seat = { roster, own: 1, pairKeys, coordinator: made.coordinator.publicKey };
const context: AnnouncementContext = {
  coordinator: made.coordinator.publicKey,
  cohort,
  now,
  collusionDivisor: 3,
  seat: (hash) => (hash === toHex(roster.hash) ? seat : undefined),
  topicRound: round.id,
  bound: undefined,
};

test('accepts what every member has to accept, whatever its own wishes', () => {
  expect(judgeAnnouncement(round.signed, context)).toEqual({ verdict: 'accepted', round, seat });
});

test('accepts again what the id is bound to', () => {
  expect(judgeAnnouncement(round.signed, { ...context, bound: toHex(round.hash) }).verdict).toBe('accepted');
});

test('asks for a roster that it lacks', () => {
  const verdict = judgeAnnouncement(round.signed, { ...context, seat: () => undefined });
  expect(verdict).toEqual({ verdict: 'roster wanted', roster: toHex(roster.hash) });
});

test('asks for no roster where the announcement is refused whatever its roster', () => {
  for (const changes of [{ topicRound: '00'.repeat(16) }, { cohort: 'elm-street' }]) {
    expect(judgeAnnouncement(round.signed, { ...context, ...changes, seat: () => undefined }).verdict).toBe('refused');
  }
});

const refused: [code: string, signed: Uint8Array, changes: Partial<AnnouncementContext>][] = [
  ['ROUND_ID_BOUND', round.signed, { bound: '00'.repeat(32) }],
  ['ROUND_TOPIC', round.signed, { topicRound: '00'.repeat(16) }],
  ['ROUND_COHORT', round.signed, { cohort: 'elm-street' }],
  ['ROUND_SIGNATURE', makeAnnounce(generateSigningKey(), made.announceFields), {}],
  ['ROUND_COLLUSION', round.signed, { collusionDivisor: 1 }],
  ['ROUND_OVER', round.signed, { now: epochMs(round.announce.expiry + 1) }],
  ['ROUND_MALFORMED', Buffer.from('garbage'), {}],
  ['ROUND_MALFORMED', Buffer.alloc(0), {}],
];

test.each(refused)('refuses with %s', (code, signed, changes) => {
  expect(judgeAnnouncement(signed, { ...context, ...changes })).toMatchObject({
    verdict: 'refused',
    refusal: { code },
  });
});
