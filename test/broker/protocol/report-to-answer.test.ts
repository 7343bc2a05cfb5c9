import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { pairKeysOf } from '../../../broker/protocol/agreement.ts';
import {
  answerOpen,
  makeOpen,
  type OpenRequest,
  readAnswer,
  readComplaint,
  readOpen,
} from '../../../broker/protocol/answer.ts';
import { makeSet, readSet } from '../../../broker/protocol/contributor-set.ts';
import { toHex } from '../../../broker/protocol/hex.ts';
import { Answer, Complaint, ContributorSet, Decline, Report } from '../../../broker/protocol/messages.ts';
import { openSums } from '../../../broker/protocol/opening.ts';
import { makeReport, readDecline, readReport, sealedShareBytes } from '../../../broker/protocol/report.ts';
import { openedResult } from '../../../broker/protocol/result.ts';
import { Sealing } from '../../../broker/protocol/sealing.ts';
import { drawResidues } from '../../../broker/protocol/sharing.ts';
import { generateSigningKey, signMessage } from '../../../broker/protocol/signing.ts';
import { statisticsOf } from '../../../broker/protocol/statistics.ts';
import { type MadeHome, makeCohort, makeReports, makeSetOf } from './made-cohort.ts';
import { refusalOf } from './refusal.ts';

const made = makeCohort(10);
const { round, coordinator, homes } = made;
const vector = [65_000n, -1n, 0n, 600_000n];
const contributors = [2, 3, 5, 7, 10];
const reports = makeReports(made, contributors, vector);
const { set, sealedFor } = makeSetOf(made, reports);
const other = makeSetOf(made, new Map([...reports].slice(1))).set;
const keysOf = (index: number) => pairKeysOf((homes[index - 1] as MadeHome).secret, round.roster);
const open = (member: number) => makeOpen(set, sealedFor(member));
const read = (bytes: Uint8Array, answered?: Uint8Array) => readOpen(round, coordinator.publicKey, bytes, answered);

function answerOf(member: number, request: OpenRequest = read(open(member))): Uint8Array {
  const outcome = answerOpen(round, member, keysOf(member), request);
  if (!('answer' in outcome)) throw new Error('complained');
  return outcome.answer;
}

describe('from reports to the sum', () => {
  it('any members enough open the sum of the contributors in the set, nothing less', () => {
    const members = [1, 2, 3, 4, 5, 6, 8, 9, 10];
    const answers = new Map(members.map((member) => [member, readAnswer(round, set.hash, answerOf(member))] as const));
    const opened = openSums(round.sharing, round.length, answers);
    if ('offPolynomial' in opened) throw new Error('off the polynomial');
    expect(opened.integers.slice(0, 4)).toEqual(vector.map((value) => value * 5n));
    const statistics = statisticsOf(round.announce, 5, opened.integers);
    if (statistics === undefined) throw new Error('implausible');
    const result = openedResult(round, set, { ...opened, answers: 9, inconsistent: [10, 2] }, statistics);
    expect(result).toMatchObject({
      contributors: 5,
      members: 10,
      needed: 9,
      checked: false,
      sum: [32_500, -0.5, 0, 300_000],
    });
    expect(result.inconsistent).toEqual(['home-0002', 'home-0010']);
  });

  it('a member answers the same request with the same bytes', () => {
    expect(toHex(answerOf(4))).toBe(toHex(answerOf(4)));
  });

  it('a report of the same values is never the same twice', () => {
    const again = makeReports(made, [2], vector);
    expect(toHex(again.get(2) as Uint8Array)).not.toBe(toHex(reports.get(2) as Uint8Array));
  });
});

