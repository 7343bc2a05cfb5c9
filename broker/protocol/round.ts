/**
 * An announced round: what a member checks of it whatever its own data, and what follows from it.
 */
import { createHash } from 'node:crypto';
import type { EpochMs } from './clock.ts';
import { ProtocolError } from './errors.ts';
import { gridEnd } from './grid.ts';
import { sameBytes, toHex } from './hex.ts';
import { Announce } from './messages.ts';
import type { AcceptedRoster } from './roster.ts';
import { blocksOf, type Sharing, sharingOf } from './sharing.ts';
import { openSigned, type SigningKey, signMessage } from './signing.ts';
import { limitFitsField, vectorLength } from './vector.ts';

export interface Round {
  readonly announce: Announce;
  /** The round id, as in topics. */
  readonly id: string;
  /** Binds everything that follows to this one announcement. */
  readonly hash: Uint8Array;
  /** The announcement as received. */
  readonly signed: Uint8Array;
  readonly roster: AcceptedRoster;
  readonly sharing: Sharing;
  /** Integers of one vector, before padding. */
  readonly length: number;
  readonly blocks: number;
}

/** What a party knows when it checks an announcement. */
export interface AnnounceContext {
  readonly coordinator: Uint8Array;
  readonly cohort: string;
  /** After its expiry a round is refused; whoever reads one back from its own store passes when it was accepted. */
  readonly now: EpochMs;
  /** The bound on collusion has to reach the number of homes divided by this. */
  readonly collusionDivisor: number;
  /** The accepted roster of that hash. */
  readonly roster: (hash: Uint8Array) => AcceptedRoster | undefined;
  /** Round id of the topic that the announcement came on. */
  readonly topicRound?: string;
}

/** A round may end so long after its last slot. */
export const longestExpiryMs = 14 * 24 * 60 * 60 * 1000;
export const longestVector = 4096;
/** Fewest contributors for what says more of one home than a sum does. */
export const varianceMinimum = 30;
export const histogramMinimum = 100;

/** In steps: a histogram of narrower buckets would tell too much of one home. */
export function narrowestBucket(limit: number): number {
  return Math.ceil(limit / 16);
}

/**
 * All checks that do not concern the member's own data: those a member makes before it answers, too.
 * @throws {ProtocolError} ROUND_REFUSED (reason `unknown-roster` where its roster was never accepted),
 * SIGNATURE_INVALID, MESSAGE_*
 */
export function checkAnnounce(signed: Uint8Array, context: AnnounceContext): Round {
  const { fields: announce, payload } = openSigned(Announce, context.coordinator, signed, 'the coordinator');
  const id = toHex(announce.id);
  if (context.topicRound !== undefined && context.topicRound !== id) {
    throw refusal('its id is not that of its topic', 'topic');
  }
  if (announce.cohort !== context.cohort) throw refusal('it is of another cohort', 'cohort');
  const roster = context.roster(announce.roster);
  if (roster === undefined || !sameBytes(roster.hash, announce.roster)) {
    throw refusal('its roster is not one accepted', 'unknown-roster');
  }
  if (roster.cohort !== announce.cohort) throw refusal('its roster is of another cohort', 'cohort');
  const homes = roster.homes.length;
  const sharing = sharingOf(homes, announce.dropouts, announce.packing);
  if (sharing.collusion < Math.ceil(homes / context.collusionDivisor)) {
    throw refusal(`it withstands no more than ${sharing.collusion} colluding homes of ${homes}`, 'collusion');
  }
  const length = vectorLength(announce);
  if (length > longestVector) throw refusal(`it asks for ${length} integers, over ${longestVector}`, 'vector-length');
  assertTimes(announce, context.now);
  assertStatistics(announce);
  if (announce.minimum > homes) throw refusal('its minimum is above the number of homes', 'minimum');
  // The largest squares of all homes have to fit, whatever is asked for.
  if (!limitFitsField(homes, announce.limit)) {
    throw refusal('its limit is more than the fields hold', 'limit-overflow');
  }
  const hash = roundHash(payload);
  return { announce, id, hash, signed, roster, sharing, length, blocks: blocksOf(length, sharing.packing) };
}

/**
 * Which roster an announcement names: to ask for one that is not there yet.
 * @throws {ProtocolError} SIGNATURE_INVALID, MESSAGE_*
 */
export function rosterOfAnnounce(signed: Uint8Array, coordinator: Uint8Array): Uint8Array {
  return openSigned(Announce, coordinator, signed, 'the coordinator').fields.roster;
}

/**
 * Which announcement it is: to compare with the one that a round id is bound to.
 * @throws {ProtocolError} SIGNATURE_INVALID, MESSAGE_*
 */
export function hashOfAnnounce(signed: Uint8Array, coordinator: Uint8Array): Uint8Array {
  return roundHash(openSigned(Announce, coordinator, signed, 'the coordinator').payload);
}

/** The announcement as sent. Checks nothing: run it through `checkAnnounce` before anyone else does. */
export function makeAnnounce(key: SigningKey, fields: Omit<Announce, 'v' | 'type'>): Uint8Array {
  return signMessage(key, Announce, fields);
}

function roundHash(payload: Uint8Array): Uint8Array {
  return createHash('sha256').update('wattveil/1/round\0').update(payload).digest();
}

function assertTimes(announce: Announce, now: EpochMs): void {
  if (announce.deadline > announce.expiry) throw refusal('its deadline is after its expiry', 'expiry');
  if (announce.expiry > gridEnd(announce.grid) + longestExpiryMs) {
    throw refusal('it expires over 14 days after its grid', 'expiry');
  }
  if (now >= announce.expiry) throw refusal('it has expired', 'expired');
}

function assertStatistics({ statistics, minimum, limit }: Announce): void {
  const { variance, histogram } = statistics;
  if (variance === true && minimum < varianceMinimum) {
    throw refusal(`a variance takes ${varianceMinimum} contributors`, 'minimum');
  }
  if (histogram === undefined) return;
  if (minimum < histogramMinimum) throw refusal(`a histogram takes ${histogramMinimum} contributors`, 'minimum');
  if (histogram.width < narrowestBucket(limit)) {
    throw refusal('a bucket is narrower than a 16th of the limit', 'bucket-width');
  }
}

function refusal(why: string, reason: string): ProtocolError {
  return new ProtocolError('ROUND_REFUSED', { why, reason });
}
