/**
 * A simulated home's agreement keys and its places in rosters: what they are on a disk that is a few maps, when they are
 * made, erased, given up. When is the real rule's to say; signatures were checked when the street was made.
 */
import { keyDuties, takesRounds } from '../../agent/key-life.ts';
import { ownPlace } from '../../agent/policy/check-own-place.ts';
import type { Seat } from '../../agent/policy/judge-announcement.ts';
import { RefusedError, refusal } from '../../agent/policy/refusals.ts';
import type { AgreementSecret } from '../../broker/protocol/agreement.ts';
import { durationMs, type EpochMs } from '../../broker/protocol/clock.ts';
import { sameBytes, toHex } from '../../broker/protocol/hex.ts';
import type { AcceptedRoster, SeenKey } from '../../broker/protocol/roster.ts';
import type { Round } from '../../broker/protocol/round.ts';
import type { Power } from './power.ts';
import { homeOf, type Member, type Street } from './street.ts';

export interface StoredKey {
  readonly sequence: number;
  readonly nth: number;
  readonly madeAt: EpochMs;
  /** Undefined where making it was cut off. */
  readonly publicKey: Uint8Array | undefined;
  readonly erased: boolean;
}

export interface SeatDisk {
  readonly bound: ReadonlyMap<string, Round>;
  readonly keys: Map<number, StoredKey>;
  /** By hash, with the sequence of the key that it names this home with. */
  readonly rosters: Map<string, { readonly roster: AcceptedRoster; readonly own: number }>;
  readonly seen: Map<string, SeenKey>;
}

export interface Erasure {
  readonly sequence: number;
  readonly at: EpochMs;
  /** The last expiry of the rounds that this home ever accepted under a roster with that key. */
  readonly neededUntil: number | undefined;
}

export interface SeatParts {
  readonly street: Street;
  readonly house: number;
  readonly gateway: number;
  readonly power: Power;
  readonly disk: () => SeatDisk;
  /** Numbers keys over all gateways of the house. */
  readonly nextNth: () => number;
}

const atOnceMs = durationMs(0);
const neverMs = durationMs(Number.MAX_SAFE_INTEGER / 2);

export class SimulatedSeats {
  /** Private halves by sequence: in no backup. */
  readonly files = new Map<number, AgreementSecret>();
  /** Beside the disk, for those who look on: it outlives every restore. */
  readonly erasures: Erasure[] = [];
  readonly #neededUntil = new Map<number, number>();
  readonly #parts: SeatParts;
  /** In memory, by roster hash. */
  readonly #taken = new Map<string, { readonly seat: Seat; readonly sequence: number }>();

  constructor(parts: SeatParts) {
    this.#parts = parts;
  }

  get newest(): StoredKey | undefined {
    return this.#alive().at(-1);
  }

  /** The home is in the first roster from the beginning. */
  begin(member: Member): void {
    const { street, disk } = this.#parts;
    const { sequence, nth, house } = member;
    const secret = street.secret(house, nth);
    this.files.set(sequence, secret);
    disk().keys.set(sequence, {
      ...{ sequence, nth, erased: false },
      madeAt: epochOf(sequence),
      publicKey: secret.publicKey,
    });
    this.#keep(street.roster, sequence);
  }

