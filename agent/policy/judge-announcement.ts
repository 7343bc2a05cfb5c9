/**
 * An announcement at the door: accepted, refused, or to be judged again when its roster is there.
 */
import type { PairKeys } from '../../broker/protocol/agreement.ts';
import type { EpochMs } from '../../broker/protocol/clock.ts';
import { ProtocolError } from '../../broker/protocol/errors.ts';
import { toHex } from '../../broker/protocol/hex.ts';
import type { AcceptedRoster } from '../../broker/protocol/roster.ts';
import { checkAnnounce, type Round } from '../../broker/protocol/round.ts';
import { refusalOf } from './protocol-refusals.ts';
import { type Refusal, refusal } from './refusals.ts';

/** A home's place in a roster: with it, it can share and answer. Pair keys live in memory only. */
export interface Seat {
  readonly roster: AcceptedRoster;
  /** Index of this home, 1..n. */
  readonly own: number;
  readonly pairKeys: PairKeys;
  /** The pinned key of the coordinator. */
  readonly coordinator: Uint8Array;
}

export type Verdict =
  | { readonly verdict: 'accepted'; readonly round: Round; readonly seat: Seat }
  /** Hex. */
  | { readonly verdict: 'roster wanted'; readonly roster: string }
  | { readonly verdict: 'refused'; readonly refusal: Refusal };

export interface AnnouncementContext {
  readonly coordinator: Uint8Array;
  readonly cohort: string;
  readonly now: EpochMs;
  readonly collusionDivisor: number;
  readonly seat: (rosterHash: string) => Seat | undefined;
  /** Of the topic. */
  readonly topicRound: string;
  /** The hash this round id is bound to, if it is. */
  readonly bound: string | undefined;
}

/** What every member checks, whatever its own data and wishes: it answers for rounds that it would not report to. */
export function judgeAnnouncement(signed: Uint8Array, context: AnnouncementContext): Verdict {
  const { coordinator, cohort, now, collusionDivisor, topicRound } = context;
  const named: { hash?: string; seat?: Seat | undefined } = {};
  const roster = (hash: Uint8Array) => {
    named.hash = toHex(hash);
    named.seat = context.seat(named.hash);
    return named.seat?.roster;
  };
  try {
    const round = checkAnnounce(signed, { coordinator, cohort, now, collusionDivisor, roster, topicRound });
    if (context.bound !== undefined && context.bound !== toHex(round.hash)) {
      return { verdict: 'refused', refusal: refusal('ROUND_ID_BOUND') };
    }
    return { verdict: 'accepted', round, seat: named.seat as Seat };
  } catch (error) {
    if (isOfUnknownRoster(error) && named.hash !== undefined) return { verdict: 'roster wanted', roster: named.hash };
    return { verdict: 'refused', refusal: refusalOf(error, 'round') };
  }
}

function isOfUnknownRoster(error: unknown): boolean {
  return error instanceof ProtocolError && error.code === 'ROUND_REFUSED' && error.reason === 'unknown-roster';
}
