/**
 * A home's places in rosters: a roster is checked, stored and given its pair keys here, once.
 * The pair keys stay in memory.
 */
import { pairKeysOf } from '../../broker/protocol/agreement.ts';
import type { EpochMs } from '../../broker/protocol/clock.ts';
import { dropOldest } from '../../broker/protocol/drop-oldest.ts';
import { fromHex, toHex } from '../../broker/protocol/hex.ts';
import type { AcceptedRoster, RosterContext } from '../../broker/protocol/roster.ts';
import type { AgreementKeys, OwnAgreementKey } from '../agreement-keys.ts';
import { ownPlace } from '../policy/check-own-place.ts';
import type { Seat } from '../policy/judge-announcement.ts';
import { RefusedError, refusal } from '../policy/refusals.ts';
import type { RoundStore } from '../store/round-store.ts';

export interface SeatParts {
  readonly store: Pick<RoundStore, 'roster' | 'epochsOf' | 'keysSeen' | 'keepRoster'>;
  /** The protocol's own; a simulation of thousands of rosters signs none of them. */
  readonly checkRoster: (signed: Uint8Array, context: RosterContext) => AcceptedRoster;
  readonly home: string;
  /** Ed25519 public key. */
  readonly identity: Uint8Array;
  readonly keys: Pick<AgreementKeys, 'find' | 'takesRounds'>;
  readonly cohort: string;
  /** Pinned Ed25519 public keys. */
  readonly authority: Uint8Array;
  readonly coordinator: Uint8Array;
  readonly mostHomes: number;
}

/** Rounds of one cohort rarely span more epochs than this at a time. */
const mostInMemory = 4;

interface Taken {
  readonly seat: Seat;
  /** The agreement key that the roster names this home with. */
  readonly key: OwnAgreementKey;
}

export class Seats {
  readonly #parts: SeatParts;
  readonly #taken = new Map<string, Taken>();

  constructor(parts: SeatParts) {
    this.#parts = parts;
  }

  /**
   * For a round accepted before.
   * @param hash hex. @returns undefined where the roster is unknown, or its key erased
   */
  held(hash: string): Seat | undefined {
    try {
      return this.#take(hash)?.seat;
    } catch (error) {
      if (error instanceof RefusedError) return undefined;
      throw error;
    }
  }

  /**
   * For a new round.
   * @param hash hex. @returns the seat in a roster accepted before; undefined for an unknown one
   * @throws {RefusedError} ROSTER_KEY_REPLACED
   */
  seat(hash: string, now: EpochMs): Seat | undefined {
    const taken = this.#take(hash);
    if (taken !== undefined && !this.#parts.keys.takesRounds(taken.key.sequence, now)) {
      throw new RefusedError(refusal('ROSTER_KEY_REPLACED'));
    }
    return taken?.seat;
  }

  /**
   * Checks a roster that came, and stores it.
   * @param hash of its topic, hex
   * @throws {ProtocolError | RefusedError} why it is refused; nothing of it is kept then
   */
  accept(signed: Uint8Array, hash: string, now: EpochMs): Seat {
    const { store, checkRoster, cohort, authority, coordinator, mostHomes } = this.#parts;
    const seen = store.keysSeen();
    const roster = checkRoster(signed, { coordinator, authority, cohort, now, seen, epochs: store.epochsOf(cohort) });
    if (toHex(roster.hash) !== hash) throw new RefusedError(refusal('ROSTER_NOT_THE_ONE_NAMED'));
    const taken = this.#takeIn(roster, mostHomes);
    // On disk first: what is in memory is not fetched again.
    store.keepRoster(roster, signed, taken.key.sequence, now);
    return this.#keep(taken).seat;
  }

  /** Forgets what was agreed with keys that are erased. */
  forgetErased(): void {
    for (const [hash, { key }] of this.#taken) if (!this.#isHeld(key)) this.#taken.delete(hash);
  }

  /** @throws {RefusedError} ROSTER_KEY_REPLACED */
  #take(hash: string): Taken | undefined {
    const taken = this.#taken.get(hash);
    if (taken !== undefined && this.#isHeld(taken.key)) return taken;
    const { store, checkRoster, cohort, authority, coordinator } = this.#parts;
    const stored = store.roster(hash);
    if (stored === undefined) return undefined;
    if (stored.forgotten) throw new RefusedError(refusal('ROSTER_KEY_REPLACED'));
    // It passed when it came; what was seen since does not undo that.
    const epochs = new Map([[stored.epoch, fromHex(hash)]]);
    const context = { coordinator, authority, cohort, now: stored.acceptedAt, seen: new Map(), epochs };
    const roster = checkRoster(stored.signed, context);
    try {
      return this.#keep(this.#takeIn(roster, Number.POSITIVE_INFINITY));
    } catch (error) {
      // It was its own when the roster came.
      if (error instanceof RefusedError) throw new RefusedError(refusal('ROSTER_KEY_REPLACED'));
      throw error;
    }
  }

  #takeIn(roster: AcceptedRoster, mostHomes: number): Taken {
    const { home, identity, keys, coordinator } = this.#parts;
    const agreement = (sequence: number, publicKey: Uint8Array) => keys.find(sequence, publicKey);
    const { index, key } = ownPlace(roster, { home, identity, agreement }, mostHomes);
    return { seat: { roster, own: index, pairKeys: pairKeysOf(key.secret, roster), coordinator }, key };
  }

  #isHeld({ sequence, secret }: OwnAgreementKey): boolean {
    return this.#parts.keys.find(sequence, secret.publicKey) !== undefined;
  }

  #keep(taken: Taken): Taken {
    this.#taken.set(toHex(taken.seat.roster.hash), taken);
    dropOldest(this.#taken, mostInMemory);
    return taken;
  }
}