describe('a report', () => {
  const bytes = reports.get(2) as Uint8Array;
  const { salt, shares } = Report.decode(bytes);

  it('is 8 bytes a block and 16 for each home, and little else', () => {
    expect(shares).toHaveLength(10 * sealedShareBytes(round));
    expect(sealedShareBytes(round)).toBe(8 * round.blocks + 16);
    expect(bytes.length - shares.length).toBeLessThan(120);
  });

  it.each([
    ['of another round', 'REPORT_REFUSED/round', Report.encode({ round: new Uint8Array(32), salt, shares })],
    ['a byte short', 'REPORT_REFUSED/length', Report.encode({ round: round.hash, salt, shares: shares.subarray(1) })],
    [
      'a share long',
      'REPORT_REFUSED/length',
      Report.encode({
        round: round.hash,
        salt,
        shares: Buffer.concat([shares, shares.subarray(0, sealedShareBytes(round))]),
      }),
    ],
    ['without shares', 'REPORT_REFUSED/length', Report.encode({ round: round.hash, salt, shares: new Uint8Array() })],
    [
      'that is an answer',
      'MESSAGE_MALFORMED/schema',
      Answer.encode({ round: round.hash, set: set.hash, sums: new Uint8Array() }),
    ],
  ])('%s is refused', (_, refusal, message) => {
    expect(refusalOf(() => readReport(round, message, 'bob'))).toBe(refusal);
  });

  it('is not made of a vector of another length', () => {
    const residues = drawResidues(round.sharing, round.blocks, randomBytes);
    expect(() => makeReport(round, 2, keysOf(2), [1n], randomBytes(16), residues)).toThrow(RangeError);
  });

  it('may be declined for this round only', () => {
    expect(readDecline(round, Decline.encode({ round: round.hash, reason: 'spent' }))).toBe('spent');
    const elsewhere = Decline.encode({ round: new Uint8Array(32), reason: 'spent' });
    expect(refusalOf(() => readDecline(round, elsewhere))).toBe('REPORT_REFUSED/round');
  });
});

describe('a contributor set', () => {
  it('lists contributors and salts ascending, whatever the order they came in', () => {
    const backwards = [...contributors].reverse().map((index) => ({ index, salt: Buffer.alloc(16, index) }));
    const { contributors: listed, salts } = makeSet(coordinator, round, backwards);
    expect(listed).toEqual(contributors);
    expect(salts.map((salt) => salt[0])).toEqual(contributors);
  });

  const salts = Buffer.alloc(16 * 5);
  const bitmap = Buffer.from([0b0101_0110, 0b0000_0010]);
  const signed = (fields: Partial<ContributorSet>, key = coordinator) =>
    signMessage(key, ContributorSet, { round: round.hash, contributors: bitmap, salts, ...fields });
  it.each([
    ['as it should be', 'accepted', signed({})],
    ['of another round', 'SET_REFUSED/round', signed({ round: new Uint8Array(32) })],
    ['by another signer', 'SIGNATURE_INVALID/signature', signed({}, generateSigningKey())],
    [
      'with a spare bit',
      'SET_REFUSED/bitmap',
      signed({ contributors: Buffer.from([0b0101_0110, 0b0000_0110]), salts: Buffer.alloc(16 * 6) }),
    ],
    ['with a byte more', 'SET_REFUSED/bitmap', signed({ contributors: Buffer.concat([bitmap, Buffer.of(0)]) })],
    [
      'with a byte less',
      'SET_REFUSED/bitmap',
      signed({ contributors: bitmap.subarray(0, 1), salts: Buffer.alloc(16 * 4) }),
    ],
    ['with a salt more', 'SET_REFUSED/length', signed({ salts: Buffer.alloc(16 * 6) })],
    ['with a salt less', 'SET_REFUSED/length', signed({ salts: Buffer.alloc(16 * 4) })],
    ['with salts a byte short', 'SET_REFUSED/length', signed({ salts: salts.subarray(1) })],
    ['of nobody', 'SET_REFUSED/minimum', signed({ contributors: Buffer.alloc(2), salts: new Uint8Array() })],
    [
      'of fewer than announced',
      'SET_REFUSED/minimum',
      signed({ contributors: Buffer.from([3, 0]), salts: Buffer.alloc(32) }),
    ],
  ])('%s is judged', (_, refusal, bytes) => {
    expect(refusalOf(() => readSet(round, coordinator.publicKey, bytes))).toBe(refusal);
  });
});

