/**
 * Opening requests and what a member replies: the sum of the shares it holds, or whose share does not open.
 */
import type { PairKeys } from './agreement.ts';
import { type AcceptedSet, readSet } from './contributor-set.ts';
import { ProtocolError } from './errors.ts';
import { sameBytes } from './hex.ts';
import { Answer, Complaint, Open } from './messages.ts';
import { cutShares, pairKeyOf } from './report.ts';
import type { Round } from './round.ts';
import { Sealing } from './sealing.ts';
import { isCanonicalShare, ShareSum } from './sharing.ts';

/** What one member is asked to answer for. */
export interface OpenRequest {
  readonly set: AcceptedSet;
  /** The member's sealed share from each contributor, in the order of the set. */
  readonly sealed: readonly Uint8Array[];
}

export type Answered =
  /** The answer as sent; it has to be on disk before it is. */
  | { readonly answer: Uint8Array }
  /** One for each contributor whose share does not open, as sent. They bind the member to nothing. */
  | { readonly complaints: readonly Uint8Array[] };

/** @param sealed the member's sealed share from each contributor, ascending */
export function makeOpen(set: AcceptedSet, sealed: readonly Uint8Array[]): Uint8Array {
  return Open.encode({ set: set.signed, shares: Buffer.concat(sealed) });
}

/**
 * What every member's request begins with: `shares` is the last key of a request in canonical order, so that its bytes
 * end it.
 * @param sharesBytes of all the shares that are to follow
 */
export function openStart(set: AcceptedSet, sharesBytes: number): Uint8Array {
  const whole = makeOpen(set, [new Uint8Array(sharesBytes)]);
  return whole.slice(0, whole.length - sharesBytes);
}

/**
 * @param answered hash of the set that this member has answered in this round, if it has
 * @throws {ProtocolError} SET_REFUSED, SIGNATURE_INVALID, MESSAGE_*
 */
export function readOpen(round: Round, coordinator: Uint8Array, bytes: Uint8Array, answered?: Uint8Array): OpenRequest {
  const open = Open.decode(bytes);
  const set = readSet(round, coordinator, open.set);
  if (answered !== undefined && !sameBytes(answered, set.hash)) {
    throw new ProtocolError('SET_REFUSED', { why: 'another set was answered in this round', reason: 'other-set' });
  }
  const sealed = cutShares(round, open.shares, set.contributors.length);
  if (sealed === undefined) {
    throw new ProtocolError('SET_REFUSED', { why: 'the shares have another length than the set', reason: 'length' });
  }
  return { set, sealed };
}

/** @param own the member's index, 1..n */
export function answerOpen(round: Round, own: number, pairKeys: PairKeys, { set, sealed }: OpenRequest): Answered {
  const sealing = new Sealing({ rosterHash: round.roster.hash, roundHash: round.hash });
  const sum = new ShareSum(round.blocks);
  const complaints: Uint8Array[] = [];
  set.contributors.forEach((contributor, at) => {
    const salt = set.salts[at];
    const box = sealed[at];
    if (salt === undefined || box === undefined) throw new RangeError('an open request with fewer shares than its set');
    const parties = { from: contributor, to: own, pairKey: pairKeyOf(pairKeys, contributor), salt };
    const share = sealing.open(parties, box);
    // Added up one by one: a thousand shares kept until the end are a burden to the collector.
    if (share !== undefined && isCanonicalShare(share)) sum.add(share);
    else complaints.push(Complaint.encode({ round: round.hash, set: set.hash, contributor }));
  });
  if (complaints.length > 0) return { complaints };
  return { answer: Answer.encode({ round: round.hash, set: set.hash, sums: sum.packed() }) };
}

/**
 * @param member whose answer it is, for the error
 * @returns the summed shares
 * @throws {ProtocolError} ANSWER_REFUSED, MESSAGE_*
 */
export function readAnswer(round: Round, setHash: Uint8Array, bytes: Uint8Array, member = '?'): Uint8Array {
  const answer = Answer.decode(bytes);
  assertSameRound(round, setHash, answer, member);
  if (answer.sums.length !== 8 * round.blocks) throw refusal(member, 'its sums have another length', 'length');
  if (!isCanonicalShare(answer.sums)) throw refusal(member, 'a residue is not below its prime', 'answer');
  return answer.sums;
}

/**
 * @param member whose complaint it is, for the error
 * @returns the index of the contributor it names
 * @throws {ProtocolError} ANSWER_REFUSED, MESSAGE_*
 */
export function readComplaint(round: Round, set: AcceptedSet, bytes: Uint8Array, member = '?'): number {
  const complaint = Complaint.decode(bytes);
  assertSameRound(round, set.hash, complaint, member);
  if (set.contributors.includes(complaint.contributor)) return complaint.contributor;
  throw refusal(member, 'its complaint names no contributor', 'contributor');
}

function assertSameRound(
  round: Round,
  setHash: Uint8Array,
  fields: { round: Uint8Array; set: Uint8Array },
  member: string,
): void {
  if (!sameBytes(fields.round, round.hash)) throw refusal(member, 'it is of another round', 'round');
  if (!sameBytes(fields.set, setHash)) throw refusal(member, 'it is for another set', 'other-set');
}

function refusal(member: string, why: string, reason: string): ProtocolError {
  return new ProtocolError('ANSWER_REFUSED', { member, why, reason });
}
