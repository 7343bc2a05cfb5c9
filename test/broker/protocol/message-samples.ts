/**
 * One good message of every kind, what reads it, and what encodes it again: for tests that change bytes at random.
 */
import { pairKeysOf } from '../../../broker/protocol/agreement.ts';
import { answerOpen, makeOpen, readAnswer, readComplaint, readOpen } from '../../../broker/protocol/answer.ts';
import { readSet } from '../../../broker/protocol/contributor-set.ts';
import { Result } from '../../../broker/protocol/json-messages.ts';
import { decodeSigned, encodeSigned, type Message } from '../../../broker/protocol/message.ts';
import {
  AgreementKey,
  Announce,
  Answer,
  Catalogue,
  Complaint,
  ContributorSet,
  Decline,
  MemberList,
  Open,
  Report,
  Roster,
} from '../../../broker/protocol/messages.ts';
import { readDecline, readReport } from '../../../broker/protocol/report.ts';
import { openedResult } from '../../../broker/protocol/result.ts';
import { checkRoster } from '../../../broker/protocol/roster.ts';
import { checkAnnounce } from '../../../broker/protocol/round.ts';
import { readSignedJson, signJson } from '../../../broker/protocol/signed-json.ts';
import { openSigned, type SigningKey, signedBytes, signMessage } from '../../../broker/protocol/signing.ts';
import { type MadeHome, makeCohort, makeReports, makeSetOf, now } from './made-cohort.ts';

const made = makeCohort(4);
const { round, coordinator, authority, homes, rosterContext, announceContext } = made;
const home = homes[0] as MadeHome;
const pairKeys = pairKeysOf(home.secret, round.roster);
const reports = makeReports(made, [1, 2, 3], [1n, 2n, 3n, 4n]);
const { set, sealedFor } = makeSetOf(made, reports);
const open = makeOpen(set, sealedFor(1));
const answered = answerOpen(round, 1, pairKeys, readOpen(round, coordinator.publicKey, open));

export { coordinator };

export interface MessageSample {
  readonly good: Uint8Array;
  /** @returns the bytes that what was read encodes to */
  readonly again: (bytes: Uint8Array) => Uint8Array;
  /** All checks there are. Of what is signed, `good` is the payload, and this signs it first: bad ones get nowhere. */
  readonly read: (bytes: Uint8Array) => unknown;
}

const plain = <Fields>(message: Message<string, Fields>, good: Uint8Array, read: MessageSample['read']) => ({
  good,
  again: (bytes: Uint8Array) => message.encode(message.decode(bytes)),
  read,
});

const signed = <Fields>(
  message: Message<string, Fields>,
  key: SigningKey,
  good: Uint8Array,
  read: MessageSample['read'] = (bytes) => openSigned(message, key.publicKey, bytes, 'x'),
): MessageSample =>
  plain(message, decodeSigned(good, message.type).payload, (payload) => read(signPayload(key, message.type, payload)));

export function signPayload(key: SigningKey, type: string, payload: Uint8Array): Uint8Array {
  return encodeSigned({ payload, signature: key.sign(signedBytes(type, payload)) });
}

const list = signMessage(authority, MemberList, { cohort: 'oak', epoch: 1, homes: ['alice', 'bill', 'bob'] });
const catalogue = signMessage(home.identity, Catalogue, {
  home: home.id,
  sequence: 3,
  tensors: [
    {
      id: 'fridge',
      tags: ['#energy-consumption', '#fridge'],
      description: 'Fridge, 4 slots à 6 h',
      quantity: 'energyImport',
      unit: 'Wh',
      dtype: 'float64',
      shape: [4],
      from: now - 86_400_000,
      until: now,
      capacity: [25, 2],
    },
  ],
});

const statistics = { sum: [1.5, 2, 3, 4], mean: [0.5, 2 / 3, 1, 4 / 3] };
const result = signJson(
  coordinator,
  openedResult(round, set, { answers: 4, checked: false, inconsistent: [] }, statistics),
);
const readResult = (bytes: Uint8Array) => readSignedJson(Result, 'result', coordinator.publicKey, bytes, 'x');

export const messageSamples: Readonly<Record<string, MessageSample>> = {
  report: plain(Report, reports.get(1) as Uint8Array, (bytes) => readReport(round, bytes)),
  decline: plain(Decline, Decline.encode({ round: round.hash, reason: 'spent' }), (bytes) => readDecline(round, bytes)),
  open: plain(Open, open, (bytes) => answerOpen(round, 1, pairKeys, readOpen(round, coordinator.publicKey, bytes))),
  answer: plain(Answer, 'answer' in answered ? answered.answer : new Uint8Array(), (bytes) =>
    readAnswer(round, set.hash, bytes),
  ),
  complaint: plain(Complaint, Complaint.encode({ round: round.hash, set: set.hash, contributor: 2 }), (bytes) =>
    readComplaint(round, set, bytes),
  ),
  'agreement-key': signed(AgreementKey, home.identity, home.agreement),
  'member-list': signed(MemberList, authority, list),
  catalogue: signed(Catalogue, home.identity, catalogue),
  roster: signed(Roster, coordinator, made.signedRoster, (bytes) => checkRoster(bytes, rosterContext)),
  announce: signed(Announce, coordinator, round.signed, (bytes) => checkAnnounce(bytes, announceContext)),
  set: signed(ContributorSet, coordinator, set.signed, (bytes) => readSet(round, coordinator.publicKey, bytes)),
};

/** What is around the payload: changes in it leave no good signature. */
export const sealedSamples: Readonly<Record<string, MessageSample>> = {
  envelope: {
    good: round.signed,
    again: (bytes) => encodeSigned(decodeSigned(bytes, 'announce')),
    read: (bytes) => openSigned(Announce, coordinator.publicKey, bytes, 'x'),
  },
  'signed JSON': {
    good: Buffer.from(result),
    again: (bytes) => {
      readResult(bytes);
      return bytes;
    },
    read: readResult,
  },
};
