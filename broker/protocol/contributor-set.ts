/**
 * The contributor set: whose reports a round sums up. Signed once by the coordinator, the same for all members.
 */
import { createHash } from 'node:crypto';
import { ProtocolError } from './errors.ts';
import { sameBytes } from './hex.ts';
import { decodeSigned } from './message.ts';
import { ContributorSet } from './messages.ts';
import type { Round } from './round.ts';
import { openSigned, type SigningKey, signMessage } from './signing.ts';

export interface AcceptedSet {
  readonly hash: Uint8Array;
  /** Indices (1..n), ascending. */
  readonly contributors: readonly number[];
  /** Of their reports, in the same order. */
  readonly salts: readonly Uint8Array[];
  /** The set as received. */
  readonly signed: Uint8Array;
}

const saltBytes = 16;

/** @param contributors in any order; has to be on disk before anyone is asked to answer for it */
export function makeSet(
  key: SigningKey,
  round: Round,
  contributors: readonly { readonly index: number; readonly salt: Uint8Array }[],
): AcceptedSet {
  const ascending = [...contributors].sort((one, other) => one.index - other.index);
  const bitmap = new Uint8Array(bitmapBytes(round));
  for (const { index } of ascending) {
    const at = Math.floor((index - 1) / 8);
    bitmap[at] = (bitmap[at] ?? 0) | (1 << ((index - 1) % 8));
  }
  const signed = signMessage(key, ContributorSet, {
    round: round.hash,
    contributors: bitmap,
    salts: Buffer.concat(ascending.map(({ salt }) => salt)),
  });
  // Its signature needs no verifying here.
  const { payload } = decodeSigned(signed, ContributorSet.type);
  return acceptedSet(round, ContributorSet.decode(payload), payload, signed);
}

/** @throws {ProtocolError} SET_REFUSED, SIGNATURE_INVALID, MESSAGE_* */
export function readSet(round: Round, coordinator: Uint8Array, signed: Uint8Array): AcceptedSet {
  const { fields, payload } = openSigned(ContributorSet, coordinator, signed, 'the coordinator');
  return acceptedSet(round, fields, payload, signed);
}

function acceptedSet(round: Round, fields: ContributorSet, payload: Uint8Array, signed: Uint8Array): AcceptedSet {
  if (!sameBytes(fields.round, round.hash)) throw refusal('it is of another round', 'round');
  const contributors = contributorsOf(fields.contributors, round);
  if (contributors.length < round.announce.minimum) {
    throw refusal(`it has ${contributors.length} of at least ${round.announce.minimum} contributors`, 'minimum');
  }
  if (fields.salts.length !== contributors.length * saltBytes) {
    throw refusal('it has another number of salts than of contributors', 'length');
  }
  const salts = contributors.map((_, at) => fields.salts.subarray(at * saltBytes, (at + 1) * saltBytes));
  const hash = createHash('sha256').update('wattveil/1/set\0').update(payload).digest();
  return { hash, contributors, salts, signed };
}

function bitmapBytes(round: Round): number {
  return Math.ceil(round.roster.homes.length / 8);
}

/** Home i is bit (i - 1) mod 8, least significant first, of byte (i - 1) / 8; bits after the last home are 0. */
function contributorsOf(bitmap: Uint8Array, round: Round): number[] {
  const homes = round.roster.homes.length;
  if (bitmap.length !== bitmapBytes(round)) throw refusal('its bitmap has another length than the roster', 'bitmap');
  const set: number[] = [];
  for (let at = 0; at < 8 * bitmap.length; at++) {
    if ((((bitmap[at >> 3] ?? 0) >> (at & 7)) & 1) === 1) set.push(at + 1);
  }
  if (set.some((index) => index > homes)) throw refusal('its bitmap names homes that are not in the roster', 'bitmap');
  return set;
}

function refusal(why: string, reason: string): ProtocolError {
  return new ProtocolError('SET_REFUSED', { why, reason });
}
