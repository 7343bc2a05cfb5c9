/**
 * A simulated home's agreement keys on a disk that is a few maps: how they are made, erased, given up. When is the real
 * rule's to say.
 */
import type { OwnAgreementKey } from '../../agent/agreement-keys.ts';
import { keyDuties, takesRounds } from '../../agent/key-life.ts';
import type { AgreementSecret } from '../../broker/protocol/agreement.ts';
import { durationMs, type EpochMs } from '../../broker/protocol/clock.ts';
import { sameBytes, toHex } from '../../broker/protocol/hex.ts';
import type { AcceptedRoster } from '../../broker/protocol/roster.ts';
import type { Round } from '../../broker/protocol/round.ts';
import type { Power } from './power.ts';
import type { Member, Street } from './street.ts';

export interface StoredKey {
  readonly sequence: number;
  readonly nth: number;
  readonly madeAt: EpochMs;
  /** Undefined where making it was cut off. */
  readonly publicKey: Uint8Array | undefined;
  readonly erased: boolean;
}

export interface KeyDisk {
  readonly bound: ReadonlyMap<string, Round>;
  readonly keys: Map<number, StoredKey>;
  /** By hash. */
  readonly rosters: Map<string, StoredRoster>;
}

export interface StoredRoster {
  readonly roster: AcceptedRoster;
  /** Sequence of the key that it names this home with. */
  readonly own: number;
  readonly acceptedAt: EpochMs;
}

export interface Erasure {
  readonly sequence: number;
  readonly at: EpochMs;
  /** The last expiry of the rounds that this home ever accepted under a roster with that key. */
  readonly neededUntil: number | undefined;
}

export interface KeyParts {
  readonly street: Street;
  readonly house: number;
  readonly power: Power;
  readonly disk: () => KeyDisk;
  /** Numbers keys over all gateways of the house. */
  readonly nextNth: () => number;
}

const atOnceMs = durationMs(0);
const neverMs = durationMs(Number.MAX_SAFE_INTEGER / 2);

export class SimulatedKeys {
  /** Private halves by sequence: in no backup. */
  readonly files = new Map<number, AgreementSecret>();
  /** Beside the disk, for those who look on: it outlives every restore. */
  readonly erasures: Erasure[] = [];
  readonly #neededUntil = new Map<number, number>();
  readonly #parts: KeyParts;

  constructor(parts: KeyParts) {
    this.#parts = parts;
  }

  get newest(): StoredKey | undefined {
    return this.#alive().at(-1);
  }

  /** There from the beginning. */
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
  }

  /** As after a power cut: what belongs together on the disk stays, and there is a key. */
  load(now: EpochMs): void {
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
    this.#make(now, sequencesUntil);
  }

  /** As the real ones do. */
  find(sequence: number, publicKey: Uint8Array): OwnAgreementKey | undefined {
    const secret = this.files.get(sequence);
    return secret !== undefined && sameBytes(secret.publicKey, publicKey) ? { sequence, secret } : undefined;
  }

  takesRounds(sequence: number, now: EpochMs): boolean {
    return takesRounds(this.#alive(), sequence, now);
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