describe('an open request', () => {
  it('for the set that was answered is taken again, for another one it is not', () => {
    expect(refusalOf(() => read(open(4), set.hash))).toBe('accepted');
    expect(refusalOf(() => read(open(4), other.hash))).toBe('SET_REFUSED/other-set');
  });

  it('with more or fewer shares than its set is refused', () => {
    expect(refusalOf(() => read(makeOpen(set, sealedFor(4).slice(1))))).toBe('SET_REFUSED/length');
    expect(refusalOf(() => read(makeOpen(set, [...sealedFor(4), ...sealedFor(5)])))).toBe('SET_REFUSED/length');
    expect(refusalOf(() => read(makeOpen(set, [])))).toBe('SET_REFUSED/length');
  });

  it('meant for another member gets a complaint about every contributor and no answer', () => {
    const outcome = answerOpen(round, 4, keysOf(4), read(open(5)));
    if (!('complaints' in outcome)) throw new Error('answered');
    expect(outcome.complaints.map((bytes) => readComplaint(round, set, bytes))).toEqual(contributors);
  });

  it('with a share that opens to no residue gets a complaint about that contributor alone', () => {
    const sealing = new Sealing({ rosterHash: round.roster.hash, roundHash: round.hash });
    const sealed = sealedFor(4).map((box) => Uint8Array.from(box));
    const salt = set.salts[1] as Uint8Array;
    const pairKey = keysOf(4)[2] as Uint8Array;
    sealing.seal({ from: 3, to: 4, pairKey, salt }, Buffer.alloc(8 * round.blocks, 0xff), sealed[1] as Uint8Array, 0);
    const outcome = answerOpen(round, 4, keysOf(4), read(makeOpen(set, sealed)));
    if (!('complaints' in outcome)) throw new Error('answered');
    expect(outcome.complaints.map((bytes) => readComplaint(round, set, bytes))).toEqual([3]);
  });
});

describe('an answer', () => {
  const sums = readAnswer(round, set.hash, answerOf(4));
  const high = Uint8Array.from(sums);
  high[7] = 0x80;
  const prime = Uint8Array.from(sums);
  new DataView(prime.buffer).setBigUint64(0, 2_097_143n, true);
  it.each([
    ['of another round', 'ANSWER_REFUSED/round', Answer.encode({ round: new Uint8Array(32), set: set.hash, sums })],
    ['for another set', 'ANSWER_REFUSED/other-set', Answer.encode({ round: round.hash, set: other.hash, sums })],
    [
      'a block short',
      'ANSWER_REFUSED/length',
      Answer.encode({ round: round.hash, set: set.hash, sums: sums.subarray(8) }),
    ],
    ['with bit 63 set', 'ANSWER_REFUSED/answer', Answer.encode({ round: round.hash, set: set.hash, sums: high })],
    [
      'with a residue that equals its prime',
      'ANSWER_REFUSED/answer',
      Answer.encode({ round: round.hash, set: set.hash, sums: prime }),
    ],
  ])('%s is refused', (_, refusal, bytes) => {
    expect(refusalOf(() => readAnswer(round, set.hash, bytes, 'bob'))).toBe(refusal);
  });

  it.each([
    ['of another round', 'ANSWER_REFUSED/round', { round: new Uint8Array(32) }],
    ['for another set', 'ANSWER_REFUSED/other-set', { set: new Uint8Array(32) }],
    ['about a home that is no contributor', 'ANSWER_REFUSED/contributor', { contributor: 1 }],
    ['about a home that is none', 'ANSWER_REFUSED/contributor', { contributor: 11 }],
  ])('that is a complaint %s is refused', (_, refusal, change) => {
    const bytes = Complaint.encode({ round: round.hash, set: set.hash, contributor: 2, ...change });
    expect(refusalOf(() => readComplaint(round, set, bytes, 'bob'))).toBe(refusal);
  });
});