  /** As after a power cut: what belongs together on the disk stays, and there is a key. */
  load(now: EpochMs): void {
    this.#taken.clear();
    const { keys } = this.#parts.disk();
    for (const key of keys.values()) {
      if (!key.erased && key.publicKey === undefined) keys.set(key.sequence, { ...key, erased: true });
    }
    for (const sequence of this.files.keys()) if (keys.get(sequence)?.erased !== false) this.files.delete(sequence);
    if (this.#alive().length === 0) this.#make(now, 0);
  }

  /** @returns whether there is a new one */
  tend(now: EpochMs, rotate: boolean): boolean {
    const alive = this.#alive();
    // Worlds are looked at often, and mostly there is but one, which stays.
    if (alive.length === 1 && !rotate) return false;
    const { rosters } = this.#parts.disk();
    const lives = alive.map((key) => ({ ...key, lastExpiry: this.#lastExpiry(key.sequence) }));
    const newestNamed = Math.max(0, ...[...rosters.values()].map(({ own }) => own));
    const { make, erase } = keyDuties(lives, newestNamed, now, { rotateEvery: rotate ? atOnceMs : neverMs });
    for (const sequence of erase) this.#erase(sequence, now);
    if (make) this.#make(now, 0);
    return make;
  }

  /** All that there are are given up: this home goes on from an older copy. */
  startAnew(now: EpochMs, sequencesUntil: number): void {
    const { keys } = this.#parts.disk();
    for (const key of keys.values()) keys.set(key.sequence, { ...key, erased: true });
    this.files.clear();
    this.#taken.clear();
    this.#make(now, sequencesUntil);
  }

  /** For a round accepted before. */
  held(hash: string): Seat | undefined {
    try {
      return this.#take(hash)?.seat;
    } catch (error) {
      if (error instanceof RefusedError) return undefined;
      throw error;
    }
  }

  /** For a new round. @throws {RefusedError} ROSTER_KEY_REPLACED */
  seat(hash: string, now: EpochMs): Seat | undefined {
    const taken = this.#take(hash);
    if (taken === undefined || takesRounds(this.#alive(), taken.sequence, now)) return taken?.seat;
    throw new RefusedError(refusal('ROSTER_KEY_REPLACED'));
  }

  /** @throws {RefusedError} for a roster that is not for this home, or not any more */
  accept(roster: AcceptedRoster): void {
    const { rosters, seen } = this.#parts.disk();
    for (const { roster: known } of rosters.values()) {
      if (known.epoch === roster.epoch ? !sameBytes(known.hash, roster.hash) : known.epoch > roster.epoch) {
        throw new RefusedError(refusal('ROSTER_NOT_THE_ONE_NAMED'));
      }
    }
    for (const { id, sequence, agreement } of roster.homes) {
      const before = seen.get(id);
      const isOlder = before !== undefined && sequence < before.sequence;
      if (isOlder || (before?.sequence === sequence && !sameBytes(before.key, agreement))) {
        throw new RefusedError(refusal('ROSTER_NOT_THE_ONE_NAMED'));
      }
    }
    const { sequence } = this.#placeIn(roster);
    const { power } = this.#parts;
    power.effect();
    this.#keep(roster, sequence);
    power.effect();
  }

  /** An id is bound to a round: its roster's key is needed up to then, whatever becomes of the disk. */
  noteNeeded({ roster, announce }: Round): void {
    const { rosters } = this.#parts.disk();
    const own = rosters.get(toHex(roster.hash))?.own ?? 0;
    this.#neededUntil.set(own, Math.max(this.#neededUntil.get(own) ?? 0, announce.expiry));
  }

  #alive(): StoredKey[] {
    return [...this.#parts.disk().keys.values()]
      .filter(({ sequence, erased }) => !erased && this.files.has(sequence))
      .sort((one, other) => one.sequence - other.sequence);
  }

  #lastExpiry(sequence: number): EpochMs | undefined {
    const { bound, rosters } = this.#parts.disk();
    const expiries = [...bound.values()].flatMap(({ roster, announce }) =>
      rosters.get(toHex(roster.hash))?.own === sequence ? [announce.expiry] : [],
    );
    return expiries.length === 0 ? undefined : (Math.max(...expiries) as EpochMs);
  }

  #take(hash: string): { seat: Seat; sequence: number } | undefined {
    const taken = this.#taken.get(hash);
    if (taken !== undefined && this.files.has(taken.sequence)) return taken;
    const stored = this.#parts.disk().rosters.get(hash);
    if (stored === undefined) return undefined;
    const place = this.#placeIn(stored.roster);
    this.#taken.set(hash, place);
    return place;
  }

  /** @throws {RefusedError} */
  #placeIn(roster: AcceptedRoster): { seat: Seat; sequence: number } {
    const { street, house, gateway } = this.#parts;
    const own = { home: homeOf(house), identity: street.identity(house, gateway) };
    const agreement = (sequence: number, publicKey: Uint8Array) => {
      const secret = this.files.get(sequence);
      return secret !== undefined && sameBytes(secret.publicKey, publicKey) ? { sequence, secret } : undefined;
    };
    const { index, key } = ownPlace(roster, { ...own, agreement }, Number.POSITIVE_INFINITY);
    const pairKeys = street.pairKeys(key.secret, roster);
    return { seat: { roster, own: index, pairKeys, coordinator: street.key.publicKey }, sequence: key.sequence };
  }

  #keep(roster: AcceptedRoster, own: number): void {
    const { rosters, seen } = this.#parts.disk();
    rosters.set(toHex(roster.hash), { roster, own });
    for (const { id, sequence, agreement } of roster.homes) seen.set(id, { sequence, key: agreement });
  }

  #make(now: EpochMs, sequencesUntil: number): void {
    const { street, house, power, disk, nextNth } = this.#parts;
    const { keys } = disk();
    const sequence = Math.max(Math.floor(now / 1000), Math.max(sequencesUntil, ...keys.keys()) + 1);
    const nth = nextNth();
    const secret = street.secret(house, nth);
    power.effect();
    keys.set(sequence, { ...{ sequence, nth, erased: false }, madeAt: now, publicKey: undefined });
    power.effect();
    this.files.set(sequence, secret);
    power.effect();
    keys.set(sequence, { ...{ sequence, nth, erased: false }, madeAt: now, publicKey: secret.publicKey });
    power.effect();
  }

  #erase(sequence: number, at: EpochMs): void {
    const { power, disk } = this.#parts;
    const key = disk().keys.get(sequence);
    if (key === undefined) return;
    this.erasures.push({ sequence, at, neededUntil: this.#neededUntil.get(sequence) });
    power.effect();
    disk().keys.set(sequence, { ...key, erased: true });
    power.effect();
    this.files.delete(sequence);
    power.effect();
  }
}

const epochOf = (sequence: number): EpochMs => (sequence * 1000) as EpochMs;
