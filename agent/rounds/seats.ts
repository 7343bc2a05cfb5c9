/**
 * A home's places in rosters: a roster is checked, stored and given its pair keys here, once.
 * The pair keys stay in memory.
 */
import { type AgreementSecret, pairKeysOf } from '../../broker/protocol/agreement.ts';
import type { EpochMs } from '../../broker/protocol/clock.ts';
import { fromHex, toHex } from '../../broker/protocol/hex.ts';
import { type AcceptedRoster, checkRoster } from '../../broker/protocol/roster.ts';
import { type OwnKeys, ownPlace } from '../policy/check-own-place.ts';
import type { Seat } from '../policy/judge-announcement.ts';
import { RefusedError, refusal } from '../policy/refusals.ts';
import type { RoundStore } from '../store/round-store.ts';

export interface SeatParts {
  readonly store: RoundStore;
  readonly own: OwnKeys;
  readonly secret: AgreementSecret;
  readonly cohort: string;
  /** Pinned Ed25519 public keys. */
  readonly authority: Uint8Array;
  readonly coordinator: Uint8Array;
  readonly mostHomes: number;
}

/** Rounds of one cohort rarely span more epochs than this at a time. */
const mostInMemory = 4;

export class Seats {
  readonly #parts: SeatParts;
  readonly #seats = new Map<string, Seat>();

  constructor(parts: SeatParts) {
    this.#parts = parts;
  }

  /** @param hash hex. @returns the seat in a roster accepted before; undefined for an unknown one */
  seat(hash: string): Seat | undefined {
    const held = this.#seats.get(hash);
    if (held !== undefined) return held;
    const { store, cohort, authority, coordinator } = this.#parts;
    const stored = store.roster(hash);
    if (stored === undefined) return undefined;
    // It passed when it came; what was seen since does not undo that.
    const epochs = new Map([[stored.epoch, fromHex(hash)]]);
    const context = { coordinator, authority, cohort, now: stored.acceptedAt, seen: new Map(), epochs };
    return this.#keep(this.#seatIn(checkRoster(stored.signed, context), Number.POSITIVE_INFINITY));
  }

  /**
   * Checks a roster that came, and stores it.
   * @param hash of its topic, hex
   * @throws {ProtocolError | RefusedError} why it is refused; nothing of it is kept then
   */
  accept(signed: Uint8Array, hash: string, now: EpochMs): Seat {
    const { store, cohort, authority, coordinator, mostHomes } = this.#parts;
    const seen = store.keysSeen();
    const roster = checkRoster(signed, { coordinator, authority, cohort, now, seen, epochs: store.epochsOf(cohort) });
    if (toHex(roster.hash) !== hash) throw new RefusedError(refusal('ROSTER_NOT_THE_ONE_NAMED'));
    const seat = this.#seatIn(roster, mostHomes);
    // On disk first: what is in memory is not fetched again.
    store.keepRoster(roster, signed, now);
    return this.#keep(seat);
  }

  #seatIn(roster: AcceptedRoster, mostHomes: number): Seat {
    const { own, secret, coordinator } = this.#parts;
    const index = ownPlace(roster, own, mostHomes);
    return { roster, own: index, pairKeys: pairKeysOf(secret, roster), coordinator };
  }

  #keep(seat: Seat): Seat {
    this.#seats.set(toHex(seat.roster.hash), seat);
    const [oldest] = this.#seats.keys();
    if (this.#seats.size > mostInMemory && oldest !== undefined) this.#seats.delete(oldest);
    return seat;
  }
}
